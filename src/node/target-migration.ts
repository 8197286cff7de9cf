// One migration on its target: what each actor of the target machine really does.
import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createActor, type Actor } from 'xstate'
import { targetMachine, type TargetResume } from '../../machines/target.ts'
import type { BulkKind, BulkStream, Header } from '../../protocols/bulk/index.ts'
import { Decision, type Offer, type Response } from '../../protocols/migration/index.ts'
import type { FindingView, MigrationView, Phase, Problem } from '../../protocols/operator/views.ts'
import type { Engine, RestoredTree, Staged } from '../engines/engine.ts'
import { isFrozen, isPopulated, killAll, thaw } from '../host/cgroup.ts'
import { compareHosts } from '../host/compare.ts'
import type { HostFacts } from '../host/facts.ts'
import { announce } from '../host/frames.ts'
import { writeNeighbours } from '../host/neighbours.ts'
import { attach } from '../host/ports.ts'
import { freezeStopped } from '../host/tree.ts'
import { Delivery } from './delivery.ts'
import { MeshError } from '../mesh/mesh-error.ts'
import { Effects } from './effects.ts'
import { writeDown } from './ending.ts'
import { parseHandOver, type HandOver } from './hand-over.ts'
import { Incoming } from './incoming.ts'
import { bundlesOf, containerKey, foldersOf, type MigrationFolders, type NodeParts } from './parts.ts'
import { parseFacts } from './peer-facts.ts'
import { operatorError, toProblem } from './problems.ts'
import { Progress } from './progress.ts'
import { expectResponse } from './responses.ts'
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
  adopting: 'ack'
}

/** The source's word normally comes at once; only after this does a prepared target ask. Milliseconds. */
const ASK_AFTER_MS = 1500
/** Memory that CRIU images may take beyond what the source says the container uses (tables, registers, sockets). */
const IMAGE_SLACK_BYTES = 256 * 1024 * 1024

export interface TargetRecordData {
  readonly offer: Offer
  readonly staged?: Staged
  readonly tree?: RestoredTree
}

export interface TargetOptions {
  readonly id: string
  readonly peer: string
  readonly offer: Offer
  readonly startedAt: string
  readonly resume?: { readonly machine: TargetResume; readonly data: TargetRecordData; readonly view: MigrationView }
}

export class TargetMigration {
  readonly role = 'target'
  readonly id: string
  readonly peer: string
  readonly progress: Progress
  readonly ended: Promise<void>
  readonly #parts: NodeParts
  readonly #options: TargetOptions
  readonly #engine: Engine
  readonly #folders: MigrationFolders
  readonly #actor: Actor<typeof targetMachine>
  readonly #incoming: Incoming
  /** Ends what runs beside the machine's actors. */
  readonly #lifetime = new AbortController()
  #delivery: Delivery | undefined
  #staged: Staged | undefined
  #tree: RestoredTree | undefined
  #findings: FindingView[] = []
  #sourceFacts: HostFacts | undefined
  #expectedDigest: Uint8Array | undefined
  #handOver: HandOver = { neighbours: [], stopped: [] }

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
    this.progress = new Progress(
      options.resume?.view ?? {
        id: options.id,
        container: offer.container,
        engine: offer.engine,
        source: offer.sourceName,
        target: parts.name,
        role: 'target',
        state: 'starting',
        phases: [],
        startedAt: options.startedAt,
        warnings: [],
        rootfsBytes: 0,
        imageBytes: 0,
        framesHeld: 0
      },
      parts.now
    )
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
            await parts.journal.mark(this.id, 'prepared')
          }),
          askDecision: effects.actor((signal) => this.#askDecision(signal)),
          // What it finds is acted on only after a record of its own.
          seeFrozen: effects.actor(() => this.#seeFrozen(), true),
          recordActivating: effects.actor(() => this.#claim('activating')),
          recordHandBack: effects.actor(() => this.#claim('hand-back')),
          activate: effects.actor((signal) => this.#activate(signal)),
          adopt: effects.actor((signal) => this.#adopt(signal)),
          discard: effects.actor((signal) => this.#discard(signal), true),
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
          parts.log.info({ migration: this.id, state, problem: snapshot.context.problem }, 'target')
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
    this.#actor.send({ type: 'LINK_LOST', problem })
  }

  async record(): Promise<void> {
    const { id, peer, offer, startedAt } = this.#options
    const view = this.progress.view
    const data: TargetRecordData = {
      offer,
      ...(this.#staged === undefined ? {} : { staged: this.#staged }),
      ...(this.#tree === undefined ? {} : { tree: this.#tree })
    }
    await this.#parts.journal.putMigration({
      id,
      role: 'target',
      container: offer.container,
      engine: offer.engine,
      peer,
      peerName: offer.sourceName,
      epoch: offer.epoch,
      state: this.state,
      view,
      data: { ...data },
      startedAt,
      updatedAt: new Date(this.#parts.now()).toISOString(),
      ...(view.endedAt === undefined ? {} : { endedAt: view.endedAt })
    })
  }

  /** Answers the offer once it is reserved or refused. */
  async answerOffer(signal: AbortSignal): Promise<Response> {
    await this.#until((state) => state !== 'starting' && state !== 'reserving', signal)
    return this.state === 'reserved' ? { accepted: { targetName: this.#parts.name } } : this.#refusal()
  }

  async answerPreflight(facts: string, signal: AbortSignal): Promise<Response> {
    if (this.state !== 'reserved') return this.#unexpected('preflight')
    this.#sourceFacts = parseFacts(facts)
    this.#actor.send({ type: 'PREFLIGHT' })
    await this.#until((state) => state !== 'comparing', signal)
    return {
      report: {
        findings: findingsToWire(this.#findings)
      }
    }
  }

  async answerRestore(imagesDigest: Uint8Array, handOver: string, signal: AbortSignal): Promise<Response> {
    if (this.state !== 'receiving') return this.#unexpected('restore')
    this.#handOver = parseHandOver(handOver)
    this.#expectedDigest = imagesDigest
    this.#actor.send({ type: 'RESTORE' })
    await this.#until((state) => !['restoring', 'recordingPrepared'].includes(state), signal)
    return this.#now() === 'prepared' ? { prepared: { epoch: this.#options.offer.epoch } } : this.#refusal()
  }

  async answerDecision(
    verdict: Decision.Verdict,
    epoch: number,
    reason: string,
    signal: AbortSignal
  ): Promise<Response> {
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
    if (verdict === Decision.Verdict.ABORT) {
      const [code, what] = reason.split(/: (.*)/s)
      this.#actor.send({
        type: 'ABORT',
        epoch,
        problem: {
          code: code ?? 'ABORTED',
          host: this.#options.offer.sourceName,
          what: what ?? 'the source rolled the migration back',
          remedy: `see ferry logs ${this.id} on ${this.#options.offer.sourceName}`
        }
      })
      await this.ended
      return { ack: {} }
    }
    // Nobody commits what was never said to be prepared.
    if (typeof this.#actor.getSnapshot().value !== 'string') return this.#unexpected('commit')
    this.#actor.send({ type: 'COMMIT', epoch })
    await this.#until(
      (state) => ['adopting', 'owner', 'handingBack', 'handedBack', 'discarded'].includes(state),
      signal
    )
    switch (this.state) {
      case 'adopting':
      case 'owner':
        return { ack: {} }
      case 'handingBack':
      case 'handedBack':
        return { handBack: { epoch, problem: toWire(this.#problemNow()) } }
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
    const how = this.#options.offer.catchesSigcont && this.#parts.config.freeze !== 'strict' ? 'hook' : 'stop'
    const tree = await this.#engine.restore(staged, this.#folders, how, signal)
    this.#tree = tree
    if (how === 'stop') await freezeStopped(tree.cgroup, this.#handOver.stopped, signal)
    if (!(await isFrozen(tree.cgroup))) {
      // It may be running: it goes before it gets a port.
      await killAll(tree.cgroup, AbortSignal.timeout(10_000))
      throw operatorError(this.#parts.name, {
        code: 'NOT_FROZEN',
        what: `${this.#options.offer.container} was not frozen after its restore and was killed`,
        why: 'cgroup.events does not say "frozen 1"',
        remedy: 'set freeze to "strict" in the configuration of the target, or look at its restore log'
      })
    }
    const [delivery] = await Promise.all([
      Delivery.prepare(this.#parts.log.child({ migration: this.id }), tree.ports, this.#lifetime.signal),
      writeNeighbours(tree.initPid, this.#handOver.neighbours, signal)
    ])
    this.#delivery = delivery
  }

  async #askDecision(signal: AbortSignal): Promise<'commit' | 'abort'> {
    await sleep(this.#options.resume === undefined ? ASK_AFTER_MS : 0, undefined, { signal })
    for (;;) {
      try {
        const { decision, refused } = await this.#parts.mesh.request(
          this.peer,
          { migration: this.id, ask: {} },
          AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
        )
        if (refused !== undefined && this.#unprepared()) return 'abort'
        if (decision?.epoch === this.#options.offer.epoch) {
          if (decision.verdict === Decision.Verdict.COMMIT) return 'commit'
          if (decision.verdict === Decision.Verdict.ABORT) return 'abort'
        }
      } catch (error) {
        signal.throwIfAborted()
        // A connection that was gone before this began is not told as lost.
        if (this.#unprepared() && error instanceof MeshError && error.details.code === 'PEER_UNREACHABLE') throw error
        this.#parts.log.warn({ err: error, migration: this.id }, 'in doubt: the source does not answer; asking again')
      }
      await sleep(1000, undefined, { signal })
    }
  }

  async #seeFrozen(): Promise<void> {
    const tree = this.#tree
    if (tree === undefined || !(await isPopulated(tree.cgroup))) {
      throw operatorError(this.#parts.name, {
        code: 'TREE_LOST',
        what: `the restored processes of ${this.#options.offer.container} are gone`,
        why: 'the host was restarted or somebody killed them before the decision came',
        remedy: 'the container goes on at its source; move it again'
      })
    }
    if (!(await isFrozen(tree.cgroup))) {
      await killAll(tree.cgroup, AbortSignal.timeout(10_000))
      throw operatorError(this.#parts.name, {
        code: 'THAWED_BEHIND',
        what: `something thawed ${this.#options.offer.container} before the decision; it was killed`,
        remedy: `find what thaws cgroup ${tree.cgroup} on ${this.#parts.name}; the container goes on at its source`
      })
    }
  }

  async #claim(mark: 'activating' | 'hand-back'): Promise<'activating' | 'hand-back'> {
    const standing = await this.#parts.journal.mark(this.id, mark)
    return standing === 'hand-back' ? 'hand-back' : 'activating'
  }

  async #activate(signal: AbortSignal): Promise<void> {
    const tree = this.#tree
    const staged = this.#staged
    // A power cut after ACTIVATING took the processes with it, as it takes any container's.
    if (tree === undefined || staged === undefined || !(await isPopulated(tree.cgroup))) return
    const joins = tree.ports.flatMap(({ outer }, index) => {
      const bridge = staged.bridges[index]
      return bridge === undefined ? [] : [{ outer, bridge }]
    })
    if (joins.length > 0) await attach(joins, signal)
    // Before the thaw: what waited is answered before what comes now.
    const first = [...this.#incoming.frames.frames]
    await this.#delivery?.deliver(first)
    await thaw(tree.cgroup)
    this.#announce(tree, first.length)
  }

  /** What still arrives at the source's bridge until the segment has learnt the new place. */
  #announce(tree: RestoredTree, delivered: number): void {
    const signal = AbortSignal.timeout(5000)
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

  async #discard(signal: AbortSignal): Promise<void> {
    await this.#incoming.stop()
    await this.#delivery?.close()
    if (this.#staged !== undefined) await this.#engine.discard(this.#staged, signal)
    await rm(this.#folders.images, { recursive: true, force: true })
  }

  async #deliverHandBack(signal: AbortSignal): Promise<void> {
    const { epoch } = this.#options.offer
    for (;;) {
      try {
        const response = await this.#parts.mesh.request(
          this.peer,
          { migration: this.id, handBack: { epoch, problem: toWire(this.#problemNow()) } },
          AbortSignal.any([signal, AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)])
        )
        expectResponse(response, 'ack', this.#options.offer.sourceName)
        return
      } catch (error) {
        signal.throwIfAborted()
        this.#parts.log.warn({ err: error, migration: this.id }, 'the source has not taken the container back yet')
        await sleep(1000, undefined, { signal })
      }
    }
  }

  async #finish(): Promise<void> {
    const { context, value } = this.#actor.getSnapshot()
    const outcome = value === 'owner' ? 'moved' : this.#staged === undefined ? 'refused' : 'rolled-back'
    this.progress.end(outcome, this.state, outcome === 'moved' ? undefined : context.problem)
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
