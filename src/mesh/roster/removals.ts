// Who is out, and whose word puts others out.
import { hexOf, type OpenRecord } from './record.ts'
import { leastKept, type Ledger } from './reach.ts'

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
export function removals(founder: string, ledger: Ledger, known: ReadonlySet<string>): Removals {
  const words = lastWords(ledger, known)
  const own = (record: OpenRecord, isKept: boolean): boolean =>
    record.body.rotation !== undefined || !words.has(record.body.author) || isKept
  const heard = leastKept(founder, ledger, {
    start: [...words.values()].flatMap((byHeir) => [...byHeir.values()].flatMap((ids) => [...ids])),
    counts: own,
    believes: ({ record }, { authorAdmitted, isKept }) => authorAdmitted && own(record, isKept)
  })
  const heeds = (record: OpenRecord): boolean =>
    heard.admitted.has(record.body.author) && own(record, heard.ids.has(record.id))
  const heeded = [...ledger.keepers.values()].filter(({ record }) => heeds(record))
  const byOthers = new Set(heeded.map(({ removed }) => removed))
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
function lastWords({ all, byId }: Ledger, known: ReadonlySet<string>): Map<string, Map<string, Set<string>>> {
  const words = new Map<string, Map<string, Set<string>>>()
  for (const { id, body } of all) {
    const { author, expulsion, rotation } = body
    const word = rotation ?? (expulsion?.peer === author ? expulsion : undefined)
    if (word === undefined || !known.has(author)) continue
    const byHeir = words.get(author) ?? new Map<string, Set<string>>()
    words.set(author, byHeir)
    const heir = rotation?.newPeer ?? id
    const names = byHeir.get(heir) ?? new Set<string>()
    byHeir.set(heir, names)
    for (const name of word.keeps.map(hexOf)) if (byId.get(name)?.body.author === author) names.add(name)
  }
  return words
}
