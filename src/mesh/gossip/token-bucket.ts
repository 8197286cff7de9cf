/** `burst` at once, and `perSecond` on average. Nothing waits: what is over the limit is refused. */
export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  #level: number
  #at: number

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#level = burst
    this.#at = nowMs
  }

  take(amount: number, nowMs: number): boolean {
    this.#level = Math.min(this.#burst, this.#level + ((nowMs - this.#at) / 1000) * this.#perSecond)
    this.#at = nowMs
    if (this.#level < amount) return false
    this.#level -= amount
    return true
  }

  /** Milliseconds until `take(amount)` would succeed; 0 where it would now. */
  waitMs(amount: number, nowMs: number): number {
    const level = Math.min(this.#burst, this.#level + ((nowMs - this.#at) / 1000) * this.#perSecond)
    return Math.max(0, ((amount - level) / this.#perSecond) * 1000)
  }
}
