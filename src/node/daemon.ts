// The daemon: reads the journal before it touches anything, then joins the mesh and serves operators until it is told to end.
import { mkdir } from 'node:fs/promises'
import { pino, type Logger } from 'pino'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import type { Answer } from '../../protocols/command/index.ts'
import { serveOperatorApi } from '../api/server.ts'
import { createEngines } from '../engines/index.ts'
import { hostFacts, type HostFacts } from '../host/facts.ts'
import { openJournal } from '../journal/journal.ts'
import { loadOrCreateKey } from '../mesh/key-file.ts'
import { AddressFile } from '../mesh/address-file.ts'
import { createMesh } from '../mesh/mesh.ts'
import { Roster } from '../mesh/roster/roster.ts'
import { tellable } from '../mesh/tellable.ts'
import { Advertising } from './advertising.ts'
import { Cordon } from './cordon.ts'
import { listContainers } from './containers.ts'
import { MeshAdmin } from './mesh-admin.ts'
import { signerOf } from '../receipt/signature.ts'
import { AuditLog } from './audit.ts'
import { FerryNode } from './node.ts'
import { startRouting, type Routing } from './routing/routing.ts'
import { bundlesOf, keyFileOf, type NodeParts } from './parts.ts'
import { Reservations } from './reservations.ts'
import { takeNotifySocket } from './service-manager.ts'
import { pruneEnded } from './retention.ts'
import { ferryVersion } from '../api/version.ts'

/** Facts of this age are good enough to decide by, milliseconds. */
const FRESH_FACTS_MS = 5000
/** And of this age to be told to peers, who ask every few seconds whether this host is alive. */
const TOLD_FACTS_MS = 60_000
const FIRST_FACTS_MS = 120_000
/** What recovery can end by itself it has ended by then; what waits for a peer would keep others from starting. */
const SETTLE_MS = 15_000
const PRUNE_EVERY_MS = 600_000

/** Resolves when the daemon has ended in order. @throws ConfigError, JournalError, MeshError */
export async function runDaemon(configPath: string | undefined): Promise<void> {
  const ready = takeNotifySocket(process.env)
  const config = await loadConfig(configPath)
  const log = pino({ level: config.logLevel, base: { host: config.name } })
  /** What has to be closed, in the order in which it was opened. */
  const opened: (() => Promise<void>)[] = []
  try {
    await serve(config, log, ready, (close) => opened.push(close))
    const signal = await terminated()
    log.info({ signal }, 'ending: migrations under way are finished or rolled back first')
  } finally {
    for (const close of opened.reverse()) await close()
  }
  log.info('ended')
}

async function serve(
  config: Config,
  log: Logger,
  ready: (signal: AbortSignal) => Promise<void>,
  onClose: (close: () => Promise<void>) => void
): Promise<void> {
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 })
  const journal = await openJournal(`${config.stateDir}/journal`, { log })
  onClose(() => journal.close())
  const engines = createEngines({
    stateDir: config.stateDir,
    allowedPaths: config.allowedPaths,
    ...(config.criu === undefined ? {} : { criu: config.criu })
  })
  const factsNow = knownFacts(config, engines)
  // What `criu check` says takes a while the first time, and peers ask for it at once.
  await factsNow(0, AbortSignal.timeout(FIRST_FACTS_MS)).catch((error: unknown) => {
    log.warn({ err: error }, 'not everything about this host is known yet')
  })

  const node: { current?: FerryNode; routing?: Routing; advertising?: Advertising } = {}
  const changed = () => node.advertising?.changed()
  const keyFile = keyFileOf(config.stateDir)
  const folder = `${config.stateDir}/mesh`
  const roster = await Roster.open({ folder, log, now: () => Date.now() })
  const addresses = await AddressFile.open(folder, log)
  const mesh = await createMesh({
    privateKeyFile: keyFile,
    membership: { roster, addresses },
    name: config.name,
    listen: config.listen,
    bootstrap: config.bootstrap,
    trustedPeers: config.trustedPeers,
    mdns: config.mdns,
    silenceMs: Math.ceil(config.limits.peerTimeoutMs / 3),
    facts: async () => JSON.stringify(await factsNow(TOLD_FACTS_MS, AbortSignal.timeout(config.limits.peerTimeoutMs))),
    ferryVersion: ferryVersion(),
    log,
    onRequest: async (from, request, signal) => {
      if (node.current === undefined) return { refused: { problems: [starting(config.name)] } }
      return node.current.handleRequest(from, request, signal)
    },
    onBulk: async (from, kind, header, stream) => {
      if (node.current === undefined) stream.abort(new Error('this node is starting'))
      else await node.current.handleBulk(from, kind, header, stream)
    },
    onCommand: (from, command, signal) => {
      if (node.routing === undefined) return refusing(starting(config.name))
      return node.routing.commands.answer(from, command, signal)
    }
  })
  onClose(() => mesh.stop())
  const facts = (signal: AbortSignal) => factsNow(FRESH_FACTS_MS, signal)
  const reservations = new Reservations()
  const cordon = await Cordon.open({
    path: `${config.stateDir}/cordon.json`,
    host: config.name,
    log,
    now: () => Date.now(),
    changed
  })
  const key = await loadOrCreateKey(keyFile)
  let signer = signerOf(key)
  const parts: NodeParts = {
    name: config.name,
    config,
    log,
    journal,
    mesh,
    // A getter: `ferry key rotate` puts another one in its place.
    get signer() {
      return signer
    },
    presentPeer: (peerId) => roster.present(peerId),
    engines,
    reservations,
    cordon,
    facts,
    now: () => Date.now()
  }
  const ferry = new FerryNode(parts, changed)
  await ferry.recover()
  node.current = ferry
  const advertising = new Advertising({
    name: config.name,
    ferryVersion: ferryVersion(),
    stateDir: config.stateDir,
    addresses: () => tellable(mesh.self.addresses),
    facts: (signal) => factsNow(TOLD_FACTS_MS, signal),
    containers: (signal) => listContainers(parts, signal),
    standing: () => cordon.standing,
    gossip: mesh,
    log
  })
  node.advertising = advertising
  advertising.start()
  mesh.onAddresses(() => advertising.changed())
  onClose(() => advertising.stop())
  const admin = await MeshAdmin.open({
    config,
    log,
    mesh,
    roster,
    addresses,
    folder,
    keyFile,
    key,
    onKey: (fresh) => {
      signer = signerOf(fresh)
    },
    onAddresses: changed,
    underWay: async () => (await ferry.migrations()).filter(({ outcome }) => outcome === undefined).map(({ id }) => id)
  })
  onClose(() => admin.close())
  const audit = await AuditLog.open({ folder: config.stateDir, host: config.name, now: parts.now })
  onClose(() => audit.close())
  const routing = startRouting({ ...parts, service: ferry, admin, cordon, roster, audit })
  node.routing = routing
  const { router } = routing
  const api = await serveOperatorApi({ socket: config.socket, service: router, mesh: router.mesh, whole: router, log })
  onClose(() => api.close())
  onClose(() => ferry.close())
  onClose(pruneNowAndThen(parts))
  log.info({ peerId: mesh.self.peerId, addresses: mesh.self.addresses, socket: config.socket }, 'ferry is ready')
  // Beside the rest: what waits for this unit is to find what recovery puts back, and peers need not wait for it.
  const telling = new AbortController()
  const told = (async () => {
    await ferry.settled(AbortSignal.any([telling.signal, AbortSignal.timeout(SETTLE_MS)]))
    await ready(telling.signal)
  })().catch((error: unknown) => {
    if (!telling.signal.aborted) log.error({ err: error }, 'the service manager could not be told that ferry is ready')
  })
  onClose(async () => {
    telling.abort()
    await told
  })
}

/** Returns what stops it. */
function pruneNowAndThen(parts: NodeParts): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  const prune = () => {
    last = pruneEnded(parts).catch((error: unknown) => {
      parts.log.error({ err: error }, 'what retention has ended could not be removed')
    })
  }
  prune()
  const timer = setInterval(prune, PRUNE_EVERY_MS)
  return async () => {
    clearInterval(timer)
    await last
  }
}

function terminated(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        resolve(signal)
      })
  })
}

/** Facts of this host, not older than asked for; asking costs some programs that have to be started. */
function knownFacts(
  config: Config,
  engines: NodeParts['engines']
): (maxAgeMs: number, signal: AbortSignal) => Promise<HostFacts> {
  let known: { at: number; facts: Promise<HostFacts> } | undefined
  return (maxAgeMs, signal) => {
    if (known !== undefined && performance.now() - known.at < maxAgeMs) return known.facts
    const read = async () => {
      const versions: Record<string, string | undefined> = {}
      for (const engine of engines.values()) versions[engine.name] = await engine.version(signal)
      const criu = config.criu === undefined ? {} : { criuPath: config.criu }
      const installed = [...engines.values()].filter(({ name }) => versions[name] !== undefined)
      const places = Object.fromEntries(
        installed.map((engine) => [engine.name, engine.place(bundlesOf(config.stateDir))])
      )
      return hostFacts({ engines: versions, dataDir: config.stateDir, places, ...criu }, signal)
    }
    const entry = { at: performance.now(), facts: read() }
    known = entry
    entry.facts.catch(() => {
      if (known === entry) known = undefined
    })
    return entry.facts
  }
}

async function* refusing(problem: ReturnType<typeof starting>): AsyncGenerator<Answer> {
  yield { refused: problem }
}

function starting(host: string) {
  return { code: 'STARTING', host, what: `ferry on ${host} is starting`, why: '', remedy: 'try again in a moment' }
}
