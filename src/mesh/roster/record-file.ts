// The records on disk: one after the other, each behind its length (four bytes, big-endian) and its SHA-256, only ever appended to.
import { open, type FileHandle } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { MAX_RECORD_BYTES } from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { MeshError } from '../mesh-error.ts'
import { readFileIfThere, replaceFile } from './durable-file.ts'
import { Turns } from '../turns.ts'

const HEAD_BYTES = 36

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
        const end = at + HEAD_BYTES + bytes.readUInt32BE(at)
        if (end > bytes.length || end - at - HEAD_BYTES > MAX_RECORD_BYTES) break
        const record = bytes.subarray(at + HEAD_BYTES, end)
        if (!digest(record).equals(bytes.subarray(at + 4, at + HEAD_BYTES))) break
        records.push(new Uint8Array(record))
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
      const bytes = framed(records)
      await replaceFile(this.path, bytes)
      this.#length = bytes.length
    })
  }

  /** They are on disk when it resolves. @throws MeshError MESH_FILES, and then none of them counts as written */
  async append(records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return
    await this.#inTurn(async () => {
      const file = await open(this.path, 'r+')
      try {
        await this.#appendTo(file, framed(records))
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

function framed(records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    records.flatMap((record) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(record.byteLength)
      return [length, digest(record), Buffer.from(record)]
    })
  )
}

function digest(record: Uint8Array): Buffer {
  return createHash('sha256').update(record).digest()
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
