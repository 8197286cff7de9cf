// Comes to peers and stays with them, by whatever way there is; goes over to a straight one when there is one.
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Logger } from 'pino'
import { wordsOf } from '../../protocols/problem.ts'
import { pause } from './pause.ts'
import { redial } from './redial.ts'
import { isRelayed, waysTo } from './ways.ts'

export interface DiallerOptions {
  readonly dial: (ways: Multiaddr[], signal: AbortSignal) => Promise<Connection>
  readonly connections: (peerId: string) => readonly Connection[]
  /** Multiaddrs, the best first. */
  readonly addresses: (peerId: string) => readonly string[]
  readonly isConnected: (peerId: string) => boolean
  /** Resolves when the hello on a new connection is over. */
  readonly introduced: (connection: Connection) => Promise<void>
  readonly failed: (peerId: string, error: unknown) => void
  /** Milliseconds between two looks at the ways that are in use. */
  readonly lookMs?: number
  /** Milliseconds: both sides know of a connection that is as old as this, and begin nothing on a worse one. */
  readonly settledMs?: number
  readonly log: Pick<Logger, 'debug' | 'info'>
}

/** From the first packet to a connection that is encrypted and multiplexed; at one address. */
export const ADDRESS_MS = 4_000
const FIRST_MS = 5_000
const MAX_MS = 40_000
const LOOK_MS = 5_000
/** Between tries to get away from a relay, doubling. */
const STRAIGHT_MS = 10_000
const MAX_STRAIGHT_MS = 300_000
const SETTLED_MS = 5_000

export class Dialler {
  readonly #options: DiallerOptions
  readonly #kept = new Map<string, AbortSignal>()
  readonly #dialling = new Map<string, Promise<void>>()

  constructor(options: DiallerOptions) {
    this.#options = options
  }

  /** Keeps a peer connected until the signal aborts. */
  async keep(peerId: string, signal: AbortSignal): Promise<void> {
    this.#kept.set(peerId, signal)
    await Promise.all([
      redial({
        signal,
        connected: () => this.#options.isConnected(peerId),
        dial: () => this.#dial(peerId, signal)
      }),
      this.#straighten(peerId, signal)
    ])
    if (this.#kept.get(peerId) === signal) this.#kept.delete(peerId)
    await this.#dialling.get(peerId)
  }

  /** There is a new address of it: tried at once if it is wanted. */
  news(peerId: string): void {
    const signal = this.#kept.get(peerId)
    if (signal === undefined || signal.aborted) return
    const under = this.#dialling.get(peerId)
    // It goes through the addresses that were known when it began.
    if (under !== undefined) void under.then(() => this.#try(peerId, signal))
    else void this.#try(peerId, signal)
  }

  async #try(peerId: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    if (!this.#options.isConnected(peerId)) await this.#dial(peerId, signal)
    else if (this.#onlyRelayed(peerId)) await this.#dialStraight(peerId, signal)
  }

  /** Those that are kept and not connected. */
  missing(): string[] {
    return [...this.#kept.keys()].filter((peerId) => !this.#options.isConnected(peerId))
  }

  /** A connection, made now if there is none. Rejects with libp2p's error or the signal's reason. */
  async reach(ways: readonly Multiaddr[], signal: AbortSignal): Promise<Connection> {
    return this.#options.dial([...ways], AbortSignal.any([signal, AbortSignal.timeout(limitMs(ways.length))]))
  }

  #dial(peerId: string, signal: AbortSignal): Promise<void> {
    return this.#once(peerId, async () => {
      const ways = waysTo(peerId, this.#options.addresses(peerId))
      if (ways.length === 0) return
      try {
        await this.#options.introduced(await this.reach(ways, signal))
      } catch (error) {
        if (signal.aborted) return
        this.#options.log.debug({ peer: peerId, why: wordsOf(error) }, 'dialling failed')
        this.#options.failed(peerId, error)
      }
    })
  }

  #dialStraight(peerId: string, signal: AbortSignal): Promise<void> {
    return this.#once(peerId, async () => {
      const ways = waysTo(peerId, this.#options.addresses(peerId)).filter((way) => !isRelayed(way))
      if (ways.length === 0) return
      try {
        const connection = await this.reach(ways, signal)
        await this.#options.introduced(connection)
        const address = connection.remoteAddr.toString()
        this.#options.log.info({ peer: peerId, address }, 'the peer is reached without a relay now')
      } catch (error) {
        if (signal.aborted) return
        this.#options.log.debug({ peer: peerId, why: wordsOf(error) }, 'the peer is reached through a relay only')
      }
    })
  }

  /** One dial to a peer at a time; it never rejects. */
  #once(peerId: string, dial: () => Promise<void>): Promise<void> {
    const under = this.#dialling.get(peerId)
    if (under !== undefined) return under
    const made = dial().finally(() => this.#dialling.delete(peerId))
    this.#dialling.set(peerId, made)
    return made
  }

  async #straighten(peerId: string, signal: AbortSignal): Promise<void> {
    let everyMs = STRAIGHT_MS
    let dueMs = -Infinity
    while (!signal.aborted) {
      await pause(this.#options.lookMs ?? LOOK_MS, signal)
      if (signal.aborted) return
      if (!this.#onlyRelayed(peerId)) {
        everyMs = STRAIGHT_MS
        await this.#closeRelayed(peerId)
      } else if (performance.now() >= dueMs) {
        dueMs = performance.now() + everyMs
        everyMs = Math.min(2 * everyMs, MAX_STRAIGHT_MS)
        await this.#dialStraight(peerId, signal)
      }
    }
  }

  #onlyRelayed(peerId: string): boolean {
    const connections = this.#open(peerId)
    return connections.length > 0 && connections.every(({ direct }) => !direct)
  }

  /** What runs through the relay ends there; nothing new begins there. */
  async #closeRelayed(peerId: string): Promise<void> {
    const connections = this.#open(peerId)
    const settled = Date.now() - (this.#options.settledMs ?? SETTLED_MS)
    if (!connections.some(({ direct, timeline }) => direct && (timeline.open ?? Infinity) < settled)) return
    for (const connection of connections) {
      if (connection.direct || connection.streams.length > 0) continue
      try {
        await connection.close({ signal: AbortSignal.timeout(ADDRESS_MS) })
      } catch (error) {
        connection.abort(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  #open(peerId: string): Connection[] {
    return this.#options.connections(peerId).filter(({ status }) => status === 'open')
  }
}

function limitMs(ways: number): number {
  return Math.min(FIRST_MS + ADDRESS_MS * Math.max(0, ways - 1), MAX_MS)
}
