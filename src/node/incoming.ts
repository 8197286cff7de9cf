// What a source sends to its target in streams: root filesystem in rounds, images, kept frames.
import type { BulkKind, BulkStream, Header } from '../../protocols/bulk/index.ts'
import type { Staged } from '../engines/engine.ts'
import { RoundsDigest } from '../transfer/digest.ts'
import { receiveFrames } from '../transfer/frames.ts'
import { receiveImages } from '../transfer/images.ts'
import { receiveRootfs } from '../transfer/rootfs.ts'
import { FrameStore, MAX_KEPT_BYTES } from './frame-store.ts'
import type { MigrationFolders } from './parts.ts'

export interface IncomingOptions {
  readonly folders: MigrationFolders
  readonly maxImageBytes: number
  readonly idleMs: number
  /** Makes what the restore needs besides images, as soon as the last round of the rootfs is here. */
  readonly prepare: (staged: Staged, signal: AbortSignal) => Promise<void>
  readonly onBytes: (change: { rootfsBytes?: number; imageBytes?: number; framesHeld?: number }) => void
}

export class Incoming {
  readonly frames = new FrameStore()
  /** Of the root file system, as far as it is here. */
  readonly rootfs = new RoundsDigest()
  readonly #options: IncomingOptions
  readonly #end = new AbortController()
  #images: Promise<{ sha256: Uint8Array }> | undefined
  #rounds: Promise<void> = Promise.resolve()
  #prepared: Promise<void> | undefined

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  /** Aborted when nothing of the source is taken any more. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Whether everything the restore needs has at least begun to arrive. */
  get complete(): boolean {
    return this.#images !== undefined && this.#prepared !== undefined
  }

  /** Takes in one stream to its end. @throws TransferError, ProtocolError, HostProblem */
  async take(kind: BulkKind, header: Header, stream: BulkStream, staged: Staged): Promise<void> {
    switch (kind) {
      case 'rootfs':
        return this.#takeRootfs(header, stream, staged)
      case 'images':
        return this.#takeImages(stream)
      case 'frames':
        return this.#takeFrames(stream)
    }
  }

  /** Resolves with the images' digest when images and rootfs are here and the restore is prepared. */
  async ready(): Promise<Uint8Array> {
    const [images] = await Promise.all([this.#images, this.#prepared])
    return images?.sha256 ?? new Uint8Array()
  }

  /** Nothing more is taken; resolves when nothing is at work. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.allSettled([this.#images, this.#rounds, this.#prepared])
    this.frames.close()
  }

  async #takeRootfs(header: Header, stream: BulkStream, staged: Staged): Promise<void> {
    const round = this.#takeRound(this.#rounds, stream, staged)
    this.#rounds = round
    if (header.final) {
      this.#prepared = round.then(() => this.#options.prepare(staged, this.#end.signal))
      // Told by `ready`.
      this.#prepared.catch(() => undefined)
    }
    await round
  }

  async #takeRound(before: Promise<void>, stream: BulkStream, staged: Staged): Promise<void> {
    await before
    const already = this.rootfs.bytes
    const round = await receiveRootfs({
      stream,
      into: staged.rootfs,
      workDir: this.#options.folders.work,
      idleMs: this.#options.idleMs,
      signal: this.#end.signal,
      onProgress: (received) => {
        this.#options.onBytes({ rootfsBytes: already + received })
      }
    })
    this.rootfs.add(round)
    this.#options.onBytes({ rootfsBytes: this.rootfs.bytes })
  }

  async #takeImages(stream: BulkStream): Promise<void> {
    this.#images = receiveImages({
      stream,
      into: this.#options.folders.images,
      idleMs: this.#options.idleMs,
      maxBytes: this.#options.maxImageBytes,
      signal: this.#end.signal,
      onProgress: (imageBytes) => {
        this.#options.onBytes({ imageBytes })
      }
    })
    await this.#images
  }

  async #takeFrames(stream: BulkStream): Promise<void> {
    for await (const frame of receiveFrames({ stream, maxBytes: MAX_KEPT_BYTES, signal: this.#end.signal })) {
      this.frames.add(frame)
      this.#options.onBytes({ framesHeld: this.frames.held })
    }
  }
}
