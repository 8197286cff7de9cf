// Ties a machine's named actors to what they do: journal first, one at a time, never lost sight of.
import type { Logger } from 'pino'
import { fromPromise, type PromiseActorLogic } from 'xstate'
import { asOperator } from './problems.ts'

export interface EffectsOptions {
  readonly host: string
  /** Writes durably which state the machine is in; every effect waits for it. */
  readonly journal: () => Promise<void>
  /** Of this migration. */
  readonly log: Logger
}

/** What an effect comes to where its state can't be written down, so that nothing of it was begun; as a rule it fails. */
export type Unrecorded<Output> = 'goes on' | ((error: unknown) => Promise<Output>)

/** The effects of one migration. */
export class Effects {
  readonly #options: EffectsOptions
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: EffectsOptions) {
    this.#options = options
  }

  /**
   * An actor for the machine. It begins only when the one before has really ended (leaving a state aborts its signal, but a
   * CRIU takes its time to die) and when the journal holds the state that called for it. The way back ('goes on') does not
   * wait for a disk that takes no more: what it does is safe to do again, and a container must not stay frozen for a full disk.
   */
  actor<Output>(
    effect: (signal: AbortSignal) => Promise<Output>,
    unrecorded?: Unrecorded<Output>
  ): PromiseActorLogic<Output, { migration: string }> {
    return fromPromise<Output, { migration: string }>(({ signal }) => {
      const before = this.#running
      const run = (async () => {
        await before
        signal.throwIfAborted()
        try {
          await asOperator(this.#options.host, () => this.#options.journal())
        } catch (error) {
          if (unrecorded === undefined) throw error
          if (unrecorded !== 'goes on') return unrecorded(error)
          this.#options.log.error({ err: error }, 'the journal takes no record; the way back goes on without it')
        }
        signal.throwIfAborted()
        try {
          return await asOperator(this.#options.host, () => effect(signal))
        } catch (error) {
          // It is tried again, and the machine keeps what the migration was given up for.
          if (unrecorded === 'goes on') this.#options.log.warn({ err: error }, 'the way back does not go on yet')
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
}
