// The lab whose hosts are made of namespaces: up in seconds, real CRIU and engines on the machine's own kernel.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { baseFolder } from './base.ts'
import type { Lab, LabOptions, LinkFault } from './lab.ts'
import { NsHost, savedInit } from './ns-host.ts'
import { diskFolder, runFolder } from './places.ts'
import { programsFolder } from './programs.ts'
import { removeNsLab } from './remove.ts'
import { Segment, type Places } from './segment.ts'

const FIRST_HOST = 11
const CLIENT = 200

interface Software {
  readonly base: string
  readonly programs: string
}

interface Saved extends Software, Places {
  readonly hosts: readonly string[]
}

class NsLab implements Lab {
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

  host(name: string): NsHost {
    const host = this.#hosts.get(name)
    if (host !== undefined) return host
    throw new Error(`lab ${this.name} has no host ${name}; it has ${[...this.#hosts.keys()].join(', ')}`)
  }

  async cut(host: string): Promise<void> {
    await this.#segment.cut(this.host(host).name)
  }

  async heal(host: string): Promise<void> {
    await this.#segment.heal(this.host(host).name)
  }

  async route(on: boolean): Promise<void> {
    await this.#segment.route(on)
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
  inits: readonly (number | undefined)[]
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
export async function createNsLab(options: LabOptions): Promise<NsLab> {
  const { name, hosts: names, secondSubnet = [], behindNat = [] } = options
  const places: Places = { secondSubnet, behindNat }
  const software = { base: await baseFolder(), programs: await programsFolder() }
  await removeNsLab(name)
  try {
    await mkdir(runFolder(name), { recursive: true, mode: 0o700 })
    await mkdir(diskFolder(name), { recursive: true, mode: 0o700 })
    const segment = await Segment.create(name, software.programs, places)
    const hosts = hostsOf(name, names, software, segment, [])
    // All of them to their end: what goes wrong is removed, and nothing may still be at work then.
    const booted = await Promise.allSettled(
      hosts.map(async (host) => {
        await host.install()
        await host.boot()
      })
    )
    const failed = booted.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    await writeFile(savedPath(name), JSON.stringify({ hosts: names, ...places, ...software } satisfies Saved))
    return labOf(name, segment, hosts)
  } catch (error) {
    await removeNsLab(name)
    throw error
  }
}

/** The namespace lab of this name if it is up, as another process left it. Faults it has are healed by `heal` only. */
export async function openNsLab(name: string): Promise<NsLab | undefined> {
  const text = await readFile(savedPath(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { hosts: names, secondSubnet, behindNat, base, programs } = JSON.parse(text) as Saved
  const segment = Segment.open(name, programs, { secondSubnet, behindNat })
  const inits = await Promise.all([...names, 'client'].map((host) => savedInit(name, host)))
  return labOf(name, segment, hostsOf(name, names, { base, programs }, segment, inits))
}

function savedPath(lab: string): string {
  return join(runFolder(lab), 'lab.json')
}
