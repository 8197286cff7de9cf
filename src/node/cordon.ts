// Whether this host takes containers: kept on disk, so that a host that was cordoned comes back cordoned.
import type { Logger } from 'pino'
import { z } from 'zod'
import { CORDON_REASON } from '../../protocols/command/index.ts'
import type { AdvertBody } from '../../protocols/gossip/index.ts'
import { wordsOf } from '../../protocols/problem.ts'
import type { CordonView, Problem } from '../../protocols/operator/views.ts'
import { readFileIfThere, removeFile, replaceFile } from '../mesh/roster/durable-file.ts'
import { operatorError } from './problems.ts'
import { Turns } from '../mesh/turns.ts'

export interface CordonOptions {
  readonly path: string
  /** Name of this host. */
  readonly host: string
  readonly log: Pick<Logger, 'error'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly changed: () => void
}

/** What the mesh is told of it. */
export interface Standing {
  readonly cordoned: boolean
  readonly cordonReason?: string
  /** Why it is going down, empty where that was not said; absent while it is not. */
  readonly maintenance?: string
}

const stateSchema = z.strictObject({
  reason: CORDON_REASON.optional(),
  maintenance: z.boolean(),
  since: z.iso.datetime()
})

type State = Pick<CordonView, 'reason' | 'maintenance' | 'since'>

export class Cordon {
  readonly #options: CordonOptions
  #state: State | undefined
  /** One change after the other. */
  readonly #turns = new Turns()

  private constructor(options: CordonOptions, state: State | undefined) {
    this.#options = options
    this.#state = state
  }

  /** A file that can't be read cordons: whoever made it did not want containers here. */
  static async open(options: CordonOptions): Promise<Cordon> {
    const { path, log } = options
    try {
      const text = await readFileIfThere(path)
      return new Cordon(options, text === undefined ? undefined : parsed(text.toString('utf8')))
    } catch (error) {
      log.error({ path, why: wordsOf(error) }, 'the cordon of this host can not be read; it takes no containers')
      return new Cordon(options, { reason: 'the file that says why can not be read', maintenance: false })
    }
  }

  get view(): CordonView {
    const { host } = this.#options
    return { host, cordoned: this.#state !== undefined, maintenance: false, ...this.#state }
  }

  get standing(): Standing {
    if (this.#state === undefined) return { cordoned: false }
    const { reason, maintenance } = this.#state
    return {
      cordoned: true,
      ...(reason === undefined ? {} : { cordonReason: reason }),
      ...(maintenance ? { maintenance: reason ?? '' } : {})
    }
  }

  /** Why a container that is offered is not taken, if it is not. */
  refusal(): Problem | undefined {
    const { host } = this.#options
    return cordonProblem(host, host, this.standing)
  }

  /** On disk when it resolves. @throws OperatorError CORDON_FILE */
  set({ reason, maintenance }: { readonly reason?: string; readonly maintenance: boolean }): Promise<CordonView> {
    const since = new Date(this.#options.now()).toISOString()
    return this.#change({ ...(reason === undefined ? {} : { reason }), maintenance, since })
  }

  /** On disk when it resolves. @throws OperatorError CORDON_FILE */
  lift(): Promise<CordonView> {
    return this.#change(undefined)
  }

  #change(state: State | undefined): Promise<CordonView> {
    const { path, changed } = this.#options
    return this.#turns.take(async () => {
      try {
        await (state === undefined ? removeFile(path) : replaceFile(path, `${JSON.stringify(state)}\n`))
      } catch (error) {
        throw this.#failed(error)
      }
      this.#state = state
      changed()
      return this.view
    })
  }

  #failed(error: unknown) {
    const { host, path } = this.#options
    return operatorError(host, {
      code: 'CORDON_FILE',
      what: `Whether ${host} takes containers can't be written to ${path}`,
      why: wordsOf(error),
      remedy: 'check space, mode and health of the disk; until then it stays as it was'
    })
  }
}

function parsed(text: string): State {
  const { reason, maintenance, since } = stateSchema.parse(JSON.parse(text))
  return { ...(reason === undefined ? {} : { reason }), maintenance, since }
}

/** What a host advertises of it. */
export function standingIn({
  cordoned,
  cordonReason,
  maintenance
}: Pick<AdvertBody, 'cordoned' | 'cordonReason' | 'maintenance'>): Standing {
  return {
    cordoned,
    ...(cordonReason === undefined ? {} : { cordonReason }),
    ...(maintenance === undefined ? {} : { maintenance: maintenance.reason })
  }
}

/** @param host on which it is seen @param target the one that takes no containers, if it takes none */
export function cordonProblem(
  host: string,
  target: string,
  { cordoned, cordonReason, maintenance }: Standing
): Problem | undefined {
  if (!cordoned) return undefined
  return {
    code: 'CORDONED',
    host,
    what: `${target} takes no containers${maintenance === undefined ? '' : ': it is about to go down'}`,
    ...(cordonReason === undefined ? {} : { why: cordonReason }),
    remedy: `choose another target, or let it take containers again: ferry uncordon ${target}`
  }
}
