// Payload to Frames and back: length-prefixed on the wire, an End with the payload's digest as the last one.
import * as lengthPrefixed from 'it-length-prefixed'
import { MAX_FRAME_BYTES, decodeFrame, encodeFrame, type End, type Frame } from '../../protocols/bulk/index.ts'
import { ProtocolError, wordsOf, type ProblemDetails } from '../../protocols/problem.ts'
import type { DataSource, PayloadDigest } from './digest.ts'
import type { Bytes } from './libp2p-stream.ts'
import { TransferError, refused } from './transfer-error.ts'

/** Frames as they go on the wire, each in one piece so that the muxer makes one frame of its own of it. */
export async function* encodeFrames(source: AsyncIterable<Frame>): AsyncGenerator<Bytes> {
  for await (const frame of source) {
    yield lengthPrefixed.encode.single(encodeFrame(frame), { maxDataLength: MAX_FRAME_BYTES })
  }
}

/** @throws ProtocolError, TransferError TRANSFER_TRUNCATED when the bytes end within a frame */
export async function* decodeFrames(source: AsyncIterable<Bytes>): AsyncGenerator<Frame> {
  const frames = lengthPrefixed.decode(source, { maxDataLength: MAX_FRAME_BYTES, maxLengthLength: 4 })
  const iterator = frames[Symbol.asyncIterator]()
  try {
    while (true) {
      const next = await iterator.next().catch((error: unknown) => {
        throw framingError(error)
      })
      if (next.done === true) return
      yield decodeFrame(next.value)
    }
  } finally {
    await iterator.return()
  }
}

/** Data in Frames, then an End; if the source fails, an End that says why, and then the failure. */
export function toFrames(digest: PayloadDigest): (source: DataSource) => AsyncIterable<Frame> {
  return (source) => endingWith(digest, dataFrames(source))
}

async function* dataFrames(source: DataSource): AsyncGenerator<Frame> {
  for await (const data of source) yield { data: data as Uint8Array<ArrayBuffer> }
}

/** The frames, then an End with the digest of the payload that went into them. */
export async function* endingWith(digest: PayloadDigest, frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  try {
    yield* frames
  } catch (error) {
    yield { end: endOf(digest, error) }
    throw error
  }
  yield { end: endOf(digest) }
}

/** Data of the frames up to a good End, with which this ends; `digest` sees what passes. */
export function fromFrames(digest: PayloadDigest): (source: AsyncIterable<Frame>) => DataSource {
  return async function* (source) {
    for await (const frame of untilEnd(digest, source)) {
      if (frame.data === undefined) throw refused('a file in a stream that has none')
      digest.add(frame.data)
      yield frame.data
    }
  }
}

/** The frames before the End. @throws TRANSFER_TRUNCATED, TRANSFER_CORRUPT, TRANSFER_PEER_FAILED */
export async function* untilEnd(digest: PayloadDigest, source: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  for await (const frame of source) {
    if (frame.end === undefined) {
      yield frame
      continue
    }
    checkEnd(frame.end, digest)
    return
  }
  throw truncated('the stream ended without its last frame')
}

export function endOf(digest: PayloadDigest, error?: unknown): End {
  const end = { sha256: digest.sha256() as Uint8Array<ArrayBuffer>, bytes: digest.bytes }
  return error === undefined ? end : { ...end, problem: problemOf(error) }
}

/** Compares what the other side says it sent (or received) with what this side saw. */
export function checkEnd(end: End, digest: PayloadDigest): void {
  if (end.problem !== undefined) throw peerFailed(end.problem)
  if (end.bytes !== digest.bytes || !Buffer.from(end.sha256).equals(digest.sha256())) {
    throw new TransferError({
      code: 'TRANSFER_CORRUPT',
      what: 'What arrived is not what was sent',
      why: `${end.bytes} bytes with SHA-256 ${hex(end.sha256)} on the other side, ${digest.bytes} bytes with ${hex(digest.sha256())} on this one`,
      remedy: 'Start the migration again; if it happens twice, check memory and disks of both hosts'
    })
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function problemOf(error: unknown): Required<ProblemDetails> {
  if (error instanceof TransferError || error instanceof ProtocolError) return { why: '', ...error.details }
  return {
    code: 'TRANSFER_FAILED',
    what: 'The transfer failed',
    why: wordsOf(error),
    remedy: 'See the log of that host'
  }
}

function peerFailed(problem: Required<ProblemDetails>): TransferError {
  return new TransferError(
    {
      code: 'TRANSFER_PEER_FAILED',
      what: 'The other side gave the transfer up',
      why: `${problem.code}: ${problem.what}${problem.why === '' ? '' : ': ' + problem.why}`,
      remedy: problem.remedy
    },
    { peer: problem }
  )
}

function truncated(why: string, cause?: unknown): TransferError {
  return new TransferError(
    {
      code: 'TRANSFER_TRUNCATED',
      what: 'The stream ended too early',
      why,
      remedy: 'Look at the other host: is its ferry running, is the link up? Then start the migration again'
    },
    { cause }
  )
}

function framingError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  switch (error.name) {
    case 'UnexpectedEOFError':
      return truncated('the stream ended within a frame', error)
    case 'InvalidMessageLengthError':
    case 'InvalidDataLengthError':
    case 'InvalidDataLengthLengthError':
      return new ProtocolError(
        {
          code: 'MESSAGE_TOO_LARGE',
          what: 'A frame is too large',
          why: `${MAX_FRAME_BYTES} bytes allowed`,
          remedy: 'Run the same ferry version on both hosts, and check who the peer is'
        },
        { cause: error }
      )
    default:
      return error
  }
}
