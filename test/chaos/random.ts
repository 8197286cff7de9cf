// Numbers that depend on a seed and on nothing else, so that a run can be had again.

export interface Random {
  /** From 0 to below 1. */
  next(): number
  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
  chance(probability: number): boolean
}

/** One sequence for each pair: run 17 is the same whether or not the runs before it were made. */
export function randomOf(seed: number, run: number): Random {
  // Mulberry32 (Tommy Ettinger, public domain); the first numbers of neighbouring states are alike, so the state is mixed first.
  let state = Math.imul(seed ^ Math.imul(run + 1, 0x9e3779b1), 0x85ebca6b) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  next()
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
    chance: (probability) => next() < probability
  }
}
