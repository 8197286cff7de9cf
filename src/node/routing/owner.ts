// Which host has the container that an operator names.
import type { ContainerView, HostView, Problem } from '../../../protocols/operator/views.ts'
import type { OperatorError } from '../../../protocols/operator/views.ts'
import { hostNamed } from '../../mesh/host-names.ts'
import { operatorError } from '../problems.ts'
import { askHosts, canBeAsked, nameOf, unreachable } from './gather.ts'
import type { Reach } from './reach.ts'

export interface Place {
  readonly host: HostView
  /** How that host calls it: `NAME` or `ENGINE:NAME`. */
  readonly container: string
}

type Listed = readonly Pick<ContainerView, 'engine' | 'name'>[]

/** Milliseconds in which others must answer where the container is found: only whether they have one too is asked. */
const ALSO_MS = 3_000
/** Hosts whose last answers are kept. */
const MAX_SEEN = 1024

/** What hosts that advertise nothing were last seen to have, for when they can't be asked. */
export class Seen {
  readonly #lists = new Map<string, Listed>()

  note(peerId: string, containers: readonly ContainerView[]): void {
    this.#lists.delete(peerId)
    this.#lists.set(
      peerId,
      containers.map(({ engine, name }) => ({ engine, name }))
    )
    const [oldest] = this.#lists.keys()
    if (this.#lists.size > MAX_SEEN && oldest !== undefined) this.#lists.delete(oldest)
  }

  of({ peerId, containers }: HostView): Listed | undefined {
    return containers ?? this.#lists.get(peerId)
  }
}

/**
 * @param reference `[HOST/][ENGINE:]NAME`, HOST a name or a peer id
 * @throws OperatorError UNKNOWN_CONTAINER, AMBIGUOUS_CONTAINER, UNKNOWN_PEER, AMBIGUOUS_PEER, PEER_UNREACHABLE
 */
export async function ownerOf(reach: Reach, seen: Seen, reference: string, signal: AbortSignal): Promise<Place> {
  const hosts = await reach.hosts(signal)
  const slash = reference.indexOf('/')
  if (slash >= 0) {
    const host = hostCalled(reach, hosts, reference.slice(0, slash))
    const container = reference.slice(slash + 1)
    if (!canBeAsked(host)) throw unreachableOwner(reach, host, container)
    return { host, container }
  }
  const found = await lookFor(reach, seen, hosts, reference, signal)
  return choose(reach, reference, found)
}

interface Found {
  readonly here: readonly ContainerView[]
  readonly holders: readonly { readonly host: HostView; readonly containers: readonly ContainerView[] }[]
  /** Hosts that can't be asked, and were known to have it. */
  readonly silent: readonly HostView[]
  readonly missing: readonly { readonly host: HostView; readonly problem: Problem }[]
}

/**
 * Here first. Elsewhere those are asked of whom it is known that they have it, or not known what they have; then the others, for an advert is as old
 * as the last look at the engines: one may have come to a host since.
 */
async function lookFor(
  reach: Reach,
  seen: Seen,
  hosts: readonly HostView[],
  reference: string,
  signal: AbortSignal
): Promise<Found> {
  const matches = matcher(reference)
  const mayHave = (host: HostView): boolean => host.containers === undefined || host.containers.some(matches)
  const holders: Found['holders'][number][] = []
  const missing: Found['missing'][number][] = []
  let here: readonly ContainerView[] = []
  const askable = hosts.filter(canBeAsked)
  const ask = async (some: readonly HostView[]): Promise<void> => {
    const within = holders.length > 0 ? AbortSignal.timeout(ALSO_MS) : undefined
    const asked = await askHosts(reach, some, 'containers', {}, signal, within)
    missing.push(...asked.missing)
    for (const { host, answer } of asked.told) {
      seen.note(host.peerId, answer)
      if (host.state === 'self') here = answer
      const containers = answer.filter(matches)
      if (containers.length > 0) holders.push({ host, containers })
    }
  }
  await ask(askable.filter(({ state }) => state === 'self'))
  const first = askable.filter((host) => host.state !== 'self' && mayHave(host))
  await ask(first)
  const rest = askable.filter((host) => host.state !== 'self' && !first.includes(host))
  // In a large mesh not all of them can be asked in time.
  const isConnected = ({ state }: HostView): boolean => state === 'connected'
  await ask([...rest.filter(isConnected), ...rest.filter((host) => !isConnected(host))])
  const cut = hosts.filter((host) => !canBeAsked(host))
  const late = missing.map(({ host }) => host)
  const silent = [...cut, ...late].filter((host) => seen.of(host)?.some(matches) === true)
  for (const host of cut) missing.push({ host, problem: unreachable(reach.name, host) })
  return { here, holders, silent, missing }
}

function choose(reach: Reach, reference: string, { here, holders, silent, missing }: Found): Place {
  // While it moves both sides have it, and either one says so.
  const still = holders.filter(({ containers }) => containers.some(({ state }) => state !== 'moving'))
  const candidates = still.length > 0 ? still : holders.slice(0, 1)
  const moving = still.length < holders.length
  const [only, ...others] = candidates
  const maybe = moving ? [] : silent
  if (only !== undefined && others.length === 0 && maybe.length === 0) return { host: only.host, container: reference }
  if (only !== undefined) throw ambiguous(reach, reference, candidates, maybe)
  const [lost, ...more] = silent
  if (lost !== undefined && more.length === 0) throw unreachableOwner(reach, lost, reference)
  if (lost !== undefined) throw ambiguous(reach, reference, [], silent)
  const notAsked = missing.map(({ host, problem }) => `${nameOf(host)} can't be asked (${problem.why ?? problem.what})`)
  const names = [...new Set(here.map(({ name }) => name))].slice(0, 20)
  throw operatorError(reach.name, {
    code: 'UNKNOWN_CONTAINER',
    what: `there is no container "${reference}" on ${reach.name} or on any host that could be asked`,
    why: [names.length === 0 ? `${reach.name} has none` : `${reach.name} has ${names.join(', ')}`, ...notAsked].join(
      '; '
    ),
    remedy: 'see ferry ls --all'
  })
}

/** @throws OperatorError UNKNOWN_PEER, AMBIGUOUS_PEER */
export function hostCalled(reach: Reach, hosts: readonly HostView[], called: string): HostView {
  const found = hosts.find(({ peerId }) => peerId === called) ?? hostNamed(called, hosts)
  if (found === undefined) {
    throw operatorError(reach.name, {
      code: 'UNKNOWN_PEER',
      what: `No host is called ${called}`,
      why: `known are ${hosts.map(nameOf).sort().slice(0, 40).join(', ')}`,
      remedy: 'See `ferry peers`'
    })
  }
  if (!('refusal' in found)) return found
  throw operatorError(reach.name, found.refusal)
}

function matcher(reference: string): (container: { readonly engine: string; readonly name: string }) => boolean {
  const colon = reference.indexOf(':')
  const engine = colon < 0 ? undefined : reference.slice(0, colon)
  const name = reference.slice(colon + 1)
  return (container) => container.name === name && (engine === undefined || container.engine === engine)
}

function ambiguous(
  reach: Reach,
  reference: string,
  holders: Found['holders'],
  silent: readonly HostView[]
): OperatorError {
  const ways = [
    ...holders.flatMap(({ host, containers }) =>
      containers.length === 1
        ? [`${nameOf(host)}/${reference}`]
        : containers.map(({ engine, name }) => `${nameOf(host)}/${engine}:${name}`)
    ),
    ...silent.map((host) => `${nameOf(host)}/${reference}`)
  ]
  const gone = silent.map((host) => `${nameOf(host)}, which can't be asked now, had one when it was last heard`)
  return operatorError(reach.name, {
    code: 'AMBIGUOUS_CONTAINER',
    what: `More than one host has a container "${reference}"`,
    ...(gone.length === 0 ? {} : { why: gone.join('; ') }),
    remedy: `say which: ${ways.join(' or ')}`
  })
}

function unreachableOwner(reach: Reach, host: HostView, container: string): OperatorError {
  const name = nameOf(host)
  const { why = '' } = unreachable(reach.name, host)
  return operatorError(reach.name, {
    code: 'PEER_UNREACHABLE',
    what: `${name}, which has the container ${container}, can't be reached`,
    why,
    remedy: `Type the command on ${name} itself, or wait until \`ferry peers\` shows it connected; what runs there runs on`
  })
}
