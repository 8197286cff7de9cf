// Who is known: names, facts, states; and whom a name means.
import type { Hello } from '../../protocols/hello/index.ts'
import type { ProblemDetails } from '../../protocols/problem.ts'
import { MeshError, type MeshErrorCode } from './mesh-error.ts'

export type PeerState = 'connected' | 'unreachable' | 'refused'

export interface MeshPeer {
  /** Empty until the peer has said hello for the first time. */
  readonly name: string
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

export class PeerBook {
  readonly #self: { readonly name: string; readonly peerId: string }
  readonly #peers = new Map<string, MeshPeer>()

  constructor(self: { name: string; peerId: string }) {
    this.#self = self
  }

  all(): MeshPeer[] {
    return [...this.#peers.values()]
  }

  get(peerId: string): MeshPeer | undefined {
    return this.#peers.get(peerId)
  }

  /** A state, and why it is so; a peer that connects loses its problem. */
  seen(peerId: string, state: PeerState, addresses: readonly string[], problem?: ProblemDetails<MeshErrorCode>): void {
    const known = this.#peers.get(peerId)
    if (known === undefined && state === 'refused' && this.#refused() >= MAX_REFUSED) return
    const { problem: before, ...rest } = known ?? { name: '', peerId, problem: undefined }
    const kept = problem ?? (state === 'connected' && before?.code !== 'NAME_TAKEN' ? undefined : before)
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
  }

  /** What a connected peer says of itself; returns the problem with its name when that is new. */
  said(peerId: string, hello: Hello): ProblemDetails<MeshErrorCode> | undefined {
    const { problem: before, ...known } = this.#peers.get(peerId) ?? {
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
    return before?.code === 'NAME_TAKEN' ? undefined : problem
  }

  /** @throws MeshError UNKNOWN_PEER, AMBIGUOUS_PEER */
  resolve(nameOrPeerId: string): string {
    if (nameOrPeerId === this.#self.peerId || this.#peers.has(nameOrPeerId)) return nameOrPeerId
    const named = this.all().filter((peer) => peer.name === nameOrPeerId)
    const connected = named.filter((peer) => peer.state === 'connected')
    const ids = (connected.length > 0 ? connected : named).map((peer) => peer.peerId)
    if (nameOrPeerId === this.#self.name) ids.push(this.#self.peerId)
    const [id, ...others] = ids
    if (id === undefined) throw this.#unknown(nameOrPeerId)
    if (others.length > 0) {
      throw new MeshError({
        code: 'AMBIGUOUS_PEER',
        what: `More than one host is called ${nameOrPeerId}`,
        why: ids.join(', '),
        remedy: 'Say which by its peer id, and give each host a name of its own in its configuration'
      })
    }
    return id
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
    const other =
      name === this.#self.name
        ? 'this host'
        : this.all().find((p) => p.name === name && p.peerId !== peerId && p.state === 'connected')?.peerId
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
