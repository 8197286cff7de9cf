/** Time as gossip sees it; tests and the simulation have one of their own. */
export interface Clock {
  /** Milliseconds of Unix time: only for stamps of this node's own adverts. */
  wallMs(): number
  /** Milliseconds, monotonic: for every age and wait. */
  nowMs(): number
  /** Calls once after so many milliseconds; returns what calls it off. */
  after(ms: number, act: () => void): () => void
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  }
}
