// Memory of this process once everything that nobody holds is gone.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a run may add after its warm-up, bytes: to what is held, and to what the system has given. */
export const MAX_HELD_GROWTH = 64 * 2 ** 20
export const MAX_RESIDENT_GROWTH = 256 * 2 ** 20

export interface Memory {
  /** JavaScript objects and buffers that are reachable. */
  readonly heldBytes: number
  readonly residentBytes: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export async function settledMemory(): Promise<Memory> {
  for (let times = 0; times < 3; times++) {
    collect()
    // Finalizers and closed handles have their turn.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heldBytes: heapUsed + external, residentBytes: rss }
}

/** In words, where a run has added more than it may. */
export function excess(before: Memory, after: Memory): string[] {
  const grown = {
    held: after.heldBytes - before.heldBytes,
    resident: after.residentBytes - before.residentBytes
  }
  return [
    ...(grown.held > MAX_HELD_GROWTH ? [`${grown.held} bytes more are held than after the warm-up`] : []),
    ...(grown.resident > MAX_RESIDENT_GROWTH
      ? [`${grown.resident} bytes more are resident than after the warm-up`]
      : [])
  ]
}
