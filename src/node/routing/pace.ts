// How often somebody may change something, and fail to: what one asker adds to the audit log is bounded, whatever it asks for.
import { operatorError } from '../problems.ts'

/** Changes of one asker in a minute. */
const MAX_CHANGES = 120
/** Of these, ones that fail and still stand beside what was done. */
const MAX_FAILED = 10
const MINUTE_MS = 60_000

interface Minute {
  readonly sinceMs: number
  changes: number
  failed: number
}

export class Pace {
  readonly #host: string
  readonly #now: () => number
  /** By asker: members and operators, of whom there are only so many. */
  readonly #minutes = new Map<string, Minute>()

  constructor(host: string, now: () => number) {
    this.#host = host
    this.#now = now
  }

  /** @throws OperatorError TOO_MANY_COMMANDS */
  change(who: string): void {
    const minute = this.#minuteOf(who)
    if (minute.changes >= MAX_CHANGES) {
      throw operatorError(this.#host, {
        code: 'TOO_MANY_COMMANDS',
        what: `${who} changes too much at a time on ${this.#host}`,
        why: `${String(MAX_CHANGES)} commands that change something are taken of each asker in a minute`,
        remedy: 'Give the command again in a minute'
      })
    }
    minute.changes++
  }

  failed(who: string): void {
    this.#minuteOf(who).failed++
  }

  failsTooOften(who: string): boolean {
    return this.#minuteOf(who).failed >= MAX_FAILED
  }

  #minuteOf(who: string): Minute {
    const found = this.#minutes.get(who)
    if (found !== undefined && this.#now() - found.sinceMs < MINUTE_MS) return found
    const minute = { sinceMs: this.#now(), changes: 0, failed: 0 }
    this.#minutes.set(who, minute)
    return minute
  }
}
