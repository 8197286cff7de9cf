// Which records of those who are out go on counting.
import { leastKept, type Keeper, type Ledger, type Standing } from './reach.ts'
import type { OpenRecord } from './record.ts'
import type { Removals } from './removals.ts'

export interface InForce {
  readonly admitted: ReadonlySet<string>
  readonly counts: (record: OpenRecord) => boolean
}

/**
 * Of a key that took itself out, what it kept; of one that others expelled, what they kept. Believed is an expulsion which counts
 * itself, by somebody who is a member without what it keeps: else the thief of an expelled key could admit somebody and have
 * that one expel the key once more and keep its own admission. Where nobody can be believed so (two that expelled each other),
 * whoever expelled it is. The founder's records are everybody's only root, so that those may be kept by whoever they admit.
 */
export function inForceOf(founder: string, ledger: Ledger, removed: Removals): InForce {
  const { expelled, byOthers, agreed, heeds } = removed
  const counts = (record: OpenRecord, isKept: boolean): boolean =>
    // A rotation takes its own author out, which is no reason not to heed it.
    isKept || !(record.body.rotation === undefined ? expelled : byOthers).has(record.body.author)
  const heard = (keeper: Keeper, { authorAdmitted }: Standing): boolean =>
    heeds(keeper.record) && (keeper.removed === founder || authorAdmitted)
  const start = [...agreed].flatMap(([peer, ids]) => (byOthers.has(peer) ? [] : [...ids]))
  const settled = new Set<string>()
  const sure = leastKept(founder, ledger, {
    start,
    counts,
    believes: (keeper, standing) => {
      if (!heard(keeper, standing) || !counts(keeper.record, standing.isKept)) return false
      settled.add(keeper.removed)
      return true
    }
  })
  const { admitted, ids } = leastKept(founder, ledger, {
    start: sure.ids,
    counts,
    believes: (keeper, standing) =>
      heard(keeper, standing) && (counts(keeper.record, standing.isKept) || !settled.has(keeper.removed))
  })
  return { admitted, counts: (record) => counts(record, ids.has(record.id)) }
}
