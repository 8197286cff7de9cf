// Both halves in one list, as a person reads them.
import type { Entry } from './entry.ts'

/**
 * Each half in its own order, no entry before one that it had heard of; by the clocks where nothing else says which was
 * first.
 */
export function mergeHalves(a: readonly Entry[], b: readonly Entry[]): readonly Entry[] {
  const merged: Entry[] = []
  let [atA, atB] = [0, 0]
  while (atA < a.length || atB < b.length) {
    const [nextA, nextB] = [a[atA], b[atB]]
    const aWaits = nextB !== undefined && (nextA?.body.heard?.seq ?? -1) >= atB
    const bWaits = nextA !== undefined && (nextB?.body.heard?.seq ?? -1) >= atA
    // Halves that wait for each other are false; they are shown all the same.
    const aIsNext = aWaits === bWaits ? (nextA?.body.at ?? '~') <= (nextB?.body.at ?? '~') : bWaits
    const next = aIsNext ? nextA : nextB
    if (next !== undefined) merged.push(next)
    if (aIsNext) atA++
    else atB++
  }
  return merged
}
