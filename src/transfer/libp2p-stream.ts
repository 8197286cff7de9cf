// A libp2p stream as source and sink with backpressure in both directions. libp2p 3.3 has neither by itself:
// `stream.onDrain()` stays resolved after the first drain, and iterating a stream reads into an unbounded queue.
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { wordsOf } from '../../protocols/problem.ts'
import { TransferError } from './transfer-error.ts'

export type Bytes = Uint8Array | Uint8ArrayList

export interface StreamDuplex {
  /** Ends when the other side closed its writing side; throws TRANSFER_BROKEN after what arrived before a reset. */
  readonly source: AsyncIterable<Bytes>
  /** Resolves when the last chunk was taken by the muxer; closes nothing. */
  readonly sink: (source: AsyncIterable<Bytes> | Iterable<Bytes>) => Promise<void>
}

/** What the reader holds before it pauses the stream; the muxer's window comes on top. */
const PAUSE_AT_BYTES = 1024 * 1024

/** Takes over a stream, paused or fresh. After `signal` aborts, source and sink throw its reason. */
export function duplexOf(stream: Stream, signal: AbortSignal): StreamDuplex {
  return { source: read(stream, signal), sink: (source) => write(stream, source, signal) }
}

async function* read(stream: Stream, signal: AbortSignal): AsyncGenerator<Bytes> {
  const held = new Uint8ArrayList()
  let ended = stream.readableEnded
  let failure =
    stream.status === 'reset' || stream.status === 'aborted' ? new Error(`the stream is ${stream.status}`) : undefined
  let wake = (): void => {}

  let resuming = false
  const onMessage = (event: StreamMessageEvent): void => {
    held.append(event.data)
    // `resume` delivers what was kept and only then opens the window: a pause in between would be undone for the muxer alone.
    if (!resuming && held.byteLength >= PAUSE_AT_BYTES) pause(stream)
    wake()
  }
  const onEnd = (): void => {
    ended = true
    wake()
  }
  const onClose = (event: StreamCloseEvent): void => {
    failure ??= event.error
    wake()
  }
  const onAbort = (): void => wake()

  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onClose)
  stream.addEventListener('message', onMessage)
  signal.addEventListener('abort', onAbort)
  try {
    while (true) {
      signal.throwIfAborted()
      if (held.byteLength > 0) {
        const chunk = held.sublist()
        held.consume(chunk.byteLength)
        yield chunk
        continue
      }
      // Nothing held: whatever the stream kept while it was paused comes now, while this runs.
      resuming = true
      resume(stream)
      resuming = false
      if (held.byteLength >= PAUSE_AT_BYTES) pause(stream)
      if (held.byteLength > 0) continue
      if (failure !== undefined) throw broken(failure)
      if (ended || stream.readableEnded || (stream.status !== 'open' && stream.readBufferLength === 0)) return
      await new Promise<void>((resolve) => (wake = resolve))
      wake = (): void => {}
    }
  } finally {
    stream.removeEventListener('end', onEnd)
    stream.removeEventListener('close', onClose)
    pause(stream)
    stream.removeEventListener('message', onMessage)
    signal.removeEventListener('abort', onAbort)
  }
}

async function write(
  stream: Stream,
  source: AsyncIterable<Bytes> | Iterable<Bytes>,
  signal: AbortSignal
): Promise<void> {
  for await (const chunk of source as AsyncIterable<Bytes>) {
    signal.throwIfAborted()
    if (chunk.byteLength === 0) continue
    let more: boolean
    try {
      more = stream.send(chunk)
    } catch (error) {
      throw broken(error)
    }
    if (!more) await drained(stream, signal)
  }
}

/** Resolves when the muxer has taken everything that was sent. */
async function drained(stream: Stream, signal: AbortSignal): Promise<void> {
  // A drain lets the stream send what it kept, which may fill the window again at once; hence the loop.
  while (stream.writableNeedsDrain || stream.writeBufferLength > 0) {
    await new Promise<void>((resolve, reject) => {
      const settle = (act: () => void): void => {
        stream.removeEventListener('drain', onDrain)
        stream.removeEventListener('idle', onDrain)
        stream.removeEventListener('close', onClose)
        signal.removeEventListener('abort', onAbort)
        act()
      }
      const onDrain = (): void => settle(resolve)
      const onClose = (event: StreamCloseEvent): void =>
        settle(() => reject(broken(event.error ?? new Error('the stream was closed'))))
      const onAbort = (): void => settle(() => reject(signal.reason as Error))
      stream.addEventListener('drain', onDrain)
      stream.addEventListener('idle', onDrain)
      stream.addEventListener('close', onClose)
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      else if (stream.status !== 'open') settle(() => reject(broken(new Error(`the stream is ${stream.status}`))))
    })
  }
}

function broken(error: unknown): TransferError {
  return new TransferError(
    {
      code: 'TRANSFER_BROKEN',
      what: 'The stream to the peer broke',
      why: wordsOf(error),
      remedy: 'Look at the other host: is its ferry running, is the link up? Then start the migration again'
    },
    { cause: error }
  )
}

// A stream that closed meanwhile refuses to be paused or resumed; its end and its error come as events.
function pause(stream: Stream): void {
  unlessClosed(() => stream.pause())
}

function resume(stream: Stream): void {
  unlessClosed(() => stream.resume())
}

function unlessClosed(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error && error.name === 'StreamStateError')) throw error
  }
}
