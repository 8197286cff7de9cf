// The source keeps what arrives for a frozen container: it goes along to the target as it comes, and stays here for a rollback.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { BulkStream } from '../../protocols/bulk/index.ts'
import type { Port } from '../engines/engine.ts'
import { holdFrames, type FrameHold } from '../host/frames.ts'
import { sendFrames } from '../transfer/frames.ts'
import { FrameStore } from './frame-store.ts'

/** How long the last frames may take to reach the target when nobody needs them any more, milliseconds. */
const LAST_FRAMES_MS = 1000

export interface KeptFramesOptions {
  readonly ports: readonly Port[]
  readonly log: Logger
  readonly onKept: (count: number) => void
}

export class KeptFrames {
  readonly #options: KeptFramesOptions
  readonly #store = new FrameStore()
  readonly #keeping: Promise<void>[] = []
  #holds: FrameHold[] = []
  #sending: Promise<unknown> = Promise.resolve()

  constructor(options: KeptFramesOptions) {
    this.#options = options
  }

  get frames(): readonly Uint8Array[] {
    return this.#store.frames
  }

  /** Makes ready on every bridge that has a port of the container; a container without ports has no frames. */
  async start(open: () => Promise<BulkStream>, signal: AbortSignal): Promise<void> {
    const byBridge = Map.groupBy(this.#options.ports, ({ bridge }) => bridge)
    if (byBridge.size === 0) return
    const stream = await open()
    for (const [bridge, ports] of byBridge) {
      const hold = await holdFrames({
        bridge,
        macs: ports.map(({ mac }) => mac),
        outer: ports.map(({ outer }) => outer),
        signal
      })
      this.#holds.push(hold)
      this.#keeping.push(this.#keep(hold))
    }
    this.#sending = sendFrames({ stream, frames: this.#store.stream(), signal })
    this.#sending.catch((error: unknown) => {
      this.#options.log.info({ err: error }, 'kept frames are not sent on')
    })
  }

  /** The container's ports have left their bridges. @param leavingMs when they were about to, milliseconds since the epoch */
  begin(leavingMs: number): void {
    for (const hold of this.#holds) hold.begin(leavingMs)
  }

  /** Nothing more is kept; everything that arrived until now is in `frames`. */
  async drain(): Promise<void> {
    const holds = this.#holds
    this.#holds = []
    for (const stopped of await Promise.allSettled(holds.map((hold) => hold.stop()))) {
      if (stopped.status === 'rejected') {
        this.#options.log.warn({ err: stopped.reason as unknown }, 'not every frame was kept')
      }
    }
    await Promise.all(this.#keeping)
  }

  /** Nothing more is kept or sent along; what was kept stays in `frames`. */
  async stop(): Promise<void> {
    await this.drain()
    this.#store.close()
    await Promise.race([Promise.allSettled([this.#sending]), sleep(LAST_FRAMES_MS)])
  }

  async #keep(hold: FrameHold): Promise<void> {
    try {
      for await (const frame of hold.frames) {
        this.#store.add(frame)
        this.#options.onKept(this.#store.held)
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'frames are no longer kept; peers will retransmit')
    }
  }
}
