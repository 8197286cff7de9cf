// A round with one neighbour: each side says what changed since the other last had everything, and gets what it lacks.
import { equals } from 'uint8arrays'
import { invalidField } from '../../../protocols/fields.ts'
import {
  MAX_ENTRIES,
  packStamped,
  unpackPrefixes,
  unpackStamped,
  type Delivered,
  type GossipReply,
  type GossipRequest,
  type RecordRange,
  type Stamped,
  type Synced,
  type Transfer
} from '../../../protocols/gossip/index.ts'
import type { RecordSet } from '../record-set.ts'
import type { AdvertMap } from './advert-map.ts'
import { agreed, startOver, type Link } from './links.ts'
import { digestOfRecords, idsOf, rangesOf, takeRecords } from './record-ranges.ts'
import { takeItems } from './take-items.ts'

export interface RoundParts {
  readonly map: AdvertMap
  readonly records: RecordSet
  /** Names this run of the node. */
  readonly boot: number
  readonly nowMs: () => number
  readonly ask: (link: Link, request: GossipRequest) => Promise<GossipReply>
  /** Keeps what a peer brought. */
  readonly take: (from: string, content: Pick<Delivered, 'items' | 'records'>) => Promise<void>
}

/** More messages than this in a round come from a peer that keeps us busy; the rest waits for the next round. */
const MAX_TRANSFERS = 256
const NOTHING = new Uint8Array()

/** @throws whatever `ask` throws, and ProtocolError for an answer that is none */
export async function round(parts: RoundParts, link: Link): Promise<void> {
  const before = views(parts)
  const from = link.sent
  const { offers, upTo } = parts.map.offers(from, link.peer, MAX_ENTRIES)
  const synced = expected(
    (
      await parts.ask(link, {
        sync: {
          boot: parts.boot,
          from,
          upTo,
          knownBoot: link.boot,
          since: link.heard,
          ...before,
          offers: packStamped(offers)
        }
      })
    ).synced,
    'sync'
  )
  if (synced.boot !== link.boot) {
    // It forgot us; what we know of its log is of an earlier run.
    link.boot = synced.boot
    link.heard = 0
    link.sent = 0
  }
  const theirs = await exchange(parts, link, synced, upTo)
  if (from <= link.sent) link.sent = Math.max(link.sent, upTo)
  link.heard = Math.max(link.heard, synced.upTo)
  judge(parts, link, before, synced, theirs)
}

/** Brings both sides what they lack; returns the other side's digests after that. */
async function exchange(parts: RoundParts, link: Link, synced: Synced, upTo: number): Promise<Views> {
  let gives = unpackStamped('Synced.wants', synced.wants)
  let gets = parts.map.wanted(unpackStamped('Synced.offers', synced.offers))
  const ranges = equals(synced.records, digestOfRecords(parts.records)) ? [] : rangesOf(parts.records)
  let recordGives: readonly string[] = []
  let theirs: Views = { adverts: synced.adverts, records: synced.records }
  for (let transfers = 0; gives.length + gets.length + ranges.length + recordGives.length > 0; transfers++) {
    if (transfers === MAX_TRANSFERS) throw invalidField('Delivered', `the round does not end`)
    const { items, served } = takeItems(parts.map, gives)
    gives = gives.slice(served)
    const { taken, rest } = takeRecords(parts.records, recordGives)
    recordGives = rest
    const [range] = ranges
    const transfer: Transfer = {
      items,
      records: taken,
      wants: packStamped(gets.slice(0, MAX_ENTRIES)),
      offers: NOTHING,
      ...(range === undefined ? {} : { range }),
      boot: parts.boot,
      upTo: gives.length === 0 ? upTo : 0
    }
    const delivered = expected((await parts.ask(link, { transfer })).delivered, 'transfer')
    await parts.take(link.peer, delivered)
    gets = answered(gets, delivered)
    if (range !== undefined) {
      if (!delivered.more) ranges.shift()
      else if (delivered.records.length > 0) ranges[0] = refreshed(parts.records, range)
      else throw invalidField('Delivered.more', 'records are left, and none came')
    }
    const wanted = idsOf(parts.records, unpackPrefixes('Delivered.recordWants', delivered.recordWants))
    recordGives = [...new Set([...recordGives, ...wanted])]
    theirs = { adverts: delivered.adverts, records: delivered.recordsDigest }
  }
  return theirs
}

interface Views {
  readonly adverts: Uint8Array<ArrayBuffer>
  readonly records: Uint8Array<ArrayBuffer>
}

function views({ map, records }: RoundParts): Views {
  return { adverts: map.digest(), records: digestOfRecords(records) }
}

function answered(gets: readonly Stamped[], { served }: Delivered): Stamped[] {
  if (gets.length > 0 && served === 0) throw invalidField('Delivered.served', 'none of what was wanted')
  return gets.slice(served)
}

/** The same range with what came meanwhile. */
function refreshed(records: RecordSet, range: RecordRange): RecordRange {
  const bounds = { from: range.from, to: range.to }
  const [from = ''] = unpackPrefixes('RecordRange.from', bounds.from)
  const [to = ''] = unpackPrefixes('RecordRange.to', bounds.to)
  const inside = records.ids().map((id) => id.slice(0, from.length))
  return {
    ...bounds,
    prefixes: Buffer.from(inside.filter((prefix) => prefix >= from && prefix <= to).join(''), 'hex')
  }
}

/**
 * Two maps that stayed as they were, differ, and had nothing to tell each other: a log was wrong about what the other
 * side has (it refused something at the time), so that the next round compares everything.
 */
function judge(parts: RoundParts, link: Link, before: Views, synced: Synced, theirs: Views): void {
  const now = views(parts)
  if (equals(now.adverts, theirs.adverts)) return agreed(link)
  const still = equals(now.adverts, before.adverts) && equals(theirs.adverts, synced.adverts)
  if (still) startOver(link, parts.nowMs())
}

function expected<T>(body: T | undefined, to: string): T {
  if (body === undefined) throw invalidField('Reply.body', `not the answer to a ${to}`)
  return body
}
