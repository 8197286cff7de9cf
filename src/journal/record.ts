// How a record lies on disk: `<crc32 in hex> <sequence number> <JSON>`. The checksum covers key, number and JSON, so that a
// record that stands under another's key is noticed too.
import { crc32 } from 'node:zlib'
import { corrupt } from './journal-error.ts'

export interface Stored {
  readonly sequence: number
  readonly value: unknown
}

export function encodeRecord(key: string, sequence: number, value: unknown): Buffer {
  const body = Buffer.from(`${String(sequence)} ${JSON.stringify(value)}`)
  return Buffer.concat([Buffer.from(`${checksum(key, body)} `), body])
}

/** Throws JournalError JOURNAL_CORRUPT. */
export function decodeRecord(folder: string, key: string, bytes: Buffer): Stored {
  const subject = `The record '${key}'`
  const body = bytes.subarray(9)
  const stored = bytes.subarray(0, 8).toString('latin1')
  const expected = checksum(key, body)
  if (stored !== expected) {
    throw corrupt(folder, subject, `its CRC-32 is ${expected} and ${JSON.stringify(stored)} was stored`)
  }
  const text = body.toString('utf8')
  const space = text.indexOf(' ')
  try {
    return { sequence: Number(text.slice(0, space)), value: JSON.parse(text.slice(space + 1)) }
  } catch (error) {
    throw corrupt(folder, subject, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function checksum(key: string, body: Buffer): string {
  return crc32(body, crc32(key)).toString(16).padStart(8, '0')
}
