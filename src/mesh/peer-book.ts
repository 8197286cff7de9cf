// Who is known: names, facts, states; and whom a name means.
import type { Hello } from '../../protocols/hello/index.ts'
import type { ProblemDetails } from '../../protocols/problem.ts'
import { hostNamed, renamed } from './host-names.ts'
import { MeshError, type MeshErrorCode } from './mesh-error.ts'

export type PeerState = 'connected' | 'unreachable' | 'refused'

export interface MeshPeer {
  /** As it was admitted, on a member of a mesh; else as it says itself, and empty until it has said hello for the first time. */
  readonly name: string
  /** What it calls itself, where it was admitted under another name. Nobody goes by it. */
  readonly saysName?: string
  /** Its name is the one under which it was admitted. */
  readonly admitted?: true
  /** Empty for a bootstrap address without /p2p/ID that has never answered. */
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly state: PeerState
  /** JSON, as the peer told it. */
  readonly facts?: string
  readonly ferryVersion?: string
  readonly lastSeen?: Date
  readonly problem?: ProblemDetails<MeshErrorCode>
}

/** Strangers that were refused are remembered for the operator, but not without bound. */
const MAX_REFUSED = 64

const OF_NAMES: ReadonlySet<MeshErrorCode | undefined> = new Set<MeshErrorCode>(['NAME_TAKEN', 'NAME_CHANGED'])

export class PeerBook {
  readonly #self: { readonly name: string; readonly peerId: string }
  readonly #admittedName: (peerId: string) => string | undefined
  /** Their names as they say them. */
  readonly #peers = new Map<string, MeshPeer>()
  /** Names about which there was a problem, and that it was returned. */
  readonly #told = new Map<string, string>()

  /** @param admittedName of a member of this host's mesh; undefined for whoever is none */
  constructor(
    self: { name: string; peerId: string },
    admittedName: (peerId: string) => string | undefined = () => undefined
  ) {
    this.#self = self
    this.#admittedName = admittedName
  }

  all(): MeshPeer[] {
    return [...this.#peers.values()].map((peer) => this.#named(peer))
  }

  get(peerId: string): MeshPeer | undefined {
    const peer = this.#peers.get(peerId)
    return peer && this.#named(peer)
  }

  /** A peer could call itself like another one, to be taken for it. */
  #named(peer: MeshPeer): MeshPeer {
    const name = this.#admittedName(peer.peerId)
    if (name === undefined) return peer
    const differs = peer.name !== '' && peer.name !== name
    return { ...peer, name, admitted: true, ...(differs && { saysName: peer.name }) }
  }

  /** A state, and why it is so; a peer that connects loses its problem. */
  seen(peerId: string, state: PeerState, addresses: readonly string[], problem?: ProblemDetails<MeshErrorCode>): void {
    const known = this.#peers.get(peerId)
    if (known === undefined && state === 'refused' && this.#refused() >= MAX_REFUSED) return
    const { problem: before, ...rest } = known ?? { name: '', peerId, problem: undefined }
    const kept = problem ?? (state === 'connected' && !OF_NAMES.has(before?.code) ? undefined : before)
    this.#peers.set(peerId, {
      ...rest,
      state,
      addresses: addresses.length > 0 ? addresses : (known?.addresses ?? []),
      ...(state === 'connected' && { lastSeen: new Date() }),
      ...(kept && { problem: kept })
    })
  }

  /** A member that should be there, whether it was seen yet or not. */
  expect(peerId: string, name: string, addresses: readonly string[]): void {
    if (this.#peers.has(peerId)) return
    this.#peers.set(peerId, { peerId, name, state: 'unreachable', addresses })
  }

  forget(peerId: string): void {
    this.#peers.delete(peerId)
    this.#told.delete(peerId)
  }

  /** What a connected peer says of itself; returns the problem with its name when that is new. */
  said(peerId: string, hello: Hello): ProblemDetails<MeshErrorCode> | undefined {
    const { problem: _before, ...known } = this.#peers.get(peerId) ?? {
      peerId,
      addresses: [],
      state: 'connected' as const,
      problem: undefined
    }
    const problem = this.#nameProblem(peerId, hello.name)
    this.#peers.set(peerId, {
      ...known,
      name: hello.name,
      ferryVersion: hello.ferryVersion,
      lastSeen: new Date(),
      ...(hello.probe ? {} : { facts: hello.facts }),
      ...(problem && { problem })
    })
    const isNew = this.#told.get(peerId) !== hello.name
    if (problem === undefined) this.#told.delete(peerId)
    else this.#told.set(peerId, hello.name)
    return isNew ? problem : undefined
  }

  /** @throws MeshError UNKNOWN_PEER, AMBIGUOUS_PEER */
  resolve(nameOrPeerId: string): string {
    if (nameOrPeerId === this.#self.peerId || this.#peers.has(nameOrPeerId)) return nameOrPeerId
    const found = hostNamed(nameOrPeerId, [
      ...this.all(),
      this.#named({ ...this.#self, state: 'connected', addresses: [] })
    ])
    if (found === undefined) throw this.#unknown(nameOrPeerId)
    if ('refusal' in found) throw new MeshError(found.refusal)
    return found.peerId
  }

  #unknown(name: string): MeshError {
    const names = this.all()
      .filter((peer) => peer.name !== '')
      .map((peer) => (peer.state === 'connected' ? peer.name : `${peer.name} (${peer.state})`))
    return new MeshError({
      code: 'UNKNOWN_PEER',
      what: `No peer is called ${name}`,
      why: names.length === 0 ? 'no peer has been seen yet' : `known peers: ${names.sort().join(', ')}`,
      remedy: 'See `ferry peers`; a peer appears once its address is among the bootstrap addresses of either side'
    })
  }

  #nameProblem(peerId: string, name: string): ProblemDetails<MeshErrorCode> | undefined {
    const admitted = this.#admittedName(peerId)
    const isOther = (peer: MeshPeer): boolean =>
      peer.name === name && peer.peerId !== peerId && (peer.state === 'connected' || peer.admitted === true)
    const self = this.#named({ ...this.#self, state: 'connected', addresses: [] })
    const other = self.name === name ? 'this host' : this.all().find(isOther)?.peerId
    if (admitted !== undefined && admitted !== name) return renamed(peerId, { admitted, name, other })
    if (other === undefined) return undefined
    return {
      code: 'NAME_TAKEN',
      what: `The peer ${peerId} has a name that is taken`,
      why: `${name} is also the name of ${other}`,
      remedy: 'Give one of the two another name in its configuration and restart it; until then say its peer id'
    }
  }

  #refused(): number {
    return this.all().filter((peer) => peer.state === 'refused').length
  }
}
