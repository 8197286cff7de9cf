// Hosts of a mesh in one process, each with its own files, mesh and administration, as the daemon joins them.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { configSchema } from '../../config/schema.ts'
import { AddressFile } from '../../src/mesh/address-file.ts'
import { loadOrCreateKey } from '../../src/mesh/key-file.ts'
import { createMesh, type Mesh, type MeshOptions } from '../../src/mesh/mesh.ts'
import { Roster } from '../../src/mesh/roster/roster.ts'
import { MeshAdmin } from '../../src/node/mesh-admin.ts'

/** The door opens again where invitations say that it is. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface Host {
  readonly name: string
  readonly folder: string
  readonly mesh: Mesh
  readonly admin: MeshAdmin
  readonly roster: Roster
  /** Ids of migrations that the host claims to have under way. */
  readonly underWay: string[]
  stop(): Promise<void>
}

export class Hosts {
  readonly folder: string
  readonly #running = new Set<Host>()

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<Hosts> {
    return new Hosts(await mkdtemp(join(tmpdir(), 'ferry-test-hosts-')))
  }

  /** Its files are below `place`, so that two can have one name. */
  async start(name: string, options: Partial<MeshOptions> = {}, place = name): Promise<Host> {
    const stateDir = join(this.folder, place)
    const folder = join(stateDir, 'mesh')
    await mkdir(stateDir, { recursive: true })
    const log = pino({ level: process.env['FERRY_TEST_LOG'] ?? 'silent', base: { host: name } })
    const keyFile = join(stateDir, 'key')
    const roster = await Roster.open({ folder, log, now: () => Date.now() })
    const addresses = await AddressFile.open(folder, log)
    const mesh = await createMesh({
      privateKeyFile: keyFile,
      membership: { roster, addresses },
      name,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [],
      trustedPeers: [],
      facts: async () => JSON.stringify({ host: name }),
      ferryVersion: '0.1.0',
      log,
      onRequest: async () => ({ ack: {} }),
      onBulk: async () => {},
      ...options
    })
    const underWay: string[] = []
    const admin = await MeshAdmin.open({
      config: configSchema.parse({ name, stateDir, joinListen: [`/ip4/127.0.0.1/tcp/${await freePort()}`] }),
      log,
      mesh,
      roster,
      addresses,
      folder,
      keyFile,
      key: await loadOrCreateKey(keyFile),
      onKey: () => undefined,
      onAddresses: () => undefined,
      underWay: async () => underWay
    })
    const host: Host = {
      name,
      folder,
      mesh,
      admin,
      roster,
      underWay,
      stop: async () => {
        if (!this.#running.delete(host)) return
        await admin.close()
        await mesh.stop()
      }
    }
    this.#running.add(host)
    return host
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running].map((host) => host.stop()))
    await rm(this.folder, { recursive: true })
  }
}
