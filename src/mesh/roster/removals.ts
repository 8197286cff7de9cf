// Who is out, and whose word puts others out.
import { hexOf, type OpenRecord } from './record.ts'
import { keepersIn, leastKept } from './reach.ts'

export interface Removals {
  readonly expelled: ReadonlySet<string>
  /** Those that somebody else expelled. */
  readonly byOthers: ReadonlySet<string>
  /** Records that keys which took themselves out say are their own, in every one of their words. */
  readonly agreed: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether it may put somebody out or end a role. */
  readonly heeds: (record: OpenRecord) => boolean
}

/**
 * Expulsions by the known count, whether their author is expelled or not: whoever is expelled can always say that it did not
 * know, and may be right. A key that took itself out knew of its own record and of all that it had signed before, so that what it
 * did not keep is a thief's; likewise what those sign whom only such records admit. If it said so twice and differently it is in
 * two hands, and what either keeps is heeded: a thief's word must not bring an expelled peer back.
 */
export function removals(founder: string, all: readonly OpenRecord[], known: ReadonlySet<string>): Removals {
  const words = lastWords(all, known)
  const own = (record: OpenRecord, kept: ReadonlySet<string>): boolean =>
    record.body.rotation !== undefined || !words.has(record.body.author) || kept.has(record.id)
  const heard = leastKept(founder, all, {
    start: [...words.values()].flatMap((byHeir) => [...byHeir.values()].flatMap((ids) => [...ids])),
    counts: own,
    believes: ({ record }, { admitted, ids }) => admitted.has(record.body.author) && own(record, ids)
  })
  const heeds = (record: OpenRecord): boolean => heard.admitted.has(record.body.author) && own(record, heard.ids)
  const byOthers = new Set(
    keepersIn(all)
      .filter(({ record }) => heeds(record))
      .map(({ removed }) => removed)
  )
  const expelled = new Set([...byOthers, ...words.keys()])
  const agreed = new Map<string, ReadonlySet<string>>()
  for (const [peer, byHeir] of words) {
    const [first = new Set<string>(), ...rest] = byHeir.values()
    agreed.set(peer, new Set([...first].filter((id) => rest.every((ids) => ids.has(id)))))
    if (byHeir.size > 1) for (const heir of byHeir.keys()) expelled.add(heir)
  }
  return { expelled, byOthers, agreed, heeds }
}

/**
 * What keys that took themselves out say of their own records, by the key that they name as their heir. Several rotations to one
 * heir are parts of one word, as the heir has signed each; an expulsion of itself is a word for itself, under its own id.
 */
function lastWords(all: readonly OpenRecord[], known: ReadonlySet<string>): Map<string, Map<string, Set<string>>> {
  const authorOf = new Map(all.map(({ id, body }) => [id, body.author]))
  const words = new Map<string, Map<string, Set<string>>>()
  for (const { id, body } of all) {
    const { author, expulsion, rotation } = body
    const word = rotation ?? (expulsion?.peer === author ? expulsion : undefined)
    if (word === undefined || !known.has(author)) continue
    const byHeir = words.get(author) ?? new Map<string, Set<string>>()
    words.set(author, byHeir)
    const heir = rotation?.newPeer ?? id
    const names = word.keeps.map(hexOf).filter((name) => authorOf.get(name) === author)
    byHeir.set(heir, new Set([...(byHeir.get(heir) ?? []), ...names]))
  }
  return words
}
