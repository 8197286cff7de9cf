// A test host made of namespaces: its own processes, network, mounts, cgroups and disk on the machine's kernel.
import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inCgroups, makeCgroups } from './cgroups.ts'
import type { ExecOptions, ExecResult, LabHost, LabProcess } from './lab.ts'
import { diskFolder, namespaceFile, runFolder } from './places.ts'
import { execute, launch, type Command } from './process.ts'
import { removeProcesses } from './remove.ts'
import { ip, makeNamespace, type Segment } from './segment.ts'
import { run } from './vm/run.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const BOOT_TIMEOUT_MS = 60_000

export interface NsHostSettings {
  readonly lab: string
  readonly name: string
  /** The last number of its addresses and of its MAC. */
  readonly number: number
  /** With: eth0 is a port of the bridge br0, which has the addresses. Without: eth0 has them, with checksum offload off. */
  readonly bridge: boolean
  readonly base: string
  readonly programs: string
}

const FERRY = `#!/bin/sh
exec node --disable-warning=ExperimentalWarning /opt/ferry/dist/src/cli/main.js "$@"
`

export class NsHost implements LabHost {
  readonly kind = 'ns'
  readonly name: string
  readonly address: string
  readonly #settings: NsHostSettings
  readonly #segment: Segment
  readonly #disk: string
  readonly #namespace: string
  readonly #running = new Set<{ end(): Promise<void> }>()
  #init: number | undefined

  constructor(settings: NsHostSettings, segment: Segment, init?: number) {
    this.name = settings.name
    this.address = segment.addressOf(settings.name, settings.number)
    this.#settings = settings
    this.#segment = segment
    this.#disk = join(diskFolder(settings.lab), settings.name)
    this.#namespace = namespaceFile(settings.lab, settings.name)
    this.#init = init
  }

  /** The machine's number for the host's pid 1. */
  get init(): number {
    if (this.#init === undefined) throw new Error(`host ${this.name} is down; boot() brings it up`)
    return this.#init
  }

  /** Gives the host a fresh disk. Boot comes next. */
  async install(): Promise<void> {
    const { base, programs } = this.#settings
    for (const folder of ['root', 'upper', 'work', 'plain/var', 'plain/srv']) {
      await mkdir(join(this.#disk, folder), { recursive: true, mode: 0o755 })
    }
    await run(['cp', '-a', join(base, 'var/lib'), join(this.#disk, 'plain/var/lib')])
    // Not as a layer below: the cache may lose them to newer ones while the host is up.
    await cp(programs, join(this.#disk, 'upper'), { recursive: true })
    const files: Record<string, string> = {
      'etc/hostname': `${this.name}\n`,
      'etc/hosts': `127.0.0.1 localhost\n${this.address} ${this.name}\n`,
      'etc/resolv.conf': '',
      'etc/subuid': 'root:100000:65536\n',
      'etc/subgid': 'root:100000:65536\n'
    }
    for (const [path, text] of Object.entries(files)) await this.#install(path, text, 0o644)
    await this.#install('usr/local/bin/ferry', FERRY, 0o755)
  }

  async #install(path: string, text: string, mode: number): Promise<void> {
    const file = join(this.#disk, 'upper', path)
    await mkdir(dirname(file), { recursive: true, mode: 0o755 })
    await writeFile(file, text)
    await chmod(file, mode)
  }

  async boot(): Promise<void> {
    if (this.#init !== undefined) throw new Error(`host ${this.name} is up already`)
    const { lab, base } = this.#settings
    await this.#wire()
    await makeCgroups(lab, this.name)
    const namespaces = ['--mount', '--uts', '--ipc', '--pid', '--cgroup', '--fork']
    const boot = [join(import.meta.dirname, 'boot'), this.name, base, this.#disk, REPOSITORY]
    const way = ['nsenter', `--net=${this.#namespace}`, 'unshare', ...namespaces, ...boot]
    const [file = '', ...args] = await inCgroups(lab, this.name, way)
    const logPath = join(runFolder(lab), `${this.name}.log`)
    const log = await open(logPath, 'w')
    const child = spawn(file, args, { stdio: ['ignore', log.fd, log.fd], detached: true })
    await log.close()
    child.unref()
    const end = Date.now() + BOOT_TIMEOUT_MS
    while (this.#init === undefined) {
      const init = child.pid === undefined ? undefined : await firstChild(child.pid)
      if (init !== undefined && (await isReady(init))) this.#init = init
      else if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`host ${this.name} did not come up: ${await readFile(logPath, 'utf8')}`)
      } else await sleep(5)
    }
    await writeFile(initPath(lab, this.name), String(this.#init))
  }

  async #wire(): Promise<void> {
    const { name, number, bridge } = this.#settings
    const router = this.#segment.routerFor(name)
    const mac = `02:00:00:00:01:${number.toString(16).padStart(2, '0')}`
    await makeNamespace(this.#namespace)
    await this.#segment.connect({ host: name, namespace: this.#namespace, mac })
    const port = bridge ? 'br0' : 'eth0'
    const makeBridge = [
      `link add br0 address ${mac} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
      'link set eth0 master br0',
      'link set br0 up'
    ]
    await ip(this.#namespace, [
      'link set lo up',
      ...(bridge ? makeBridge : []),
      'link set eth0 up',
      `address add ${this.address}/24 dev ${port}`,
      `address add fd77::${number}/64 dev ${port} nodad`,
      ...(router === undefined ? [] : [`route add default via ${router}`])
    ])
    // Frames that ferry keeps and sends again later need whole checksums.
    const offload = ['tx', 'off', 'tso', 'off', 'gso', 'off']
    if (!bridge) await run(['nsenter', `--net=${this.#namespace}`, 'ethtool', '-K', 'eth0', ...offload])
  }

  async kill(): Promise<void> {
    this.#init = undefined
    const { lab, name } = this.#settings
    await rm(initPath(lab, name), { force: true })
    await removeProcesses(lab, name)
    await Promise.all([...this.#running].map((process) => process.end()))
    await this.#segment.disconnect(name)
    await run(['umount', this.#namespace])
  }

  /** Argv of this machine that runs a program on the host. */
  async enter(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd']
    const variables = { HOME: '/root', PATH, LANG: 'C.UTF-8', ...env }
    const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    const way = ['nsenter', `--target=${this.init}`, ...namespaces, '/usr/bin/env', '-i', ...settings]
    return inCgroups(this.#settings.lab, this.name, [...way, ...argv])
  }

  async #command(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Command> {
    return { argv: await this.enter(argv, env), title: `${argv.join(' ').slice(0, 500)} on ${this.name}` }
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execute(await this.#command(argv, options.env), options)
  }

  async spawn(argv: readonly string[], options: Pick<ExecOptions, 'env'> = {}): Promise<LabProcess> {
    const process = await launch(await this.#command(argv, options.env))
    this.#running.add(process)
    const forget = () => this.#running.delete(process)
    process.exited.then(forget, forget)
    return process
  }

  #path(path: string): string {
    return join(`/proc/${this.init}/root`, path)
  }

  async readFile(path: string): Promise<Buffer> {
    return readFile(this.#path(path))
  }

  async writeFile(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
    await mkdir(dirname(this.#path(path)), { recursive: true })
    await writeFile(this.#path(path), data)
    await chmod(this.#path(path), mode)
  }

  async put(local: string, remote: string): Promise<void> {
    await mkdir(dirname(this.#path(remote)), { recursive: true })
    await cp(local, this.#path(remote), { recursive: true })
    await this.exec(['chown', '-hR', '0:0', remote])
  }

  async pids(comm: string): Promise<number[]> {
    const folder = this.#path('/proc')
    const numbers = (await readdir(folder)).filter((name) => /^\d+$/.test(name))
    const found = await Promise.all(
      numbers.map(async (number) => {
        // A process may end between the two looks.
        const name = await readFile(join(folder, number, 'comm'), 'utf8').catch(() => '')
        return name.trimEnd() === comm ? [Number(number)] : []
      })
    )
    return found.flat().sort((a, b) => a - b)
  }
}

function initPath(lab: string, host: string): string {
  return join(runFolder(lab), `${host}.init`)
}

/** The pid 1 of a host that is up, as the process that booted it saved it. */
export async function savedInit(lab: string, host: string): Promise<number | undefined> {
  const init = Number(await readFile(initPath(lab, host), 'utf8').catch(() => ''))
  return init > 0 && (await isReady(init)) ? init : undefined
}

async function firstChild(pid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const child = Number.parseInt(children, 10)
  return Number.isNaN(child) ? undefined : child
}

/** The init has its own root and says so; before, the path would lead into the machine's own. */
async function isReady(init: number): Promise<boolean> {
  const name = await readFile(`/proc/${init}/comm`, 'utf8').catch(() => '')
  if (name.trimEnd() !== 'lab-init') return false
  return readFile(`/proc/${init}/root/run/lab-ready`).then(
    () => true,
    () => false
  )
}
