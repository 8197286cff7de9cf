// A member of a mesh as the daemon puts it together: journal, mesh, node, administration, commands, audit log.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { configSchema } from '../../config/schema.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { AddressFile } from '../../src/mesh/address-file.ts'
import { loadOrCreateKey } from '../../src/mesh/key-file.ts'
import { createMesh, type Mesh } from '../../src/mesh/mesh.ts'
import { Roster } from '../../src/mesh/roster/roster.ts'
import { AuditLog } from '../../src/node/audit.ts'
import { MeshAdmin } from '../../src/node/mesh-admin.ts'
import { Cordon } from '../../src/node/cordon.ts'
import { FerryNode } from '../../src/node/node.ts'
import type { NodeParts } from '../../src/node/parts.ts'
import { Reservations } from '../../src/node/reservations.ts'
import type { Commands } from '../../src/node/routing/commands.ts'
import { startRouting } from '../../src/node/routing/routing.ts'
import { HOST_FACTS } from './corpus.ts'
import { identityOf, type Identity } from './identity.ts'
import { paperEngine } from './paper-engine.ts'

export interface Member {
  readonly name: string
  readonly stateDir: string
  readonly identity: Identity
  readonly mesh: Mesh
  readonly ferry: FerryNode
  readonly commands: Commands
  readonly admin: MeshAdmin
  readonly cordon: Cordon
  readonly roster: Roster
  readonly addresses: AddressFile
  /** Requests, headers of bulk streams and commands that came over a stream and that its decoder took. */
  readonly decoded: { requests: number; bulk: number; commands: number }
  stop(): Promise<void>
}

const SILENCE_MS = 60_000

/** @param stateDir it is made; everything that the node may write lies in it */
export async function startMember(name: string, stateDir: string): Promise<Member> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const log = pino({ level: 'silent' })
  const now = (): number => Date.now()
  const config = configSchema.parse({
    name,
    stateDir,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    joinListen: ['/ip4/127.0.0.1/tcp/0'],
    limits: { transferIdleMs: 5_000 }
  })
  const journal = await openJournal(join(stateDir, 'journal'), { log })
  const folder = join(stateDir, 'mesh')
  const keyFile = join(stateDir, 'key')
  const roster = await Roster.open({ folder, log, now })
  const addresses = await AddressFile.open(folder, log)
  const decoded = { requests: 0, bulk: 0, commands: 0 }
  const made: { ferry?: FerryNode; commands?: Commands } = {}
  const running = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the node is starting')
    return part
  }
  const mesh = await createMesh({
    privateKeyFile: keyFile,
    membership: { roster, addresses },
    name,
    listen: config.listen,
    bootstrap: [],
    trustedPeers: [],
    facts: async () => JSON.stringify(HOST_FACTS),
    ferryVersion: '0.1.0',
    // All of them share one thread, which a loaded machine may leave for long.
    silenceMs: SILENCE_MS,
    log,
    onRequest: async (from, request, signal) => {
      decoded.requests++
      return running(made.ferry).handleRequest(from, request, signal)
    },
    onBulk: async (from, kind, header, stream) => {
      decoded.bulk++
      await running(made.ferry).handleBulk(from, kind, header, stream)
    },
    onCommand: (from, command, signal) => {
      decoded.commands++
      return running(made.commands).answer(from, command, signal)
    }
  })
  const key = await loadOrCreateKey(keyFile)
  const identity = identityOf(key)
  const cordon = await Cordon.open({
    path: join(stateDir, 'cordon.json'),
    host: name,
    log,
    now,
    changed: () => undefined
  })
  const parts: NodeParts = {
    name,
    config,
    log,
    journal,
    mesh,
    cordon,
    signer: identity.signer,
    presentPeer: (peerId) => roster.present(peerId),
    engines: new Map([['runc', paperEngine]]),
    reservations: new Reservations(),
    facts: async () => HOST_FACTS,
    now
  }
  const ferry = new FerryNode(parts, () => undefined)
  await ferry.recover()
  const admin = await MeshAdmin.open({
    config,
    log,
    mesh,
    roster,
    addresses,
    folder,
    keyFile,
    key,
    onKey: () => {
      throw new Error('the key of the node was changed')
    },
    onAddresses: () => undefined,
    underWay: async () => []
  })
  const audit = await AuditLog.open({ folder: stateDir, host: name, now })
  const { commands } = startRouting({ ...parts, service: ferry, admin, cordon, roster, audit })
  Object.assign(made, { ferry, commands })
  return {
    name,
    stateDir,
    identity,
    mesh,
    ferry,
    commands,
    admin,
    cordon,
    roster,
    addresses,
    decoded,
    stop: async () => {
      await ferry.close()
      await audit.close()
      await admin.close()
      await mesh.stop()
      await journal.close()
    }
  }
}
