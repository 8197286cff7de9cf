/** Runs what it is given one after the other, in the order in which it comes. What fails holds up nobody behind it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as the work does. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Resolves when all that was given so far has ended. */
  async taken(): Promise<void> {
    await this.#last
  }
}
