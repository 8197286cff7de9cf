// Whole messages on a libp2p stream, without reading a byte more than theirs.
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'
import { ProtocolError } from '../../protocols/problem.ts'

/** A varint of a length below 2^28. */
const MAX_PREFIX_BYTES = 4
/** From a stream's opening to its complete request or header. */
const FIRST_MESSAGE_MS = 30_000
/** From the last word on a stream until the peer has ended its side of it. */
const LINGER_MS = 10_000

/** Queues a message; the stream's close waits until it is sent. */
export function sendMessage(stream: Stream, message: Uint8Array): void {
  stream.send(lengthPrefixed.encode.single(message))
}

/**
 * The next message of the stream, which is left paused with all that follows unread.
 * @throws ProtocolError MESSAGE_TOO_LARGE, MALFORMED_MESSAGE; the stream's own error; the signal's reason
 */
export function readMessage(stream: Stream, maxBytes: number, signal: AbortSignal): Promise<Uint8ArrayList> {
  return new Promise((resolve, reject) => {
    const held = new Uint8ArrayList()
    const settle = (act: () => void): void => {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('end', onEnd)
      stream.removeEventListener('close', onClose)
      signal.removeEventListener('abort', onAbort)
      act()
    }
    // All of it within the event: the stream closes its reading side after it if nothing was put back.
    const onMessage = (event: StreamMessageEvent): void => {
      held.append(event.data)
      let found: { message: Uint8ArrayList; rest: Uint8ArrayList } | undefined
      try {
        found = split(held, maxBytes)
      } catch (error) {
        settle(() => reject(error instanceof Error ? error : new Error(String(error))))
        return
      }
      if (found === undefined) return
      const { message, rest } = found
      pause(stream)
      if (rest.byteLength > 0) stream.unshift(rest)
      settle(() => resolve(message))
    }
    const onEnd = (): void =>
      settle(() => reject(new Error('the peer closed the stream before its message was complete')))
    const onClose = (event: StreamCloseEvent): void =>
      settle(() => reject(event.error ?? new Error('the stream was closed')))
    const onAbort = (): void => settle(() => reject(signal.reason as Error))
    stream.addEventListener('end', onEnd)
    stream.addEventListener('close', onClose)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) return onAbort()
    if (stream.readableEnded) return onEnd()
    if (stream.status !== 'open' && stream.readBufferLength === 0) {
      return settle(() => reject(new Error(`the stream is ${stream.status}`)))
    }
    stream.addEventListener('message', onMessage)
    resume(stream)
  })
}

/**
 * The one message that the peer may send: any byte behind it resets the stream. Without this a paused stream would hold a whole
 * window of them (muxer.ts), which is the same for every protocol as it is agreed upon before the protocol is.
 * @throws as readMessage; MALFORMED_MESSAGE
 */
export async function readOnlyMessage(stream: Stream, maxBytes: number, signal: AbortSignal): Promise<Uint8ArrayList> {
  const message = await readMessage(stream, maxBytes, signal)
  allRead(stream)
  return message
}

/** Nothing may come any more on a stream whose last message was read. @throws ProtocolError MALFORMED_MESSAGE if it has */
export function allRead(stream: Stream): void {
  stream.maxReadBufferLength = 0
  if (stream.readBufferLength > 0) {
    throw new ProtocolError({
      code: 'MALFORMED_MESSAGE',
      what: 'More came on a stream than the one message that belongs there',
      why: `there are ${stream.readBufferLength} bytes behind it`,
      remedy: 'Run the same ferry version on both hosts, and check who the peer is'
    })
  }
}

/** Says one thing and resolves with the one answer; the stream has no further use. @throws as readOnlyMessage */
export function ask(
  stream: Stream,
  message: Uint8Array,
  maxAnswerBytes: number,
  signal: AbortSignal
): Promise<Uint8ArrayList> {
  return abortingOnFailure(stream, async () => {
    sendMessage(stream, message)
    const [answer] = await Promise.all([readOnlyMessage(stream, maxAnswerBytes, signal), stream.close({ signal })])
    endSoon(stream)
    return answer
  })
}

/** For a stream on which everything is said: it is reset if the peer does not end its side as well. */
export function endSoon(stream: Stream): void {
  if (stream.status !== 'open' && stream.status !== 'closing') return
  const late = setTimeout(() => stream.abort(new Error('the peer did not end the stream')), LINGER_MS)
  stream.addEventListener('close', () => clearTimeout(late))
}

function split(held: Uint8ArrayList, maxBytes: number): { message: Uint8ArrayList; rest: Uint8ArrayList } | undefined {
  let length = 0
  for (let at = 0; at < MAX_PREFIX_BYTES; at++) {
    if (at >= held.byteLength) return undefined
    const byte = held.get(at)
    length |= (byte & 0x7f) << (7 * at)
    if ((byte & 0x80) !== 0) continue
    if (length > maxBytes) throw tooLarge(`${length} bytes announced, ${maxBytes} allowed`)
    const end = at + 1 + length
    if (held.byteLength < end) return undefined
    return { message: held.sublist(at + 1, end), rest: held.sublist(end) }
  }
  throw tooLarge(`its length has more than ${MAX_PREFIX_BYTES} bytes`)
}

function tooLarge(why: string): ProtocolError {
  return new ProtocolError({
    code: 'MESSAGE_TOO_LARGE',
    what: 'A message is too large',
    why,
    remedy: 'Run the same ferry version on both hosts, and check who the peer is'
  })
}

/** Lets nothing more be read until whoever gets the stream resumes it. */
export function pause(stream: Stream): void {
  unlessClosed(() => stream.pause())
}

function resume(stream: Stream): void {
  unlessClosed(() => stream.resume())
}

// A stream that closed meanwhile refuses to be paused or resumed; its end comes as an event.
function unlessClosed(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error && error.name === 'StreamStateError')) throw error
  }
}

/** A signal that also ends the wait for a stream's first request or header. */
export function firstMessage(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(FIRST_MESSAGE_MS)])
}

/** Resets the stream when the work on it fails. */
export async function abortingOnFailure<T>(stream: Stream, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}
