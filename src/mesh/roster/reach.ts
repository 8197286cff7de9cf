// To whom chains of admissions lead.
import { hexOf, type OpenRecord } from './record.ts'

export function admittedIn({ body }: OpenRecord): string | undefined {
  return body.admission?.peer ?? body.rotation?.newPeer ?? (body.genesis === undefined ? undefined : body.author)
}

/** Everybody to whom a chain of admissions leads from the founder, whether they count or not. */
export function everAdmitted(founder: string, ledger: Ledger): ReadonlySet<string> {
  return leastKept(founder, ledger, { start: [], counts: () => true, believes: () => false }).admitted
}

/** An expulsion of somebody else, and the records of that peer which it keeps. */
export interface Keeper {
  readonly record: OpenRecord
  readonly removed: string
  readonly keeps: readonly string[]
}

/** A set of records, and ways to find some of them. */
export interface Ledger {
  readonly all: readonly OpenRecord[]
  readonly byId: ReadonlyMap<string, OpenRecord>
  readonly byAuthor: ReadonlyMap<string, readonly OpenRecord[]>
  /** By the id of their record. */
  readonly keepers: ReadonlyMap<string, Keeper>
}

export function ledgerOf(all: readonly OpenRecord[]): Ledger {
  const byId = new Map(all.map((record) => [record.id, record]))
  const keepers = new Map<string, Keeper>()
  for (const record of all) {
    const { author, expulsion } = record.body
    if (expulsion === undefined || expulsion.peer === author) continue
    // It vouches for records of the peer that goes, and of nobody else.
    const keeps = expulsion.keeps.map(hexOf).filter((id) => byId.get(id)?.body.author === expulsion.peer)
    keepers.set(record.id, { record, removed: expulsion.peer, keeps })
  }
  return { all, byId, byAuthor: Map.groupBy(all, ({ body }) => body.author), keepers }
}

export interface Kept {
  /** Whom chains of admissions that count lead to. */
  readonly admitted: ReadonlySet<string>
  /** Ids of the records that count because they are kept. */
  readonly ids: ReadonlySet<string>
}

/** All that a rule may look at of what has been found so far: with more it would have to be asked again for every record. */
export interface Standing {
  /** Whether the author of the record is among those admitted. */
  readonly authorAdmitted: boolean
  readonly isKept: boolean
}

/**
 * The least set of kept records that holds `start` and whatever is kept by an expulsion that is believed, given that set. That
 * it is the least means that nobody counts because of a record which only its own word keeps. Both rules must say yes to more
 * when they are given more. Each record is looked at when it is met, when its author is admitted and when it is kept, and so three
 * times at most: whoever can sign records could otherwise keep every member busy with a few megabytes of them.
 */
export function leastKept(
  founder: string,
  { all, byId, byAuthor, keepers }: Ledger,
  rules: {
    readonly start: Iterable<string>
    readonly counts: (record: OpenRecord, isKept: boolean) => boolean
    readonly believes: (keeper: Keeper, standing: Standing) => boolean
  }
): Kept {
  const ids = new Set(rules.start)
  const admitted = new Set([founder])
  const believed = new Set<Keeper>()
  const waiting = [...all]
  for (let record = waiting.pop(); record !== undefined; record = waiting.pop()) {
    const isKept = ids.has(record.id)
    const authorAdmitted = admitted.has(record.body.author)
    const peer = record.body.genesis === undefined ? admittedIn(record) : undefined
    if (peer !== undefined && authorAdmitted && !admitted.has(peer) && rules.counts(record, isKept)) {
      admitted.add(peer)
      for (const signed of byAuthor.get(peer) ?? []) waiting.push(signed)
    }
    const keeper = keepers.get(record.id)
    if (keeper === undefined || believed.has(keeper) || !rules.believes(keeper, { authorAdmitted, isKept })) continue
    believed.add(keeper)
    for (const id of keeper.keeps) {
      if (ids.has(id)) continue
      ids.add(id)
      const kept = byId.get(id)
      if (kept !== undefined) waiting.push(kept)
    }
  }
  return { admitted, ids }
}
