// Each signed command is done once: its nonce is kept as long as its time would be believed.
import { MAX_SKEW_MS, type Request } from '../../../protocols/command/index.ts'
import { operatorError } from '../problems.ts'

/** Far more than operators type in ten minutes. */
const MAX_NONCES = 50_000

export class Once {
  readonly #host: string
  readonly #now: () => number
  /** Before it, this host knows of no nonce. */
  readonly #sinceMs: number
  readonly #nonces = new Map<string, number>()

  constructor(host: string, now: () => number) {
    this.#host = host
    this.#now = now
    this.#sinceMs = now()
  }

  /** @throws OperatorError STALE_COMMAND, REPEATED_COMMAND, TOO_MANY_COMMANDS */
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
    if (changes && timeMs < this.#sinceMs) {
      throw this.#problem(
        'STALE_COMMAND',
        `ferry on ${this.#host} was started after it was signed, and can't know whether it was done before`,
        'See `ferry migrations`, then give the command again'
      )
    }
    const key = `${operator} ${Buffer.from(nonce).toString('base64')}`
    if (this.#nonces.has(key)) {
      throw this.#problem(
        'REPEATED_COMMAND',
        'the very same signed command was here before',
        'If you have not given it twice, look at the host that passed it on'
      )
    }
    if (this.#nonces.size >= MAX_NONCES) this.#forget(now)
    if (this.#nonces.size >= MAX_NONCES) {
      throw this.#problem(
        'TOO_MANY_COMMANDS',
        `${String(MAX_NONCES)} commands came within ${String((2 * MAX_SKEW_MS) / 60_000)} minutes`,
        'Look for the operator that gives so many, and try again later'
      )
    }
    this.#nonces.set(key, timeMs)
  }

  #forget(now: number): void {
    for (const [key, timeMs] of this.#nonces) if (now - timeMs > MAX_SKEW_MS) this.#nonces.delete(key)
  }

  #problem(code: string, why: string, remedy: string) {
    return operatorError(this.#host, { code, what: 'A signed command was not taken', why, remedy })
  }
}
