// A node behind NAT takes places at members outside, so that others reach it through them.
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { IdentifyResult, PeerId } from '@libp2p/interface'
import { CODE_IP4, CODE_IP6, CODE_P2P, CODE_P2P_CIRCUIT, type Multiaddr } from '@multiformats/multiaddr'
import type { Logger } from 'pino'
import { wordsOf } from '../../../protocols/problem.ts'
import { isRelayed } from '../ways.ts'

export interface SeatsOptions {
  /** Takes a place. */
  readonly reserve: (relay: PeerId, address: Multiaddr) => Promise<void>
  /** Multiaddrs of this node; with the relayed ones. */
  readonly addresses: () => readonly Multiaddr[]
  /** IP addresses of this host's interfaces. */
  readonly own: () => ReadonlySet<string>
  readonly isConnected: (relay: PeerId) => boolean
  readonly mayRelay: (peerId: string) => boolean
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'debug'>
}

/** One may fail while the other is taken again. */
const SEATS = 2
const RETRY_MS = 60_000
const MAX_RETRY_MS = 3_600_000

interface Relay {
  readonly peer: PeerId
  readonly address: Multiaddr
  failures: number
  notBeforeMs: number
}

export class Seats {
  readonly #options: SeatsOptions
  /** Members that see another address of this host than its own: they are outside. */
  readonly #outside = new Map<string, Relay>()
  #taking: Promise<void> | undefined

  constructor(options: SeatsOptions) {
    this.#options = options
  }

  /** What a peer says in identify. */
  identified({ observedAddr, connection, protocols, peerId }: IdentifyResult): void {
    const id = peerId.toString()
    // What a port forwarding shows of this host, to whoever comes in by it, is no NAT that others need help with.
    if (connection.direction !== 'outbound' || isRelayed(connection.remoteAddr)) return
    const observed = observedAddr === undefined ? undefined : ipOf(observedAddr)
    if (observed === undefined) return
    if (this.#options.own().has(observed) || !protocols.includes(RELAY_V2_HOP_CODEC)) {
      this.#outside.delete(id)
      return
    }
    const before = this.#outside.get(id)
    this.#outside.set(id, {
      peer: peerId,
      address: withPeer(connection.remoteAddr, id),
      failures: before?.failures ?? 0,
      notBeforeMs: before?.notBeforeMs ?? 0
    })
    void this.take()
  }

  /** Takes what is missing. Never rejects. */
  take(): Promise<void> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined
    })
    return this.#taking
  }

  async #take(): Promise<void> {
    const { isConnected, mayRelay, now, reserve, log } = this.#options
    for (const [id, relay] of this.#outside) {
      const taken = this.#taken()
      if (taken.size >= SEATS) return
      if (!mayRelay(id) || !isConnected(relay.peer)) {
        this.#outside.delete(id)
        continue
      }
      if (taken.has(id) || now() < relay.notBeforeMs) continue
      try {
        await reserve(relay.peer, relay.address)
        relay.failures = 0
        log.info({ relay: id }, 'this host is behind NAT; others reach it through that member')
      } catch (error) {
        relay.notBeforeMs = now() + Math.min(RETRY_MS * 2 ** relay.failures, MAX_RETRY_MS)
        relay.failures++
        log.debug({ relay: id, why: wordsOf(error) }, 'a member gives no place to be reached through it')
      }
    }
  }

  #taken(): Set<string> {
    return new Set(this.#options.addresses().flatMap((address) => relayOf(address) ?? []))
  }
}

/** The peer id of the relay in an address. */
export function relayOf(address: Multiaddr): string | undefined {
  const components = address.getComponents()
  const at = components.findIndex(({ code }) => code === CODE_P2P_CIRCUIT)
  return at < 0 ? undefined : components.slice(0, at).findLast(({ code }) => code === CODE_P2P)?.value
}

function ipOf(address: Multiaddr): string | undefined {
  return address.getComponents().find(({ code }) => code === CODE_IP4 || code === CODE_IP6)?.value
}

function withPeer(address: Multiaddr, peerId: string): Multiaddr {
  return address.getComponents().some(({ code }) => code === CODE_P2P) ? address : address.encapsulate(`/p2p/${peerId}`)
}
