// The Ethernet segment of a namespace lab: a network namespace of its own with the bridge seg0, and what can go wrong on its links.
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inCgroups, makeCgroups } from './cgroups.ts'
import type { LinkFault } from './lab.ts'
import { namespaceFile, runFolder } from './places.ts'
import { removeProcesses } from './remove.ts'
import { run } from './vm/run.ts'

/** Makes a network namespace that stays until its file is unmounted. */
export async function makeNamespace(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, '')
  await run(['unshare', `--net=${file}`, 'true'])
}

export async function ip(namespace: string, commands: readonly string[]): Promise<void> {
  await run(['nsenter', `--net=${namespace}`, 'ip', '-batch', '-'], { input: commands.join('\n') + '\n' })
}

export interface Uplink {
  readonly host: string
  /** The file of the host's own namespace; its end of the link is called eth0 there. */
  readonly namespace: string
  readonly mac: string
}

/** The router's address in each subnet. */
export function routerOf(subnet: number): string {
  return `10.77.${subnet}.1`
}

export class Segment {
  /** Argv prefix that runs a program of this machine in the segment's namespace. */
  readonly prefix: readonly string[]
  readonly #lab: string
  readonly #file: string
  readonly #relay: string
  /** What was asked for and not yet healed: it outlives a host's power loss. */
  readonly #wrong = new Map<string, LinkFault | 'cut'>()
  /** Hosts on seg1, behind the router. */
  readonly #second: ReadonlySet<string>

  private constructor(lab: string, programs: string, second: readonly string[] = []) {
    this.#second = new Set(second)
    this.#lab = lab
    this.#file = namespaceFile(lab, 'segment')
    this.#relay = join(programs, 'usr/local/bin/lab-relay')
    this.prefix = ['nsenter', `--net=${this.#file}`]
  }

  static async create(lab: string, programs: string, second: readonly string[] = []): Promise<Segment> {
    const segment = new Segment(lab, programs, second)
    await makeNamespace(segment.#file)
    // Ports that are out of the bridge must stay silent.
    await run([...segment.prefix, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'])
    await ip(segment.#file, [
      'link add seg0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
      'link set lo up',
      'link set seg0 up'
    ])
    if (second.length > 0) {
      // The segment's own namespace is the router.
      await ip(segment.#file, [
        'link add seg1 type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
        'link set seg1 up',
        `address add ${routerOf(0)}/24 dev seg0`,
        `address add ${routerOf(1)}/24 dev seg1`
      ])
      await segment.route(true)
    }
    return segment
  }

  static open(lab: string, programs: string, second: readonly string[] = []): Segment {
    return new Segment(lab, programs, second)
  }

  /** 0 or 1; undefined where there is one subnet only. */
  subnetOf(host: string): number | undefined {
    return this.#second.size === 0 ? undefined : this.#second.has(host) ? 1 : 0
  }

  async route(on: boolean): Promise<void> {
    await run([...this.prefix, 'sh', '-c', `echo ${on ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`])
  }

  #bridgeOf(host: string): string {
    return `seg${this.subnetOf(host) ?? 0}`
  }

  /** Links a host's namespace to the segment: eth0 there, in no bridge yet and down; port-HOST here. */
  async connect({ host, namespace, mac }: Uplink): Promise<void> {
    const port = this.#port(host)
    await ip(this.#file, [
      `link add ${port} type veth peer name eth0 address ${mac} netns ${namespace}`,
      `link set ${port} master ${this.#bridgeOf(host)} up`
    ])
    const wrong = this.#wrong.get(host)
    if (wrong === 'cut') await this.cut(host)
    else if (wrong !== undefined) await this.fault(host, wrong)
  }

  async disconnect(host: string): Promise<void> {
    await this.#endRelay(host)
    // Refused when the host's namespace took it along.
    await run([...this.prefix, 'ip', 'link', 'delete', this.#port(host)], { check: false })
  }

  /** The port leaves the bridge: the host's carrier stays on, and no frame passes in either direction. */
  async cut(host: string): Promise<void> {
    this.#wrong.set(host, 'cut')
    await this.#endRelay(host)
    await ip(this.#file, [`link set ${this.#port(host)} nomaster`])
  }

  async heal(host: string): Promise<void> {
    this.#wrong.delete(host)
    await this.#endRelay(host)
    await ip(this.#file, [`link set ${this.#port(host)} master ${this.#bridgeOf(host)}`])
  }

  /**
   * Puts a relay program between the port and the bridge that delays, loses and slows down what leaves the host. Not the kernel's netem:
   * it would have to sit in the host (where the host could see and lose it), and small kernels come without it.
   */
  async fault(host: string, fault: LinkFault): Promise<void> {
    this.#wrong.set(host, fault)
    const { delayMs = 0, loss = 0, rateBps = 0 } = fault
    await this.#endRelay(host)
    const port = this.#port(host)
    await ip(this.#file, [
      `link set ${port} nomaster`,
      `link add far-${host} type veth peer name in-${host}`,
      `link set far-${host} up`,
      `link set in-${host} master ${this.#bridgeOf(host)} up`
    ])
    const cgroups = `relay.${host}`
    await makeCgroups(this.#lab, cgroups)
    const settings = [delayMs * 1000, loss * 1e6, rateBps].map((value) => String(Math.round(value)))
    const relayArgv = [...this.prefix, this.#relay, port, `far-${host}`, ...settings]
    const [file = '', ...args] = await inCgroups(this.#lab, cgroups, relayArgv)
    const relay = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    const ready = await Promise.race([
      new Promise<boolean>((resolve) =>
        relay.stdout.once('data', () => {
          resolve(true)
        })
      ),
      new Promise<boolean>((resolve) =>
        relay.once('exit', () => {
          resolve(false)
        })
      ),
      sleep(5000, false)
    ])
    relay.stdout.destroy()
    relay.unref()
    if (!ready)
      throw new Error(`the relay for ${host}'s link did not start in lab ${this.#lab} (${runFolder(this.#lab)})`)
  }

  #port(host: string): string {
    return `port-${host}`
  }

  async #endRelay(host: string): Promise<void> {
    await removeProcesses(this.#lab, `relay.${host}`)
    // Refused when there is none.
    await run([...this.prefix, 'ip', 'link', 'delete', `far-${host}`], { check: false })
  }
}
