// Where peers say on the segment that they are. In memory only, few and for a short time: anybody there can say anything.

/** For each peer; honest ones have an address or two in a segment. */
const MAX_HINTS = 4
const MAX_PEERS = 1024
/** Two lifetimes of an answer: who is still there has said so again. */
const KEEP_MS = 240_000

interface Hint {
  readonly address: string
  readonly atMs: number
}

export class Hints {
  readonly #now: () => number
  readonly #hints = new Map<string, Hint[]>()

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether something of it is new. */
  add(peerId: string, addresses: readonly string[]): boolean {
    const before = this.#fresh(peerId)
    const known = before.map(({ address }) => address)
    const atMs = this.#now()
    const said = addresses.map((address) => ({ address, atMs }))
    const kept = before.filter(({ address }) => !addresses.includes(address))
    this.#hints.delete(peerId)
    this.#hints.set(peerId, [...said, ...kept].slice(0, MAX_HINTS))
    const [oldest] = this.#hints.keys()
    if (this.#hints.size > MAX_PEERS && oldest !== undefined) this.#hints.delete(oldest)
    return addresses.slice(0, MAX_HINTS).some((address) => !known.includes(address))
  }

  /** The latest first. */
  of(peerId: string): string[] {
    return this.#fresh(peerId).map(({ address }) => address)
  }

  #fresh(peerId: string): Hint[] {
    return (this.#hints.get(peerId) ?? []).filter(({ atMs }) => this.#now() - atMs < KEEP_MS)
  }
}
