// Checks LevelDB's write-ahead log before LevelDB sees it: LevelDB leaves damaged parts out, says so nowhere but in its LOG,
// and rewrites the rest, so that at the next start a lost decision would look like one that was never made.
// Format: leveldb/doc/log_format.md; 32 KiB blocks of records: masked CRC-32C (4 bytes), length (2), type (1), data.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { corrupt } from './journal-error.ts'

const blockSize = 32_768
const headerSize = 7

/** Types of a record: a whole one, or the first, a middle or the last part of one that lies in several blocks. */
const FULL = 1
const FIRST = 2
const LAST = 4

/** What a log ends in that LevelDB leaves out: a write that was cut off, or zeros that were kept for one. */
export interface DroppedEnd {
  readonly file: string
  /** Where it begins, bytes. */
  readonly at: number
  readonly bytes: number
}

/**
 * Returns what is dropped: a record that is cut off by the file's end is a write that never resolved, and no damage.
 * @throws JournalError JOURNAL_CORRUPT
 */
export async function checkWriteAheadLogs(folder: string): Promise<DroppedEnd[]> {
  const dropped: DroppedEnd[] = []
  const names = (await readdir(folder)).filter((name) => /^\d+\.log$/.test(name))
  for (const name of names) {
    const file = join(folder, name)
    const log = await readFile(file)
    const { damagedAt, wholeTo } = examine(log)
    if (damagedAt !== undefined)
      throw corrupt(folder, `The write-ahead log ${file}`, `there is no whole record at byte ${String(damagedAt)}`)
    if (wholeTo < log.length) dropped.push({ file, at: wholeTo, bytes: log.length - wholeTo })
  }
  return dropped
}

/** How far a log is whole, and where it is damaged, in bytes. */
export function examine(log: Buffer): { readonly wholeTo: number; readonly damagedAt?: number } {
  let at = 0
  let wholeTo = 0
  let open = false
  while (at < log.length) {
    const blockEnd = at - (at % blockSize) + blockSize
    if (at + headerSize > blockEnd) {
      // The rest of a block that takes no header is filled with zeros.
      if (!isZero(log.subarray(at, blockEnd))) return { wholeTo, damagedAt: at }
      at = blockEnd
      if (!open) wholeTo = Math.min(at, log.length)
      continue
    }
    const end = wholeRecordAt(log, at)
    if (end === undefined) return isCutOff(log, at) ? { wholeTo } : { wholeTo, damagedAt: at }
    const type = log.readUInt8(at + 6)
    if (open === (type === FULL || type === FIRST)) return { wholeTo, damagedAt: at }
    open = type !== FULL && type !== LAST
    at = end
    if (!open) wholeTo = at
  }
  return { wholeTo }
}

/** Where the record that begins here ends; undefined if there is no whole one. */
function wholeRecordAt(log: Buffer, at: number): number | undefined {
  if (at + headerSize > log.length) return undefined
  const end = at + headerSize + log.readUInt16LE(at + 4)
  const type = log.readUInt8(at + 6)
  const blockEnd = at - (at % blockSize) + blockSize
  if (type < FULL || type > LAST || end > blockEnd || end > log.length) return undefined
  return unmask(log.readUInt32LE(at)) === crc32c(log.subarray(at + 6, end)) ? end : undefined
}

/** The file ends before the record does, or there are only zeros; and nothing was written after it. */
function isCutOff(log: Buffer, at: number): boolean {
  if (at + headerSize > log.length || isZero(log.subarray(at))) return true
  const end = at + headerSize + log.readUInt16LE(at + 4)
  if (end <= log.length || end > at - (at % blockSize) + blockSize) return false
  for (let next = at + 1; next + headerSize <= log.length; next++) {
    if (wholeRecordAt(log, next) !== undefined) return false
  }
  return true
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

// Castagnoli's polynomial, reversed; zlib has the other CRC-32 only.
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}
