// Comparing two record sets by the first bytes of their ids, a range at a time, so that no message grows with the set.
import { createHash } from 'node:crypto'
import {
  GOSSIP_DIGEST_BYTES,
  MAX_ENTRIES,
  MAX_ITEMS_BYTES,
  MAX_RECORD_BYTES,
  PREFIX_BYTES,
  packPrefixes,
  unpackPrefixes,
  type RecordRange
} from '../../../protocols/gossip/index.ts'
import type { RecordSet } from '../record-set.ts'

const LOWEST = '0'.repeat(2 * PREFIX_BYTES)
const HIGHEST = 'f'.repeat(2 * PREFIX_BYTES)

export function digestOfRecords(records: RecordSet): Uint8Array<ArrayBuffer> {
  return createHash('sha256').update(records.digest()).digest().subarray(0, GOSSIP_DIGEST_BYTES)
}

/** Ranges that together hold every possible id once. */
export function rangesOf(records: RecordSet, perRange: number = MAX_ENTRIES / 2): RecordRange[] {
  const prefixes = records.ids().map(prefixOf)
  const ranges: RecordRange[] = []
  let from = LOWEST
  for (let at = 0; at === 0 || at < prefixes.length; at += perRange) {
    const chunk = prefixes.slice(at, at + perRange)
    const isLast = at + perRange >= prefixes.length
    const to = isLast ? HIGHEST : (chunk.at(-1) ?? HIGHEST)
    ranges.push({ from: packPrefixes([from]), to: packPrefixes([to]), prefixes: packPrefixes(chunk) })
    from = following(to)
  }
  return ranges
}

/** What the sender of the range lacks (as far as it fits), and the prefixes of what this side lacks. */
export function compareRange(
  records: RecordSet,
  range: RecordRange
): { readonly give: Uint8Array<ArrayBuffer>[]; readonly more: boolean; readonly want: string[] } {
  const [from = LOWEST] = unpackPrefixes('RecordRange.from', range.from)
  const [to = HIGHEST] = unpackPrefixes('RecordRange.to', range.to)
  const theirs = new Set(unpackPrefixes('RecordRange.prefixes', range.prefixes))
  const mine = new Set<string>()
  const missing: string[] = []
  for (const id of records.ids()) {
    const prefix = prefixOf(id)
    if (prefix < from || prefix > to) continue
    mine.add(prefix)
    if (!theirs.has(prefix)) missing.push(id)
  }
  const { taken, rest } = takeRecords(records, missing)
  return { give: taken, more: rest.length > 0, want: [...theirs].filter((prefix) => !mine.has(prefix)) }
}

/** The records of these ids as far as they fit into one message, and the ids of those that don't. */
export function takeRecords(
  records: RecordSet,
  ids: readonly string[]
): { readonly taken: Uint8Array<ArrayBuffer>[]; readonly rest: readonly string[] } {
  const taken: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const [index, id] of ids.entries()) {
    const record = records.get(id)
    if (record === undefined || record.byteLength > MAX_RECORD_BYTES || record.byteLength === 0) continue
    if (bytes + record.byteLength > MAX_ITEMS_BYTES || taken.length >= MAX_ENTRIES) {
      return { taken, rest: ids.slice(index) }
    }
    bytes += record.byteLength + 8
    taken.push(new Uint8Array(record))
  }
  return { taken, rest: [] }
}

/** Full ids for prefixes; unknown ones are left out. */
export function idsOf(records: RecordSet, prefixes: readonly string[]): string[] {
  const wanted = new Set(prefixes)
  return wanted.size === 0 ? [] : records.ids().filter((id) => wanted.has(prefixOf(id)))
}

function prefixOf(id: string): string {
  return id.slice(0, 2 * PREFIX_BYTES)
}

function following(prefix: string): string {
  return (BigInt(`0x${prefix}`) + 1n)
    .toString(16)
    .padStart(2 * PREFIX_BYTES, '0')
    .slice(-2 * PREFIX_BYTES)
}
