// Ties a machine's named actors to what they do: journal first, one at a time, never lost sight of.
import { fromPromise, type PromiseActorLogic } from 'xstate'
import { asOperator } from './problems.ts'

export interface EffectsOptions {
  readonly host: string
  /** Writes durably which state the machine is in; every effect waits for it. */
  readonly journal: () => Promise<void>
  /** Told of a journal write that failed where the way back goes on without it. */
  readonly onJournalTrouble: (error: unknown) => void
  /** Told of a failure on the way back, which is tried again: the machine keeps what it was given up for. */
  readonly onWayBackTrouble: (error: unknown) => void
}

/** The effects of one migration. */
export class Effects {
  readonly #options: EffectsOptions
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: EffectsOptions) {
    this.#options = options
  }

  /**
   * An actor for the machine. It begins only when the one before has really ended (leaving a state aborts its signal, but a
   * CRIU takes its time to die) and when the journal holds the state that called for it. The way back (`wayBack`) does not wait
   * for a disk that takes no more: what it does is safe to do again, and a container must not stay frozen for a full disk.
   */
  actor<Output>(
    effect: (signal: AbortSignal) => Promise<Output>,
    wayBack = false
  ): PromiseActorLogic<Output, { migration: string }> {
    return fromPromise<Output, { migration: string }>(({ signal }) => {
      const before = this.#running
      const run = (async () => {
        await before
        signal.throwIfAborted()
        try {
          await this.#options.journal()
        } catch (error) {
          if (!wayBack) throw error
          this.#options.onJournalTrouble(error)
        }
        signal.throwIfAborted()
        try {
          return await asOperator(this.#options.host, () => effect(signal))
        } catch (error) {
          if (wayBack) this.#options.onWayBackTrouble(error)
          throw error
        }
      })()
      // How it ended is told to the machine through `run`; here only that it did.
      this.#running = run.then(
        () => undefined,
        () => undefined
      )
      return run
    })
  }

  /** Resolves when nothing is at work any more. */
  async settled(): Promise<void> {
    await this.#running
  }
}
