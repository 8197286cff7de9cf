// To whom chains of admissions lead.
import { hexOf, type OpenRecord } from './record.ts'

export function admittedIn({ body }: OpenRecord): string | undefined {
  return body.admission?.peer ?? body.rotation?.newPeer ?? (body.genesis === undefined ? undefined : body.author)
}

/** Everybody to whom a chain of admissions leads from the founder. */
export function reached(
  founder: string,
  all: readonly OpenRecord[],
  counts: (record: OpenRecord) => boolean
): Set<string> {
  const byAuthor = new Map<string, string[]>()
  for (const record of all) {
    const peerId = admittedIn(record)
    if (peerId === undefined || record.body.genesis !== undefined || !counts(record)) continue
    const list = byAuthor.get(record.body.author)
    if (list === undefined) byAuthor.set(record.body.author, [peerId])
    else list.push(peerId)
  }
  const found = new Set([founder])
  // A Set's iteration also visits what is added while it goes on.
  for (const author of found) for (const peerId of byAuthor.get(author) ?? []) found.add(peerId)
  return found
}

/** An expulsion of somebody else, and the records of that peer which it keeps. */
export interface Keeper {
  readonly record: OpenRecord
  readonly removed: string
  readonly keeps: readonly string[]
}

export function keepersIn(all: readonly OpenRecord[]): Keeper[] {
  const authorOf = new Map(all.map(({ id, body }) => [id, body.author]))
  return all.flatMap((record) => {
    const { author, expulsion } = record.body
    if (expulsion === undefined || expulsion.peer === author) return []
    // It vouches for records of the peer that goes, and of nobody else.
    const keeps = expulsion.keeps.map(hexOf).filter((id) => authorOf.get(id) === expulsion.peer)
    return [{ record, removed: expulsion.peer, keeps }]
  })
}

export interface Kept {
  /** Whom chains of admissions that count lead to. */
  readonly admitted: ReadonlySet<string>
  /** Ids of the records that count because they are kept. */
  readonly ids: ReadonlySet<string>
}

/**
 * The least set of kept records that holds `start` and whatever is kept by an expulsion that is believed, given that set. That
 * it is the least means that nobody counts because of a record which only its own word keeps. Both functions must say yes to more
 * when they are given more.
 */
export function leastKept(
  founder: string,
  all: readonly OpenRecord[],
  rules: {
    readonly start: Iterable<string>
    readonly counts: (record: OpenRecord, kept: ReadonlySet<string>) => boolean
    readonly believes: (keeper: Keeper, kept: Kept) => boolean
  }
): Kept {
  const ids = new Set(rules.start)
  let waiting = keepersIn(all)
  for (;;) {
    const admitted = reached(founder, all, (record) => rules.counts(record, ids))
    const left = waiting.filter((keeper) => {
      if (!rules.believes(keeper, { admitted, ids })) return true
      for (const id of keeper.keeps) ids.add(id)
      return false
    })
    if (left.length === waiting.length) return { admitted, ids }
    waiting = left
  }
}
