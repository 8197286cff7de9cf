// What just became known here goes on at once: whole to a few, as an offer to the other links. Each node does so once.
import { MAX_ENTRIES, packStamped, unpackStamped, type Transfer } from '../../../protocols/gossip/index.ts'
import type { RecordSet } from '../record-set.ts'
import { stampOf, type AdvertMap } from './advert-map.ts'
import type { Clock } from './clock.ts'
import type { Link, Links } from './links.ts'
import { takeRecords } from './record-ranges.ts'
import type { RoundParts } from './rounds.ts'
import type { GossipSettings } from './settings.ts'
import { takeItems } from './take-items.ts'

/** More at once is a map that is being copied: whoever lacks it asks. */
const MAX_EAGER_ADVERTS = 8
/** Milliseconds; older news was on its way for long, and most links have it. */
const EAGER_AGE_MS = 10_000
/** A link with so many exchanges under way hears it in a round. */
const MAX_BUSY = 4
const NOTHING = new Uint8Array()

interface NewsOptions {
  readonly map: AdvertMap
  readonly records: RecordSet
  readonly links: Links
  readonly clock: Clock
  readonly settings: GossipSettings
  readonly ask: RoundParts['ask']
  readonly failed: (peer: string, error: unknown) => void
}

export class News {
  readonly #options: NewsOptions
  readonly #tags = new Set<string>()
  readonly #recordIds = new Map<string, string | undefined>()
  #stopTimer: (() => void) | undefined

  constructor(options: NewsOptions) {
    this.#options = options
  }

  advert(tag: string): void {
    this.#tags.add(tag)
    this.#soon()
  }

  /** @param from who brought it, and need not be told */
  record(id: string, from: string | undefined): void {
    this.#recordIds.set(id, from)
    this.#soon()
  }

  stop(): void {
    this.#stopTimer?.()
  }

  #soon(): void {
    this.#stopTimer ??= this.#options.clock.after(this.#options.settings.newsMs, () => {
      this.#stopTimer = undefined
      this.#spread()
    })
  }

  #spread(): void {
    const tags = [...this.#tags]
    const recordIds = [...this.#recordIds]
    this.#tags.clear()
    this.#recordIds.clear()
    const { links, settings, failed } = this.#options
    for (const [index, link] of links.forNews().entries()) {
      if (link.busy >= MAX_BUSY) continue
      this.#tell(link, tags, recordIds, index < settings.eager).catch((error: unknown) => failed(link.peer, error))
    }
  }

  async #tell(
    link: Link,
    tags: readonly string[],
    recordIds: readonly (readonly [string, string | undefined])[],
    eager: boolean
  ): Promise<void> {
    const { map, records, ask } = this.#options
    const entries = tags.flatMap((tag) => {
      const entry = map.get(tag)
      return entry === undefined || entry.from === link.peer ? [] : [entry]
    })
    const fresh = entries.every((entry) => map.ageMs(entry) < EAGER_AGE_MS)
    const whole = eager && fresh && entries.length <= MAX_EAGER_ADVERTS
    const taken = takeRecords(
      records,
      recordIds.flatMap(([id, from]) => (from === link.peer ? [] : [id]))
    ).taken
    if (entries.length + taken.length === 0) return
    const { items } = whole
      ? takeItems(
          map,
          entries.map((entry) => ({ tag: entry.advert.tag, stamp: 0 }))
        )
      : { items: [] }
    const offers = entries.slice(0, MAX_ENTRIES).map((entry) => ({ tag: entry.advert.tag, stamp: stampOf(entry) }))
    const answer = await ask(link, transfer({ items, records: taken, offers: packStamped(offers) }))
    let wants = unpackStamped('Delivered.wants', answer.delivered?.wants ?? NOTHING)
    while (wants.length > 0) {
      const { items: wanted, served } = takeItems(map, wants)
      if (wanted.length > 0) await ask(link, transfer({ items: wanted }))
      wants = wants.slice(Math.max(1, served))
    }
  }
}

function transfer(part: Partial<Transfer>): { transfer: Transfer } {
  return { transfer: { items: [], records: [], wants: NOTHING, offers: NOTHING, boot: 0, upTo: 0, ...part } }
}
