// Each signed command that changes something is done once: its nonce is kept as long as its time would be believed.
import { MAX_SKEW_MS, type Request } from '../../../protocols/command/index.ts'
import { operatorError } from '../problems.ts'

/** Of one operator: far more than anybody types, or a program moves, in ten minutes. */
const MAX_NONCES = 5_000

export class Once {
  readonly #host: string
  readonly #now: () => number
  /** Before it, this host knows of no nonce. */
  readonly #sinceMs: number
  /** Times of commands by their nonce, by operator: nobody takes another one's room. */
  readonly #nonces = new Map<string, Map<string, number>>()

  constructor(host: string, now: () => number) {
    this.#host = host
    this.#now = now
    this.#sinceMs = now()
  }

  /**
   * @param changes of an operator who may; a look can be repeated by whoever saw it, and tells that host what it was told before
   * @throws OperatorError STALE_COMMAND, REPEATED_COMMAND, TOO_MANY_COMMANDS
   */
  take({ nonce, timeMs, operator }: Request, changes: boolean): void {
    const now = this.#now()
    const off = Math.round((now - timeMs) / 1000)
    if (Math.abs(now - timeMs) > MAX_SKEW_MS) {
      throw this.#problem(
        'STALE_COMMAND',
        `by the clock of ${this.#host} it was signed ${String(Math.abs(off))} s ${off > 0 ? 'ago' : 'ahead'}`,
        `Put the clocks right (${String(MAX_SKEW_MS / 1000)} s are allowed), then give the command again`
      )
    }
    if (!changes) return
    if (timeMs < this.#sinceMs) {
      throw this.#problem(
        'STALE_COMMAND',
        `ferry on ${this.#host} was started after it was signed, and can't know whether it was done before`,
        'See `ferry migrations`, then give the command again'
      )
    }
    const known = this.#nonces.get(operator) ?? new Map<string, number>()
    const key = Buffer.from(nonce).toString('base64')
    if (known.has(key)) {
      throw this.#problem(
        'REPEATED_COMMAND',
        'the very same signed command was here before',
        'If you have not given it twice, look at the host that passed it on'
      )
    }
    if (known.size >= MAX_NONCES) this.#forget(now)
    if (known.size >= MAX_NONCES) {
      throw this.#problem(
        'TOO_MANY_COMMANDS',
        `${String(MAX_NONCES)} of this operator came within ${String((2 * MAX_SKEW_MS) / 60_000)} minutes`,
        'Look for what gives so many with this key, and try again later'
      )
    }
    known.set(key, timeMs)
    this.#nonces.set(operator, known)
  }

  #forget(now: number): void {
    for (const [operator, known] of this.#nonces) {
      for (const [key, timeMs] of known) if (now - timeMs > MAX_SKEW_MS) known.delete(key)
      if (known.size === 0) this.#nonces.delete(operator)
    }
  }

  #problem(code: string, why: string, remedy: string) {
    return operatorError(this.#host, { code, what: 'A signed command was not taken', why, remedy })
  }
}
