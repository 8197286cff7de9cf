import type { Clock } from '../../../src/mesh/gossip/index.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  act: (() => void) | undefined
}

/** Time that moves from event to event. Between two events every promise that can go on has gone on. */
export class SimulatedTime implements Clock {
  readonly #heap: Event[] = []
  #nowMs = 0
  #order = 0

  nowMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return 1_800_000_000_000 + Math.floor(this.#nowMs)
  }

  after(ms: number, act: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, act }
    this.#push(event)
    return () => {
      event.act = undefined
    }
  }

  /** Runs events up to that time, or until `done` (asked after each event) says so; returns whether it did. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#pop()
      if (next.act === undefined) continue
      this.#nowMs = next.atMs
      next.act()
      await new Promise((resolve) => setImmediate(resolve))
      if (done()) return true
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
    return done()
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfBefore(at, parent)) break
      at = parent
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    for (let at = 0; ;) {
      const left = 2 * at + 1
      const right = left + 1
      const child = this.#isBefore(right, left) ? right : left
      if (!this.#swapIfBefore(child, at)) break
      at = child
    }
  }

  #isBefore(one: number, other: number): boolean {
    const a = this.#heap[one]
    const b = this.#heap[other]
    if (a === undefined || b === undefined) return false
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
  }

  #swapIfBefore(one: number, other: number): boolean {
    if (!this.#isBefore(one, other)) return false
    const a = this.#heap[one]
    const b = this.#heap[other]
    if (a === undefined || b === undefined) return false
    this.#heap[one] = b
    this.#heap[other] = a
    return true
  }
}
