// The lab whose hosts are made of namespaces: up in seconds, real CRIU and engines on the machine's own kernel.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { baseFolder } from './base.ts'
import type { Lab, LabHost, LabOptions, LinkFault } from './lab.ts'
import { NsHost } from './ns-host.ts'
import { diskFolder, runFolder } from './places.ts'
import { programsFolder } from './programs.ts'
import { removeNsLab } from './remove.ts'
import { Segment } from './segment.ts'

const FIRST_HOST = 11
const CLIENT = 200

interface Software {
  readonly base: string
  readonly programs: string
}

export class NsLab implements Lab {
  readonly name: string
  readonly client: NsHost
  readonly segment: readonly string[]
  readonly #segment: Segment
  readonly #hosts: ReadonlyMap<string, NsHost>

  constructor(name: string, segment: Segment, hosts: readonly NsHost[], client: NsHost) {
    this.name = name
    this.client = client
    this.segment = segment.prefix
    this.#segment = segment
    this.#hosts = new Map(hosts.map((host) => [host.name, host]))
  }

  host(name: string): LabHost {
    return this.#find(name)
  }

  #find(name: string): NsHost {
    const host = this.#hosts.get(name)
    if (host !== undefined) return host
    throw new Error(`lab ${this.name} has no host ${name}; it has ${[...this.#hosts.keys()].join(', ')}`)
  }

  /** Names of the hosts, the client left out. */
  get hosts(): string[] {
    return [...this.#hosts.keys()]
  }

  /** Argv of this machine that runs a program on a host, or on 'client', with the terminal of whoever starts it. */
  async enter(host: string, argv: readonly string[]): Promise<readonly string[]> {
    const found = host === 'client' ? this.client : this.#find(host)
    return found.enter(argv)
  }

  async cut(host: string): Promise<void> {
    await this.#segment.cut(this.host(host).name)
  }

  async heal(host: string): Promise<void> {
    await this.#segment.heal(this.host(host).name)
  }

  async fault(host: string, fault: LinkFault): Promise<void> {
    await this.#segment.fault(this.host(host).name, fault)
  }

  async down(): Promise<void> {
    await removeNsLab(this.name)
  }
}

function hostsOf(
  lab: string,
  names: readonly string[],
  software: Software,
  segment: Segment,
  inits: readonly number[]
) {
  return [...names, 'client'].map((name, index) => {
    const isClient = index === names.length
    const number = isClient ? CLIENT : FIRST_HOST + index
    return new NsHost({ lab, name, number, bridge: !isClient, ...software }, segment, inits[index])
  })
}

function labOf(name: string, segment: Segment, hosts: readonly NsHost[]): NsLab {
  const client = hosts.at(-1)
  if (client === undefined) throw new Error(`lab ${name} has no client`)
  return new NsLab(name, segment, hosts.slice(0, -1), client)
}

/** @throws Error when a host does not come up; nothing is left behind then. */
export async function createNsLab({ name, hosts: names }: LabOptions): Promise<NsLab> {
  const software = { base: await baseFolder(), programs: await programsFolder() }
  await removeNsLab(name)
  try {
    await mkdir(runFolder(name), { recursive: true, mode: 0o700 })
    await mkdir(diskFolder(name), { recursive: true, mode: 0o700 })
    const segment = await Segment.create(name, software.programs)
    const hosts = hostsOf(name, names, software, segment, [])
    await Promise.all(
      hosts.map(async (host) => {
        await host.install()
        await host.boot()
      })
    )
    await writeFile(join(runFolder(name), 'lab.json'), JSON.stringify({ kind: 'ns', hosts: names, ...software }))
    return labOf(name, segment, hosts)
  } catch (error) {
    await removeNsLab(name)
    throw error
  }
}

/** A namespace lab that is up already, as another process left it. */
export async function openNsLab(name: string, names: readonly string[], software: Software): Promise<NsLab> {
  const segment = Segment.open(name, software.programs)
  const inits = await Promise.all(
    [...names, 'client'].map(async (host) => Number(await readFile(join(runFolder(name), `${host}.init`), 'utf8')))
  )
  return labOf(name, segment, hostsOf(name, names, software, segment, inits))
}
