// What operators see of a migration while it runs: phases with their times, bytes, the end. Kept apart from the machines,
// which know neither clock nor names.
import { EventEmitter, on } from 'node:events'
import type { FindingView, MigrationView, Outcome, Phase, Problem } from '../../protocols/operator/views.ts'

/** Progress of bytes is told at most this often, milliseconds. */
const TELL_EVERY_MS = 100

export class Progress {
  #view: MigrationView
  /** The last view, from when it is known until it is told. */
  #end: MigrationView | undefined
  readonly #now: () => number
  readonly #changes = new EventEmitter()
  #lastTold = 0
  #phaseBegan = 0

  constructor(view: MigrationView, now: () => number) {
    this.#view = view
    this.#now = now
    this.#changes.setMaxListeners(0)
  }

  get view(): MigrationView {
    return this.#view
  }

  /** What the journal is to hold: the end too, before anybody hears of it. */
  get recorded(): MigrationView {
    return this.#end ?? this.#view
  }

  /** Enters a phase; staying in one changes nothing. */
  phase(phase: Phase, state: string): void {
    const phases = this.#closedPhases()
    const last = this.#view.phases.at(-1)
    if (last?.phase === phase) {
      this.#set({ state })
      return
    }
    this.#phaseBegan = this.#now()
    this.#set({ state, phases: [...phases, { phase, startedAt: this.#iso() }] })
  }

  bytes(change: { rootfsBytes?: number; imageBytes?: number; framesHeld?: number }): void {
    this.#view = { ...this.#view, ...change }
    const now = this.#now()
    if (now - this.#lastTold >= TELL_EVERY_MS) this.#tell()
  }

  warn(warnings: readonly FindingView[]): void {
    if (warnings.length > 0) this.#set({ warnings: [...this.#view.warnings, ...warnings] })
  }

  downtime(downtimeMs: number): void {
    this.#set({ downtimeMs: Math.round(downtimeMs) })
  }

  /** The last view; nobody hears of it before `tellEnd`. */
  end(outcome: Outcome, state: string, problem: Problem | undefined): void {
    this.#end = {
      ...this.#view,
      outcome,
      state,
      phases: this.#closedPhases(),
      endedAt: this.#iso(),
      ...(problem === undefined ? {} : { problem })
    }
  }

  tellEnd(): void {
    this.#view = this.recorded
    this.#tell()
    this.#changes.emit('end')
  }

  /** The present view, then every change, ending after the one that has an outcome. */
  async *watch(signal: AbortSignal): AsyncIterable<MigrationView> {
    const changes = on(this.#changes, 'change', { signal, close: ['end'] })
    let last = this.#view
    yield last
    if (last.outcome !== undefined) return
    for await (const _ of changes) {
      // A watcher that is slow sees the newest view instead of every old one.
      if (this.#view === last) continue
      last = this.#view
      yield last
      if (last.outcome !== undefined) return
    }
    if (this.#view !== last) yield this.#view
  }

  #closedPhases(): MigrationView['phases'] {
    const last = this.#view.phases.at(-1)
    if (last === undefined || last.durationMs !== undefined) return this.#view.phases
    return [...this.#view.phases.slice(0, -1), { ...last, durationMs: Math.round(this.#now() - this.#phaseBegan) }]
  }

  #iso(): string {
    return new Date(this.#now()).toISOString()
  }

  #set(change: Partial<MigrationView>): void {
    this.#view = { ...this.#view, ...change }
    this.#tell()
  }

  #tell(): void {
    this.#lastTold = this.#now()
    this.#changes.emit('change')
  }
}
