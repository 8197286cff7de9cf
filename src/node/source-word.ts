// What a source says of its decision: to the target until it is answered, and to the witnesses.
import { setTimeout as sleep } from 'node:timers/promises'
import { Decision } from '../../protocols/migration/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import type { Books } from './books.ts'
import type { NodeParts } from './parts.ts'
import { toProblem } from './problems.ts'
import { expectResponse } from './responses.ts'
import { fromWire } from './wire-problems.ts'
import { giveToWitnesses, releaseWitnesses, replaceAtWitnesses } from './witnesses.ts'

/** A target that is told of an abort has this long to answer; after that it has to ask. Milliseconds. */
const ABORT_NOTICE_MS = 5000
const COMMIT_AGAIN_MS = 300

export interface SourceWordOptions {
  readonly id: string
  readonly epoch: number
  readonly peer: string
  readonly peerName: string
  readonly witnesses: () => readonly string[]
}

export class SourceWord {
  readonly #parts: NodeParts
  readonly #options: SourceWordOptions
  readonly #books: Books
  #silence: Problem | undefined
  /** Witnesses that did not take what they were last given. */
  readonly #unwilling = new Map<string, Problem>()
  #given = false
  #targetEnded = false
  #handedBackFor: Problem | undefined

  constructor(parts: NodeParts, options: SourceWordOptions, books: Books) {
    this.#parts = parts
    this.#options = options
    this.#books = books
  }

  /** Why the target's answer to a COMMIT is not to be had. */
  get silence(): Problem | undefined {
    return this.#silence
  }

  /** Why the target does not run the container, as it said with its hand-back. */
  get handedBackFor(): Problem | undefined {
    return this.#handedBackFor
  }

  /** Why too few witnesses hold the COMMIT, as far as they were tried. */
  get witnessSilence(): Problem | undefined {
    return [...this.#unwilling.values()][0]
  }

  /** Resolves when as many witnesses as the policy asks for hold the COMMIT. */
  async giveCommit(signal: AbortSignal): Promise<void> {
    const statement = this.#books.statement('commit')
    if (statement === undefined) return
    this.#given = true
    const told = (witness: string, problem: Problem | undefined) => {
      if (problem === undefined) this.#unwilling.delete(witness)
      else this.#unwilling.set(witness, problem)
    }
    const have = await giveToWitnesses(
      this.#parts,
      this.#options.id,
      this.#options.witnesses(),
      statement,
      told,
      signal
    )
    if (have > 0) this.#parts.log.info({ migration: this.#options.id, witnesses: have }, 'witnesses hold the COMMIT')
  }

  /**
   * Puts what took the COMMIT back, or never gave it, in its place at every witness that may have been given one. Resolves with the
   * names of those that could not be reached.
   */
  async retract(signal: AbortSignal): Promise<readonly string[]> {
    const statement = this.#books.statement('abort', 'taken-back')
    if (statement === undefined) return []
    this.#given = true
    return replaceAtWitnesses(this.#parts, this.#options.id, this.#options.witnesses(), statement, signal)
  }

  /** Tells COMMIT until the target acknowledges it or hands back. */
  async tellCommit(signal: AbortSignal): Promise<'ack' | 'hand-back'> {
    const { id, epoch, peer, peerName } = this.#options
    for (;;) {
      try {
        const response = await this.#parts.mesh.request(
          peer,
          {
            migration: id,
            decision: { verdict: Decision.Verdict.COMMIT, epoch, reason: '', ...this.#statement('commit') }
          },
          AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
        )
        if (response.handBack !== undefined) {
          this.#parts.log.warn({ migration: id, problem: response.handBack.problem }, 'the target hands back')
          this.#books.heardIfWell(response.handBack.receipt)
          this.#targetEnded = true
          const { problem } = response.handBack
          if (problem !== undefined) this.#handedBackFor = fromWire(problem)
          return 'hand-back'
        }
        const { receipt } = expectResponse(response, 'ack', peerName)
        this.#books.heardIfWell(receipt)
        this.#targetEnded = true
        return 'ack'
      } catch (error) {
        signal.throwIfAborted()
        const problem = toProblem(peerName, error)
        // One that is starting will know in a moment.
        if (problem.code !== 'STARTING') this.#silence = problem
        this.#parts.log.warn({ err: error, migration: id }, 'COMMIT is not acknowledged yet')
        await sleep(COMMIT_AGAIN_MS, undefined, { signal })
      }
    }
  }

  /**
   * Tells the target that it is not to run the container; where it can't be reached, the witnesses, whom it asks. Resolves with what
   * the target holds against it: an operator let it run.
   */
  async tellAbort(problem: Problem | undefined, signal: AbortSignal): Promise<Problem | undefined> {
    const { id, epoch, peer } = this.#options
    try {
      const response = await this.#parts.mesh.request(
        peer,
        {
          migration: id,
          decision: {
            verdict: Decision.Verdict.ABORT,
            epoch,
            reason: `${problem?.code ?? 'ABORTED'}: ${problem?.what ?? 'the source gave up'}`.slice(0, 500),
            ...this.#statement('abort', 'taken-back')
          }
        },
        AbortSignal.any([signal, AbortSignal.timeout(ABORT_NOTICE_MS)])
      )
      this.#books.heardIfWell(response.ack?.receipt)
      this.#targetEnded = response.ack !== undefined
      const refusal = response.refused?.problems[0]
      return refusal?.code === 'RESOLVED_ELSEWHERE' ? fromWire(refusal) : undefined
    } catch (error) {
      await this.retract(signal)
      throw error
    }
  }

  /** To be called at the end. Only a target that will never ask again makes what the witnesses hold useless. */
  async release(): Promise<void> {
    if (!this.#given || !this.#targetEnded) return
    await releaseWitnesses(this.#parts, this.#options.id, this.#options.witnesses())
  }

  #statement(...kinds: ('commit' | 'abort' | 'taken-back')[]): { receipt?: Uint8Array<ArrayBuffer> } {
    const receipt = this.#books.statement(...kinds)
    return receipt === undefined ? this.#books.latest() : { receipt }
  }
}
