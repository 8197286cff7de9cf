// Every node knows what every other can do, and who is a member, with nobody in the middle. docs/gossip.md says how.
import type { Logger } from 'pino'
import {
  decodeGossipReply,
  decodeGossipRequest,
  encodeGossipReply,
  encodeGossipRequest,
  tagOf,
  type AdvertBody,
  type Delivered,
  type GossipReply,
  type GossipRequest,
  type Vitals
} from '../../../protocols/gossip/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { MeshError } from '../mesh-error.ts'
import type { RecordSet } from '../record-set.ts'
import { AdvertMap, type Checks, type Entry } from './advert-map.ts'
import { answer } from './answers.ts'
import { systemClock, type Clock } from './clock.ts'
import { Links, type Link } from './links.ts'
import { News } from './news.ts'
import { OwnAdvert } from './own-advert.ts'
import { round, type RoundParts } from './rounds.ts'
import { defaultSettings, type GossipSettings } from './settings.ts'
import type { Sign } from './signatures.ts'
import { TokenBucket } from './token-bucket.ts'

export interface GossipTransport {
  /** One request, one reply, with a member that is connected. Rejects when there is none, or when the signal aborts. */
  exchange(peer: string, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** Peer ids of connected members. */
  peers(): readonly string[]
}

export interface GossipOptions {
  /** Own peer id, of an Ed25519 key. */
  readonly self: string
  /** With that key. */
  readonly sign: Sign
  readonly transport: GossipTransport
  readonly records: RecordSet
  readonly isMember: (peer: string) => boolean
  readonly log: Logger
  /** An earlier run's highest stamp; without it the others tell, and the first advert may be said twice. */
  readonly firstStamp?: number
  readonly settings?: Partial<GossipSettings>
  readonly clock?: Clock
  /** From 0 to below 1. */
  readonly random?: () => number
  readonly checks?: Checks
}

/** What this node knows of a node. */
export interface AdvertView {
  readonly peer: string
  readonly seq: number
  /** Milliseconds of Unix time by the node's own clock. */
  readonly issuedAt: number
  /** Milliseconds since the last sign of life that reached this node. */
  readonly ageMs: number
  readonly ttlMs: number
  /** Its time is over: it is dropped after as much again. */
  readonly stale: boolean
  readonly body: AdvertBody
  /** Absent until its first pulse was heard. */
  readonly vitals?: Vitals
}

/** Requests of one peer: so many at once, and a second on average. */
const REQUESTS_BURST = 128
const REQUESTS_PER_SECOND = 32
const BYTES_BURST = 16 * 1024 * 1024
const BYTES_PER_SECOND = 1024 * 1024
const MAX_RATED_PEERS = 1024
/** Milliseconds between looks for what has ended. */
const PRUNE_MS = 10_000

export class Gossip {
  readonly #options: GossipOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #settings: GossipSettings
  readonly #map: AdvertMap
  readonly #links: Links
  readonly #news: News
  readonly #own: OwnAdvert
  readonly #parts: RoundParts
  readonly #rates = new Map<string, { readonly requests: TokenBucket; readonly bytes: TokenBucket }>()
  readonly #onChange = new Set<(peers: readonly string[]) => void>()
  readonly #exchanges = new Set<AbortController>()
  #stopped = false
  /** Who brings the records that are being added. */
  #bringing: string | undefined
  #stopTimer: (() => void) | undefined
  #endRecords: (() => void) | undefined
  readonly #inRound = new Set<string>()
  #prunedAt = -Infinity

  constructor(options: GossipOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#settings = { ...defaultSettings, ...options.settings }
    const nowMs = (): number => this.#clock.nowMs()
    this.#map = new AdvertMap({
      self: options.self,
      maxPeers: this.#settings.maxPeers,
      isMember: options.isMember,
      nowMs,
      ...(options.checks === undefined ? {} : { checks: options.checks })
    })
    const common = { map: this.#map, clock: this.#clock, settings: this.#settings }
    this.#links = new Links({
      peers: () => options.transport.peers(),
      nowMs,
      random: this.#random,
      settings: this.#settings
    })
    const ask = (link: Link, request: GossipRequest): Promise<GossipReply> => this.#ask(link, request)
    this.#news = new News({
      ...common,
      records: options.records,
      links: this.#links,
      ask,
      failed: (peer, error) => this.#failed(peer, 'news did not reach a peer', error)
    })
    this.#own = new OwnAdvert({
      ...common,
      self: options.self,
      sign: options.sign,
      random: this.#random,
      ...(options.firstStamp === undefined ? {} : { firstStamp: options.firstStamp }),
      changed: (tag) => {
        this.#news.advert(tag)
        this.#tell([options.self])
      },
      failed: (error) => options.log.error({ err: error }, "this node's advert could not be made")
    })
    this.#parts = {
      map: this.#map,
      records: options.records,
      boot: 1 + Math.floor(this.#random() * 0xfffffffe),
      nowMs,
      ask,
      take: (from, content) => this.#take(from, content)
    }
  }

  start(): void {
    this.#endRecords = this.#options.records.onChange((added) => {
      for (const id of added) this.#news.record(id, this.#bringing)
      this.membersChanged()
    })
    this.#schedule(this.#random() * this.#settings.roundMs * 0.2)
  }

  stop(): void {
    this.#stopped = true
    for (const exchange of this.#exchanges) exchange.abort(new Error('gossip is stopping'))
    this.#stopTimer?.()
    this.#endRecords?.()
    this.#news.stop()
    this.#own.stop()
  }

  /** What this node says of itself from now on. The same again costs nothing. @throws ProtocolError for what is over a limit */
  publish(body: AdvertBody, vitals: Vitals): void {
    this.#own.publish(body, vitals)
  }

  /** The figures that change all the time; they go along when they are worth it. */
  report(vitals: Vitals): void {
    this.#own.report(vitals)
  }

  /** Everything that is known, this node's own advert too, in no order. */
  view(): AdvertView[] {
    return [...this.#map.entries()].map((entry) => this.#viewOf(entry))
  }

  /** How many nodes are known, this one too. */
  get size(): number {
    return this.#map.size
  }

  get(peer: string): AdvertView | undefined {
    const entry = this.#map.get(tagOf(peer))
    return entry === undefined ? undefined : this.#viewOf(entry)
  }

  /** Told whose adverts came, changed or went; not of pulses. Returns what ends it. */
  onChange(callback: (peers: readonly string[]) => void): () => void {
    this.#onChange.add(callback)
    return () => this.#onChange.delete(callback)
  }

  /** Somebody is a member, or is one no more. Called by itself when records are added. */
  membersChanged(): void {
    this.#tell(this.#map.prune())
    for (const { item, from } of this.#map.takeEarly()) this.#learn([item], from)
  }

  /** A member has connected: it is asked at once, and not only in its turn. */
  connected(): void {
    this.#schedule(this.#random() * 200)
  }

  /** Highest stamp that this node has used, to be kept for its next run. */
  get stamp(): number {
    return this.#map.highestOfSelf
  }

  /** Digest of what is known, for comparing views; hex. */
  get digest(): string {
    return Buffer.from(this.#map.digest()).toString('hex')
  }

  /**
   * Answers a request of a connected member.
   * @throws ProtocolError for malformed or forged content, MeshError PEER_REFUSED; both are that peer's alone
   */
  async receive(peer: string, bytes: Uint8Array): Promise<Uint8Array> {
    this.#admit(peer, bytes.byteLength)
    const request = decodeGossipRequest(bytes)
    return encodeGossipReply(await answer(this.#parts, this.#links.from(peer), request))
  }

  #schedule(ms: number): void {
    this.#stopTimer?.()
    if (this.#stopped) return
    this.#stopTimer = this.#clock.after(ms, () => void this.#round())
  }

  async #round(): Promise<void> {
    this.#schedule(this.#settings.roundMs * (0.8 + 0.4 * this.#random()))
    if (this.#clock.nowMs() - this.#prunedAt >= PRUNE_MS) {
      this.#prunedAt = this.#clock.nowMs()
      this.#tell(this.#map.prune())
    }
    this.#own.check()
    const link = this.#links.next()
    if (link === undefined || this.#inRound.has(link.peer)) return
    this.#inRound.add(link.peer)
    try {
      await round(this.#parts, link)
    } catch (error) {
      this.#failed(link.peer, 'a gossip round failed', error)
    } finally {
      this.#inRound.delete(link.peer)
    }
  }

  async #ask(link: Link, request: GossipRequest): Promise<GossipReply> {
    // One of its own: signals that are joined to a long-lived one stay with it.
    const exchange = new AbortController()
    const cancel = this.#clock.after(this.#settings.exchangeMs, () => exchange.abort(new Error('no answer in time')))
    this.#exchanges.add(exchange)
    link.busy++
    try {
      if (this.#stopped) throw new Error('gossip has stopped')
      const bytes = encodeGossipRequest(request)
      return decodeGossipReply(await this.#options.transport.exchange(link.peer, bytes, exchange.signal))
    } finally {
      link.busy--
      this.#exchanges.delete(exchange)
      cancel()
    }
  }

  // Records first: they say whose adverts may be kept.
  async #take(from: string, { items, records }: Pick<Delivered, 'items' | 'records'>): Promise<void> {
    if (records.length > 0) {
      this.#bringing = from
      try {
        await this.#options.records.add(records, from)
      } finally {
        this.#bringing = undefined
      }
    }
    this.#learn(items, from)
  }

  #learn(items: Delivered['items'], from: string): void {
    const changed: string[] = []
    try {
      for (const item of items) {
        const { what, tag } = this.#map.learn(item, from)
        if (what !== 'new' || tag === undefined) continue
        this.#news.advert(tag)
        const peer = this.#map.get(tag)?.advert.peer
        if (peer !== undefined) changed.push(peer)
      }
    } finally {
      this.#tell(changed)
    }
  }

  #admit(peer: string, bytes: number): void {
    const now = this.#clock.nowMs()
    let rate = this.#rates.get(peer)
    if (rate === undefined) {
      rate = {
        requests: new TokenBucket(REQUESTS_BURST, REQUESTS_PER_SECOND, now),
        bytes: new TokenBucket(BYTES_BURST, BYTES_PER_SECOND, now)
      }
      this.#rates.set(peer, rate)
      const [oldest] = this.#rates.keys()
      if (this.#rates.size > MAX_RATED_PEERS && oldest !== undefined) this.#rates.delete(oldest)
    }
    const member = this.#options.isMember(peer)
    if (member && rate.requests.take(1, now) && rate.bytes.take(bytes, now)) return
    throw new MeshError({
      code: 'PEER_REFUSED',
      what: member ? `${peer} gossips too much` : `${peer} is no member`,
      why: member
        ? `${REQUESTS_PER_SECOND} requests and ${BYTES_PER_SECOND} bytes a second are allowed`
        : 'only members may gossip',
      remedy: member ? 'See what that host is doing, and which ferry it runs' : 'Invite that host, or stop its ferry'
    })
  }

  #tell(peers: readonly string[]): void {
    if (peers.length === 0) return
    for (const callback of this.#onChange) {
      try {
        callback(peers)
      } catch (error) {
        this.#options.log.error({ err: error }, 'a callback for changed adverts failed')
      }
    }
  }

  #failed(peer: string, what: string, error: unknown): void {
    if (!this.#stopped) this.#options.log.debug({ peer, why: wordsOf(error) }, what)
  }

  #viewOf(entry: Entry): AdvertView {
    const { peer, seq, issuedAt, body } = entry.advert
    return {
      peer,
      seq,
      issuedAt,
      ageMs: this.#map.ageMs(entry),
      ttlMs: entry.ttlMs,
      stale: this.#map.isStale(entry),
      body,
      ...(entry.vitals === undefined ? {} : { vitals: entry.vitals })
    }
  }
}
