// What peers ask of this node. A peer speaks only of migrations it has a side in.
import { Decision, type Request, type Response } from '../../protocols/migration/index.ts'
import type { FindingView, MigrationView, Problem } from '../../protocols/operator/views.ts'
import { compareHosts } from '../host/compare.ts'
import { decodeEntry } from '../receipt/entry.ts'
import { engineOf } from './containers.ts'
import { releaseClaim } from './ending.ts'
import { readLogs } from './logs.ts'
import { bundlesOf, containerKey, type NodeParts } from './parts.ts'
import { parseFacts } from './peer-facts.ts'
import { toProblem } from './problems.ts'
import { findingsToWire, toWire } from './wire-problems.ts'
import type { Migration } from './node.ts'
import { runsHere, TargetMigration } from './target-migration.ts'
import { WitnessBook } from './witness-book.ts'

/** A check is two questions; what the first said is kept this long, milliseconds. */
const CHECK_KEPT_MS = 30_000
const MAX_CHECKS = 64
const DECISIONS: ReadonlySet<string> = new Set(['commit', 'abort', 'taken-back'])

export interface ActiveMigrations {
  find(id: string): Migration | undefined
  /** Why a migration of an earlier daemon could not be taken up: nothing of it is decided, given or promised. */
  broken(id: string): Problem | undefined
  add(migration: Migration): void
  closing(): boolean
}

type Offer = NonNullable<Request['offer']>

export class PeerRequests {
  readonly #parts: NodeParts
  readonly #active: ActiveMigrations
  readonly #witnesses: WitnessBook
  /** Offers that are being written down; their migrations are not under way yet. */
  readonly #offers = new Set<string>()
  readonly #checks = new Map<string, { from: string; offer: Offer; findings: readonly FindingView[] }>()

  constructor(parts: NodeParts, active: ActiveMigrations) {
    this.#parts = parts
    this.#active = active
    this.#witnesses = new WitnessBook(parts)
  }

  async answer(from: string, request: Request, signal: AbortSignal): Promise<Response> {
    try {
      return await this.#answer(from, request, signal)
    } catch (error) {
      this.#parts.log.warn({ err: error, from, migration: request.migration }, 'a request of a peer failed')
      return refused(toProblem(this.#parts.name, error))
    }
  }

  async #answer(from: string, request: Request, signal: AbortSignal): Promise<Response> {
    const id = request.migration
    if (request.offer !== undefined) {
      return request.offer.checkOnly
        ? this.#check(from, id, request.offer, signal)
        : this.#offer(from, id, request.offer, signal)
    }
    if (request.preflight !== undefined && this.#checks.get(id)?.from === from) {
      return this.#checkReport(id, request.preflight.facts, signal)
    }
    if (request.logs !== undefined) return this.#logs(from, id)
    if (request.receipts !== undefined) return this.#receipts(from, id)
    const broken = this.#active.broken(id)
    if (broken !== undefined && (await this.#parts.journal.migration(id))?.peer === from) return refused(broken)
    if (request.ask !== undefined) return this.#decisionOf(from, id)
    if (request.handBack !== undefined) return this.#handBack(from, id)
    if (request.witness !== undefined) return this.#witnesses.keep(from, id, request.witness.statement)
    if (request.askWitness !== undefined) return this.#witnesses.tell(from, id, request.askWitness.source)
    if (request.releaseWitness !== undefined) return this.#witnesses.release(from, id)

    const migration = this.#active.find(id)
    if (migration?.role === 'target' && migration.peer === from) {
      if (request.preflight !== undefined) return migration.answerPreflight(request.preflight.facts, signal)
      if (request.restore !== undefined) {
        return migration.answerRestore(request.restore, signal)
      }
      if (request.decision !== undefined && request.decision.verdict !== Decision.Verdict.UNDECIDED) {
        return migration.answerDecision(request.decision, signal)
      }
    }
    return this.#ofEnded(from, id, request)
  }

  async #offer(from: string, id: string, offer: Offer, signal: AbortSignal): Promise<Response> {
    if (this.#offers.has(id)) return refused(this.#duplicate(id))
    this.#offers.add(id)
    try {
      return await this.#firstOffer(from, id, offer, signal)
    } finally {
      this.#offers.delete(id)
    }
  }

  async #firstOffer(from: string, id: string, offer: Offer, signal: AbortSignal): Promise<Response> {
    const { name, engines, journal, cordon, now } = this.#parts
    if (this.#active.closing())
      return refused(this.#problem('SHUTTING_DOWN', `ferry on ${name} is ending`, 'choose another peer'))
    const engine = engineOf(engines, offer.engine)
    if (engine === undefined || (await engine.version(signal)) === undefined)
      return refused(this.#noEngine(offer.engine))
    if (this.#active.find(id) !== undefined || (await journal.migration(id)) !== undefined) {
      return refused(this.#duplicate(id))
    }
    // After that: what is under way goes on, and a repeated offer of it is no new one.
    const cordoned = cordon.refusal()
    if (cordoned !== undefined) return refused(cordoned)
    const key = containerKey(offer.engine, offer.container)
    const holder = await journal.claim(key, id)
    if (holder !== id) {
      return refused(
        this.#problem(
          'MIGRATION_UNDER_WAY',
          `${name} is already moving a container named ${offer.container}`,
          'wait for it to end',
          `migration ${holder} holds the name`
        )
      )
    }
    let migration: TargetMigration
    try {
      migration = new TargetMigration(this.#parts, engine, {
        id,
        peer: from,
        offer,
        startedAt: new Date(now()).toISOString()
      })
      await migration.record()
    } catch (error) {
      await releaseClaim(this.#parts, key, id)
      throw error
    }
    this.#active.add(migration)
    return migration.answerOffer(signal)
  }

  async #check(from: string, id: string, offer: Offer, signal: AbortSignal): Promise<Response> {
    const { name, engines, config, cordon } = this.#parts
    const engine = engineOf(engines, offer.engine)
    const findings: FindingView[] = []
    const cordoned = cordon.refusal()
    if (cordoned !== undefined) findings.push({ level: 'blocker', ...cordoned })
    if (engine === undefined || (await engine.version(signal)) === undefined) {
      findings.push({ level: 'blocker', ...this.#noEngine(offer.engine) })
    } else {
      const options = { migration: id, bridges: config.bridges, bundles: bundlesOf(config.stateDir) }
      for (const finding of await engine.examine(offer.spec, options, signal)) findings.push({ host: name, ...finding })
    }
    if (this.#checks.size >= MAX_CHECKS) this.#checks.delete(this.#checks.keys().next().value ?? '')
    this.#checks.set(id, { from, offer, findings })
    setTimeout(() => this.#checks.delete(id), CHECK_KEPT_MS).unref()
    return { accepted: { targetName: name } }
  }

  async #checkReport(id: string, facts: string, signal: AbortSignal): Promise<Response> {
    const check = this.#checks.get(id)
    if (check === undefined) throw new Error(`no check ${id}`)
    this.#checks.delete(id)
    const { offer } = check
    const compared = compareHosts(parseFacts(facts), await this.#parts.facts(signal), {
      engine: offer.engine,
      memoryBytes: offer.memoryBytes + this.#parts.config.memoryReserveBytes,
      diskBytes: offer.rootfsBytes + offer.memoryBytes + this.#parts.config.diskReserveBytes
    }).map((finding) => ({ host: this.#parts.name, ...finding }))
    const seen = new Set<string>()
    const findings = [...check.findings, ...compared].filter(({ code, what }) => {
      if (seen.has(code + what)) return false
      seen.add(code + what)
      return true
    })
    return {
      report: {
        findings: findingsToWire(findings)
      }
    }
  }

  /** The source's answer to a target in doubt. Without a COMMIT record an ended migration is an aborted one. */
  async #decisionOf(from: string, id: string): Promise<Response> {
    const record = await this.#parts.journal.migration(id)
    if (record?.role !== 'source' || record.peer !== from) return refused(this.#unknown(id))
    const standing = await this.#parts.journal.decision(id)
    // After an operator's word the target may still ask; after its own hand-back it does not.
    const takenBack = (await this.#parts.journal.marks(id)).has('taken-back')
    const active = this.#active.find(id)
    const undecided = active?.role === 'source' && (standing === undefined || active.silent)
    const { COMMIT, ABORT, UNDECIDED } = Decision.Verdict
    const verdict = takenBack ? ABORT : undecided ? UNDECIDED : standing === 'commit' ? COMMIT : ABORT
    const receipt = verdict === UNDECIDED ? undefined : decisionIn(await this.#parts.journal.receipts(id))
    return { decision: { verdict, epoch: record.epoch, reason: '', ...(receipt === undefined ? {} : { receipt }) } }
  }

  async #receipts(from: string, id: string): Promise<Response> {
    const record = await this.#parts.journal.migration(id)
    if (record === undefined || !this.#isWith(record.peer, from)) return refused(this.#unknown(id))
    const entries = await this.#parts.journal.receipts(id)
    return { receiptHalf: { entries: entries.map((entry) => Uint8Array.from(entry)) } }
  }

  async #logs(from: string, id: string): Promise<Response> {
    const record = await this.#parts.journal.migration(id)
    if (record === undefined || !this.#isWith(record.peer, from)) return refused(this.#unknown(id))
    return { logFiles: { files: await readLogs(this.#parts.config.stateDir, id) } }
  }

  /** What a host may see of a migration it had a side in it may see after `ferry key rotate` too. */
  #isWith(peer: string, from: string): boolean {
    return peer === from || this.#parts.presentPeer(peer) === from
  }

  /** The source hears of a hand-back as the answer to its COMMIT; here it only says whether it has written it down. */
  async #handBack(from: string, id: string): Promise<Response> {
    const record = await this.#parts.journal.migration(id)
    if (record?.role !== 'source' || record.peer !== from) return refused(this.#unknown(id))
    const { journal } = this.#parts
    const marks = await journal.marks(id)
    const standing = await journal.decision(id)
    // Aborted or ended: there is nothing to take back. Where an operator decided, the target can't know.
    const ended = standing === 'abort' || record.endedAt !== undefined
    if (marks.has('taken-back') || ended) return { ack: {} }
    return refused(this.#problem('NOT_YET', 'the hand-back is not written down here yet', 'ask again'))
  }

  async #ofEnded(from: string, id: string, request: Request): Promise<Response> {
    const record = await this.#parts.journal.migration(id)
    if (record?.role !== 'target' || record.peer !== from) return refused(this.#unknown(id))
    // A source that missed the first answer hears the same as with that: its receipt has to name what it rests on.
    const last = (await this.#parts.journal.receipts(id)).at(-1)
    const receipt = last === undefined ? {} : { receipt: Uint8Array.from(last) }
    if (request.decision?.verdict === Decision.Verdict.ABORT) {
      return record.state === 'owner' ? runsHere(this.#parts.name, record.view as MigrationView) : { ack: receipt }
    }
    if (request.decision?.verdict === Decision.Verdict.COMMIT && request.decision.epoch === record.epoch) {
      const marks = await this.#parts.journal.marks(id)
      if (marks.has('activating')) return { ack: receipt }
      if (marks.has('hand-back')) return { handBack: { epoch: record.epoch, ...receipt } }
    }
    const problem = (record.view as { problem?: Problem }).problem
    return refused(
      problem ??
        this.#problem('ALREADY_ENDED', `migration ${id} has ended on ${this.#parts.name}`, 'start a new migration')
    )
  }

  #noEngine(engine: string): Problem {
    const { name } = this.#parts
    return this.#problem('ENGINE_MISSING', `${engine} is not installed on ${name}`, `install ${engine} on ${name}`)
  }

  #duplicate(id: string): Problem {
    return this.#problem('DUPLICATE_OFFER', `migration ${id} is known already`, 'start a new migration')
  }

  #unknown(id: string): Problem {
    return this.#problem(
      'UNKNOWN_MIGRATION',
      `${this.#parts.name} has no migration ${id} with this peer`,
      'start a new migration'
    )
  }

  #problem(code: string, what: string, remedy: string, why?: string): Problem {
    return { code, host: this.#parts.name, what, ...(why === undefined ? {} : { why }), remedy }
  }
}

/** The source's entry that says what stands. */
function decisionIn(receipts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined {
  const entry = receipts.findLast((bytes) => DECISIONS.has(decodeEntry(bytes).body.kind))
  return entry === undefined ? undefined : Uint8Array.from(entry)
}

function refused(problem: Problem): Response {
  return { refused: { problems: [toWire(problem)] } }
}
