import { expect, test } from 'vitest'
import { watchLiveness } from '../../src/mesh/liveness.ts'

const TIMEOUT_MS = 200

interface Peer {
  readonly name: string
}

/** Nothing of this process runs meanwhile, as where its machine stands still. */
function standStill(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

function refused(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    })
  })
}

test('a peer that does not answer is lost, and why is said', async () => {
  const lost = Promise.withResolvers<string>()
  const stop = watchLiveness<Peer>({
    connections: () => [{ name: 'b' }],
    probe: (_, signal) => refused(signal),
    lastActivity: () => -Infinity,
    lost: (_, why) => {
      lost.resolve(why)
    },
    everyMs: 20,
    timeoutMs: TIMEOUT_MS
  })
  expect(await lost.promise).toContain(String(TIMEOUT_MS))
  stop()
})

test('a peer is not lost while this side stands still itself: its answer is read first', async () => {
  const peer = { name: 'b' }
  const answered = Promise.withResolvers<void>()
  const lost: string[] = []
  let asked = 0
  const stop = watchLiveness<Peer>({
    connections: () => [peer],
    probe: async (_, signal) => {
      if (++asked > 1) return
      const answer = new Promise<void>((resolve) => {
        setTimeout(() => {
          standStill(3 * TIMEOUT_MS)
          // What arrived meanwhile is read after the timers that are due.
          setTimeout(resolve, 10)
        }, 10)
      })
      await Promise.race([answer, refused(signal)]).finally(answered.resolve)
    },
    lastActivity: () => -Infinity,
    lost: (_, why) => lost.push(why),
    everyMs: 20,
    timeoutMs: TIMEOUT_MS
  })
  await answered.promise
  // As long as it takes to be told of.
  await new Promise((resolve) => setTimeout(resolve, 0))
  stop()
  expect(lost).toEqual([])
})
