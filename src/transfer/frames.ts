// Network frames that were held while the container was frozen, from the source to the target.
import { pipe } from 'it-pipe'
import { MAX_HELD_FRAME_BYTES, type BulkStream } from '../../protocols/bulk/index.ts'
import { PayloadDigest, type DataSource } from './digest.ts'
import { exchange } from './exchange.ts'
import { decodeFrames, encodeFrames, fromFrames, toFrames } from './framing.ts'
import { refused } from './transfer-error.ts'

export interface FrameCount {
  readonly frames: number
  /** Longer than a frame can be, or more than the bound allows. */
  readonly dropped: number
}

/** Resolves when the source of frames has ended and all of them were taken by the stream. @throws TransferError */
export async function sendFrames(options: {
  readonly stream: BulkStream
  /** Whole Ethernet frames; empty and oversized ones are dropped and counted. */
  readonly frames: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
}): Promise<FrameCount> {
  return exchange(options.stream, options.signal, async ({ sink }) => {
    const count = { frames: 0, dropped: 0 }
    const digest = new PayloadDigest()
    async function* fitting(source: DataSource): AsyncGenerator<Uint8Array> {
      for await (const frame of source) {
        if (frame.byteLength === 0 || frame.byteLength > MAX_HELD_FRAME_BYTES) {
          count.dropped++
          continue
        }
        count.frames++
        digest.add(frame)
        yield frame
      }
    }
    await sink(pipe(options.frames, fitting, toFrames(digest), encodeFrames))
    return count
  })
}

/**
 * The frames as they arrive, in order. Beyond `maxBytes` they are read and dropped, so that the stream never waits for
 * the one who keeps them; `onEnd` gets the count. Ending the iteration early resets the stream. @throws TransferError
 */
export async function* receiveFrames(options: {
  readonly stream: BulkStream
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly onEnd?: (count: FrameCount) => void
}): AsyncGenerator<Uint8Array> {
  const pending: Uint8Array[] = []
  const count = { frames: 0, dropped: 0 }
  let bytes = 0
  let wake = (): void => {}
  const state: { ended: boolean; failure?: { error: unknown } } = { ended: false }
  const left = new AbortController()

  const reading = exchange(
    options.stream,
    AbortSignal.any([options.signal, left.signal]),
    async ({ source }): Promise<void> => {
      for await (const frame of pipe(source, decodeFrames, fromFrames(new PayloadDigest()))) {
        if (frame.byteLength > MAX_HELD_FRAME_BYTES) throw refused(`a network frame of ${frame.byteLength} bytes`)
        if (bytes + frame.byteLength > options.maxBytes) {
          count.dropped++
          continue
        }
        bytes += frame.byteLength
        count.frames++
        // A copy: the chunk it came in may be much larger, and it is kept.
        pending.push(Uint8Array.from(frame))
        wake()
      }
    }
  )
    .catch((error: unknown) => {
      state.failure = { error }
    })
    .then(() => {
      state.ended = true
      wake()
    })
  try {
    while (true) {
      const frame = pending.shift()
      if (frame !== undefined) {
        yield frame
        continue
      }
      if (state.ended) {
        if (state.failure !== undefined) throw state.failure.error
        options.onEnd?.(count)
        return
      }
      await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    left.abort(new Error('the receiver of the frames has left'))
    await reading
  }
}
