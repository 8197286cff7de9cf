// The frames that arrived for a frozen container: sent along as they come, and kept here too, because a rollback
// delivers them on this host.

/** What one container's peers can have in flight is little; beyond this the oldest stay and the rest is dropped. */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024

export class FrameStore {
  readonly #frames: Uint8Array[] = []
  #bytes = 0
  #dropped = 0
  #closed = false
  #wake: (() => void) | undefined

  get held(): number {
    return this.#frames.length
  }

  get dropped(): number {
    return this.#dropped
  }

  get frames(): readonly Uint8Array[] {
    return this.#frames
  }

  add(frame: Uint8Array): void {
    if (this.#closed) return
    if (this.#bytes + frame.byteLength > MAX_KEPT_BYTES) {
      this.#dropped++
      return
    }
    this.#frames.push(frame)
    this.#bytes += frame.byteLength
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  /** Every frame from the first on, as they come, until `close`. One reader at a time. */
  async *stream(): AsyncGenerator<Uint8Array> {
    let next = 0
    for (;;) {
      while (next < this.#frames.length) {
        const frame = this.#frames[next++]
        if (frame !== undefined) yield frame
      }
      if (this.#closed) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }
}
