// A lab whose hosts are virtual machines: Debian's own kernel, systemd as pid 1, ferry at /opt/ferry.
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab, LabHost, LabOptions, LinkFault } from '../lab.ts'
import { SegmentClient } from './client.ts'
import { VmHost } from './host.ts'
import { baseImage } from './image.ts'
import { powerOff } from './machine.ts'
import { run } from './run.ts'
import { Segment } from './segment.ts'
import { Shell, makeShellAccess } from './shell.ts'
import { softwareImage } from './software.ts'

const PREFIX_LENGTH = 24
const FIRST_HOST = 11
const CLIENT_ADDRESS = `10.77.0.200/${PREFIX_LENGTH}`
const FIRST_SHELL_PORT = 2201

function runFolder(lab: string): string {
  return join('/run/ferry-lab', lab)
}

function diskFolder(lab: string): string {
  return join('/var/tmp/ferry-lab', lab)
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
  await Segment.remove(lab)
  await rm(folder, { recursive: true, force: true })
  await rm(diskFolder(lab), { recursive: true, force: true })
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

/** The cache may lose a file that is in use to a newer one; a lab keeps its own. */
async function keep(file: string, folder: string, name: string): Promise<string> {
  const kept = join(folder, name)
  await link(file, kept).catch(() => copyFile(file, kept))
  return kept
}

async function create(options: LabOptions): Promise<Lab> {
  const [base, software] = await Promise.all([baseImage(), softwareImage()])
  const state = runFolder(options.name)
  const disks = diskFolder(options.name)
  await mkdir(state, { recursive: true, mode: 0o700 })
  await mkdir(disks, { recursive: true, mode: 0o700 })
  const image = {
    disk: base.disk,
    kernel: await keep(base.kernel, disks, 'vmlinuz'),
    initrd: await keep(base.initrd, disks, 'initrd')
  }
  const softwareDisk = await keep(software, disks, 'software.img')

  const segment = await Segment.create(options.name)
  const client = new SegmentClient(CLIENT_ADDRESS, await segment.addClient(CLIENT_ADDRESS))
  const ports = options.hosts.map((host, index) => ({ host, port: FIRST_SHELL_PORT + index }))
  const publicKey = await makeShellAccess(state, ports)

  const hosts = new Map<string, VmHost>()
  const taps = new Map<string, string>()
  for (const [index, { host: name, port }] of ports.entries()) {
    const disk = join(disks, `${name}.img`)
    await run(['cp', '--sparse=always', '--reflink=auto', image.disk, disk])
    const tap = await segment.addTap(name)
    const number = FIRST_HOST + index
    const machine = {
      ...{ name, image, disk, software: softwareDisk, segment: segment.prefix, tap, publicKey },
      mac: `02:00:00:00:01:${number.toString(16).padStart(2, '0')}`,
      address: `10.77.0.${number}/${PREFIX_LENGTH}`,
      shellPort: port,
      console: join(state, `${name}.console`),
      pidFile: join(state, `${name}.pid`)
    }
    taps.set(name, tap)
    hosts.set(name, new VmHost(machine, new Shell(name, state, segment.prefix)))
  }
  const booted = await Promise.allSettled([...hosts.values()].map((host) => host.boot()))
  const failed = booted.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return new VmLab(options.name, hosts, taps, segment, client)
}

class VmLab implements Lab {
  readonly name: string
  readonly client: LabHost
  readonly segment: readonly string[]
  readonly #hosts: ReadonlyMap<string, VmHost>
  readonly #taps: ReadonlyMap<string, string>
  readonly #segment: Segment

  constructor(
    name: string,
    hosts: ReadonlyMap<string, VmHost>,
    taps: ReadonlyMap<string, string>,
    segment: Segment,
    client: LabHost
  ) {
    this.name = name
    this.client = client
    this.segment = segment.prefix
    this.#hosts = hosts
    this.#taps = taps
    this.#segment = segment
  }

  host(name: string): LabHost {
    const host = this.#hosts.get(name)
    if (host === undefined)
      throw new Error(`lab ${this.name} has no host ${name}, only ${[...this.#hosts.keys()].join(', ')}`)
    return host
  }

  #tap(host: string): string {
    return this.#taps.get(this.host(host).name) ?? ''
  }

  async cut(host: string): Promise<void> {
    await this.#segment.unplug(this.#tap(host))
  }

  async heal(host: string): Promise<void> {
    await this.#segment.plug(this.#tap(host))
    // Refused when there is no such discipline.
    await this.host(host).exec(['tc', 'qdisc', 'delete', 'dev', 'eth0', 'root'], { check: false })
  }

  /** By the stock kernel of the host itself, on its uplink; a host that boots anew has none. */
  async fault(host: string, fault: LinkFault): Promise<void> {
    const settings = [
      ...(fault.delayMs === undefined ? [] : ['delay', `${fault.delayMs}ms`]),
      ...(fault.loss === undefined ? [] : ['loss', `${fault.loss * 100}%`]),
      ...(fault.rateBps === undefined ? [] : ['rate', `${fault.rateBps}bit`])
    ]
    await this.host(host).exec(['tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', 'netem', ...settings])
  }

  async down(): Promise<void> {
    await this.client.kill()
    await removeVmLab(this.name)
  }
}
