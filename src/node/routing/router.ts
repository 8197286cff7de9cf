// The operator API of a host, for the whole mesh: finds who has what is meant, has it done there, and passes on what it says.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerOf, Arguments, MethodName } from '../../../protocols/command/index.ts'
import {
  OperatorError,
  type AuditEntry,
  type CheckView,
  type ContainerView,
  type CordonView,
  type Gathered,
  type MeshService,
  type MigrationView,
  type OperatorService,
  type Problem,
  type Resolution,
  type WholeMeshService
} from '../../../protocols/operator/views.ts'
import { operatorError } from '../problems.ts'
import { askHosts, canBeAsked, nameOf, unreachable } from './gather.ts'
import { MigrationPlaces } from './migration-places.ts'
import { Seen, hostCalled, ownerOf } from './owner.ts'
import { oneAnswer, type Reach } from './reach.ts'

/** Milliseconds in which another host must have taken a command. */
const COMMAND_MS = 120_000
/** How long a migration on a host that was lost is looked for again, milliseconds; and the pause between two tries. */
const LOST_MS = 60_000
const AGAIN_MS = 1_000
const LOST: ReadonlySet<string> = new Set([
  'PEER_UNREACHABLE',
  'PEER_TIMEOUT',
  'PEER_REFUSED',
  'STARTING',
  'SHUTTING_DOWN'
])

export class Router implements OperatorService, WholeMeshService {
  readonly #reach: Reach
  readonly #seen = new Seen()
  readonly #places: MigrationPlaces
  /** Membership, on the host itself. */
  readonly mesh: MeshService

  constructor(reach: Reach) {
    this.#reach = reach
    this.#places = new MigrationPlaces(reach)
    this.mesh = {
      membership: (signal) => this.#here('membership', {}, signal),
      init: (request, signal) => this.#here('init', request, signal),
      invite: (request, signal) => this.#here('invite', request, signal),
      join: (request, signal) => this.#here('join', request, signal),
      expel: (request, signal) => this.#here('expel', request, signal),
      rotateKey: (signal) => this.#here('rotateKey', {}, signal),
      leave: (signal) => this.#here('leave', {}, signal),
      grant: (request, signal) => this.#here('grant', request, signal),
      revoke: (request, signal) => this.#here('revoke', request, signal)
    }
  }

  containers(signal: AbortSignal) {
    return this.#here('containers', {}, signal)
  }

  peers(signal: AbortSignal) {
    return this.#here('peers', {}, signal)
  }

  migrations(signal: AbortSignal) {
    return this.#here('migrations', {}, signal)
  }

  doctor(signal: AbortSignal) {
    return this.#here('doctor', {}, signal)
  }

  repair(signal: AbortSignal) {
    return this.#here('repair', {}, signal)
  }

  audit(request: { entries: number }, signal: AbortSignal) {
    return this.#here('audit', request, signal)
  }

  async check(request: { container: string; to: string }, signal: AbortSignal): Promise<CheckView> {
    const { host, container } = await ownerOf(this.#reach, this.#seen, request.container, signal)
    return this.#at(host.peerId, 'check', { container, to: request.to }, signal)
  }

  async move(request: { container: string; to: string }, signal: AbortSignal): Promise<MigrationView> {
    // One that is only arriving here, or is just leaving, is nobody's to move: this host says so better than any other.
    const underWay = (await this.#here('migrations', {}, signal)).some((view) => isMoving(view, request.container))
    if (underWay) return this.#here('move', request, signal)
    const { host, container } = await ownerOf(this.#reach, this.#seen, request.container, signal)
    const view = await this.#at(host.peerId, 'move', { container, to: request.to }, signal)
    this.#places.remember(view.id, host.peerId)
    return view
  }

  /** A host that is lost meanwhile is waited for, or its other side is asked: the migration does not need whoever watches. */
  async *watch(id: string, signal: AbortSignal): AsyncGenerator<MigrationView> {
    let lostAt: number | undefined
    let last: string | undefined
    for (;;) {
      try {
        const peerId = await this.#places.find(id, signal)
        for await (const view of this.#reach.ask(peerId, 'watch', { id }, signal)) {
          lostAt = undefined
          const text = JSON.stringify(view)
          if (text !== last) yield view
          last = text
          if (view.outcome !== undefined) return
        }
        return
      } catch (error) {
        signal.throwIfAborted()
        const waits =
          last !== undefined && error instanceof OperatorError && isLost(error.problem, lostAt !== undefined)
        if (!waits) throw error
        lostAt ??= performance.now()
        if (performance.now() - lostAt > LOST_MS) throw this.#outOfSight(id, error)
        this.#places.forget(id)
        await sleep(AGAIN_MS, undefined, { signal })
      }
    }
  }

  /** Where the host that told before is gone, its other side tells. */
  async migration(id: string, signal: AbortSignal): Promise<MigrationView> {
    try {
      return await this.#of(id, 'migration', { id }, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof OperatorError && isLost(error.problem, false))) throw error
      return this.#of(id, 'migration', { id }, signal)
    }
  }

  logs(id: string, signal: AbortSignal) {
    return this.#of(id, 'logs', { id }, signal)
  }

  receipt(id: string, signal: AbortSignal) {
    return this.#of(id, 'receipt', { id }, signal)
  }

  cancel(id: string, signal: AbortSignal): Promise<MigrationView> {
    return this.#of(id, 'cancel', { id }, signal)
  }

  /** The word is about one host's copy: where two have a side, the operator goes to the one that is meant. */
  async resolve(request: { id: string; how: Resolution }, signal: AbortSignal): Promise<MigrationView> {
    const [side, ...others] = await this.#places.sides(request.id, signal)
    if (side === undefined || others.length > 0) {
      const names = [side, ...others].flatMap((one) => (one === undefined ? [] : [nameOf(one.host)]))
      throw operatorError(this.#reach.name, {
        code: 'AMBIGUOUS_PEER',
        what: `More than one host has a side in the migration ${request.id}`,
        why: `it is between ${names.join(' and ')}, and "${request.how}" is about one host's copy`,
        remedy: `Type it on the host that is meant: ${names.join(' or ')}`
      })
    }
    const { id, how } = request
    const view = await this.#at(side.host.peerId, 'resolve', { id, how }, signal)
    this.#places.remember(id, side.host.peerId)
    return view
  }

  async allContainers(signal: AbortSignal): Promise<Gathered<ContainerView>> {
    const { told, missing } = await askHosts(this.#reach, await this.#reach.hosts(signal), 'containers', {}, signal)
    for (const { host, answer } of told) this.#seen.note(host.peerId, answer)
    const found = told.flatMap(({ host, answer }) => answer.map((one) => ({ ...one, host: nameOf(host) })))
    found.sort(
      (a, b) => a.host.localeCompare(b.host) || a.name.localeCompare(b.name) || a.engine.localeCompare(b.engine)
    )
    return { found, missing: problems(missing) }
  }

  async allMigrations(signal: AbortSignal): Promise<Gathered<MigrationView>> {
    const { told, missing } = await askHosts(this.#reach, await this.#reach.hosts(signal), 'migrations', {}, signal)
    const byId = new Map<string, MigrationView>()
    for (const view of told.flatMap(({ answer }) => answer)) {
      if (view.role === 'source' || !byId.has(view.id)) byId.set(view.id, view)
    }
    const found = [...byId.values()].sort((a, b) => a.startedAt.localeCompare(b.startedAt))
    return { found, missing: problems(missing) }
  }

  async allAudit(request: { entries: number }, signal: AbortSignal): Promise<Gathered<AuditEntry>> {
    const { told, missing } = await askHosts(this.#reach, await this.#reach.hosts(signal), 'audit', request, signal)
    const found = told.flatMap(({ answer }) => answer).sort((a, b) => a.time.localeCompare(b.time))
    return { found: found.slice(-request.entries), missing: problems(missing) }
  }

  async cordon(
    { host, ...request }: { host?: string; reason?: string; maintenance: boolean },
    signal: AbortSignal
  ): Promise<CordonView> {
    return this.#at(await this.#hostCalled(host, signal), 'cordon', request, signal)
  }

  async uncordon({ host }: { host?: string }, signal: AbortSignal): Promise<CordonView> {
    return this.#at(await this.#hostCalled(host, signal), 'uncordon', {}, signal)
  }

  /** Its peer id. @throws OperatorError UNKNOWN_PEER, AMBIGUOUS_PEER, PEER_UNREACHABLE, PEER_REFUSED */
  async #hostCalled(called: string | undefined, signal: AbortSignal): Promise<string> {
    if (called === undefined) return this.#reach.self()
    const host = hostCalled(this.#reach, await this.#reach.hosts(signal), called)
    if (!canBeAsked(host)) throw new OperatorError(unreachable(this.#reach.name, host))
    return host.peerId
  }

  #here<M extends MethodName>(method: M, args: Arguments<M>, signal: AbortSignal): Promise<AnswerOf<M>> {
    return oneAnswer(this.#reach, this.#reach.self(), method, args, signal)
  }

  #at<M extends MethodName>(peerId: string, method: M, args: Arguments<M>, signal: AbortSignal): Promise<AnswerOf<M>> {
    const limit = peerId === this.#reach.self() ? signal : AbortSignal.any([signal, AbortSignal.timeout(COMMAND_MS)])
    return oneAnswer(this.#reach, peerId, method, args, limit)
  }

  async #of<M extends MethodName>(
    id: string,
    method: M,
    args: Arguments<M>,
    signal: AbortSignal
  ): Promise<AnswerOf<M>> {
    const peerId = await this.#places.find(id, signal)
    try {
      return await this.#at(peerId, method, args, signal)
    } catch (error) {
      this.#places.forget(id)
      throw error
    }
  }

  #outOfSight(id: string, error: OperatorError): OperatorError {
    return operatorError(this.#reach.name, {
      code: 'PEER_UNREACHABLE',
      what: `The host that has the migration ${id} can't be asked any more`,
      why: [error.problem.what, error.problem.why].filter(Boolean).join(': '),
      remedy:
        'The migration goes on without whoever watches it; see `ferry migrations --all` when the hosts are connected again'
    })
  }
}

/** Also where, after the host was lost, nobody else knows of the migration. */
function isLost({ code }: Problem, before: boolean): boolean {
  return LOST.has(code) || (before && code === 'UNKNOWN_MIGRATION')
}

function isMoving({ outcome, engine, container }: MigrationView, reference: string): boolean {
  return outcome === undefined && (reference === container || reference === `${engine}:${container}`)
}

function problems(missing: readonly { readonly problem: Problem }[]): Problem[] {
  return missing.map(({ problem }) => problem)
}
