// Frames of a bulk stream. SHA-256 and byte count in End are of one direction's payload: for rootfs and frames the
// data as it was sent, for images every file's name and size (`fileDigestInput`) before its data.
import * as field from '../fields.ts'
import { IMAGE_NAME, MAX_DATA_BYTES, MAX_FRAME_BYTES, MAX_HEADER_BYTES, MAX_ROUNDS } from './constants.ts'
import { Frame, Header, type End } from './pb/message.ts'
import { Uint8ArrayList } from 'uint8arraylist'

/** @throws ProtocolError */
export function encodeHeader(header: Header): Uint8Array {
  checkHeader(header)
  return Header.encode(header)
}

/** @throws ProtocolError */
export function decodeHeader(bytes: Uint8Array | Uint8ArrayList): Header {
  const header = field.decodeWith('Header', bytes, MAX_HEADER_BYTES, (b) => Header.decode(b))
  checkHeader(header)
  return header
}

/** The encoded frame; a data frame refers to the data and doesn't copy it. @throws ProtocolError */
export function encodeFrame(frame: Frame): Uint8Array | Uint8ArrayList {
  const clipped = frame.end?.problem
    ? { ...frame, end: { ...frame.end, problem: field.clipProblem(frame.end.problem) } }
    : frame
  checkFrame(clipped)
  return clipped.data === undefined ? Frame.encode(clipped) : encodeData(clipped.data)
}

/** @throws ProtocolError */
export function decodeFrame(bytes: Uint8Array | Uint8ArrayList): Frame {
  const frame = field.decodeWith('Frame', bytes, MAX_FRAME_BYTES, (b) => Frame.decode(b))
  checkFrame(frame)
  return frame
}

/** What of an image file goes into the stream's digest before its data, so that names and borders are covered too. */
export function fileDigestInput(name: string, size: number): string {
  return `${name}\0${size}\0`
}

// `bytes data = 1`, written by hand so that a quarter of a megabyte is not copied once more.
function encodeData(data: Uint8Array): Uint8ArrayList {
  const head = [0x0a]
  let rest = data.byteLength
  while (rest >= 0x80) {
    head.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  head.push(rest)
  return new Uint8ArrayList(Uint8Array.from(head), data)
}

function checkHeader(header: Header): void {
  field.checkText('Header.migration', header.migration, { maxBytes: 32, pattern: field.MIGRATION_ID })
  field.checkCount('Header.round', header.round, MAX_ROUNDS)
}

function checkFrame(frame: Frame): void {
  const { data, end, file } = frame
  const present = [data, end, file].filter((body) => body !== undefined)
  if (present.length !== 1) throw field.invalidField('Frame.body', present.length === 0 ? 'missing' : 'several at once')
  if (data) field.checkLength('Frame.data', data, { min: 1, max: MAX_DATA_BYTES })
  if (end) checkEnd(end)
  if (file) {
    field.checkText('File.name', file.name, { maxBytes: 128, pattern: IMAGE_NAME })
    field.checkCount('File.size', file.size)
  }
}

function checkEnd(end: End): void {
  field.checkLength('End.sha256', end.sha256, { min: field.DIGEST_BYTES, max: field.DIGEST_BYTES })
  field.checkCount('End.bytes', end.bytes)
  if (end.problem !== undefined) field.checkProblem('End.problem', end.problem)
}
