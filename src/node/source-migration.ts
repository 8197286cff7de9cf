// One migration on its source: what each actor of the source machine really does.
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { createActor, type Actor } from 'xstate'
import { sourceMachine, type SourceResume } from '../../machines/source.ts'
import type { FindingView, MigrationView, Phase, Problem, Resolution } from '../../protocols/operator/views.ts'
import { wordsOf } from '../../protocols/problem.ts'
import type { Engine, Inspection } from '../engines/engine.ts'
import { isFrozen, isPopulated, freeze, killAll, thaw } from '../host/cgroup.ts'
import { readNeighbours } from '../host/neighbours.ts'
import { attachEach, detach, preparePorts } from '../host/ports.ts'
import { endProcess, identityOf, type ProcessIdentity } from '../host/processes.ts'
import { stoppedTasks } from '../host/tree.ts'
import { sendImages } from '../transfer/images.ts'
import { Books } from './books.ts'
import { Delivery } from './delivery.ts'
import { Effects } from './effects.ts'
import { writeDown } from './ending.ts'
import { watchFrozen, type FrozenWatch } from './frozen-watch.ts'
import type { HandOver } from './hand-over.ts'
import { isConnected, operatorsWord, words } from './in-doubt.ts'
import { KeptFrames } from './kept-frames.ts'
import { containerKey, foldersOf, retainedOf, type MigrationFolders, type NodeParts } from './parts.ts'
import { portParked } from './port-parked.ts'
import { operatorError, preflightCodes, toProblem } from './problems.ts'
import type { Progress } from './progress.ts'
import { expectResponse } from './responses.ts'
import { RootfsRounds } from './rootfs-rounds.ts'
import { sameTree } from './same-tree.ts'
import { SourceWord } from './source-word.ts'
import { copiesOf, copyText } from './stale-copy.ts'
import { findingsFromWire } from './wire-problems.ts'
import { checkWitnesses, chooseWitnesses } from './witnesses.ts'

const PHASES: Readonly<Record<string, Phase>> = {
  starting: 'offer',
  offering: 'offer',
  preflighting: 'preflight',
  preDumping: 'pre-dump',
  finalDumping: 'final-dump',
  streaming: 'stream',
  restoring: 'restore',
  recordingCommit: 'decision',
  witnessing: 'decision',
  witnessingAgain: 'decision',
  committed: 'ack',
  deliveringAgain: 'ack',
  retiring: 'ack',
  retiringAgain: 'ack'
}

const AT_WITNESSES = new Set(['witnessing', 'witnessingAgain'])
/** Committed, and the target's word, or that of the witnesses, is what it waits for. */
const WAITING = new Set([...AT_WITNESSES, 'committed', 'deliveringAgain'])

const RETIRING = new Set(['retiring', 'retiringAgain'])
const SILENT = new Set([
  'recordingCommit',
  'uncertain',
  'recordingAbort',
  'witnessing',
  'witnessingAgain',
  'recordingTakeBack',
  'takingBackAgain'
])

/** Killing a tree that was let go by somebody, milliseconds. */
const KILL_MS = 10_000

/** Between two looks for a second copy while the target does not answer, milliseconds. */
const COPY_LOOK_MS = 2000

/** Tries, a second apart, before a container is thawed with what a dump left in it. */
const MAX_FAILED_UNDOS = 5

/** Tries, a second apart, before a container that runs again is left with a port that its bridge does not take. */
const MAX_FAILED_ATTACHES = 5

export interface SourceRecordData {
  readonly container: Inspection
  /** Set before the first thing is done that a rollback has to undo. */
  readonly freezeBegan: boolean
  /** The container's first process, as it was frozen. */
  readonly init?: ProcessIdentity
  /** Peer ids that are given the decision beside the target. */
  readonly witnesses: readonly string[]
}

export interface SourceOptions {
  readonly id: string
  readonly epoch: number
  readonly peer: string
  readonly peerName: string
  readonly container: Inspection
  readonly startedAt: string
  readonly resume?: {
    readonly machine: SourceResume
    readonly data: SourceRecordData
    readonly view: MigrationView
    readonly receipts: readonly Uint8Array[]
  }
}

export class SourceMigration {
  readonly role = 'source'
  readonly id: string
  readonly peer: string
  readonly ended: Promise<void>
  readonly #parts: NodeParts
  readonly #options: SourceOptions
  readonly #engine: Engine
  readonly #folders: MigrationFolders
  readonly #books: Books
  readonly #word: SourceWord
  readonly #actor: Actor<typeof sourceMachine>
  readonly #frames: KeptFrames
  readonly #rootfs: RootfsRounds
  #freezeBegan: boolean
  #init: ProcessIdentity | undefined
  #witnesses: readonly string[]
  #watch: FrozenWatch | undefined
  #frozenAt: number | undefined
  /** When the tree was last seen held. */
  #heldAt: string | undefined
  #finalRootfs: Promise<unknown> | undefined
  #imagesDigest: Uint8Array | undefined
  #handOver: HandOver = { neighbours: [], stopped: [] }
  // What runs beside the machine's actors, with an end of its own.
  readonly #lastRootfs = new AbortController()
  readonly #lifetime = new AbortController()
  #lost: Problem | undefined
  /** What was killed beside the target's. */
  #copy: Problem | undefined
  #failedUndos = 0
  #failedAttaches = 0
  #resumed = false
  #downtimeTimer: NodeJS.Timeout | undefined
  #lengthTimer: NodeJS.Timeout | undefined

  constructor(parts: NodeParts, engine: Engine, options: SourceOptions) {
    this.#parts = parts
    this.#options = options
    this.#engine = engine
    this.id = options.id
    this.peer = options.peer
    this.#folders = foldersOf(parts.config.stateDir, options.id)
    this.#freezeBegan = options.resume?.data.freezeBegan ?? false
    this.#init = options.resume?.data.init
    this.#witnesses = options.resume?.data.witnesses ?? []
    const { id, epoch, peer, peerName, startedAt, resume } = options
    const { name, engine: engineName } = options.container
    this.#books = new Books(parts, {
      id,
      role: 'source',
      container: name,
      engine: engineName,
      epoch,
      peer,
      peerName,
      startedAt,
      ...(resume === undefined ? {} : { earlier: resume })
    })
    if (resume === undefined) this.#books.note('offer', {})
    this.#word = new SourceWord(parts, { id, epoch, peer, peerName, witnesses: () => this.#witnesses }, this.#books)
    this.#frames = new KeptFrames({
      ports: options.container.ports,
      log: parts.log.child({ migration: options.id }),
      onKept: (framesHeld) => {
        this.progress.bytes({ framesHeld })
      }
    })
    this.#rootfs = new RootfsRounds({
      rootfs: options.container.rootfs,
      config: parts.config,
      open: (round, final, signal) =>
        parts.mesh.openBulk(options.peer, 'rootfs', { migration: options.id, round, final }, signal),
      onBytes: (rootfsBytes) => {
        this.progress.bytes({ rootfsBytes })
      }
    })
    const effects = new Effects({
      host: parts.name,
      journal: () => this.record(),
      log: parts.log.child({ migration: options.id })
    })
    this.#actor = createActor(
      sourceMachine.provide({
        actors: {
          offer: effects.actor((signal) => this.#offer(signal)),
          preflight: effects.actor((signal) => this.#preflight(signal)),
          preDump: effects.actor((signal) => this.#preDump(signal)),
          finalDump: effects.actor((signal) => this.#finalDump(signal)),
          stream: effects.actor((signal) => this.#stream(signal)),
          restore: effects.actor((signal) => this.#restore(signal)),
          decideCommit: effects.actor(
            () => this.#decideCommit(),
            (error) => this.#commitNotTried(error)
          ),
          decideAbort: effects.actor(() => this.#books.decide('abort', this.#problem?.code), 'goes on'),
          giveWitness: effects.actor((signal) => this.#giveWitness(signal)),
          deliverCommit: effects.actor((signal) => this.#deliverCommit(signal)),
          recordTakeBack: effects.actor(async () => {
            await this.#books.mark('taken-back', () => {
              this.#books.once('taken-back', {})
            })
          }),
          retract: effects.actor((signal) => this.#retract(signal), 'goes on'),
          retire: effects.actor((signal) => this.#retire(signal)),
          undo: effects.actor((signal) => this.#undo(signal), 'goes on'),
          deliverAbort: effects.actor((signal) => this.#deliverAbort(signal), 'goes on')
        }
      }),
      { input: { migration: options.id, ...(options.resume === undefined ? {} : { resume: options.resume.machine }) } }
    )
    this.ended = new Promise((resolve) => {
      this.#actor.subscribe({
        next: (snapshot) => {
          const state = this.state
          parts.log.info({ migration: this.id, state, problem: snapshot.context.problem }, 'source')
          if (snapshot.status === 'active') this.progress.phase(PHASES[state] ?? 'rollback', state)
        },
        complete: () => {
          void this.#finish().finally(resolve)
        }
      })
    })
  }

  get progress(): Progress {
    return this.#books.progress
  }

  /**
   * A COMMIT does not count before its tree was looked at and the witnesses have it, nor while it is being taken back. One whose write failed
   * may come to light at any time: it does not before the machine has asked what stands.
   */
  get silent(): boolean {
    return SILENT.has(this.state)
  }

  get state(): string {
    const value = this.#actor.getSnapshot().value
    return typeof value === 'string' ? value : (Object.values(value)[0] ?? 'running')
  }

  start(): void {
    if (this.#options.resume === undefined) {
      this.#lengthTimer = this.#deadline(
        this.#parts.config.limits.migrationMs,
        'MIGRATION_DEADLINE',
        'the migration took'
      )
    }
    this.#actor.start()
  }

  /** False once the decision is being taken: it's too late then. */
  cancel(problem: Problem): boolean {
    if (!this.#undecided()) return false
    this.#actor.send({ type: 'CANCEL', problem })
    return true
  }

  linkLost(problem: Problem): void {
    this.#actor.send({ type: 'LINK_LOST', problem })
  }

  /** An operator's word in place of the target's; `by` says whose. @throws OperatorError NOT_IN_DOUBT */
  async resolve(how: Resolution, by: string): Promise<void> {
    const { name } = this.#parts
    const { container, peerName } = this.#options
    const hasTree = await isPopulated(container.cgroup)
    const atWitnesses = AT_WITNESSES.has(this.state)
    const problem = operatorsWord(how, {
      migration: this.id,
      container: container.name,
      host: name,
      other: peerName,
      state: this.state,
      waiting: WAITING.has(this.state),
      asked: atWitnesses ? 'too few witnesses' : peerName,
      silence: atWitnesses ? this.#word.witnessSilence : this.#word.silence,
      connected: !atWitnesses && isConnected(this.#parts.mesh, this.peer),
      hasTree
    })
    this.#parts.log.warn({ migration: this.id, how, by, problem }, 'an operator decides')
    this.#books.note('resolved', { word: how, by: words(by), why: words(problem.why) })
    this.#actor.send({ type: how === 'run-here' ? 'RESOLVE_RUN' : 'RESOLVE_DISCARD', problem })
  }

  async record(): Promise<void> {
    const data: SourceRecordData = {
      container: this.#options.container,
      freezeBegan: this.#freezeBegan,
      ...(this.#init === undefined ? {} : { init: this.#init }),
      witnesses: this.#witnesses
    }
    await this.#books.record(this.state, { ...data })
  }

  get #problem(): Problem | undefined {
    return this.#actor.getSnapshot().context.problem
  }

  #undecided(): boolean {
    const value = this.#actor.getSnapshot().value
    return typeof value === 'object' || value === 'starting'
  }

  #deadline(limitMs: number, code: string, subject: string): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#actor.send({
        type: 'DEADLINE',
        problem: {
          code,
          host: this.#parts.name,
          what: `${subject} longer than its limit of ${String(limitMs)} ms`,
          why: `it was in state ${this.state}`,
          remedy: `raise limits.${code === 'DOWNTIME_LIMIT' ? 'downtimeMs' : 'migrationMs'} in the configuration of ${this.#parts.name}, or move it when it is less busy`
        }
      })
    }, limitMs)
    timer.unref()
    return timer
  }

  async #offer(signal: AbortSignal): Promise<void> {
    const { container, epoch } = this.#options
    const response = await this.#parts.mesh.request(
      this.peer,
      {
        migration: this.id,
        offer: {
          container: container.name,
          engine: container.engine,
          sourceName: this.#parts.name,
          epoch,
          memoryBytes: container.memoryBytes,
          rootfsBytes: container.rootfsBytes,
          spec: container.spec,
          checkOnly: false,
          catchesSigcont: container.catchesSigcont,
          ...this.#books.latest()
        }
      },
      AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
    )
    this.#books.heard(expectResponse(response, 'accepted', this.#options.peerName).receipt)
    this.#witnesses = chooseWitnesses(this.#parts, this.id, this.peer)
  }

  async #preflight(signal: AbortSignal): Promise<void> {
    const facts = JSON.stringify(await this.#parts.facts(signal))
    const response = await this.#parts.mesh.request(
      this.peer,
      { migration: this.id, preflight: { facts } },
      AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
    )
    const { findings } = expectResponse(response, 'report', this.#options.peerName)
    const views = findingsFromWire(findings)
    const own = this.#options.container.findings.map((finding) => ({ host: this.#parts.name, ...finding }))
    const all = [...own, ...views]
    this.progress.warn(all.filter(({ level }) => level === 'warning'))
    const blockers = all.filter(({ level }) => level === 'blocker')
    this.#books.note('preflight', {
      ...preflightCodes(all),
      facts: createHash('sha256').update(facts).digest('hex')
    })
    const first = blockers[0]
    if (first === undefined) return
    throw operatorError(first.host, {
      code: first.code,
      what: first.what,
      ...(first.why === undefined ? {} : { why: first.why }),
      remedy:
        blockers.length === 1
          ? first.remedy
          : `${first.remedy} (and ${String(blockers.length - 1)} more: see ferry check ${this.#options.container.name} --to ${this.#options.peerName})`
    })
  }

  async #preDump(signal: AbortSignal): Promise<void> {
    await mkdir(this.#folders.images, { recursive: true, mode: 0o700 })
    await mkdir(this.#folders.work, { recursive: true, mode: 0o700 })
    await this.#rootfs.whileRunning(signal)
  }

  async #finalDump(signal: AbortSignal): Promise<void> {
    const { container } = this.#options
    const header = { migration: this.id, round: 0, final: false }
    const signalOfFrames = this.#lifetime.signal
    await this.#frames.start(
      () => this.#parts.mesh.openBulk(this.peer, 'frames', header, signalOfFrames),
      signalOfFrames
    )
    await preparePorts(
      container.ports.map(({ outer }) => outer),
      signal
    )
    const stopped = await stoppedTasks(container.cgroup)
    this.#init = await identityOf(container.initPid)
    this.#freezeBegan = true
    await this.record()
    this.#frozenAt = performance.now()
    this.#downtimeTimer = this.#deadline(
      this.#parts.config.limits.downtimeMs,
      'DOWNTIME_LIMIT',
      'the container was frozen'
    )
    await freeze(container.cgroup, signal)
    // The kernel's own clock: what came while nobody could yet say that the port is off is told by its time stamp.
    const leavingMs = Date.now()
    // Not before: what the container still answered would be lost, and the restored connection would wait a second to send it again.
    if (container.ports.length > 0)
      await detach(
        container.ports.map(({ outer }) => outer),
        signal
      )
    this.#frames.begin(leavingMs)
    this.#books.note('frozen', { frozenAt: new Date(this.#parts.now()).toISOString() })
    // Nothing changes any more: the last of the rootfs goes while CRIU dumps.
    if (!this.#engine.dumpWritesRootfs) this.#sendLastRootfs()
    const neighbours = readNeighbours(container.initPid, signal)
    // Waited for below, when the dump has really ended.
    neighbours.catch(() => undefined)
    await this.#engine.dump(container, this.#folders, signal)
    this.#handOver = { neighbours: await neighbours, stopped }
    if (!(await isFrozen(container.cgroup))) throw operatorError(this.#parts.name, this.#thawedBehind())
    this.#watchHold()
    if (this.#engine.dumpWritesRootfs) this.#sendLastRootfs()
  }

  /** Beside the machine's actors; `stream` waits for it. */
  #sendLastRootfs(): void {
    this.#finalRootfs = this.#rootfs.last(this.#lastRootfs.signal)
    // Told to the machine by whoever waits for it.
    this.#finalRootfs.catch(() => undefined)
  }

  async #stream(signal: AbortSignal): Promise<void> {
    const stream = await this.#parts.mesh.openBulk(
      this.peer,
      'images',
      { migration: this.id, round: 0, final: true },
      signal
    )
    const images = sendImages({
      stream,
      folder: this.#folders.images,
      ...(this.#parts.config.rateBps === undefined ? {} : { rateBps: this.#parts.config.rateBps }),
      signal,
      onProgress: (imageBytes) => {
        this.progress.bytes({ imageBytes })
      }
    })
    const [{ bytes, sha256 }] = await Promise.all([images, this.#finalRootfs])
    this.progress.bytes({ imageBytes: bytes })
    this.#imagesDigest = sha256
    this.#books.note('dumped', {
      images: Buffer.from(sha256).toString('hex'),
      imageBytes: bytes,
      rootfs: this.#rootfs.digest.hex(),
      rootfsBytes: this.#rootfs.digest.bytes
    })
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const response = await this.#parts.mesh.request(
      this.peer,
      {
        migration: this.id,
        restore: {
          imagesDigest: Uint8Array.from(this.#imagesDigest ?? []),
          neighbours: JSON.stringify(this.#handOver),
          witnesses: [...this.#witnesses],
          ...this.#books.latest()
        }
      },
      signal
    )
    this.#books.heard(expectResponse(response, 'prepared', this.#options.peerName).receipt)
    checkWitnesses(this.#parts, this.#witnesses)
  }

  /** The dump is what the target has: a tree that ran on since must not be given up for it. */
  async #decideCommit(): Promise<'commit' | 'abort'> {
    if (await isFrozen(this.#options.container.cgroup)) return this.#books.decide('commit')
    const details = this.#thawedBehind()
    this.#lost = { host: this.#parts.name, ...details }
    return this.#books.decide('abort', details.code)
  }

  /** Nothing of a COMMIT was given to the disk: the container does not wait until that takes something again. */
  async #commitNotTried(error: unknown): Promise<'commit' | 'abort'> {
    const { name, log } = this.#parts
    this.#lost = toProblem(name, error)
    try {
      return await this.#books.decide('abort', this.#lost.code)
    } catch (failure) {
      log.error({ err: failure, migration: this.id }, 'the journal takes no ABORT; the way back goes on without it')
      return 'abort'
    }
  }

  async #giveWitness(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#downtimeTimer)
    await this.#keepHold()
    await this.#word.giveCommit(signal)
  }

  async #deliverCommit(signal: AbortSignal): Promise<'ack' | 'hand-back'> {
    clearTimeout(this.#downtimeTimer)
    await this.#keepHold()
    const looking = setInterval(() => {
      this.#lookForCopies()
    }, COPY_LOOK_MS)
    const answer = await this.#word.tellCommit(signal).finally(() => {
      clearInterval(looking)
    })
    if (answer === 'ack') {
      this.#books.once('acked', {})
      if (this.#frozenAt !== undefined) this.progress.downtime(performance.now() - this.#frozenAt)
    } else this.#lost = this.#word.handedBackFor
    return answer
  }

  /** Before the decision a tree that somebody lets go runs on, and so the migration ends; after it, it must not run. */
  #watchHold(): void {
    this.#watch?.stop()
    this.#heldAt = new Date(this.#parts.now()).toISOString()
    this.#watch = watchFrozen(this.#options.container.cgroup, () => {
      this.#watch = undefined
      if (this.#undecided()) {
        this.cancel({ host: this.#parts.name, ...this.#thawedBehind() })
      } else if (WAITING.has(this.state) || RETIRING.has(this.state)) {
        this.#killThawed().catch((error: unknown) => {
          this.#parts.log.fatal({ err: error, migration: this.id }, 'a tree that runs after COMMIT could not be killed')
        })
      }
      // Between the two the journal is asked what stands, and whoever comes from there looks again.
    })
  }

  /** From COMMIT on the tree is held or dead. */
  async #keepHold(): Promise<void> {
    const { container } = this.#options
    const { cgroup } = container
    // It goes through all processes of the host, and in a move that is under way the container stands still for this.
    if (this.#options.resume === undefined) this.#lookForCopies()
    else await this.#endCopies()
    // Without its first process the tree is dead; whatever else is there is another container's.
    if ((await this.#ownTree()) === undefined) return
    if (await isFrozen(cgroup)) this.#watchHold()
    else await this.#killThawed()
  }

  /** Beside what is under way. */
  #lookForCopies(): void {
    this.#endCopies().catch((error: unknown) => {
      this.#parts.log.error({ err: error, migration: this.id }, 'second copies are looked for again')
    })
  }

  /**
   * After COMMIT nobody can rightly have started it here: the right to run is the target's, and the journal holds the container. The parking is
   * seen to again, for migrations of older daemons too; without it the decision is carried out all the same.
   */
  async #endCopies(): Promise<void> {
    const { container, peerName } = this.#options
    const { log, name } = this.#parts
    await this.#engine.park(container.home).catch((error: unknown) => {
      log.error({ err: error, migration: this.id }, 'what starts the container at boot could not be set aside')
    })
    for (const copy of await copiesOf(
      container,
      retainedOf(this.#parts.config.stateDir, this.id),
      await this.#ownTree()
    )) {
      const why = `${await copyText(copy)}, ran from ${container.rootfs} while the right to run was ${peerName}'s`
      await endProcess(copy)
      log.error({ migration: this.id, why }, 'killed a second copy of a container that has left')
      if (this.#copy !== undefined) continue
      this.#copy = {
        code: 'STALE_COPY',
        host: name,
        what: `a second copy of ${container.name} was started on ${name} from what it left there, and was killed`,
        why,
        remedy: `find what starts it on ${name} (a unit, a supervisor) and have it come after ferry.service; compare what the two copies wrote outside their root file systems`
      }
      this.#heldAt = undefined
      this.#ranUnheld({ level: 'warning', ...this.#copy })
    }
  }

  /** The pids of the tree that this migration froze, where it is still there. */
  #ownTree(): Promise<readonly number[] | undefined> {
    const { container, startedAt } = this.#options
    const init = this.#init === undefined ? {} : { init: this.#init }
    return sameTree({ ...container, ...init }, Date.parse(startedAt))
  }

  async #killThawed(): Promise<void> {
    const details = this.#thawedBehind()
    const killed = `${details.what}; it was killed, because the right to run is ${this.#options.peerName}'s`
    this.#parts.log.error({ migration: this.id }, killed)
    const dead = killAll(this.#options.container.cgroup, AbortSignal.timeout(KILL_MS))
    this.#ranUnheld({ level: 'warning', host: this.#parts.name, ...details, what: killed })
    await dead
  }

  /** Said to operators, and signed: what this host saw its receipt must not hide. */
  #ranUnheld(warning: FindingView): void {
    this.progress.warn([warning])
    const seenAt = new Date(this.#parts.now()).toISOString()
    const heldAt = this.#heldAt === undefined ? {} : { heldAt: this.#heldAt }
    this.#books.once('ran-unheld', { code: warning.code, seenAt, ...heldAt })
    this.record().catch((error: unknown) => {
      this.#parts.log.error({ err: error, migration: this.id }, 'that a copy ran is not on disk yet')
    })
  }

  #thawedBehind() {
    const { name, cgroup } = this.#options.container
    return {
      code: 'THAWED_BEHIND',
      what: `something thawed ${name} on ${this.#parts.name} while ferry held it frozen`,
      why: 'its cgroup is no longer frozen, and ferry did not thaw it',
      remedy: `find what thaws cgroup ${cgroup} on ${this.#parts.name}, then move the container again`
    }
  }

  async #retire(signal: AbortSignal): Promise<void> {
    await this.#frames.stop()
    const { container } = this.#options
    await this.#endCopies()
    await this.#engine.retire(container, retainedOf(this.#parts.config.stateDir, this.id), signal)
    // One that was started while its folder was moved away.
    await this.#endCopies()
    await this.#parts.journal.setEpoch(containerKey(container.engine, container.name), this.#options.epoch)
    this.#books.once('retired', {})
  }

  async #undo(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#downtimeTimer)
    this.#watch?.stop()
    if (!this.#freezeBegan) {
      await this.#frames.stop()
      return
    }
    this.#lastRootfs.abort()
    await Promise.allSettled([this.#finalRootfs])
    const { container } = this.#options
    if ((await this.#ownTree()) === undefined) {
      await this.#frames.stop()
      // It ran again, and ended by itself since.
      if (this.#resumed) return
      await this.#treeLost(signal)
      return
    }
    const { log } = this.#parts
    const delivery = await Delivery.prepare(log.child({ migration: this.id }), container.ports, signal)
    try {
      await this.#undoDump(signal)
      // A bridge that is gone must not keep the container frozen; the port is tried again.
      const unattached = await attachEach(container.ports, signal)
      // A frame may still be on its way from the capture to here.
      await this.#frames.drain()
      await delivery.deliver(this.#frames.frames)
      await thaw(container.cgroup)
      this.#books.noteAborted((this.#problem ?? this.#lost)?.code)
      this.#books.once('resumed', { resumedAt: new Date(this.#parts.now()).toISOString() })
      this.#resumed = true
      if (unattached[0] !== undefined && ++this.#failedAttaches < MAX_FAILED_ATTACHES) throw unattached[0].error
      this.progress.warn(unattached.map((port) => portParked(this.#parts.name, container.name, port)))
      if (this.#frozenAt !== undefined) this.progress.downtime(performance.now() - this.#frozenAt)
    } finally {
      await delivery.close()
      await this.#frames.stop()
    }
  }

  /** Whatever is in the cgroup now was started since, and is none of this migration's business. */
  async #treeLost(signal: AbortSignal): Promise<void> {
    const { container } = this.#options
    const { name } = this.#parts
    const isAgain = await isPopulated(container.cgroup)
    // There is more to it than processes: what keeps it from starting at boot, for one.
    await this.#undoDump(signal, 'gone')
    this.#books.noteAborted((this.#problem ?? this.#lost)?.code)
    this.#lost = {
      code: 'CONTAINER_LOST',
      host: name,
      what: isAgain
        ? `${container.name} was started again on ${name}; the processes that were to be moved are gone`
        : `${container.name} no longer has any process on ${name}`,
      why: 'the host was restarted, or somebody killed the container, while it was frozen',
      remedy: isAgain
        ? 'nothing is to be done for what runs now; what was in the memory of the earlier processes is lost'
        : 'start the container again; its rootfs is where it was'
    }
    this.#books.once('lost', {})
  }

  /** Sockets that can't be put right cost connections; a container that stays frozen for them costs everything. */
  async #undoDump(signal: AbortSignal, tree?: 'gone'): Promise<void> {
    try {
      await this.#engine.undoDump(this.#options.container, this.#folders, signal, tree)
    } catch (error) {
      if (++this.#failedUndos < MAX_FAILED_UNDOS) throw error
      this.#parts.log.error(
        { err: error, migration: this.id },
        'traces of the dump stay; the container is let go all the same'
      )
      await this.#warnParked(error)
    }
  }

  async #warnParked(error: unknown): Promise<void> {
    const { name } = this.#parts
    const { container } = this.#options
    const isParked = await this.#engine.isParked(container.home).catch(() => true)
    if (!isParked) return
    const finding: FindingView = {
      level: 'warning',
      code: 'START_PARKED',
      host: name,
      what: `${container.name} runs on ${name}, and what starts it there again could not be put back in ${container.home}`,
      why: wordsOf(error),
      remedy: 'See that there is room on its disk, and that it is well; then ferry doctor --repair'
    }
    this.progress.warn([finding])
  }

  async #retract(signal: AbortSignal): Promise<void> {
    const untold = await this.#word.retract(signal)
    if (untold.length === 0) return
    const { container, peerName } = this.#options
    const finding = {
      host: this.#parts.name,
      code: 'WITNESSES_UNTOLD',
      what: `not told that ${container.name} runs on ${this.#parts.name} again, so that the COMMIT may still be there: ${untold.join(', ')}`,
      why: 'no answer came while the container stood still for it',
      remedy: `see that ${peerName} does not come back with its copy before they answer this host again: kill the processes of ${container.name} there first`
    }
    this.#parts.log.error({ migration: this.id, untold }, finding.what)
    this.progress.warn([{ level: 'warning', ...finding }])
  }

  async #deliverAbort(signal: AbortSignal): Promise<void> {
    // Nobody there has heard of this migration.
    if (this.#problem?.code === 'PEER_UNREACHABLE' && this.#rootfs.count === 0) return
    try {
      this.#lost = (await this.#word.tellAbort(this.#problem ?? this.#lost, signal)) ?? this.#lost
    } catch (error) {
      this.#lost = this.#lost?.code === 'CONTAINER_LOST' ? this.#unlessItRunsThere(this.#lost) : this.#lost
      throw error
    }
  }

  /** Whoever starts it again must not start a second one: an operator may have let the target's copy run while this host was down. */
  #unlessItRunsThere(lost: Problem): Problem {
    const { peerName } = this.#options
    const remedy = `first see with ferry migrations on ${peerName}, which could not be told, that no operator let it run there (ferry resolve); where none did, ${lost.remedy}`
    return { ...lost, remedy }
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#lengthTimer)
    clearTimeout(this.#downtimeTimer)
    this.#lifetime.abort()
    this.#watch?.stop()
    const { context, value } = this.#actor.getSnapshot()
    const { container } = this.#options
    const refused = context.failedIn === 'offering' || context.failedIn === 'preflighting'
    const outcome = value === 'moved' ? 'moved' : refused ? 'refused' : 'rolled-back'
    this.progress.end(outcome, this.state, outcome === 'moved' ? this.#copy : (this.#lost ?? context.problem))
    await writeDown(this.#parts.log, this.id, async () => {
      await rm(this.#folders.images, { recursive: true, force: true })
      // The way back does not wait for a full disk; its decision is written down once there is room.
      if (value === 'rolledBack') await this.#books.decide('abort', (context.problem ?? this.#lost)?.code)
      await this.record()
      await this.#parts.journal.release(containerKey(container.engine, container.name), this.id)
    })
    this.progress.tellEnd()
    // Nobody waits for it.
    void this.#word.release()
  }
}
