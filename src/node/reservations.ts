// What containers that are on their way here have been promised: memory and disk that nobody else may count on.

export interface Reservation {
  readonly memoryBytes: number
  readonly diskBytes: number
}

export class Reservations {
  readonly #held = new Map<string, Reservation>()

  /** What the others hold. */
  besides(migration: string): Reservation {
    let memoryBytes = 0
    let diskBytes = 0
    for (const [id, held] of this.#held) {
      if (id === migration) continue
      memoryBytes += held.memoryBytes
      diskBytes += held.diskBytes
    }
    return { memoryBytes, diskBytes }
  }

  hold(migration: string, reservation: Reservation): void {
    this.#held.set(migration, reservation)
  }

  /** Migrations that hold one. */
  holders(): string[] {
    return [...this.#held.keys()]
  }

  release(migration: string): void {
    this.#held.delete(migration)
  }
}
