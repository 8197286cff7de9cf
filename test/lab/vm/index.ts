// A lab whose hosts are virtual machines: Debian's own kernel, systemd as pid 1, ferry at /opt/ferry.
import { copyFile, cp, link, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { baseFolder } from '../base.ts'
import type { Lab, LabHost, LabOptions, LinkFault } from '../lab.ts'
import { NsHost } from '../ns-host.ts'
import { diskFolder, runFolder } from '../places.ts'
import { programsFolder } from '../programs.ts'
import { removeNsLab } from '../remove.ts'
import { Segment } from '../segment.ts'
import { VmHost } from './host.ts'
import { baseImage } from './image.ts'
import { powerOff } from './machine.ts'
import { run } from './run.ts'
import { Shell, makeShellAccess } from './shell.ts'
import { softwareImage } from './software.ts'

const FIRST_HOST = 11
const CLIENT = 200
const FIRST_SHELL_PORT = 2201

/** What `vm.json` in the lab's folder says, for a process that finds the lab up. */
interface Saved {
  readonly hosts: readonly string[]
  readonly publicKey: string
  /** Of the client, which is a namespace host. */
  readonly base: string
  readonly programs: string
}

/** Ends and removes whatever a VM lab of this name left, whether or not it was ended in order. */
export async function removeVmLab(lab: string): Promise<void> {
  const folder = runFolder(lab)
  const files = await readdir(folder).catch(() => [])
  for (const file of files.filter((name) => name.endsWith('.pid'))) await powerOff({ pidFile: join(folder, file) })
  for (const file of files.filter((name) => name.endsWith('.ssh'))) {
    // 255 when the connection is gone already.
    await run(['ssh', '-F', 'none', '-o', `ControlPath=${join(folder, file)}`, '-O', 'exit', 'host'], { check: false })
  }
  await removeNsLab(lab)
}

/**
 * Brings up a lab of virtual machines and waits until each is up. Needs root, QEMU, mmdebstrap and a built ferry.
 * @throws Error when a host does not come up; nothing is left behind then.
 */
export async function createVmLab(options: LabOptions): Promise<Lab> {
  await removeVmLab(options.name)
  try {
    return await create(options)
  } catch (error) {
    await removeVmLab(options.name)
    throw error
  }
}

async function create({ name, hosts: names }: LabOptions): Promise<Lab> {
  const [image, software] = [await baseImage(), await softwareImage()]
  const [base, programs] = [await baseFolder(), await programsFolder()]
  const disks = diskFolder(name)
  await mkdir(runFolder(name), { recursive: true, mode: 0o700 })
  await mkdir(disks, { recursive: true, mode: 0o700 })
  await keep(image.kernel, join(disks, 'vmlinuz'))
  await keep(image.initrd, join(disks, 'initrd'))
  await keep(software, join(disks, 'software.img'))
  await cp(join(programs, 'usr/local/bin'), join(disks, 'programs'), { recursive: true })
  for (const host of names) {
    await run(['cp', '--sparse=always', '--reflink=auto', image.disk, join(disks, `${host}.img`)])
  }
  const publicKey = await makeShellAccess(runFolder(name), names.map(shellAddress))
  const saved = { hosts: names, publicKey, base, programs }

  const segment = await Segment.create(name, programs)
  for (const host of names) await addTap(segment, host)
  const client = clientOf(name, saved, segment)
  await client.install()
  await client.boot()
  const hosts = hostsOf(name, saved, segment)
  const booted = await Promise.allSettled(
    hosts.map(async (host) => {
      await host.boot()
      await host.put(join(disks, 'programs'), '/usr/local/bin')
    })
  )
  const failed = booted.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  await writeFile(savedPath(name), JSON.stringify(saved))
  return new VmLab(name, hosts, segment, client)
}

/** The VM lab of this name if it is up, whoever brought it up. */
export async function openVmLab(name: string): Promise<Lab | undefined> {
  const text = await readFile(savedPath(name), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const saved = JSON.parse(text) as Saved
  const segment = Segment.open(name, saved.programs)
  const init = Number(await readFile(join(runFolder(name), 'client.init'), 'utf8'))
  return new VmLab(name, hostsOf(name, saved, segment), segment, clientOf(name, saved, segment, init))
}

function savedPath(lab: string): string {
  return join(runFolder(lab), 'vm.json')
}

/** The cache may drop a file that is in use for a newer one; a lab keeps its own. */
async function keep(file: string, kept: string): Promise<void> {
  await link(file, kept).catch(() => copyFile(file, kept))
}

function shellAddress(host: string, index: number) {
  return { host, port: FIRST_SHELL_PORT + index }
}

function tapOf(host: string): string {
  // What the segment calls the port of a host.
  return `port-${host}`
}

async function addTap(segment: Segment, host: string): Promise<void> {
  const ip = [...segment.prefix, 'ip']
  await run([...ip, 'tuntap', 'add', tapOf(host), 'mode', 'tap'])
  await run([...ip, 'link', 'set', tapOf(host), 'master', 'seg0', 'up'])
}

function clientOf(lab: string, { base, programs }: Saved, segment: Segment, init?: number): NsHost {
  return new NsHost({ lab, name: 'client', number: CLIENT, bridge: false, base, programs }, segment, init)
}

function hostsOf(lab: string, { hosts, publicKey }: Saved, segment: Segment): VmHost[] {
  const state = runFolder(lab)
  const disks = diskFolder(lab)
  return hosts.map((name, index) => {
    const machine = {
      name,
      number: FIRST_HOST + index,
      kernel: join(disks, 'vmlinuz'),
      initrd: join(disks, 'initrd'),
      disk: join(disks, `${name}.img`),
      software: join(disks, 'software.img'),
      segment: segment.prefix,
      tap: tapOf(name),
      publicKey,
      shellPort: shellAddress(name, index).port,
      console: join(state, `${name}.console`),
      pidFile: join(state, `${name}.pid`)
    }
    return new VmHost(machine, new Shell(name, state, segment.prefix))
  })
}

class VmLab implements Lab {
  readonly name: string
  readonly client: LabHost
  readonly segment: readonly string[]
  readonly #hosts: ReadonlyMap<string, VmHost>
  readonly #segment: Segment

  constructor(name: string, hosts: readonly VmHost[], segment: Segment, client: LabHost) {
    this.name = name
    this.client = client
    this.segment = segment.prefix
    this.#segment = segment
    this.#hosts = new Map(hosts.map((host) => [host.name, host]))
  }

  host(name: string): LabHost {
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
    await removeVmLab(this.name)
  }
}
