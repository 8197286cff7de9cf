// What a source sends to its target in streams: root filesystem in rounds, images, kept frames.
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BulkKind, BulkStream, Header } from '../../protocols/bulk/index.ts'
import type { Staged } from '../engines/engine.ts'
import { RoundsDigest } from '../transfer/digest.ts'
import { receiveFrames } from '../transfer/frames.ts'
import { receiveImages } from '../transfer/images.ts'
import { momentOn, orAborted, syncChanged, syncFileSystem } from '../transfer/on-disk.ts'
import { receiveRootfs } from '../transfer/rootfs.ts'
import { FrameStore, MAX_KEPT_BYTES } from './frame-store.ts'
import type { MigrationFolders } from './parts.ts'

/** Of the silence after which a transfer counts as lost. */
const WAIT_SHARE = 1 / 3

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
  #rounds: Promise<unknown> = Promise.resolve()
  /** Of rounds while the container runs. */
  #synced: Promise<unknown> = Promise.resolve()
  #onDisk: Promise<void> | undefined
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

  /**
   * Resolves when the root filesystem that is here would still be after a power cut. At work since its last round came.
   * @throws TransferError SYNC_FAILED; the signal's reason when aborted
   */
  async onDisk(signal: AbortSignal): Promise<void> {
    if (this.#onDisk !== undefined) await orAborted(this.#onDisk, signal)
  }

  /** Nothing more is taken; resolves when nothing is at work. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.allSettled([this.#images, this.#rounds, this.#prepared, this.#synced, this.#onDisk])
    this.frames.close()
  }

  async #takeRootfs(header: Header, stream: BulkStream, staged: Staged): Promise<void> {
    const round = this.#takeRound(this.#rounds, header, stream, staged)
    this.#rounds = round
    if (header.final) {
      this.#prepared = round.then(() => this.#options.prepare(staged, this.#end.signal))
      // Told by `ready`.
      this.#prepared.catch(() => undefined)
      this.#onDisk = Promise.all([round, this.#prepared]).then(([since]) => this.#syncLast(staged, since))
      // Told by `onDisk`.
      this.#onDisk.catch(() => undefined)
    }
    await round
  }

  /** Resolves with the moment since when what it brought has changed here. */
  async #takeRound(before: Promise<unknown>, { final }: Header, stream: BulkStream, staged: Staged): Promise<Date> {
    await before
    const since = await momentOn(staged.staging)
    const already = this.rootfs.bytes
    const round = await receiveRootfs({
      stream,
      into: staged.rootfs,
      workDir: this.#options.folders.work,
      idleMs: this.#options.idleMs,
      signal: this.#end.signal,
      // Nobody waits for a disk while the container stands still but for what that last round brought.
      ...(final ? {} : { settle: () => this.#syncRound(staged.rootfs) }),
      onProgress: (received) => {
        this.#options.onBytes({ rootfsBytes: already + received })
      }
    })
    this.rootfs.add(round)
    this.#options.onBytes({ rootfsBytes: this.rootfs.bytes })
    return since
  }

  /** The source goes on when it is done, or before it takes the silence for the end of the transfer; the next round waits again then. */
  async #syncRound(rootfs: string): Promise<void> {
    const synced = syncFileSystem(rootfs, this.#end.signal)
    this.#synced = Promise.all([this.#synced, synced])
    // Told by `onDisk`.
    this.#synced.catch(() => undefined)
    const enough = new AbortController()
    const { signal } = enough
    const wait = sleep(this.#options.idleMs * WAIT_SHARE, undefined, { signal }).catch(() => undefined)
    try {
      await Promise.race([synced, wait])
    } finally {
      enough.abort()
    }
  }

  async #syncLast({ staging, rootfs, home }: Staged, since: Date): Promise<void> {
    await Promise.all([this.#synced, syncChanged(join(home, relative(staging, rootfs)), since, this.#end.signal)])
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
