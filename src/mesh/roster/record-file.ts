// The records on disk, only ever appended to: one entry after the other, each behind its length (four bytes, big-endian) and its SHA-256.
// An entry is a record; or, with the top bit of its length set, several that are there together or not at all, each behind its own length.
import { open, type FileHandle } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { MAX_RECORD_BYTES } from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { MeshError } from '../mesh-error.ts'
import { readFileIfThere, replaceFile } from './durable-file.ts'
import { Turns } from '../turns.ts'

const LENGTH_BYTES = 4
const HEAD_BYTES = LENGTH_BYTES + 32
const TOGETHER = 0x80000000

export class RecordFile {
  readonly path: string
  /** Bytes that are known to be good. */
  #length = 0
  readonly #turns = new Turns()

  constructor(path: string) {
    this.path = path
  }

  /**
   * What was appended, up to the first thing that is no record: half of an append that a crash cut short. Nobody was told of it,
   * and other members have whatever else was behind it.
   * @throws MeshError MESH_FILES
   */
  async read(): Promise<{ readonly records: Uint8Array[]; readonly droppedBytes: number }> {
    try {
      const bytes = (await readFileIfThere(this.path)) ?? Buffer.alloc(0)
      const records: Uint8Array[] = []
      let at = 0
      while (at + HEAD_BYTES <= bytes.length) {
        const head = bytes.readUInt32BE(at)
        const together = head >= TOGETHER
        const size = together ? head - TOGETHER : head
        const end = at + HEAD_BYTES + size
        if (end > bytes.length || (!together && size > MAX_RECORD_BYTES)) break
        const entry = bytes.subarray(at + HEAD_BYTES, end)
        if (!digest(entry).equals(bytes.subarray(at + LENGTH_BYTES, at + HEAD_BYTES))) break
        for (const record of together ? parted(entry) : [entry]) records.push(new Uint8Array(record))
        at = end
      }
      // The first record is never appended, so no crash can have cut it short.
      if (at === 0 && bytes.length > 0) throw damaged(this.path, 'it begins with no record')
      this.#length = at
      return { records, droppedBytes: bytes.length - at }
    } catch (error) {
      throw error instanceof MeshError ? error : damaged(this.path, wordsOf(error), error)
    }
  }

  /** The file holds these and nothing else when it resolves, whatever it held before. */
  async begin(records: readonly Uint8Array[]): Promise<void> {
    await this.#inTurn(async () => {
      const bytes = Buffer.concat(records.map((record) => entryOf(record.byteLength, record)))
      await replaceFile(this.path, bytes)
      this.#length = bytes.length
    })
  }

  /** They are on disk when it resolves. @throws MeshError MESH_FILES, and then none of them counts as written */
  async append(records: readonly Uint8Array[]): Promise<void> {
    await this.#append(Buffer.concat(records.map((record) => entryOf(record.byteLength, record))))
  }

  /** The same, and whatever a power cut leaves of them is none. */
  async appendTogether(records: readonly Uint8Array[]): Promise<void> {
    const all = Buffer.concat(records.flatMap((record) => [lengthOf(record.byteLength), record]))
    await this.#append(entryOf(TOGETHER + all.byteLength, all))
  }

  async #append(bytes: Buffer): Promise<void> {
    if (bytes.byteLength === 0) return
    await this.#inTurn(async () => {
      const file = await open(this.path, 'r+')
      try {
        await this.#appendTo(file, bytes)
      } finally {
        await file.close()
      }
    })
  }

  async #appendTo(file: FileHandle, bytes: Buffer): Promise<void> {
    // Over whatever a failed append left behind.
    await file.truncate(this.#length)
    const { bytesWritten } = await file.write(bytes, 0, bytes.length, this.#length)
    if (bytesWritten !== bytes.length) throw new Error(`${bytesWritten} of ${bytes.length} bytes were written`)
    await file.sync()
    this.#length += bytes.length
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    return this.#turns.take(write).catch((error: unknown) => {
      throw damaged(this.path, wordsOf(error), error)
    })
  }
}

function entryOf(head: number, content: Uint8Array): Buffer {
  return Buffer.concat([lengthOf(head), digest(content), content])
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(bytes)
  return length
}

function parted(entry: Buffer): Buffer[] {
  const records: Buffer[] = []
  for (let at = 0; at < entry.length;) {
    const begin = at + LENGTH_BYTES
    at = begin + entry.readUInt32BE(at)
    records.push(entry.subarray(begin, at))
  }
  return records
}

function digest(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest()
}

function damaged(path: string, why: string, cause?: unknown): MeshError {
  return new MeshError(
    {
      code: 'MESH_FILES',
      what: `The mesh's file ${path} can't be used`,
      why,
      remedy: "Check space, mode and health of its disk; or restore the folder from a backup of this host's own"
    },
    { cause }
  )
}
