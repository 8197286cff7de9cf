// Short names: 8 bytes of a hash stand for a peer or a record where the other side has the rest.
import { createHash } from 'node:crypto'
import { invalidField } from '../fields.ts'
import { MAX_ENTRIES, PREFIX_BYTES, STAMP_BYTES, TAG_BYTES } from './constants.ts'

const ENTRY_BYTES = TAG_BYTES + STAMP_BYTES

/** A peer's tag and a stamp of its clock. */
export interface Stamped {
  /** 16 hex digits. */
  readonly tag: string
  readonly stamp: number
}

export function tagOf(peerId: string): string {
  return createHash('sha256')
    .update(peerId)
    .digest('hex')
    .slice(0, 2 * TAG_BYTES)
}

export function packStamped(entries: readonly Stamped[]): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.alloc(entries.length * ENTRY_BYTES)
  entries.forEach(({ tag, stamp }, index) => {
    bytes.write(tag, index * ENTRY_BYTES, 'hex')
    bytes.writeUIntBE(stamp, index * ENTRY_BYTES + TAG_BYTES, STAMP_BYTES)
  })
  return bytes
}

/** @throws ProtocolError INVALID_FIELD */
export function unpackStamped(field: string, packed: Uint8Array): Stamped[] {
  return split(field, packed, ENTRY_BYTES).map((entry) => ({
    tag: entry.toString('hex', 0, TAG_BYTES),
    stamp: entry.readUIntBE(TAG_BYTES, STAMP_BYTES)
  }))
}

/** @param prefixes 16 hex digits each */
export function packPrefixes(prefixes: readonly string[]): Uint8Array<ArrayBuffer> {
  return Buffer.from(prefixes.join(''), 'hex')
}

/** @throws ProtocolError INVALID_FIELD */
export function unpackPrefixes(field: string, packed: Uint8Array): string[] {
  return split(field, packed, PREFIX_BYTES).map((entry) => entry.toString('hex'))
}

/** @throws ProtocolError INVALID_FIELD */
export function checkEntries(field: string, packed: Uint8Array, size: 'stamped' | 'prefix'): void {
  split(field, packed, size === 'stamped' ? ENTRY_BYTES : PREFIX_BYTES)
}

function split(field: string, packed: Uint8Array, size: number): Buffer[] {
  const count = packed.byteLength / size
  if (!Number.isInteger(count) || count > MAX_ENTRIES) {
    throw invalidField(field, `${packed.byteLength} bytes are not up to ${MAX_ENTRIES} entries of ${size} bytes`)
  }
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}
