// The daemon: reads the journal before it touches anything, then joins the mesh and serves operators until it is told to end.
import { mkdir } from 'node:fs/promises'
import { pino } from 'pino'
import { loadConfig } from '../../config/load.ts'
import { serveOperatorApi } from '../api/server.ts'
import { createEngines } from '../engines/index.ts'
import { hostFacts, type HostFacts } from '../host/facts.ts'
import { openJournal } from '../journal/journal.ts'
import { createMesh } from '../mesh/mesh.ts'
import { FerryNode } from './node.ts'
import { keyFileOf, type NodeParts } from './parts.ts'
import { pruneEnded } from './retention.ts'
import { ferryVersion } from '../api/version.ts'

/** Free memory and disk are looked at anew after this, milliseconds. */
const FACTS_FRESH_MS = 2000
const PRUNE_EVERY_MS = 600_000

/** Resolves when the daemon has ended in order. @throws ConfigError, JournalError, MeshError */
export async function runDaemon(configPath: string | undefined): Promise<void> {
  const config = await loadConfig(configPath)
  const log = pino({ level: config.logLevel, base: { host: config.name } })
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 })
  const journal = await openJournal(`${config.stateDir}/journal`, { log })
  const engines = createEngines({
    stateDir: config.stateDir,
    ...(config.criu === undefined ? {} : { criu: config.criu })
  })
  const facts = cachedFacts(config.stateDir, config.criu, engines)

  const node: { current?: FerryNode } = {}
  const mesh = await createMesh({
    privateKeyFile: keyFileOf(config.stateDir),
    name: config.name,
    listen: config.listen,
    bootstrap: config.bootstrap,
    trustedPeers: config.trustedPeers,
    facts: async () => JSON.stringify(await facts(AbortSignal.timeout(15_000))),
    ferryVersion: ferryVersion(),
    log,
    onRequest: async (from, request, signal) => {
      if (node.current === undefined) return { refused: { problems: [starting(config.name)] } }
      return node.current.handleRequest(from, request, signal)
    },
    onBulk: async (from, kind, header, stream) => {
      if (node.current === undefined) stream.abort(new Error('this node is starting'))
      else await node.current.handleBulk(from, kind, header, stream)
    }
  })
  const parts: NodeParts = { name: config.name, config, log, journal, mesh, engines, facts, now: () => Date.now() }
  // What `criu check` says takes a while the first time.
  await facts(AbortSignal.timeout(30_000))
  const ferry = new FerryNode(parts)
  await ferry.recover()
  node.current = ferry
  const api = await serveOperatorApi({ socket: config.socket, service: ferry, log })
  log.info({ peerId: mesh.self.peerId, addresses: mesh.self.addresses, socket: config.socket }, 'ferry is ready')

  const prune = () => {
    pruneEnded(parts).catch((error: unknown) => {
      log.error({ err: error }, 'what retention has ended could not be removed')
    })
  }
  prune()
  const pruning = setInterval(prune, PRUNE_EVERY_MS)
  const signal = await terminated()
  log.info({ signal }, 'ending: migrations under way are finished or rolled back first')
  clearInterval(pruning)
  await ferry.close()
  await api.close()
  await mesh.stop()
  await journal.close()
  log.info('ended')
}

function terminated(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        resolve(signal)
      })
  })
}

function cachedFacts(
  dataDir: string,
  criuPath: string | undefined,
  engines: NodeParts['engines']
): (signal: AbortSignal) => Promise<HostFacts> {
  let known: { at: number; facts: Promise<HostFacts> } | undefined
  return (signal) => {
    if (known !== undefined && performance.now() - known.at < FACTS_FRESH_MS) return known.facts
    const read = async () => {
      const versions: Record<string, string | undefined> = {}
      for (const engine of engines.values()) versions[engine.name] = await engine.version(signal)
      return hostFacts({ engines: versions, dataDir, ...(criuPath === undefined ? {} : { criuPath }) }, signal)
    }
    const entry = { at: performance.now(), facts: read() }
    known = entry
    entry.facts.catch(() => {
      if (known === entry) known = undefined
    })
    return entry.facts
  }
}

function starting(host: string) {
  return { code: 'STARTING', host, what: `ferry on ${host} is starting`, why: '', remedy: 'try again in a moment' }
}
