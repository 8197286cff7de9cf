// Kept frames go into a container's ports when it runs again. It is a kindness to its peers: whatever fails here is logged, and they send again.
import type { Logger } from 'pino'
import { frameInjector, type FrameInjector } from '../host/frames.ts'

export class Delivery {
  readonly #log: Logger
  readonly #injectors: readonly FrameInjector[]

  private constructor(log: Logger, injectors: readonly FrameInjector[]) {
    this.#log = log
    this.#injectors = injectors
  }

  /** Made ahead of the moment at which it is needed. */
  static async prepare(log: Logger, outers: readonly string[], signal: AbortSignal): Promise<Delivery> {
    const made = await Promise.allSettled(outers.map((outer) => frameInjector(outer, signal)))
    const injectors = made.flatMap((one) => {
      if (one.status === 'fulfilled') return [one.value]
      log.warn({ err: one.reason as unknown }, 'kept frames can not be delivered')
      return []
    })
    return new Delivery(log, injectors)
  }

  async deliver(frames: readonly Uint8Array[]): Promise<void> {
    if (frames.length === 0) return
    for (const done of await Promise.allSettled(this.#injectors.map((injector) => injector.inject(frames)))) {
      if (done.status === 'rejected') this.#log.warn({ err: done.reason as unknown }, 'kept frames were not delivered')
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#injectors.map((injector) => injector.close()))
  }
}
