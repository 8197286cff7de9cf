import { setTimeout as sleep } from 'node:timers/promises'
import type { PayloadDigest } from './digest.ts'
import type { Exchange } from './exchange.ts'
import { encodeFrames, endOf } from './framing.ts'

const LAST_WORDS_MS = 2_000

/** Tells the other side why this one ends, if the stream still carries it; the failure itself is the caller's to throw. */
export async function giveUp(streams: Exchange, digest: PayloadDigest, error: unknown): Promise<void> {
  async function* lastWords() {
    yield { end: endOf(digest, error) }
  }
  const timer = new AbortController()
  const spoken = streams.sink(encodeFrames(lastWords())).then(
    () => 'said',
    () => 'unsaid: the stream is gone, and the peer learns of it by that'
  )
  await Promise.race([spoken, sleep(LAST_WORDS_MS, 'unsaid: too slow', { signal: timer.signal })])
  timer.abort()
}
