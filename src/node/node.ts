// The node: every migration of this host, what operators ask of it and what peers ask of it.
import type { BulkKind, BulkStream, Header } from '../../protocols/bulk/index.ts'
import type { Request, Response } from '../../protocols/migration/index.ts'
import {
  OperatorError,
  type CheckView,
  type ContainerView,
  type DoctorView,
  type FindingView,
  type LogView,
  type MigrationView,
  type PeerView,
  type Problem,
  type ReceiptView,
  type Resolution
} from '../../protocols/operator/views.ts'
import type { Inspection } from '../engines/engine.ts'
import type { HostFacts } from '../host/facts.ts'
import type { MigrationRecord } from '../journal/journal.ts'
import { renamed } from '../mesh/host-names.ts'
import { Doctor } from './doctor/doctor.ts'
import { withAdvert } from './advert-view.ts'
import { advertisedBlocker } from './advertised.ts'
import { containerView, findContainer, inspectContainer, inspectFound, listContainers } from './containers.ts'
import { releaseClaim } from './ending.ts'
import { newMigrationId } from './ids.ts'
import { diagnoseLogs, logEntries, readLogs } from './logs.ts'
import { containerKey, type NodeParts } from './parts.ts'
import { parseFacts } from './peer-facts.ts'
import { PeerRequests } from './peer-requests.ts'
import { asOperator, operatorError, toProblem } from './problems.ts'
import { receiptView } from './receipts.ts'
import { brokenView, recover } from './recovery.ts'
import { expectResponse } from './responses.ts'
import { SourceMigration } from './source-migration.ts'
import type { HostService } from './routing/desk.ts'
import { findingsFromWire } from './wire-problems.ts'
import type { TargetMigration } from './target-migration.ts'

/** How long a daemon that is told to end waits for migrations that can no longer be taken back, milliseconds. */
const SHUTDOWN_WAIT_MS = 45_000

export type Migration = SourceMigration | TargetMigration

export class FerryNode implements HostService {
  readonly #parts: NodeParts
  readonly #active = new Map<string, Migration>()
  /** Of an earlier daemon, and not to be taken up. */
  #broken: ReadonlyMap<string, Problem> = new Map()
  readonly #requests: PeerRequests
  readonly #doctor: Doctor
  readonly #onEnded: () => void
  #recovered: readonly Migration[] = []
  #closing = false

  /** @param onEnded called after each migration of this host, whichever side it was */
  constructor(parts: NodeParts, onEnded: () => void) {
    this.#parts = parts
    this.#onEnded = onEnded
    this.#requests = new PeerRequests(parts, {
      find: (id) => this.#active.get(id),
      broken: (id) => this.#broken.get(id),
      add: (migration) => {
        this.#add(migration)
      },
      closing: () => this.#closing
    })
    this.#doctor = new Doctor(
      parts,
      () => this.#active.keys(),
      () => this.#broken
    )
    parts.mesh.onDisconnect((peer) => {
      this.#linkLost(peer)
    })
  }

  /** Takes up what an earlier daemon left unfinished. Before this nothing of it is touched. */
  async recover(): Promise<void> {
    const { taken, broken } = await recover(this.#parts)
    this.#broken = broken
    this.#recovered = taken
    for (const migration of taken) this.#add(migration)
  }

  /** Resolves when whatever `recover` took up has ended, or when the signal aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    const { promise: enough, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => {
      resolve()
    })
    if (signal.aborted) return
    await Promise.race([enough, Promise.all(this.#recovered.map(({ ended }) => ended))])
  }

  handleRequest(from: string, request: Request, signal: AbortSignal): Promise<Response> {
    return this.#requests.answer(from, request, signal)
  }

  async handleBulk(from: string, kind: BulkKind, header: Header, stream: BulkStream): Promise<void> {
    const migration = this.#active.get(header.migration)
    if (migration?.role !== 'target' || migration.peer !== from) {
      stream.abort(new Error(`no migration ${header.migration} of this peer is under way`))
      return
    }
    await migration.receive(kind, header, stream)
  }

  async containers(signal: AbortSignal): Promise<readonly ContainerView[]> {
    const moving = new Set(
      [...this.#active.values()]
        .filter(({ progress }) => progress.view.outcome === undefined)
        .map(({ progress: { view } }) => containerKey(view.engine, view.container))
    )
    const found = await listContainers(this.#parts, signal)
    return found
      .map((c) => containerView(this.#parts.name, c, moving.has(containerKey(c.engine, c.name))))
      .sort((a, b) => a.name.localeCompare(b.name) || a.engine.localeCompare(b.engine))
  }

  async peers(signal: AbortSignal): Promise<readonly PeerView[]> {
    const { mesh, name } = this.#parts
    const facts = await this.#parts.facts(signal)
    const { name: own, saysName } = mesh.self
    const self: PeerView = {
      name: own,
      peerId: mesh.self.peerId,
      ...(saysName === undefined
        ? {}
        : { problem: { host: name, ...renamed(mesh.self.peerId, { admitted: own, name: saysName }) } }),
      addresses: mesh.self.addresses,
      state: 'self',
      ...factsView(facts),
      ...this.#parts.cordon.standing
    }
    const others = mesh.peers().map((peer): PeerView => {
      const { facts: json, ferryVersion, lastSeen, problem, ...rest } = peer
      const view: PeerView = {
        name: rest.name ?? '',
        peerId: rest.peerId,
        addresses: rest.addresses,
        state: rest.state,
        ...(ferryVersion === undefined ? {} : { ferry: ferryVersion }),
        ...(problem === undefined ? {} : { problem: { host: name, ...problem } }),
        ...(lastSeen === undefined ? {} : { lastSeen: lastSeen.toISOString() }),
        ...this.#factsOf(rest.peerId, json)
      }
      return withAdvert(view, mesh.advert(rest.peerId))
    })
    return [withAdvert(self, mesh.advert(self.peerId)), ...others]
  }

  async check(request: { container: string; to: string }, signal: AbortSignal): Promise<CheckView> {
    const { name } = this.#parts
    return asOperator(name, async () => {
      const { container } = await inspectContainer(this.#parts, request.container, signal)
      const peer = this.#target(request.to)
      const theirs = await this.#examinedBy(peer, container, signal)
      const findings = [...container.findings.map((finding) => ({ host: name, ...finding })), ...theirs]
      return {
        container: container.name,
        engine: container.engine,
        source: name,
        target: peer.name,
        ok: findings.every(({ level }) => level !== 'blocker'),
        findings
      }
    })
  }

  /** What the peer finds when it looks whether it could take the container. Nothing is changed there. */
  async #examinedBy(
    peer: { peerId: string; name: string },
    container: Inspection,
    signal: AbortSignal
  ): Promise<FindingView[]> {
    const { name, mesh, now, config } = this.#parts
    const id = newMigrationId(now())
    const limit = AbortSignal.any([signal, AbortSignal.timeout(config.limits.peerTimeoutMs)])
    const offered = await mesh.request(
      peer.peerId,
      {
        migration: id,
        offer: {
          container: container.name,
          engine: container.engine,
          sourceName: name,
          epoch: 0,
          memoryBytes: container.memoryBytes,
          rootfsBytes: container.rootfsBytes,
          spec: container.spec,
          checkOnly: true,
          catchesSigcont: container.catchesSigcont
        }
      },
      limit
    )
    expectResponse(offered, 'accepted', peer.name)
    const facts = JSON.stringify(await this.#parts.facts(signal))
    const reported = await mesh.request(peer.peerId, { migration: id, preflight: { facts } }, limit)
    return findingsFromWire(expectResponse(reported, 'report', peer.name).findings)
  }

  /** The advert may be older than what was done about it since: a peer that can be asked has the last word. */
  async #earlyBlocker(
    peer: { peerId: string; name: string },
    container: Inspection,
    signal: AbortSignal
  ): Promise<Problem | undefined> {
    const { mesh, log } = this.#parts
    const advertised = await advertisedBlocker(this.#parts, peer, container, signal)
    const connected = mesh.peers().some(({ peerId, state }) => peerId === peer.peerId && state === 'connected')
    if (advertised === undefined || !connected) return advertised
    try {
      return (await this.#examinedBy(peer, container, signal)).find(({ level }) => level === 'blocker')
    } catch (error) {
      signal.throwIfAborted()
      log.info({ err: error, peer: peer.peerId }, 'the peer could not be asked about what it advertises')
      return advertised
    }
  }

  async move(request: { container: string; to: string }, signal: AbortSignal): Promise<MigrationView> {
    const { name, journal, now } = this.#parts
    return asOperator(name, async () => {
      if (this.#closing) throw operatorError(name, closingDetails(name))
      await this.#letArrive(request.container, signal)
      const peer = this.#target(request.to)
      // A container that only arrives here is one that no engine knows, or that looks stopped or frozen.
      const under = [...this.#active.values()].find(({ progress }) => isNamed(request.container, progress.view))
      if (under !== undefined) throw operatorError(name, underWay(under.progress.view.container, under.id))
      const { engine, summary } = await findContainer(this.#parts, request.container, signal)
      const id = newMigrationId(now())
      const key = containerKey(summary.engine, summary.name)
      const holder = await journal.claim(key, id)
      if (holder !== id) throw operatorError(name, underWay(summary.name, holder))
      let migration: SourceMigration
      try {
        // Not before the claim: another migration could have taken it away since.
        const container = await inspectFound(this.#parts, { engine, summary }, signal)
        const blocker =
          container.findings.find(({ level }) => level === 'blocker') ??
          (await this.#earlyBlocker(peer, container, signal))
        if (blocker !== undefined) throw operatorError(name, blocker)
        const epoch = (await journal.epochOf(key)) + 1
        migration = new SourceMigration(this.#parts, engine, {
          id,
          epoch,
          peer: peer.peerId,
          peerName: peer.name,
          container,
          startedAt: new Date(now()).toISOString()
        })
        // An epoch is used once, whatever becomes of its migration.
        await journal.setEpoch(key, epoch)
        await migration.record()
      } catch (error) {
        await releaseClaim(this.#parts, key, id)
        throw error
      }
      this.#add(migration)
      // It was told to end meanwhile, and did not know of this one.
      if (this.#closing) this.#cancelForEnd(migration)
      return migration.progress.view
    })
  }

  /** Its source tells a move as ended once the container runs here; what is then still to be written down here takes a moment. */
  async #letArrive(reference: string, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(this.#parts.config.limits.peerTimeoutMs)
    for (const { role, progress } of this.#active.values()) {
      if (role !== 'target' || !isNamed(reference, progress.view) || progress.view.state !== 'adopting') continue
      try {
        // Where that fails it is tried for as long as it takes, and nobody waits for it.
        for await (const { state } of progress.watch(AbortSignal.any([signal, limit]))) if (state !== 'adopting') break
      } catch (error) {
        signal.throwIfAborted()
        if (!limit.aborted) throw error
      }
    }
  }

  async *watch(id: string, signal: AbortSignal): AsyncIterable<MigrationView> {
    const active = this.#active.get(id)
    if (active !== undefined) {
      yield* active.progress.watch(signal)
      return
    }
    yield await this.#view(id)
  }

  async migrations(): Promise<readonly MigrationView[]> {
    const records = await this.#parts.journal.migrations()
    return records
      .map((record) => this.#active.get(record.id)?.progress.view ?? this.#viewOf(record))
      .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
  }

  migration(id: string): Promise<MigrationView> {
    return this.#view(id)
  }

  async logs(id: string, signal: AbortSignal): Promise<LogView> {
    const { name, config, journal, mesh } = this.#parts
    const view = await this.#view(id)
    const own = logEntries(name, await readLogs(config.stateDir, id))
    const missing: Problem[] = []
    let theirs: LogView['logs'] = []
    const record = await journal.migration(id)
    const other = view.role === 'source' ? view.target : view.source
    if (record !== undefined) {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(config.limits.peerTimeoutMs)])
        const response = await mesh.request(record.peer, { migration: id, logs: {} }, limit)
        theirs = logEntries(other, expectResponse(response, 'logFiles', other).files)
      } catch (error) {
        signal.throwIfAborted()
        missing.push(toProblem(other, error))
      }
    }
    const logs = [...own, ...theirs]
    const diagnosis = diagnoseLogs(logs)
    return { id, logs, missing, ...(diagnosis === undefined ? {} : { diagnosis }) }
  }

  async receipt(id: string, signal: AbortSignal): Promise<ReceiptView> {
    const view = await this.#view(id)
    return receiptView(this.#parts, id, view.role === 'source' ? view.target : view.source, signal)
  }

  async resolve({ id, how, by }: { id: string; how: Resolution; by: string }): Promise<MigrationView> {
    const active = await this.#underWay(id)
    await asOperator(this.#parts.name, () => active.resolve(how, by))
    return active.progress.view
  }

  async cancel(id: string): Promise<MigrationView> {
    const { name } = this.#parts
    const active = await this.#underWay(id)
    const accepted = active.cancel({
      code: 'CANCELLED',
      host: name,
      what: 'the migration was cancelled by an operator',
      remedy: 'nothing is to be done; the container goes on at its source'
    })
    if (!accepted) {
      throw operatorError(name, {
        code: 'TOO_LATE',
        what: `migration ${id} can no longer be cancelled`,
        why: `the decision is being taken or was taken (state ${active.state})`,
        remedy: 'let it end, then move the container back'
      })
    }
    return active.progress.view
  }

  doctor(signal: AbortSignal): Promise<DoctorView> {
    return asOperator(this.#parts.name, () => this.#doctor.look(signal))
  }

  repair(signal: AbortSignal): Promise<DoctorView> {
    return asOperator(this.#parts.name, () => this.#doctor.repair(signal))
  }

  /** Finishes or rolls back what is under way. A prepared target whose source is silent stays frozen and is taken up at the next start. */
  async close(): Promise<void> {
    this.#closing = true
    const { log } = this.#parts
    for (const migration of this.#active.values()) this.#cancelForEnd(migration)
    const all = Promise.all([...this.#active.values()].map(({ ended }) => ended)).then(() => true)
    const timeout = new Promise<boolean>((resolve) =>
      setTimeout(() => {
        resolve(false)
      }, SHUTDOWN_WAIT_MS).unref()
    )
    if (!(await Promise.race([all, timeout]))) {
      log.warn(
        { migrations: [...this.#active.keys()] },
        'ends with migrations whose decision is not known; the next start takes them up'
      )
    }
  }

  async #underWay(id: string): Promise<Migration> {
    const active = this.#active.get(id)
    if (active !== undefined) return active
    const broken = this.#broken.get(id)
    if (broken !== undefined) throw new OperatorError(broken)
    const view = await this.#view(id)
    throw operatorError(this.#parts.name, {
      code: 'ALREADY_ENDED',
      what: `migration ${id} has ended already`,
      why: `it ended as ${view.outcome ?? view.state}`,
      remedy: 'nothing is to be done'
    })
  }

  #cancelForEnd(migration: Migration): void {
    const { name } = this.#parts
    migration.cancel({
      code: 'SHUTTING_DOWN',
      host: name,
      what: `ferry on ${name} was told to end`,
      remedy: 'move the container again when it is back'
    })
  }

  #add(migration: Migration): void {
    this.#active.set(migration.id, migration)
    void migration.ended.finally(() => {
      this.#active.delete(migration.id)
      this.#onEnded()
    })
    migration.start()
  }

  #target(reference: string): { peerId: string; name: string } {
    const { mesh, name } = this.#parts
    const peerId = mesh.resolve(reference)
    if (peerId === mesh.self.peerId) {
      throw operatorError(name, {
        code: 'MOVE_TO_SELF',
        what: `the container is on ${name} already`,
        why: `${reference} is the host that has it`,
        remedy: 'name another peer; see ferry peers'
      })
    }
    return { peerId, name: mesh.peers().find((peer) => peer.peerId === peerId)?.name ?? reference }
  }

  #linkLost(peer: string): void {
    for (const migration of this.#active.values()) {
      if (migration.peer !== peer) continue
      const { view } = migration.progress
      const other = migration.role === 'source' ? view.target : view.source
      migration.linkLost({
        code: 'LINK_LOST',
        host: this.#parts.name,
        what: `the connection to ${other} was lost`,
        remedy: `see that ferry runs on ${other} and that the hosts reach each other, then move the container again`
      })
    }
  }

  /** What a peer says of itself must not hide the others. */
  #factsOf(peerId: string, json: string | undefined): Partial<PeerView> {
    if (json === undefined || json === '') return {}
    try {
      return factsView(parseFacts(json))
    } catch (error) {
      this.#parts.log.warn({ err: error, peer: peerId }, 'the facts of a peer are not well-formed')
      return { problem: toProblem(this.#parts.name, error) }
    }
  }

  #viewOf(record: MigrationRecord): MigrationView {
    const broken = this.#broken.get(record.id)
    return broken === undefined ? (record.view as MigrationView) : brokenView(this.#parts.name, record, broken)
  }

  async #view(id: string): Promise<MigrationView> {
    const active = this.#active.get(id)
    if (active !== undefined) return active.progress.view
    const record = await this.#parts.journal.migration(id)
    if (record !== undefined) return this.#viewOf(record)
    throw new OperatorError({
      code: 'UNKNOWN_MIGRATION',
      host: this.#parts.name,
      what: `there is no migration "${id}" on ${this.#parts.name}`,
      remedy: 'see ferry migrations'
    })
  }
}

/** @param reference as operators name a container: `name`, or `engine:name` */
function isNamed(reference: string, { engine, container, outcome }: MigrationView): boolean {
  return outcome === undefined && (reference === container || reference === `${engine}:${container}`)
}

function underWay(container: string, migration: string) {
  return {
    code: 'MIGRATION_UNDER_WAY',
    what: `${container} is already being moved`,
    why: `migration ${migration} holds it`,
    remedy: `wait for it or cancel it: ferry cancel ${migration}`
  }
}

export function closingDetails(name: string) {
  return { code: 'SHUTTING_DOWN', what: `ferry on ${name} is ending`, remedy: 'try again when it is back' }
}

function factsView(facts: HostFacts): Partial<PeerView> {
  return {
    kernel: facts.kernel,
    ...(facts.criu === undefined ? {} : { criu: facts.criu.version }),
    engines: facts.engines,
    memoryFreeBytes: facts.memoryFreeBytes,
    diskFreeBytes: facts.diskFreeBytes
  }
}
