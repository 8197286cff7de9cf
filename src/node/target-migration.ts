// One migration on its target: what each actor of the target machine really does.
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createActor, type Actor, type EventFrom } from 'xstate'
import { targetMachine, type TargetResume } from '../../machines/target.ts'
import type { BulkKind, BulkStream, Header } from '../../protocols/bulk/index.ts'
import { Decision, type Offer, type Response, type Restore } from '../../protocols/migration/index.ts'
import type { FindingView, MigrationView, Phase, Problem, Resolution } from '../../protocols/operator/views.ts'
import type { Engine, RestoredTree, Staged } from '../engines/engine.ts'
import type { Unheld } from '../engines/unheld.ts'
import { isFrozen, isPopulated, killAll, requestFreezeIfThere, thaw } from '../host/cgroup.ts'
import { compareHosts } from '../host/compare.ts'
import type { HostFacts } from '../host/facts.ts'
import { announce } from '../host/frames.ts'
import { runsUnheld } from '../host/hold.ts'
import { writeNeighbours } from '../host/neighbours.ts'
import { attachEach, type UnattachedPort } from '../host/ports.ts'
import { identityOf } from '../host/processes.ts'
import { freezeStopped } from '../host/tree.ts'
import { Books } from './books.ts'
import { Delivery } from './delivery.ts'
import { Effects } from './effects.ts'
import { writeDown } from './ending.ts'
import { watchFrozen, type FrozenWatch } from './frozen-watch.ts'
import { parseHandOver, type HandOver } from './hand-over.ts'
import { isConnected, operatorsWord, words } from './in-doubt.ts'
import { Incoming } from './incoming.ts'
import { bundlesOf, containerKey, foldersOf, type MigrationFolders, type NodeParts } from './parts.ts'
import { parseFacts } from './peer-facts.ts'
import type { DataOf } from '../receipt/entry.ts'
import { portParked } from './port-parked.ts'
import { operatorError, preflightCodes, toProblem } from './problems.ts'
import type { Progress } from './progress.ts'
import { expectResponse } from './responses.ts'
import { sameTree, type KnownTree } from './same-tree.ts'
import { TargetQuestion, type Verdict } from './target-question.ts'
import { findingsToWire, toWire } from './wire-problems.ts'

const PHASES: Readonly<Record<string, Phase>> = {
  starting: 'offer',
  reserving: 'offer',
  reserved: 'offer',
  comparing: 'preflight',
  receiving: 'pre-dump',
  restoring: 'restore',
  recordingPrepared: 'restore',
  prepared: 'decision',
  askingAgain: 'decision',
  seeing: 'decision',
  recordingActivating: 'decision',
  recordingAgain: 'decision',
  activating: 'ack',
  activatingAgain: 'ack',
  adopting: 'ack',
  adoptingAgain: 'ack'
}

/** The source's word normally comes at once; only after this does a prepared target ask. Milliseconds. */
const ASK_AFTER_MS = 1500
/** Memory that CRIU images may take beyond what the source says the container uses (tables, registers, sockets). */
const IMAGE_SLACK_BYTES = 256 * 1024 * 1024

const HANDING_BACK = new Set(['handingBack', 'deliveringHandBackAgain'])
/** It was thawed here; what is still to be done keeps nobody waiting. */
const RUNS_HERE = new Set(['adopting', 'adoptingAgain', 'owner'])

/** Killing a tree that was let go by somebody, milliseconds. */
const KILL_MS = 10_000

/** Of ports whose bridge is gone as the container is about to run. */
const ATTACH_TRIES = 5
const ATTACH_AGAIN_MS = 250

/** Announcing takes a second; a host that is busy as the container arrives may begin late, and nobody waits for it. Milliseconds. */
const ANNOUNCE_LIMIT_MS = 30_000

/** No decision's entry is on its way to the disk, which one that is signed now would take along. */
const MAY_SIGN = new Set(['restoring', 'recordingPrepared', 'prepared', 'askingAgain', 'seeing'])

export interface TargetRecordData {
  readonly offer: Omit<Offer, 'receipt'>
  readonly staged?: Staged
  readonly tree?: KnownRestored
  /** Peer ids that may hold the source's decision beside it. */
  readonly witnesses: readonly string[]
}

/** With its first process, as it was restored: whatever is in its cgroup later need not be it. */
export type KnownRestored = RestoredTree & Pick<KnownTree, 'init'>

export interface TargetOptions {
  readonly id: string
  readonly peer: string
  readonly offer: Offer
  readonly startedAt: string
  readonly resume?: {
    readonly machine: TargetResume
    readonly data: TargetRecordData
    readonly view: MigrationView
    readonly receipts: readonly Uint8Array[]
  }
}

export class TargetMigration {
  readonly role = 'target'
  readonly id: string
  readonly peer: string
  readonly ended: Promise<void>
  readonly #parts: NodeParts
  readonly #options: TargetOptions
  readonly #engine: Engine
  readonly #folders: MigrationFolders
  readonly #books: Books
  readonly #question: TargetQuestion
  readonly #actor: Actor<typeof targetMachine>
  readonly #incoming: Incoming
  /** Ends what runs beside the machine's actors. */
  readonly #lifetime = new AbortController()
  /** What was moved here is gone. */
  #lost: Problem | undefined
  #delivery: Delivery | undefined
  #staged: Staged | undefined
  #tree: KnownRestored | undefined
  #findings: FindingView[] = []
  #sourceFacts: HostFacts | undefined
  #factsDigest = ''
  #expectedDigest: Uint8Array | undefined
  #handOver: HandOver = { neighbours: [], stopped: [] }
  #witnesses: readonly string[]
  #watch: FrozenWatch | undefined
  #frozenAt = ''
  #thawed: Problem | undefined
  #unheld: DataOf<'ran-unheld'> | undefined
  /** Nobody can tell whether it ran. */
  #unseen: DataOf<'may-have-run'> | undefined
  /** What an earlier daemon left was looked at. */
  #looked = false
  /** ACTIVATING is being written, or was. */
  #claiming = false
  #silence: Problem | undefined
  #saidUnadopted = false

  constructor(parts: NodeParts, engine: Engine, options: TargetOptions) {
    this.#parts = parts
    this.#options = options
    this.#engine = engine
    this.id = options.id
    this.peer = options.peer
    this.#folders = foldersOf(parts.config.stateDir, options.id)
    this.#staged = options.resume?.data.staged
    this.#tree = options.resume?.data.tree
    const { offer } = options
    this.#witnesses = options.resume?.data.witnesses ?? []
    const { id, peer, startedAt, resume } = options
    const { epoch, sourceName: peerName } = offer
    this.#books = new Books(parts, {
      id,
      role: 'target',
      container: offer.container,
      engine: offer.engine,
      epoch,
      peer,
      peerName,
      startedAt,
      ...(resume === undefined ? {} : { earlier: resume })
    })
    if (resume === undefined) this.#books.heard(offer.receipt)
    this.#question = new TargetQuestion(parts, {
      id,
      epoch,
      peer,
      peerName,
      witnesses: () => this.#witnesses,
      unprepared: () => this.#unprepared(),
      heard: (statement) => {
        this.#books.heardIfWell(statement)
      }
    })
    this.#incoming = new Incoming({
      folders: this.#folders,
      maxImageBytes: offer.memoryBytes + IMAGE_SLACK_BYTES,
      idleMs: parts.config.limits.transferIdleMs,
      prepare: (staged, signal) => engine.prepareRestore(staged, signal),
      onBytes: (change) => {
        this.progress.bytes(change)
      }
    })
    const effects = new Effects({
      host: parts.name,
      journal: () => this.record(),
      log: parts.log.child({ migration: options.id })
    })
    this.#actor = createActor(
      targetMachine.provide({
        actors: {
          reserve: effects.actor((signal) => this.#reserve(signal)),
          compare: effects.actor((signal) => this.#compare(signal)),
          restore: effects.actor((signal) => this.#restore(signal)),
          recordPrepared: effects.actor(async () => {
            if (this.#thawed !== undefined) throw operatorError(parts.name, this.#thawed)
            await this.#books.mark('prepared', () => {
              this.#books.once('prepared', { frozenAt: this.#frozenAt })
            })
          }),
          askDecision: effects.actor((signal) => this.#askDecision(signal)),
          // What it finds is acted on only after a record of its own.
          seeFrozen: effects.actor(() => this.#seeFrozen(), 'goes on'),
          recordActivating: effects.actor(() => this.#claim('activating')),
          recordHandBack: effects.actor(() => this.#claim('hand-back')),
          activate: effects.actor((signal) => this.#activate(signal)),
          adopt: effects.actor((signal) => this.#adopt(signal)),
          discard: effects.actor((signal) => this.#discard(signal), 'goes on'),
          deliverHandBack: effects.actor((signal) => this.#deliverHandBack(signal))
        }
      }),
      {
        input: {
          migration: options.id,
          epoch: offer.epoch,
          ...(options.resume === undefined ? {} : { resume: options.resume.machine })
        }
      }
    )
    this.ended = new Promise((resolve) => {
      this.#actor.subscribe({
        next: (snapshot) => {
          const state = this.state
          const { problem } = snapshot.context
          parts.log.info({ migration: this.id, state, problem }, 'target')
          if (state === 'adoptingAgain' && problem !== undefined) this.#warnUnadopted(problem)
          if (snapshot.status === 'active') this.progress.phase(PHASES[state] ?? 'rollback', state)
        },
        complete: () => {
          void this.#finish().finally(resolve)
        }
      })
    })
  }

  /** Of the machine, now; a method, because it changes between two looks. */
  #now(): string {
    return this.state
  }

  get state(): string {
    const value = this.#actor.getSnapshot().value
    return typeof value === 'string' ? value : (Object.values(value)[0] ?? 'unprepared')
  }

  get progress(): Progress {
    return this.#books.progress
  }

  get container(): string {
    return containerKey(this.#options.offer.engine, this.#options.offer.container)
  }

  start(): void {
    this.#actor.start()
  }

  /** Nothing has been promised yet, so nothing has to be kept. */
  #unprepared(): boolean {
    return typeof this.#actor.getSnapshot().value !== 'string'
  }

  cancel(problem: Problem): boolean {
    if (typeof this.#actor.getSnapshot().value === 'string') return false
    this.#actor.send({ type: 'CANCEL', problem })
    return true
  }

  linkLost(problem: Problem): void {
    this.#tell({ type: 'LINK_LOST', problem })
  }

  /** A peer's word may come between the end and its last record; then there is nobody left to hear it. */
  #tell(event: EventFrom<typeof targetMachine>): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event)
  }

  /** An operator's word in place of the source's; `by` says whose. @throws OperatorError NOT_IN_DOUBT */
  async resolve(how: Resolution, by: string): Promise<void> {
    const { name } = this.#parts
    const { offer } = this.#options
    const hasTree = this.#tree !== undefined && (await isThere(this.#tree))
    const inDoubt = ['prepared', 'askingAgain']
    // A hand-back that nobody takes can be let go; nothing can run any more.
    const waiting = how === 'discard' ? [...inDoubt, ...HANDING_BACK] : inDoubt
    const problem = operatorsWord(how, {
      migration: this.id,
      container: offer.container,
      host: name,
      other: offer.sourceName,
      state: this.state,
      waiting: waiting.includes(this.state),
      asked: offer.sourceName,
      silence: this.#silence ?? this.#question.silence,
      connected: isConnected(this.#parts.mesh, this.peer),
      hasTree
    })
    this.#parts.log.warn({ migration: this.id, how, by, problem }, 'an operator decides')
    this.#books.note('resolved', { word: how, by: words(by), why: words(problem.why) })
    this.#actor.send({ type: how === 'run-here' ? 'RESOLVE_RUN' : 'RESOLVE_DISCARD', problem })
  }

  async record(): Promise<void> {
    const { receipt: _, ...offer } = this.#options.offer
    const data: TargetRecordData = {
      offer,
      witnesses: this.#witnesses,
      ...(this.#staged === undefined ? {} : { staged: this.#staged }),
      ...(this.#tree === undefined ? {} : { tree: this.#tree })
    }
    await this.#books.record(this.state, { ...data })
  }

  /** Answers the offer once it is reserved or refused. */
  async answerOffer(signal: AbortSignal): Promise<Response> {
    await this.#until((state) => state !== 'starting' && state !== 'reserving', signal)
    return this.state === 'reserved'
      ? { accepted: { targetName: this.#parts.name, ...this.#books.latest() } }
      : this.#refusal()
  }

  async answerPreflight(facts: string, signal: AbortSignal): Promise<Response> {
    if (this.state !== 'reserved') return this.#unexpected('preflight')
    this.#sourceFacts = parseFacts(facts)
    this.#factsDigest = createHash('sha256').update(facts).digest('hex')
    this.#actor.send({ type: 'PREFLIGHT' })
    await this.#until((state) => state !== 'comparing', signal)
    return {
      report: {
        findings: findingsToWire(this.#findings)
      }
    }
  }

  async answerRestore(
    { imagesDigest, neighbours, witnesses, receipt }: Restore,
    signal: AbortSignal
  ): Promise<Response> {
    if (this.state !== 'receiving') return this.#unexpected('restore')
    this.#handOver = parseHandOver(neighbours)
    this.#expectedDigest = imagesDigest
    this.#books.heard(receipt)
    this.#witnesses = witnesses
    this.#actor.send({ type: 'RESTORE' })
    await this.#until((state) => !['restoring', 'recordingPrepared'].includes(state), signal)
    return this.#now() === 'prepared'
      ? { prepared: { epoch: this.#options.offer.epoch, ...this.#books.latest() } }
      : this.#refusal()
  }

  async answerDecision({ verdict, epoch, reason, receipt }: Decision, signal: AbortSignal): Promise<Response> {
    if (epoch !== this.#options.offer.epoch) {
      return {
        refused: {
          problems: [
            toWire(
              this.#problem(
                'STALE_EPOCH',
                'a decision of another epoch',
                `it names ${String(epoch)}`,
                'nothing is to be done'
              )
            )
          ]
        }
      }
    }
    this.#books.heardIfWell(receipt)
    if (verdict === Decision.Verdict.ABORT) {
      const [code, what] = reason.split(/: (.*)/s)
      this.#tell({
        type: 'ABORT',
        epoch,
        problem: {
          code: code ?? 'ABORTED',
          host: this.#options.offer.sourceName,
          what: what ?? 'the source rolled the migration back',
          remedy: `see ferry logs ${this.id} on ${this.#options.offer.sourceName}`
        }
      })
      // Handing back to a source that aborted: the copy is dead, and the source has only to hear that.
      const isAnswered = (state: string) => HANDING_BACK.has(state) || RUNS_HERE.has(state)
      await Promise.race([this.ended, this.#until(isAnswered, signal)])
      return RUNS_HERE.has(this.state) ? runsHere(this.#parts.name, this.progress.view) : { ack: this.#books.latest() }
    }
    // Nobody commits what was never said to be prepared.
    if (typeof this.#actor.getSnapshot().value !== 'string') return this.#unexpected('commit')
    this.#actor.send({ type: 'COMMIT', epoch })
    await this.#until(
      (state) => RUNS_HERE.has(state) || ['handingBack', 'handedBack', 'discarded'].includes(state),
      signal
    )
    if (RUNS_HERE.has(this.state)) return { ack: this.#books.latest() }
    switch (this.state) {
      case 'handingBack':
      case 'handedBack':
        return { handBack: { epoch, problem: toWire(this.#problemNow()), ...this.#books.latest() } }
      default:
        return this.#refusal()
    }
  }

  /** Takes in a bulk stream of the source; the machine hears of what goes wrong. */
  async receive(kind: BulkKind, header: Header, stream: BulkStream): Promise<void> {
    const staged = this.#staged
    if (staged === undefined || this.state !== 'receiving') {
      stream.abort(new Error(`not expected in state ${this.state}`))
      return
    }
    try {
      await this.#incoming.take(kind, header, stream, staged)
    } catch (error) {
      const problem = toProblem(this.#parts.name, error)
      this.#parts.log.warn({ err: error, migration: this.id, kind }, 'a stream of the source failed')
      // Frames are a kindness to the peers of the container; nothing depends on them.
      if (kind !== 'frames') this.linkLost(problem)
    }
  }

  async #reserve(signal: AbortSignal): Promise<void> {
    const { offer } = this.#options
    const options = {
      migration: this.id,
      bridges: this.#parts.config.bridges,
      bundles: bundlesOf(this.#parts.config.stateDir)
    }
    // The name is what is reserved and what is logged; the description is what gets restored.
    if ((JSON.parse(offer.spec) as { name?: unknown }).name !== offer.container) {
      throw operatorError(this.#parts.name, {
        code: 'BAD_SPEC',
        what: `the description that came with the offer of ${offer.container} is of another container`,
        remedy: 'run the same version of ferry on both hosts, and check who the peer is'
      })
    }
    this.#findings = (await this.#engine.examine(offer.spec, options, signal)).map((finding) => ({
      host: this.#parts.name,
      ...finding
    }))
    await mkdir(this.#folders.images, { recursive: true, mode: 0o700 })
    await mkdir(this.#folders.work, { recursive: true, mode: 0o700 })
    const blocker = this.#findings.find(({ level }) => level === 'blocker')
    if (blocker !== undefined) throw operatorError(this.#parts.name, blocker)
    this.#staged = await this.#engine.stage(offer.spec, options, signal)
    await mkdir(this.#staged.rootfs, { recursive: true })
    this.#books.note('accepted', {})
    await this.record()
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const { offer } = this.#options
    const source = this.#sourceFacts
    if (source === undefined) throw operatorError(this.#parts.name, this.#noFacts())
    const { config, reservations } = this.#parts
    const own = { memoryBytes: offer.memoryBytes, diskBytes: offer.rootfsBytes + offer.memoryBytes }
    const others = reservations.besides(this.id)
    reservations.hold(this.id, own)
    const findings = compareHosts(source, await this.#parts.facts(signal), {
      engine: offer.engine,
      memoryBytes: own.memoryBytes + others.memoryBytes + config.memoryReserveBytes,
      diskBytes: own.diskBytes + others.diskBytes + config.diskReserveBytes
    }).map((finding) => ({ host: this.#parts.name, ...finding }))
    this.#findings = [...this.#findings, ...findings]
    this.progress.warn(this.#findings.filter(({ level }) => level === 'warning'))
    this.#books.note('preflight', { ...preflightCodes(this.#findings), facts: this.#factsDigest })
    const blocker = findings.find(({ level }) => level === 'blocker')
    if (blocker !== undefined) throw operatorError(this.#parts.name, blocker)
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const staged = this.#staged
    if (staged === undefined || !this.#incoming.complete) {
      throw operatorError(this.#parts.name, {
        code: 'INCOMPLETE',
        what: 'the source asked for the restore before everything was sent',
        remedy: 'run the same version of ferry on both hosts'
      })
    }
    const sha256 = await this.#incoming.ready()
    if (!Buffer.from(sha256).equals(this.#expectedDigest ?? new Uint8Array())) {
      throw operatorError(this.#parts.name, {
        code: 'TRANSFER_CORRUPT',
        what: 'the images that arrived are not those that were sent',
        why: 'their SHA-256 differs',
        remedy: 'move the container again; if it happens again, check memory and disks of both hosts'
      })
    }
    const { rootfs } = this.#incoming
    this.#books.note('received', {
      images: Buffer.from(sha256).toString('hex'),
      imageBytes: this.progress.view.imageBytes,
      rootfs: rootfs.hex(),
      rootfsBytes: rootfs.bytes
    })
    const how = this.#options.offer.catchesSigcont && this.#parts.config.freeze !== 'strict' ? 'hook' : 'stop'
    const tree = await this.#engine.restore(staged, this.#folders, how, signal, (unheld) => {
      this.#restoreUnheld(unheld)
    })
    const init = await identityOf(tree.initPid)
    this.#tree = { ...tree, ...(init === undefined ? {} : { init }) }
    if (how === 'stop') await freezeStopped(tree.cgroup, this.#handOver.stopped, signal)
    if (!(await isFrozen(tree.cgroup))) {
      // It may be running: it goes before it gets a port.
      await killAll(tree.cgroup, AbortSignal.timeout(KILL_MS))
      const problem = this.#problem(
        'NOT_FROZEN',
        `${this.#options.offer.container} was not frozen after its restore and was killed`,
        'cgroup.events does not say "frozen 1"',
        'set freeze to "strict" in the configuration of the target, or look at its restore log'
      )
      this.#ranUnheld(problem)
      throw operatorError(this.#parts.name, problem)
    }
    this.#frozenAt = new Date(this.#parts.now()).toISOString()
    this.#watchHold(tree)
    const [delivery] = await Promise.all([
      Delivery.prepare(this.#parts.log.child({ migration: this.id }), tree.ports, this.#lifetime.signal),
      writeNeighbours(tree.initPid, this.#handOver.neighbours, signal)
    ])
    this.#delivery = delivery
    // Whoever loses power once it has the right to run still has the files that the container had.
    await this.#incoming.onDisk(signal)
  }

  async #askDecision(signal: AbortSignal): Promise<Verdict> {
    if (this.#tree !== undefined && this.#watch === undefined) this.#watchHold(this.#tree)
    await sleep(this.#options.resume === undefined ? ASK_AFTER_MS : 0, undefined, { signal })
    return this.#question.ask(signal)
  }

  /** A tree that somebody lets go before ACTIVATING must not run, whatever the decision will be. */
  #watchHold(tree: RestoredTree): void {
    this.#watch = watchFrozen(tree.cgroup, () => {
      // The source has given it up: what runs now is the only copy.
      if (this.#claiming) return
      this.#thawed = this.#thawedBehind(tree)
      this.#ranUnheld(this.#thawed)
      killAll(tree.cgroup, AbortSignal.timeout(KILL_MS)).catch((error: unknown) => {
        this.#parts.log.fatal({ err: error, migration: this.id }, 'a tree that runs undecided could not be killed')
      })
    })
  }

  /** Said to operators, and signed as soon as it can be: what this host saw its receipt must not hide. */
  #ranUnheld(problem: Problem): void {
    this.#parts.log.error({ migration: this.id }, problem.what)
    if (this.#unheld !== undefined) return
    const seenAt = new Date(this.#parts.now()).toISOString()
    this.#unheld = { code: problem.code, seenAt, ...(this.#frozenAt === '' ? {} : { heldAt: this.#frozenAt }) }
    this.progress.warn([{ level: 'warning', ...problem }])
    if (!MAY_SIGN.has(this.state)) return
    this.#signUnheld()
    void this.#recordUnheld()
  }

  /** A restore that failed, or that no daemon saw to its end, and that is killed now. */
  #restoreUnheld(unheld: Unheld): void {
    const { container } = this.#options.offer
    const remedy = `see what killed CRIU or its hook (dmesg, restore.log of the migration); with freeze set to "strict" in the configuration of ${this.#parts.name} there is no hook`
    if (unheld === 'ran') {
      this.#ranUnheld(
        this.#problem(
          'NOT_FROZEN',
          `${container} was found running on ${this.#parts.name} after a restore, before anything was decided; it is killed`,
          'CRIU, or its hook, was ended when it was about to let go of the tasks',
          remedy
        )
      )
      return
    }
    if (this.#unseen !== undefined) return
    this.#unseen = { seenAt: new Date(this.#parts.now()).toISOString() }
    const problem = this.#problem(
      'RESTORE_UNSEEN',
      `nobody saw whether the copy of ${container} that was being restored on ${this.#parts.name} ran; it is killed`,
      'CRIU was ended when it was about to let go of the tasks, and there is no sign that its hook had frozen them',
      remedy
    )
    this.#parts.log.error({ migration: this.id }, problem.what)
    this.progress.warn([{ level: 'warning', ...problem }])
  }

  #signUnheld(): void {
    if (this.#unheld !== undefined) this.#books.once('ran-unheld', this.#unheld)
    else if (this.#unseen !== undefined) this.#books.once('may-have-run', this.#unseen)
  }

  async #recordUnheld(): Promise<void> {
    try {
      await this.record()
    } catch (error) {
      this.#parts.log.error({ err: error, migration: this.id }, 'that a copy ran is not on disk yet')
    }
  }

  #thawedBehind(tree: RestoredTree): Problem {
    return {
      code: 'THAWED_BEHIND',
      host: this.#parts.name,
      what: `something thawed ${this.#options.offer.container} on ${this.#parts.name} before the decision; it was killed`,
      why: 'its cgroup is no longer frozen, and ferry did not thaw it',
      remedy: `find what thaws cgroup ${tree.cgroup} on ${this.#parts.name}; the container goes on at its source`
    }
  }

  #startedBeside({ cgroup }: KnownRestored): Problem {
    const { container } = this.#options.offer
    return {
      code: 'STALE_COPY',
      host: this.#parts.name,
      what: `a second copy of ${container} was started on ${this.#parts.name} from what had arrived there, before the decision; it is killed`,
      why: `the processes in cgroup ${cgroup} are not those that were restored`,
      remedy: `find what starts it on ${this.#parts.name} (a unit, a supervisor) and have it come after ferry.service; compare what the two copies wrote outside their root file systems`
    }
  }

  async #seeFrozen(): Promise<void> {
    const tree = this.#tree
    if (this.#thawed !== undefined) throw operatorError(this.#parts.name, this.#thawed)
    if (tree === undefined || !(await isThere(tree))) {
      throw operatorError(this.#parts.name, {
        code: 'TREE_LOST',
        what: `the restored processes of ${this.#options.offer.container} are gone`,
        why: 'the host was restarted or somebody killed them before the decision came',
        remedy: 'the container goes on at its source; move it again'
      })
    }
    if (!(await isFrozen(tree.cgroup))) {
      await killAll(tree.cgroup, AbortSignal.timeout(KILL_MS))
      this.#ranUnheld(this.#thawedBehind(tree))
      throw operatorError(this.#parts.name, this.#thawedBehind(tree))
    }
  }

  async #claim(wanted: 'activating' | 'hand-back'): Promise<'activating' | 'hand-back'> {
    // Killed since it was seen frozen: nothing must be promised for it.
    const mark = this.#thawed === undefined ? wanted : 'hand-back'
    this.#claiming = mark === 'activating'
    const standing = await this.#books.mark(mark, (stands) => {
      if (stands === 'activating') this.#books.once('activating', {})
      else this.#books.once('hand-back', codeOf(this.#actor.getSnapshot().context.problem))
    })
    return standing === 'hand-back' ? 'hand-back' : 'activating'
  }

  async #activate(signal: AbortSignal): Promise<void> {
    this.#watch?.stop()
    // On record, so that it ran already: what has become of it and of its ports since is its own affair.
    if (this.#books.has('resumed')) return
    const tree = this.#tree
    const staged = this.#staged
    if (tree === undefined || staged === undefined || !(await isThere(tree))) {
      const { container, sourceName } = this.#options.offer
      const isAnother = tree !== undefined && (await isPopulated(tree.cgroup))
      // As a power cut does to any container; nobody can tell any more whether it had run here.
      this.#lost = this.#problem(
        'CONTAINER_LOST',
        isAnother
          ? `${container} was moved to ${this.#parts.name} and was started again there; the processes that were moved are gone`
          : `${container} was moved to ${this.#parts.name} and no longer has any process here`,
        'the host was restarted, or somebody killed the container, as it was about to run',
        isAnother
          ? 'nothing is to be done for what runs now; what was in the memory of the earlier processes is lost'
          : `start the container again; its rootfs is here, and ${sourceName} keeps the one it had when it left (retained/${this.id} in ferry's state folder) until its retentionHours are over`
      )
      this.#books.once('lost', {})
      return
    }
    const joins = tree.ports.flatMap(({ outer }, index) => {
      const bridge = staged.bridges[index]
      return bridge === undefined ? [] : [{ outer, bridge }]
    })
    const parked = await this.#join(joins, signal)
    // Before the thaw: what waited is answered before what comes now.
    const first = [...this.#incoming.frames.frames]
    await this.#delivery?.deliver(first)
    await thaw(tree.cgroup)
    this.#books.once('resumed', { resumedAt: new Date(this.#parts.now()).toISOString() })
    this.#announce(tree, first.length)
    this.progress.warn(parked.map((port) => portParked(this.#parts.name, this.#options.offer.container, port)))
  }

  /** A bridge that is gone must not keep the container frozen: it has a second to come back. */
  async #join(joins: readonly { outer: string; bridge: string }[], signal: AbortSignal): Promise<UnattachedPort[]> {
    if (joins.length === 0) return []
    for (let tries = 1; ; tries++) {
      const left = await attachEach(joins, signal)
      if (left.length === 0 || tries === ATTACH_TRIES) return left
      await sleep(ATTACH_AGAIN_MS, undefined, { signal })
    }
  }

  /** What still arrives at the source's bridge until the segment has learnt the new place. */
  #announce(tree: RestoredTree, delivered: number): void {
    const signal = AbortSignal.timeout(ANNOUNCE_LIMIT_MS)
    announce({ initPid: tree.initPid, ports: tree.ports, signal }).catch((error: unknown) => {
      this.#parts.log.warn({ err: error, migration: this.id }, 'the new place could not be announced')
    })
    const late = async () => {
      let skip = delivered
      for await (const frame of this.#incoming.frames.stream()) {
        if (skip-- > 0) continue
        await this.#delivery?.deliver([frame])
      }
    }
    late().catch((error: unknown) => {
      this.#parts.log.warn({ err: error, migration: this.id }, 'late frames were not delivered')
    })
  }

  async #adopt(signal: AbortSignal): Promise<void> {
    if (this.#staged !== undefined) await this.#engine.adopt(this.#staged, signal)
    const { journal } = this.#parts
    await journal.setEpoch(this.container, Math.max(await journal.epochOf(this.container), this.#options.offer.epoch))
  }

  /** Once: it is tried until it is done, and then there is nothing left to do but to know why it took so long. */
  #warnUnadopted({ what, why, remedy }: Problem): void {
    if (this.#saidUnadopted) return
    this.#saidUnadopted = true
    const { name, log } = this.#parts
    const { container } = this.#options.offer
    const finding: FindingView = {
      level: 'warning',
      code: 'NOT_ADOPTED',
      host: name,
      what: `${container} runs on ${name}, and what starts it there again could not be put in its place at once`,
      why: why === undefined ? what : `${what}: ${why}`,
      remedy: `ferry tries again every second until it is done, and the migration is under way on ${name} until then. ${remedy}`
    }
    log.error({ migration: this.id, why: finding.why }, finding.what)
    this.progress.warn([finding])
  }

  async #discard(signal: AbortSignal): Promise<void> {
    this.#watch?.stop()
    await this.#incoming.stop()
    await this.#delivery?.close()
    await this.#lookBeforeItsEnd()
    const bundles = bundlesOf(this.#parts.config.stateDir)
    // A daemon that died while it staged has a folder that it never wrote down.
    if (this.#staged === undefined) await this.#engine.discardStaging({ migration: this.id, bundles }, signal)
    else await this.#engine.discard(this.#staged, signal)
    await rm(this.#folders.images, { recursive: true, force: true })
    this.#books.once('discarded', {})
  }

  /** Whoever let it go may have done so while no daemon was there to see, or before there was a watch. */
  async #lookBeforeItsEnd(): Promise<void> {
    const tree = this.#tree
    if (tree !== undefined) {
      if (await runsUnheld(tree.cgroup))
        this.#ranUnheld((await isThere(tree)) ? this.#thawedBehind(tree) : this.#startedBeside(tree))
    } else if (this.#staged !== undefined && this.#options.resume !== undefined && !this.#looked) {
      const unheld = await this.#engine.unheld(this.#staged, this.#folders).catch((error: unknown): Unheld => {
        this.#parts.log.error({ err: error, migration: this.id }, 'what an earlier daemon restored can not be seen')
        return 'may-have-run'
      })
      this.#looked = true
      if (unheld !== undefined) this.#restoreUnheld(unheld)
    }
    if (this.#unheld === undefined && this.#unseen === undefined) return
    this.#signUnheld()
    // It stands still while that is written down, and is gone only when it is: a daemon that is killed in between leaves what it saw.
    const cgroup = (this.#tree ?? this.#staged)?.cgroup
    if (cgroup !== undefined) await requestFreezeIfThere(cgroup)
    await this.#recordUnheld()
  }

  async #deliverHandBack(signal: AbortSignal): Promise<void> {
    const { epoch } = this.#options.offer
    for (;;) {
      try {
        const response = await this.#parts.mesh.request(
          this.peer,
          { migration: this.id, handBack: { epoch, problem: toWire(this.#problemNow()), ...this.#books.latest() } },
          AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
        )
        const { receipt } = expectResponse(response, 'ack', this.#options.offer.sourceName)
        this.#books.heardIfWell(receipt)
        return
      } catch (error) {
        signal.throwIfAborted()
        this.#silence = toProblem(this.#options.offer.sourceName, error)
        this.#parts.log.warn({ err: error, migration: this.id }, 'the source has not taken the container back yet')
        await sleep(1000, undefined, { signal })
      }
    }
  }

  async #finish(): Promise<void> {
    const { context, value } = this.#actor.getSnapshot()
    const outcome = value === 'owner' ? 'moved' : this.#staged === undefined ? 'refused' : 'rolled-back'
    this.progress.end(outcome, this.state, outcome === 'moved' ? this.#lost : context.problem)
    await writeDown(this.#parts.log, this.id, async () => {
      await this.record()
      await rm(this.#folders.images, { recursive: true, force: true })
      await this.#parts.journal.release(this.container, this.id)
    })
    this.#parts.reservations.release(this.id)
    this.progress.tellEnd()
    // The segment learns the new place within moments; until then frames still come by way of the source.
    if (outcome === 'moved') await sleep(1000)
    await this.#incoming.stop()
    await this.#delivery?.close()
    this.#lifetime.abort()
  }

  async #until(reached: (state: string) => boolean, signal: AbortSignal): Promise<void> {
    if (reached(this.state)) return
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        subscription.unsubscribe()
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        leave()
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      const subscription = this.#actor.subscribe(() => {
        if (!reached(this.state)) return
        leave()
        resolve()
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #problemNow(): Problem {
    return (
      this.#actor.getSnapshot().context.problem ??
      this.#thawed ??
      this.#problem('ABORTED', 'the migration was given up', undefined, `see ferry logs ${this.id}`)
    )
  }

  #refusal(): Response {
    return { refused: { problems: [toWire(this.#problemNow())] } }
  }

  #unexpected(what: string): Response {
    if (this.#actor.getSnapshot().context.problem !== undefined) return this.#refusal()
    const problem = this.#problem(
      'OUT_OF_ORDER',
      `a ${what} request is not expected now`,
      `the migration is in state ${this.state}`,
      'run the same version of ferry on both hosts'
    )
    return { refused: { problems: [toWire(problem)] } }
  }

  #noFacts() {
    return {
      code: 'NO_FACTS',
      what: 'the source sent no facts about itself',
      remedy: 'run the same version of ferry on both hosts'
    }
  }

  #problem(code: string, what: string, why: string | undefined, remedy: string): Problem {
    return { code, host: this.#parts.name, what, ...(why === undefined ? {} : { why }), remedy }
  }
}

/** The answer to an ABORT where the container runs: an operator let it, and the source did not know. */
export function runsHere(host: string, { container, source }: MigrationView): Response {
  const problem: Problem = {
    code: 'RESOLVED_ELSEWHERE',
    host,
    what: `${container} runs on ${host}, where it was let run although ${source} had not decided so`,
    why: `an operator said ferry resolve --run-here on ${host} while ${source} did not answer`,
    remedy: `stop one of the two copies of ${container} now; what both have written has to be compared by hand`
  }
  return { refused: { problems: [toWire(problem)] } }
}

/** Records of older versions don't have the first process: its pid has to do. */
async function isThere(tree: KnownRestored): Promise<boolean> {
  return (await sameTree(tree, Number.POSITIVE_INFINITY)) !== undefined
}

function codeOf(problem: Problem | undefined): { code?: string } {
  return problem === undefined ? {} : { code: problem.code }
}
