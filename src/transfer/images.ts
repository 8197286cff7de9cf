// A CRIU image folder over a stream: per file a File frame and its data; the target answers with an End of its own,
// so that the source knows that what was sent is on the target's disk.
import { constants } from 'node:fs'
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipe } from 'it-pipe'
import {
  IMAGE_NAME,
  MAX_DATA_BYTES,
  fileDigestInput,
  type BulkStream,
  type File,
  type Frame
} from '../../protocols/bulk/index.ts'
import { PayloadDigest, type DataSource } from './digest.ts'
import { IDLE_MS, exchange, type Exchange } from './exchange.ts'
import { checkEnd, decodeFrames, encodeFrames, endOf, endingWith, untilEnd } from './framing.ts'
import { idleTimeout } from './idle-timeout.ts'
import type { Bytes } from './libp2p-stream.ts'
import type { OnProgress } from './progress.ts'
import { rateLimit } from './rate-limit.ts'
import { openSafeFolder, type SafeFolder } from './safe-folder.ts'
import { TransferError, refused } from './transfer-error.ts'
import { giveUp } from './give-up.ts'

export interface Sent {
  /** Payload bytes. */
  readonly bytes: number
  /** 32 bytes; the same on both sides. */
  readonly sha256: Uint8Array
}

export interface SendImagesOptions {
  readonly stream: BulkStream
  /** CRIU's image folder; its regular files are sent, a `parent` link and whatever else is no regular file is not. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly onProgress?: OnProgress
  readonly rateBps?: number
}

/** Resolves when the target has everything. @throws TransferError, ProtocolError */
export async function sendImages(options: SendImagesOptions): Promise<Sent> {
  return exchange(options.stream, options.signal, async ({ source, sink, together }) => {
    const digest = new PayloadDigest()
    await together([
      (signal) => sink(encodeFrames(endingWith(digest, folderFrames(options, digest, signal)))),
      async () => {
        for await (const frame of decodeFrames(source)) {
          if (frame.end === undefined) throw refused('data on a stream that only goes the other way')
          checkEnd(frame.end, digest)
          return
        }
        throw truncatedAnswer()
      }
    ])
    return { bytes: digest.bytes, sha256: digest.sha256() }
  })
}

export interface ReceiveImagesOptions {
  /** Silence after which the other side counts as gone, milliseconds. */
  readonly idleMs?: number
  readonly stream: BulkStream
  /** An existing folder, owned by root and writable by nobody else. */
  readonly into: string
  /** All files together. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly onProgress?: OnProgress
}

/** Writes only new files inside `into`; what it wrote before a failure stays there. @throws TransferError, ProtocolError */
export async function receiveImages(options: ReceiveImagesOptions): Promise<Sent> {
  return exchange(options.stream, options.signal, async (streams) => {
    const digest = new PayloadDigest()
    try {
      await receiveFiles(streams, options, digest)
    } catch (error) {
      await giveUp(streams, digest, error)
      throw error
    }
    await streams.sink(encodeFrames(only({ end: endOf(digest) })))
    return { bytes: digest.bytes, sha256: digest.sha256() }
  })
}

async function receiveFiles(streams: Exchange, options: ReceiveImagesOptions, digest: PayloadDigest): Promise<void> {
  const folder = await openSafeFolder(options.into)
  const writer = new ImageWriter(folder, options.maxBytes, digest)
  try {
    const frames = pipe(streams.source, idleTimeout<Bytes>(options.idleMs ?? IDLE_MS), decodeFrames, (frames) =>
      untilEnd(digest, frames)
    )
    for await (const frame of frames) {
      if (frame.file !== undefined) await writer.begin(frame.file)
      else if (frame.data !== undefined) await writer.write(frame.data)
      options.onProgress?.(digest.bytes)
    }
    await writer.end()
  } finally {
    await writer.close()
    await folder.close()
  }
}

class ImageWriter {
  readonly #folder: SafeFolder
  readonly #maxBytes: number
  readonly #digest: PayloadDigest
  readonly #names = new Set<string>()
  #announced = 0
  #missing = 0
  #file: FileHandle | undefined
  #name = ''

  constructor(folder: SafeFolder, maxBytes: number, digest: PayloadDigest) {
    this.#folder = folder
    this.#maxBytes = maxBytes
    this.#digest = digest
  }

  async begin({ name, size }: File): Promise<void> {
    await this.end()
    if (this.#names.has(name)) throw refused(`the file ${name} twice`)
    this.#announced += size
    if (this.#announced > this.#maxBytes) {
      throw refused(`images of ${this.#announced} bytes or more, ${this.#maxBytes} allowed`)
    }
    this.#digest.mark(fileDigestInput(name, size))
    this.#file = await this.#folder.create(name)
    this.#names.add(name)
    this.#name = name
    this.#missing = size
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#file === undefined) throw refused('data before any file')
    if (data.byteLength > this.#missing) throw refused(`more bytes of ${this.#name} than announced`)
    this.#digest.add(data)
    this.#missing -= data.byteLength
    for (let from = 0; from < data.byteLength;) from += (await this.#file.write(data, from)).bytesWritten
  }

  async end(): Promise<void> {
    if (this.#missing > 0) throw refused(`${this.#missing} bytes of ${this.#name} less than announced`)
    await this.close()
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }
}

async function* folderFrames(
  options: SendImagesOptions,
  digest: PayloadDigest,
  signal: AbortSignal
): AsyncGenerator<Frame> {
  const limit = rateLimit(options.rateBps, signal)
  const entries = await readdir(options.folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  for (const name of names.sort()) {
    if (!IMAGE_NAME.test(name)) throw unreadable(join(options.folder, name), 'no name that CRIU gives to an image')
    const file = await open(join(options.folder, name), constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const { size } = await file.stat()
      digest.mark(fileDigestInput(name, size))
      yield { file: { name, size } }
      for await (const data of limit(fileData(file, name, size))) {
        digest.add(data)
        yield { data: data as Uint8Array<ArrayBuffer> }
        options.onProgress?.(digest.bytes)
      }
    } finally {
      await file.close()
    }
  }
}

async function* fileData(file: FileHandle, name: string, size: number): DataSource & AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    const wanted = Math.min(MAX_DATA_BYTES, size - at)
    // A buffer of its own for each chunk: the muxer keeps a reference until it has sent it.
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, at)
    if (bytesRead === 0) throw unreadable(name, `it shrank from ${size} to ${at} bytes while it was sent`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function* only(frame: Frame): AsyncGenerator<Frame> {
  yield frame
}

function unreadable(path: string, why: string): TransferError {
  return new TransferError({
    code: 'FILE_FAILED',
    what: `The image file ${path} can't be sent`,
    why,
    remedy: 'Let nothing but CRIU write into the image folder'
  })
}

function truncatedAnswer(): TransferError {
  return new TransferError({
    code: 'TRANSFER_TRUNCATED',
    what: 'The target closed the stream without saying that it has the images',
    remedy: "Look at the target's log, then start the migration again"
  })
}
