// A target in doubt asks: its source first, and where that does not answer the witnesses, until somebody tells the decision.
import { setTimeout as sleep } from 'node:timers/promises'
import { Decision } from '../../protocols/migration/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import { MeshError } from '../mesh/mesh-error.ts'
import { decodeEntry } from '../receipt/entry.ts'
import { isSigned } from '../receipt/signature.ts'
import type { NodeParts } from './parts.ts'
import { operatorError, toProblem } from './problems.ts'
import { fromWire } from './wire-problems.ts'
import { askWitnesses } from './witnesses.ts'

const ASK_AGAIN_MS = 1000

export type Verdict = 'commit' | 'abort'

export interface TargetQuestionOptions {
  readonly id: string
  readonly epoch: number
  /** Peer id and name of the source. */
  readonly peer: string
  readonly peerName: string
  readonly witnesses: () => readonly string[]
  /** Nothing has been promised yet: a source that does not know of the migration has given it up. */
  readonly unprepared: () => boolean
  /** Told the source's own entry that says the decision. */
  readonly heard: (statement: Uint8Array | undefined) => void
}

export class TargetQuestion {
  readonly #parts: NodeParts
  readonly #options: TargetQuestionOptions
  #silence: Problem | undefined

  constructor(parts: NodeParts, options: TargetQuestionOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Why the source's word is not to be had; undefined while it answers. */
  get silence(): Problem | undefined {
    return this.#silence
  }

  /** Resolves with the decision and never gives up; rejects only where nothing has been promised and the source can't be reached. */
  async ask(signal: AbortSignal): Promise<Verdict> {
    for (;;) {
      const verdict = (await this.#askSource(signal)) ?? (await this.#askWitnesses(signal))
      if (verdict !== undefined) return verdict
      await sleep(ASK_AGAIN_MS, undefined, { signal })
    }
  }

  async #askSource(signal: AbortSignal): Promise<Verdict | undefined> {
    const { id, epoch, peer, peerName, unprepared } = this.#options
    try {
      const { decision, refused } = await this.#parts.mesh.request(
        peer,
        { migration: id, ask: {} },
        AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
      )
      const refusal = refused?.problems[0]
      if (refusal !== undefined) {
        if (unprepared()) return 'abort'
        // One that is starting will know in a moment.
        if (refusal.code !== 'STARTING') this.#silence = fromWire(refusal)
      }
      if (decision?.epoch !== epoch) return undefined
      this.#silence = undefined
      this.#options.heard(decision.receipt)
      return verdictOf(decision.verdict)
    } catch (error) {
      signal.throwIfAborted()
      // A connection that was gone before this began is not told as lost.
      if (unprepared() && error instanceof MeshError && error.details.code === 'PEER_UNREACHABLE') throw error
      this.#silence = toProblem(peerName, error)
      this.#parts.log.warn({ err: error, migration: id }, 'in doubt: the source does not answer; asking again')
      return undefined
    }
  }

  async #askWitnesses(signal: AbortSignal): Promise<Verdict | undefined> {
    const { id, peer, witnesses, unprepared } = this.#options
    if (this.#silence === undefined || unprepared() || witnesses().length === 0) return undefined
    const told = await askWitnesses(this.#parts, id, peer, witnesses(), (bytes) => this.#accept(bytes), signal)
    if (told === undefined) return undefined
    this.#options.heard(told.statement)
    return told.verdict
  }

  /** What a witness holds counts for what the source has signed, and for nothing else. */
  #accept(statement: Uint8Array): { verdict: Verdict; seq: number; statement: Uint8Array } {
    const { id, epoch, peer } = this.#options
    const entry = decodeEntry(statement)
    const { body } = entry
    const ours =
      body.migration === id &&
      body.epoch === epoch &&
      body.peer === peer &&
      body.role === 'source' &&
      body.other === this.#parts.mesh.self.peerId
    const verdict =
      body.kind === 'commit' ? 'commit' : ['abort', 'taken-back'].includes(body.kind) ? 'abort' : undefined
    if (!ours || verdict === undefined || !isSigned(entry)) {
      throw operatorError(this.#parts.name, {
        code: 'BAD_STATEMENT',
        what: `a witness told a decision of ${this.#options.peerName} that is none`,
        why: ours
          ? `it is a ${body.kind} entry, or its signature is not the source's`
          : 'it is of another migration or host',
        remedy: 'find out who changed it; it was not believed'
      })
    }
    return { verdict, seq: body.seq, statement }
  }
}

function verdictOf(verdict: Decision.Verdict): Verdict | undefined {
  if (verdict === Decision.Verdict.COMMIT) return 'commit'
  if (verdict === Decision.Verdict.ABORT) return 'abort'
  return undefined
}
