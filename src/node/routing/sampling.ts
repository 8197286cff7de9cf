// Lines of which one somebody could make as many as they like: so many a minute are written, the others counted.

interface Counted {
  sinceMs: number
  written: number
  omitted: number
}

const MINUTE_MS = 60_000
/** Whoever is over it shares a count. */
const MAX_KEYS = 4096

export class Sampling {
  readonly #perMinute: number
  readonly #now: () => number
  readonly #counted = new Map<string, Counted>()

  constructor(options: { readonly perMinute: number; readonly now: () => number }) {
    this.#perMinute = options.perMinute
    this.#now = options.now
  }

  /** How many were left out before this one, if it is to be written; otherwise undefined. */
  take(key: string): number | undefined {
    const counted = this.#of(key)
    if (this.#now() - counted.sinceMs >= MINUTE_MS) {
      counted.sinceMs = this.#now()
      counted.written = 0
    }
    if (counted.written >= this.#perMinute) {
      counted.omitted++
      return undefined
    }
    counted.written++
    const { omitted } = counted
    counted.omitted = 0
    return omitted
  }

  #of(key: string): Counted {
    const found = this.#counted.get(key)
    if (found !== undefined) return found
    if (this.#counted.size >= MAX_KEYS) {
      for (const [old, { sinceMs }] of this.#counted) if (this.#now() - sinceMs >= MINUTE_MS) this.#counted.delete(old)
    }
    if (this.#counted.size >= MAX_KEYS && key !== '') return this.#of('')
    const made = { sinceMs: this.#now(), written: 0, omitted: 0 }
    this.#counted.set(key, made)
    return made
  }
}
