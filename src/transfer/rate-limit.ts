import { setTimeout as sleepFor } from 'node:timers/promises'
import type { DataSource } from './digest.ts'

export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const realClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleepFor(ms, undefined, { signal })
  }
}

/** Lets `bytesPerSecond` through on average, with no credit for more than a second of silence. Undefined: no limit. */
export function rateLimit(
  bytesPerSecond: number | undefined,
  signal: AbortSignal,
  clock: Clock = realClock
): (source: DataSource) => DataSource {
  return async function* (source) {
    if (bytesPerSecond === undefined) {
      yield* source
      return
    }
    let due = clock.now()
    for await (const data of source) {
      due = Math.max(due, clock.now() - 1000)
      const early = due - clock.now()
      if (early > 0) await clock.sleep(early, signal)
      due += (data.byteLength * 1000) / bytesPerSecond
      yield data
    }
  }
}
