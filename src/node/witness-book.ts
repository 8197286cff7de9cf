// What this node keeps as a witness: the signed decision of a source, for the target that it names.
import { Decision, type Response } from '../../protocols/migration/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import { decodeEntry, type Entry } from '../receipt/entry.ts'
import { isSigned } from '../receipt/signature.ts'
import type { NodeParts } from './parts.ts'
import { toWire } from './wire-problems.ts'
import { Turns } from '../mesh/turns.ts'

/**
 * Of one source at a time; a member that fills a witness's disk must not get far. Beyond it the oldest go: a source releases what has
 * ended, so that those are of migrations whose end nobody heard of, and a target that finds nothing only waits. A statement that is
 * refused instead keeps a container frozen.
 */
const MAX_PER_SOURCE = 1000

const verdicts: Readonly<Partial<Record<Entry['body']['kind'], Decision.Verdict>>> = {
  commit: Decision.Verdict.COMMIT,
  abort: Decision.Verdict.ABORT,
  'taken-back': Decision.Verdict.ABORT
}

export class WitnessBook {
  readonly #parts: Pick<NodeParts, 'name' | 'journal' | 'now'>
  readonly #most: number
  /** One at a time: an ABORT must not be replaced by a COMMIT that was looked at before it came. */
  readonly #turns = new Turns()

  /** @param most statements of one source */
  constructor(parts: Pick<NodeParts, 'name' | 'journal' | 'now'>, most = MAX_PER_SOURCE) {
    this.#parts = parts
    this.#most = most
  }

  /** Answers when the statement is on disk. A later one of the same source replaces it. @throws ReceiptError, JournalError */
  async keep(from: string, id: string, statement: Uint8Array): Promise<Response> {
    return this.#turns.take(() => this.#keep(from, id, statement))
  }

  /** Answers when the statement is gone; only the source that gave it can let it go. @throws ReceiptError, JournalError */
  async release(from: string, id: string): Promise<Response> {
    return this.#turns.take(async () => {
      const { journal } = this.#parts
      const kept = await journal.witnessed(id)
      if (kept === undefined) return { ack: {} }
      if (decodeEntry(kept).body.peer !== from) {
        return this.#refused('BAD_STATEMENT', `another source has given its word for ${id}`)
      }
      await journal.forgetWitnessed(id)
      return { ack: {} }
    })
  }

  async #keep(from: string, id: string, statement: Uint8Array): Promise<Response> {
    const { journal, now } = this.#parts
    const entry = decodeEntry(statement)
    const { body } = entry
    if (body.migration !== id || body.peer !== from || body.role !== 'source' || !isSigned(entry)) {
      return this.#refused('BAD_STATEMENT', `the statement is none of ${from} for the migration ${id}`)
    }
    if (verdicts[body.kind] === undefined) {
      return this.#refused('BAD_STATEMENT', `a ${body.kind} entry is no decision`)
    }
    const kept = await journal.witnessed(id)
    if (kept !== undefined) {
      const before = decodeEntry(kept).body
      if (before.peer !== from) return this.#refused('BAD_STATEMENT', `another source has given its word for ${id}`)
      if (before.seq >= body.seq) return { ack: {} }
    }
    await journal.witness(id, { source: from, statement, at: new Date(now()).toISOString() }, this.#most)
    return { ack: {} }
  }

  /** Tells the target that the statement names, and nobody else. */
  async tell(from: string, id: string, source: string): Promise<Response> {
    const kept = await this.#parts.journal.witnessed(id)
    const body = kept === undefined ? undefined : decodeEntry(kept).body
    const verdict = body === undefined ? undefined : verdicts[body.kind]
    if (kept === undefined || body?.peer !== source || body.other !== from || verdict === undefined) {
      return this.#refused(
        'NOT_WITNESSED',
        `${this.#parts.name} holds no decision of ${source} for the migration ${id}`
      )
    }
    return { decision: { verdict, epoch: body.epoch, reason: '', receipt: Uint8Array.from(kept) } }
  }

  #refused(code: string, what: string): Response {
    const problem: Problem = {
      code,
      host: this.#parts.name,
      what,
      remedy: 'run the same version of ferry on all hosts; see the log of the source'
    }
    return { refused: { problems: [toWire(problem)] } }
  }
}
