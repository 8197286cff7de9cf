// Kept frames go into a container's ports when it runs again. It is a kindness to its peers: whatever fails here is logged, and they send again.
import type { Logger } from 'pino'
import { VNET_HEADER_BYTES, frameInjector, type FrameInjector } from '../host/frames.ts'

/** Ethernet: the destination comes first (IEEE 802.3). */
const MAC_BYTES = 6

interface Receiver {
  readonly mac: string
  readonly injector: FrameInjector
}

export class Delivery {
  readonly #log: Logger
  readonly #receivers: readonly Receiver[]

  private constructor(log: Logger, receivers: readonly Receiver[]) {
    this.#log = log
    this.#receivers = receivers
  }

  /** Made ahead of the moment at which it is needed. */
  static async prepare(
    log: Logger,
    ports: readonly { readonly outer: string; readonly mac: string }[],
    signal: AbortSignal
  ): Promise<Delivery> {
    const made = await Promise.allSettled(
      ports.map(async ({ outer, mac }) => ({ mac, injector: await frameInjector(outer, signal) }))
    )
    const receivers = made.flatMap((one) => {
      if (one.status === 'fulfilled') return [one.value]
      log.warn({ err: one.reason as unknown }, 'kept frames can not be delivered')
      return []
    })
    return new Delivery(log, receivers)
  }

  async deliver(frames: readonly Uint8Array[]): Promise<void> {
    if (frames.length === 0) return
    const deliveries = this.#receivers.map(({ mac, injector }) =>
      injector.inject(frames.filter((frame) => destinationOf(frame) === mac))
    )
    for (const done of await Promise.allSettled(deliveries)) {
      if (done.status === 'rejected') this.#log.warn({ err: done.reason as unknown }, 'kept frames were not delivered')
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#receivers.map(({ injector }) => injector.close()))
  }
}

function destinationOf(frame: Uint8Array): string {
  return [...frame.subarray(VNET_HEADER_BYTES, VNET_HEADER_BYTES + MAC_BYTES)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
}
