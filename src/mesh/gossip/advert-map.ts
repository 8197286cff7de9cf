// Everything this node knows of the others: the newest valid advert and pulse of each, and when it was heard.
import { createHash } from 'node:crypto'
import {
  GOSSIP_DIGEST_BYTES,
  MAX_AGE_SECONDS,
  decodeAdvert,
  decodePulse,
  tagOf,
  type Item,
  type Stamped,
  type Vitals
} from '../../../protocols/gossip/index.ts'
import { checkPulse, openAdvert, type OpenedAdvert, type Signed } from './signatures.ts'
import { TokenBucket } from './token-bucket.ts'

/** How signatures are checked; the simulation of many nodes in one process checks each only once. */
export interface Checks {
  readonly openAdvert: typeof openAdvert
  readonly checkPulse: typeof checkPulse
}

export interface Entry {
  readonly advert: OpenedAdvert
  /** Newest beat of this advert's pulses; 0 before the first. */
  readonly beat: number
  readonly pulse?: Signed
  readonly vitals?: Vitals
  readonly ttlMs: number
  /** By this node's monotonic clock: when its last sign of life was heard here, minus the age it came with. */
  readonly heardAt: number
  /** Place in this node's log of changes. */
  readonly place: number
  /** Who told it. */
  readonly from: string
}

export type Learnt = 'new' | 'renewed' | 'known' | 'refused'

/** An own node changes its advert less often (own-advert.ts); what is over this is not passed on, so that no member floods the mesh. */
const ADVERTS_BURST = 12
const ADVERTS_PER_SECOND = 0.5
const PULSES_BURST = 6
const PULSES_PER_SECOND = 0.2
/** After its end an entry is shown as stale for as long as it lived, then dropped. */
const DROPPED_AFTER_TTLS = 2
/** Stamps of dropped entries: somebody who dropped it later must not bring it back. */
const MAX_DROPPED = 4096
/** Adverts that came before the record that makes their node a member, or before the pulse that shows it is back. */
const MAX_EARLY = 32

/** More places that are no longer anybody's than there are entries, and this many: they go. */
const LOG_SLACK = 64

interface Limits {
  readonly adverts: TokenBucket
  readonly pulses: TokenBucket
}

export class AdvertMap {
  readonly #self: string
  readonly #selfTag: string
  readonly #maxPeers: number
  readonly #isMember: (peer: string) => boolean
  readonly #nowMs: () => number
  readonly #checks: Checks
  readonly #entries = new Map<string, Entry>()
  /** Entries in the order of their places; what has been replaced or dropped since is still among them. */
  #log: Entry[] = []
  readonly #limits = new Map<string, Limits>()
  readonly #dropped = new Map<string, number>()
  readonly #early = new Map<string, { readonly item: Item; readonly from: string }>()
  #place = 0
  #digest: Uint8Array<ArrayBuffer> | undefined
  #sortedTags: readonly string[] | undefined
  /** The digest holds live entries only; the first of them to end ends it too. */
  #digestUntil = Infinity
  #highestOfSelf = 0

  constructor(options: {
    readonly self: string
    readonly maxPeers: number
    readonly isMember: (peer: string) => boolean
    readonly nowMs: () => number
    readonly checks?: Checks
  }) {
    this.#self = options.self
    this.#selfTag = tagOf(options.self)
    this.#maxPeers = options.maxPeers
    this.#isMember = options.isMember
    this.#nowMs = options.nowMs
    this.#checks = options.checks ?? { openAdvert, checkPulse }
  }

  /** Place of the newest change. */
  get place(): number {
    return this.#place
  }

  /** Highest stamp that anybody has shown for this node itself: an earlier run's, to be exceeded. */
  get highestOfSelf(): number {
    return this.#highestOfSelf
  }

  get size(): number {
    return this.#entries.size
  }

  get(tag: string): Entry | undefined {
    return this.#entries.get(tag)
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values()
  }

  isStale(entry: Entry): boolean {
    return entry.advert.peer !== this.#self && this.#nowMs() - entry.heardAt >= entry.ttlMs
  }

  ageMs(entry: Entry): number {
    return entry.advert.peer === this.#self ? 0 : Math.max(0, this.#nowMs() - entry.heardAt)
  }

  /** Own adverts and pulses come in here without a check. */
  setOwn(advert: OpenedAdvert, pulse: { signed: Signed; beat: number; vitals: Vitals; ttlMs: number }): void {
    const { signed, beat, vitals, ttlMs } = pulse
    this.#highestOfSelf = Math.max(this.#highestOfSelf, advert.seq, beat)
    this.#put({ advert, pulse: signed, beat, vitals, ttlMs, heardAt: this.#nowMs(), from: this.#self })
  }

  /** @throws ProtocolError where the bytes are not what the peer they name has signed */
  learn(item: Item, from: string): { readonly what: Learnt; readonly tag?: string } {
    return item.pulse ? this.#learnPulse(item, from) : this.#learnAdvert(item, from)
  }

  /** Which of the offers are newer than what is here, with the seq that is held of each (0: none). */
  wanted(offers: readonly Stamped[]): Stamped[] {
    return offers.flatMap(({ tag, stamp }) => {
      if (tag === this.#selfTag) {
        this.#highestOfSelf = Math.max(this.#highestOfSelf, stamp)
        return []
      }
      const entry = this.#entries.get(tag)
      if (entry !== undefined && stampOf(entry) >= stamp) return []
      if ((this.#dropped.get(tag) ?? 0) >= stamp) return []
      return [{ tag, stamp: entry?.advert.seq ?? 0 }]
    })
  }

  /** Live entries that changed after `since` and that `peer` did not tell, oldest change first. */
  offers(since: number, peer: string, max: number): { readonly offers: Stamped[]; readonly upTo: number } {
    const offers: Stamped[] = []
    let upTo = since
    for (let at = this.#logIndexAfter(since); at < this.#log.length; at++) {
      const entry = this.#log[at]
      if (entry === undefined || this.#entries.get(entry.advert.tag) !== entry) continue
      if (entry.from === peer || this.isStale(entry)) continue
      if (offers.length === max) return { offers, upTo }
      offers.push({ tag: entry.advert.tag, stamp: stampOf(entry) })
      upTo = entry.place
    }
    return { offers, upTo: this.#place }
  }

  /** Index of the first change whose place is beyond. */
  #logIndexAfter(place: number): number {
    let [low, high] = [0, this.#log.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#log[middle]?.place ?? Infinity) > place) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The items that answer a want. */
  answer({ tag, stamp }: Stamped): Item[] {
    const entry = this.#entries.get(tag)
    if (entry === undefined || this.isStale(entry)) return []
    const age = Math.min(Math.floor(this.ageMs(entry) / 1000), MAX_AGE_SECONDS)
    const { payload, signature } = entry.advert
    return [
      ...(entry.advert.seq > stamp ? [{ payload, signature, pulse: false, age }] : []),
      ...(entry.pulse === undefined ? [] : [{ ...entry.pulse, pulse: true, age }])
    ]
  }

  /** Of the live adverts, without their pulses: quiet meshes have the same everywhere. */
  digest(): Uint8Array<ArrayBuffer> {
    const now = this.#nowMs()
    if (this.#digest !== undefined && now < this.#digestUntil) return this.#digest
    this.#sortedTags ??= [...this.#entries.keys()].sort()
    this.#digestUntil = Infinity
    const lines: string[] = []
    for (const tag of this.#sortedTags) {
      const entry = this.#entries.get(tag)
      if (entry === undefined || this.isStale(entry)) continue
      lines.push(entry.advert.line)
      if (tag !== this.#selfTag) this.#digestUntil = Math.min(this.#digestUntil, entry.heardAt + entry.ttlMs)
    }
    this.#digest = createHash('sha256').update(lines.join('')).digest().subarray(0, GOSSIP_DIGEST_BYTES)
    return this.#digest
  }

  /** Drops what ended long ago and those that are members no more; returns whose they were. */
  prune(): string[] {
    const now = this.#nowMs()
    const gone: string[] = []
    for (const [tag, entry] of this.#entries) {
      const { peer } = entry.advert
      if (peer === this.#self) continue
      const ended = now - entry.heardAt >= DROPPED_AFTER_TTLS * entry.ttlMs
      if (!ended && this.#isMember(peer)) continue
      this.#entries.delete(tag)
      this.#limits.delete(tag)
      if (ended) this.#remember(tag, stampOf(entry))
      gone.push(peer)
    }
    if (gone.length > 0) {
      this.#digest = undefined
      this.#sortedTags = undefined
    }
    return gone
  }

  /** Adverts that came too early, to be learnt again now that more are members. */
  takeEarly(): { readonly item: Item; readonly from: string }[] {
    const early = [...this.#early.values()]
    this.#early.clear()
    return early
  }

  #learnAdvert(item: Item, from: string): { what: Learnt; tag?: string } {
    const { peer, seq } = decodeAdvert(item.payload)
    const tag = tagOf(peer)
    if (peer === this.#self) {
      this.#highestOfSelf = Math.max(this.#highestOfSelf, seq)
      return { what: 'known' }
    }
    const known = this.#entries.get(tag)
    if (known !== undefined && known.advert.seq >= seq) return { what: 'known' }
    if ((this.#dropped.get(tag) ?? 0) >= seq || !this.#isMember(peer)) {
      this.#keepEarly(tag, item, from)
      return { what: 'refused' }
    }
    if (known === undefined && this.#entries.size >= this.#maxPeers) return { what: 'refused' }
    const opened = this.#checks.openAdvert(item)
    if (!this.#limitsOf(tag).adverts.take(1, this.#nowMs())) return { what: 'refused' }
    this.#put({
      advert: opened,
      beat: 0,
      ttlMs: opened.ttlMs,
      ...(known?.vitals === undefined ? {} : { vitals: known.vitals }),
      heardAt: this.#heardAt(item, opened.ttlMs),
      from
    })
    return { what: 'new', tag }
  }

  #learnPulse(item: Item, from: string): { what: Learnt; tag?: string } {
    const pulse = decodePulse(item.payload)
    const tag = Buffer.from(pulse.tag).toString('hex')
    if (pulse.beat > (this.#dropped.get(tag) ?? Infinity)) this.#bringBack(tag, pulse.seq, item)
    const known = this.#entries.get(tag)
    if (tag === this.#selfTag) this.#highestOfSelf = Math.max(this.#highestOfSelf, pulse.beat)
    if (known === undefined || tag === this.#selfTag) return { what: 'refused' }
    if (pulse.seq !== known.advert.seq || pulse.beat <= known.beat) return { what: 'known' }
    this.#checks.checkPulse(known.advert.peer, item)
    if (!this.#limitsOf(tag).pulses.take(1, this.#nowMs())) return { what: 'refused' }
    const ttlMs = pulse.ttl * 1000
    this.#put({
      advert: known.advert,
      beat: pulse.beat,
      pulse: { payload: new Uint8Array(item.payload), signature: new Uint8Array(item.signature) },
      vitals: { memoryFreeBytes: pulse.memoryFree, diskFreeBytes: pulse.diskFree, load: pulse.load / 100 },
      ttlMs,
      heardAt: this.#heardAt(item, ttlMs),
      from
    })
    return { what: 'renewed', tag }
  }

  #heardAt(item: Item, ttlMs: number): number {
    return this.#nowMs() - Math.min(item.age * 1000, ttlMs)
  }

  #put(entry: Omit<Entry, 'place'>): void {
    const known = this.#entries.get(entry.advert.tag)
    const revived = known !== undefined && this.isStale(known)
    if (known?.advert.seq !== entry.advert.seq || revived) this.#digest = undefined
    if (known === undefined) this.#sortedTags = undefined
    const placed = { ...entry, place: ++this.#place }
    this.#entries.set(entry.advert.tag, placed)
    this.#log.push(placed)
    if (this.#log.length > 2 * this.#entries.size + LOG_SLACK)
      this.#log = this.#log.filter((one) => this.#entries.get(one.advert.tag) === one)
  }

  #limitsOf(tag: string): Limits {
    let limits = this.#limits.get(tag)
    if (limits === undefined) {
      const now = this.#nowMs()
      limits = {
        adverts: new TokenBucket(ADVERTS_BURST, ADVERTS_PER_SECOND, now),
        pulses: new TokenBucket(PULSES_BURST, PULSES_PER_SECOND, now)
      }
      this.#limits.set(tag, limits)
    }
    return limits
  }

  #keepEarly(tag: string, item: Item, from: string): void {
    const [oldest] = this.#early.keys()
    if (this.#early.size >= MAX_EARLY && oldest !== undefined) this.#early.delete(oldest)
    const { payload, signature } = item
    this.#early.set(tag, {
      item: { ...item, payload: new Uint8Array(payload), signature: new Uint8Array(signature) },
      from
    })
  }

  // The advert alone is as old as the one that was dropped. A pulse that nobody could have kept shows that it is in force.
  #bringBack(tag: string, seq: number, pulse: Item): void {
    const early = this.#early.get(tag)
    if (early === undefined) return
    const advert = decodeAdvert(early.item.payload)
    if (advert.seq !== seq) return
    this.#checks.checkPulse(advert.peer, pulse)
    this.#early.delete(tag)
    this.#dropped.delete(tag)
    this.#learnAdvert(early.item, early.from)
  }

  #remember(tag: string, stamp: number): void {
    this.#dropped.delete(tag)
    this.#dropped.set(tag, stamp)
    if (this.#dropped.size <= MAX_DROPPED) return
    const [oldest] = this.#dropped.keys()
    if (oldest !== undefined) this.#dropped.delete(oldest)
  }
}

export function stampOf(entry: Entry): number {
  return Math.max(entry.advert.seq, entry.beat)
}
