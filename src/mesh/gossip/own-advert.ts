// What this node says of itself: when a change is worth saying, and how often it may be said.
import { tagOf, type AdvertBody, type Vitals } from '../../../protocols/gossip/index.ts'
import type { AdvertMap } from './advert-map.ts'
import type { Clock } from './clock.ts'
import type { GossipSettings } from './settings.ts'
import { signAdvert, signPulse, type OpenedAdvert, type Sign } from './signatures.ts'
import { TokenBucket } from './token-bucket.ts'

/** Changes of an advert: so many at once, then one in ten seconds. */
const BURST = 5
const PER_SECOND = 0.1
/** A figure is news when it is off by more than this share of what was said last. */
const WORTH_SAYING = 0.1
/** Load below this is noise: 0.02 to 0.04 is no doubling. */
const LOAD_FLOOR = 1
/** An advert ends when so many pulses in a row did not come. */
const PULSES_PER_TTL = 3
const TTL_SLACK_SECONDS = 30

interface OwnAdvertOptions {
  readonly self: string
  readonly sign: Sign
  readonly map: AdvertMap
  readonly clock: Clock
  readonly settings: GossipSettings
  readonly random: () => number
  readonly firstStamp?: number
  /** There is a new advert in the map. */
  readonly changed: (tag: string) => void
  readonly failed: (error: unknown) => void
}

export class OwnAdvert {
  readonly #options: OwnAdvertOptions
  readonly #tag: string
  readonly #changes: TokenBucket
  #stamp: number
  #body: AdvertBody | undefined
  #said: { readonly json: string; readonly advert: OpenedAdvert } | undefined
  #vitals: Vitals | undefined
  #saidVitals: Vitals | undefined
  #pulsedAt = -Infinity
  /** By its timer, and not only along with an advert. */
  #pulsed = false
  #stopTimer: (() => void) | undefined
  #stopSettling: (() => void) | undefined
  #work: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: OwnAdvertOptions) {
    this.#options = options
    this.#tag = tagOf(options.self)
    this.#changes = new TokenBucket(BURST, PER_SECOND, options.clock.nowMs())
    this.#stamp = options.firstStamp ?? 0
  }

  /** Said within `settleMs`, unless it changes too often. The same again costs nothing. */
  publish(body: AdvertBody, vitals: Vitals): void {
    this.#body = body
    this.#vitals = vitals
    if (JSON.stringify(body) !== this.#said?.json) this.#settle()
  }

  /** Said with the next pulse; at once where a figure has changed enough and the last pulse is old enough. */
  report(vitals: Vitals): void {
    this.#vitals = vitals
    const { settings, clock, map } = this.#options
    const least = Math.max(settings.figuresMs, settings.figuresMsPerNode * map.size)
    const old = clock.nowMs() - this.#pulsedAt >= least
    if (old && this.#said !== undefined && isNews(this.#saidVitals, vitals)) this.#enqueue(() => this.#pulse())
  }

  /** Called now and then: an earlier run's stamp may have come back from the others, which only a higher one replaces. */
  check(): void {
    if (this.#said !== undefined && this.#options.map.highestOfSelf > this.#stamp)
      this.#enqueue(() => this.#advertise())
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer?.()
    this.#stopSettling?.()
  }

  #settle(): void {
    if (this.#stopSettling !== undefined || this.#stopped) return
    const { clock, settings } = this.#options
    const wait = Math.max(settings.settleMs, this.#changes.waitMs(1, clock.nowMs()))
    this.#stopSettling = clock.after(wait, () => {
      this.#stopSettling = undefined
      if (this.#body === undefined || JSON.stringify(this.#body) === this.#said?.json) return
      if (this.#changes.take(1, clock.nowMs())) this.#enqueue(() => this.#advertise())
      else this.#settle()
    })
  }

  // One at a time: stamps must reach the map in their order.
  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopped) return
      await work()
    })
    this.#work = this.#work.catch((error: unknown) => this.#options.failed(error))
  }

  async #advertise(): Promise<void> {
    const { self, sign, clock } = this.#options
    const body = this.#body
    if (body === undefined) return
    const head = { peer: self, seq: this.#nextStamp(), issuedAt: clock.wallMs(), ttl: this.#ttlSeconds() }
    const advert = await signAdvert(head, body, sign)
    this.#said = { json: JSON.stringify(body), advert }
    await this.#pulse()
    this.#options.changed(this.#tag)
  }

  async #pulse(): Promise<void> {
    const { sign, map, clock, random } = this.#options
    const said = this.#said
    const vitals = this.#vitals
    if (said === undefined || vitals === undefined) return
    const beat = this.#nextStamp()
    const ttl = this.#ttlSeconds()
    const signed = await signPulse(
      {
        tag: Buffer.from(this.#tag, 'hex'),
        seq: said.advert.seq,
        beat,
        ttl,
        memoryFree: vitals.memoryFreeBytes,
        diskFree: vitals.diskFreeBytes,
        load: Math.round(vitals.load * 100)
      },
      sign
    )
    map.setOwn(said.advert, { signed, beat, vitals, ttlMs: ttl * 1000 })
    this.#saidVitals = vitals
    this.#pulsedAt = clock.nowMs()
    this.#stopTimer?.()
    if (this.#stopped) return
    // Nodes that started together, after a power cut say, must not go on in step.
    const share = this.#pulsed ? 0.9 + 0.2 * random() : 0.1 + 0.9 * random()
    this.#stopTimer = clock.after(this.#pulseMs() * share, () => {
      this.#pulsed = true
      this.#enqueue(() => this.#pulse())
    })
  }

  #nextStamp(): number {
    const { clock, map } = this.#options
    this.#stamp = Math.max(Math.floor(clock.wallMs()), this.#stamp + 1, map.highestOfSelf + 1)
    return this.#stamp
  }

  #pulseMs(): number {
    const { pulseMsPerNode, minPulseMs, maxPulseMs } = this.#options.settings
    return Math.min(maxPulseMs, Math.max(minPulseMs, pulseMsPerNode * this.#options.map.size))
  }

  #ttlSeconds(): number {
    return Math.ceil((PULSES_PER_TTL * this.#pulseMs()) / 1000) + TTL_SLACK_SECONDS
  }
}

function isNews(said: Vitals | undefined, now: Vitals): boolean {
  if (said === undefined) return true
  const off = (before: number, after: number, floor: number): boolean =>
    Math.abs(after - before) > WORTH_SAYING * Math.max(before, floor)
  return (
    off(said.memoryFreeBytes, now.memoryFreeBytes, 1) ||
    off(said.diskFreeBytes, now.diskFreeBytes, 1) ||
    off(said.load, now.load, LOAD_FLOOR)
  )
}
