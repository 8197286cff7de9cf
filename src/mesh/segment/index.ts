// Members find each other on the segment: who misses somebody asks, who is asked says where it listens there.
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { MAX_ADDRESSES } from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { TokenBucket } from '../gossip/token-bucket.ts'
import { Hints } from './hints.ts'
import { MulticastSocket } from './multicast-socket.ts'
import { networks, type Network } from './networks.ts'
import { answer, question, read } from './packet.ts'

export interface SegmentOptions {
  /** Undefined while there is nobody who belongs: then nothing is said. Multiaddrs. */
  readonly self: () => { readonly peerId: string; readonly addresses: readonly string[] } | undefined
  /** Those who belong and are not connected. */
  readonly missing: () => readonly string[]
  readonly belongs: (peerId: string) => boolean
  /** A peer that belongs says that it is at an address which was not known. */
  readonly onHint: (peerId: string) => void
  readonly log: Pick<Logger, 'debug' | 'warn'>
}

const LOOK_MS = 5_000
/** Between questions, doubling. */
const FIRST_ASK_MS = 5_000
const MAX_ASK_MS = 60_000
/** RFC 6762 section 6: the same is not said twice within a second, and not by everybody at one moment. */
const PAUSE_MS = 1_000
const JITTER_MS = 100
/** Packets looked at: at once, and in a second. Everybody's multicast DNS comes by here. */
const BURST = 200
const PER_SECOND = 50
const DIRECT = /^(\/ip[46]\/([^/]+)\/tcp\/\d+)(?:\/p2p\/[^/]+)?$/

export class Segment {
  readonly #options: SegmentOptions
  readonly #hints = new Hints(() => performance.now())
  readonly #socket: MulticastSocket
  readonly #label = randomBytes(16).toString('hex')
  readonly #bucket = new TokenBucket(BURST, PER_SECOND, performance.now())
  readonly #troubles = new Set<string>()
  #networks: readonly Network[] = []
  #said = ''
  #askAtMs = 0
  #askEveryMs = FIRST_ASK_MS
  #answeredAtMs = -Infinity
  #look: NodeJS.Timeout | undefined
  #answer: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined

  constructor(options: SegmentOptions) {
    this.#options = options
    this.#socket = new MulticastSocket({
      onPacket: (bytes, from) => this.#heard(bytes, from),
      onTrouble: (error, where) => this.#trouble(error, where)
    })
  }

  /** Returns at once. Whatever goes wrong is logged once and tried again. */
  start(): void {
    this.#socket.open(() => {
      this.#said = ''
      this.look()
    })
    this.#look = setInterval(() => this.look(), LOOK_MS).unref()
  }

  stop(): void {
    for (const timer of [this.#look, this.#answer, this.#again]) clearTimeout(timer)
    this.#socket.stop()
  }

  /** Multiaddrs of a peer, the latest first, without /p2p/. */
  of(peerId: string): string[] {
    return this.#hints.of(peerId)
  }

  /** Somebody was lost or is expected now: asked for soon, whatever was asked before. */
  missed(): void {
    this.#askEveryMs = FIRST_ASK_MS
    this.#askAtMs = Math.min(this.#askAtMs, performance.now() + PAUSE_MS)
  }

  look(): void {
    this.#networks = networks()
    this.#socket.join(this.#networks.map(({ address }) => address))
    const self = this.#options.self()
    if (self === undefined) return
    const now = JSON.stringify([self, this.#networks.map(({ address }) => address)])
    if (now !== this.#said) {
      this.#said = now
      this.missed()
      this.#askAtMs = 0
      this.#answerSoon()
      this.#again = setTimeout(() => this.#answerSoon(), 2 * PAUSE_MS).unref()
    }
    if (performance.now() < this.#askAtMs || this.#options.missing().length === 0) return
    this.#askAtMs = performance.now() + this.#askEveryMs
    this.#askEveryMs = Math.min(2 * this.#askEveryMs, MAX_ASK_MS)
    const bytes = question()
    for (const { address } of this.#networks) this.#socket.send(bytes, address)
  }

  #answerSoon(): void {
    if (this.#answer !== undefined) return
    const pauseMs = Math.max(0, this.#answeredAtMs + PAUSE_MS - performance.now())
    this.#answer = setTimeout(
      () => {
        this.#answer = undefined
        this.#answeredAtMs = performance.now()
        this.#say()
      },
      pauseMs + Math.random() * JITTER_MS
    ).unref()
  }

  /** To each segment the addresses that this host has in it, and no others. */
  #say(): void {
    const self = this.#options.self()
    if (self === undefined) return
    for (const network of this.#networks) {
      const there = inside([network], self.addresses).slice(0, MAX_ADDRESSES)
      if (there.length > 0) this.#socket.send(answer(this.#label, self.peerId, there), network.address)
    }
  }

  #heard(bytes: Buffer, from: string): void {
    if (!this.#bucket.take(1, performance.now())) return
    // RFC 6762 section 11: what comes from elsewhere was sent to trick.
    if (!this.#networks.some((network) => network.includes(from))) return
    const heard = read(bytes)
    if (heard === undefined) return
    if (heard.kind === 'question') {
      this.#answerSoon()
      return
    }
    const { peerId } = heard
    if (peerId === this.#options.self()?.peerId || !this.#options.belongs(peerId)) return
    const there = inside(this.#networks, heard.addresses)
    if (there.length === 0 || !this.#hints.add(peerId, there)) return
    this.#options.log.debug({ peer: peerId, addresses: there }, 'a peer says on the segment where it is')
    this.#options.onHint(peerId)
  }

  #trouble(error: unknown, where: string): void {
    const why = wordsOf(error)
    const level = this.#troubles.has(why) ? 'debug' : 'warn'
    this.#troubles.add(why)
    this.#options.log[level]({ where, why }, 'multicast DNS does not work there; it is tried again')
  }
}

/** Of these, those that are in one of the networks, without /p2p/. */
function inside(there: readonly Network[], addresses: readonly string[]): string[] {
  const direct = addresses.flatMap((address) => {
    const [, transport, ip] = DIRECT.exec(address) ?? []
    // A link-local one means nothing without the name of an interface.
    if (transport === undefined || ip === undefined || /^fe[89ab]/i.test(ip)) return []
    return there.some((network) => network.includes(ip)) ? [transport] : []
  })
  return [...new Set(direct)]
}
