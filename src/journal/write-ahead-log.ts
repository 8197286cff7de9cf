// Checks LevelDB's write-ahead log before LevelDB sees it: LevelDB leaves damaged parts out, says so nowhere but in its LOG,
// and rewrites the rest, so that at the next start a lost decision would look like one that was never made.
// Format: leveldb/doc/log_format.md; 32 KiB blocks of records: masked CRC-32C (4 bytes), length (2), type (1), data.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { corrupt } from './journal-error.ts'

const blockSize = 32_768
const headerSize = 7

/** Throws JournalError JOURNAL_CORRUPT. A record that is cut off by the file's end is a write that never resolved: no damage. */
export async function checkWriteAheadLogs(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.log$/.test(name))
  for (const name of names) {
    const file = join(folder, name)
    const at = firstDamage(await readFile(file))
    if (at !== undefined)
      throw corrupt(folder, `The write-ahead log ${file}`, `the record at byte ${String(at)} fails its CRC-32C`)
  }
}

/** Offset of the first damaged record, in bytes. */
export function firstDamage(log: Buffer): number | undefined {
  let at = 0
  while (at + headerSize <= log.length) {
    const blockEnd = at - (at % blockSize) + blockSize
    if (at + headerSize > blockEnd) {
      at = blockEnd
      continue
    }
    const length = log.readUInt16LE(at + 4)
    const type = log.readUInt8(at + 6)
    const end = at + headerSize + length
    if (type === 0 && length === 0) {
      // Preallocated and never written.
      at = blockEnd
      continue
    }
    if (end > blockEnd) return blockEnd > log.length ? undefined : at
    if (end > log.length) return undefined
    if (unmask(log.readUInt32LE(at)) !== crc32c(log.subarray(at + 6, end))) return at
    at = end
  }
  return undefined
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
