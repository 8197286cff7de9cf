// A migration as a test drives it: started with the CLI, watched line by line.
import type { MigrationView, Phase, Problem } from '../../protocols/operator/views.ts'
import type { ExecResult } from '../lab/lab.ts'
import type { FerryHost } from './cluster.ts'

/** States that begin a phase: whoever watches and is slow sees the newest view only, and in that the phases of all that is past. */
const BEGINS: Readonly<Record<string, Phase>> = {
  preDumping: 'pre-dump',
  streaming: 'stream',
  restoring: 'restore',
  recordingCommit: 'decision'
}

export class Moving {
  readonly #views: MigrationView[] = []
  readonly #done: Promise<ExecResult>
  #problem: Problem | undefined
  #wake: (() => void)[] = []
  #ended = false

  private constructor(done: Promise<ExecResult>) {
    this.#done = done
  }

  static async start(from: FerryHost, container: string, to: string): Promise<Moving> {
    const process = await from.host.spawn(['ferry', 'move', container, '--to', to, '--json'])
    const moving = new Moving(process.exited)
    const read = async () => {
      for await (const line of process.lines) moving.#take(JSON.parse(line) as MigrationView | { problem: Problem })
      moving.#ended = true
      moving.#wakeAll()
    }
    void read()
    return moving
  }

  get id(): string {
    return this.#views[0]?.id ?? ''
  }

  /** Resolves when the source's machine was seen in this state, or is known to have been in it. */
  async until(state: string): Promise<void> {
    const began = BEGINS[state]
    const has = (view: MigrationView) => view.state === state || view.phases.some(({ phase }) => phase === began)
    while (!this.#views.some(has)) {
      if (this.#ended) throw new Error(`the migration ended as ${JSON.stringify(this.#views.at(-1))} before ${state}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  async end(): Promise<{ view: MigrationView; exitCode: number; problem?: Problem }> {
    const { exitCode } = await this.#done
    while (!this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve))
    const view = this.#views.at(-1)
    if (view === undefined) throw new Error(`nothing was moved: ${JSON.stringify(this.#problem)}`)
    const problem = view.problem ?? this.#problem
    return { view, exitCode, ...(problem === undefined ? {} : { problem }) }
  }

  #take(said: MigrationView | { problem: Problem }): void {
    if ('id' in said) this.#views.push(said)
    else this.#problem = said.problem
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}
