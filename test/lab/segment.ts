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

/** Where hosts are that are not simply on seg0. */
export interface Places {
  /** On seg1, behind the segment's own router. */
  readonly secondSubnet: readonly string[]
  /** Each behind a router of its own that masquerades. */
  readonly behindNat: readonly string[]
}

/** The segment's router in each of its subnets. */
function routerOf(subnet: number): string {
  return `10.77.${subnet}.1`
}

const FIRST_NAT = 2
const RELAY_TIMEOUT_MS = 30_000
const NOWHERE_ELSE: Places = { secondSubnet: [], behindNat: [] }

export class Segment {
  /** Argv prefix that runs a program of this machine in the segment's namespace. */
  readonly prefix: readonly string[]
  readonly #lab: string
  readonly #file: string
  readonly #relay: string
  /** What was asked for and not yet healed: it outlives a host's power loss. */
  readonly #wrong = new Map<string, LinkFault | 'cut'>()
  readonly #places: Places

  private constructor(lab: string, programs: string, places: Places) {
    this.#places = places
    this.#lab = lab
    this.#file = namespaceFile(lab, 'segment')
    this.#relay = join(programs, 'usr/local/bin/lab-relay')
    this.prefix = ['nsenter', `--net=${this.#file}`]
  }

  static async create(lab: string, programs: string, places: Places = NOWHERE_ELSE): Promise<Segment> {
    const segment = new Segment(lab, programs, places)
    await makeNamespace(segment.#file)
    // Ports that are out of the bridge must stay silent.
    await run([...segment.prefix, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'])
    await ip(segment.#file, [
      'link add seg0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
      'link set lo up',
      'link set seg0 up'
    ])
    if (places.secondSubnet.length > 0) {
      // The segment's own namespace is the router.
      await ip(segment.#file, [
        'link add seg1 type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
        'link set seg1 up',
        `address add ${routerOf(0)}/24 dev seg0`,
        `address add ${routerOf(1)}/24 dev seg1`
      ])
      await segment.route(true)
    }
    for (const host of places.behindNat) await segment.#makeNat(host)
    return segment
  }

  static open(lab: string, programs: string, places: Places = NOWHERE_ELSE): Segment {
    return new Segment(lab, programs, places)
  }

  addressOf(host: string, number: number): string {
    const nat = this.#natOf(host)
    return nat === undefined ? `10.77.${this.#subnetOf(host) ?? 0}.${number}` : `${nat.network}.${number}`
  }

  /** Its default route, where it has one. */
  routerFor(host: string): string | undefined {
    const nat = this.#natOf(host)
    if (nat !== undefined) return `${nat.network}.1`
    const subnet = this.#subnetOf(host)
    return subnet === undefined ? undefined : routerOf(subnet)
  }

  /** 0 or 1; undefined where there is one subnet only. */
  #subnetOf(host: string): number | undefined {
    const { secondSubnet } = this.#places
    return secondSubnet.length === 0 ? undefined : secondSubnet.includes(host) ? 1 : 0
  }

  #natOf(host: string): { readonly file: string; readonly network: string; readonly outside: string } | undefined {
    const at = this.#places.behindNat.indexOf(host)
    if (at < 0) return undefined
    return {
      file: namespaceFile(this.#lab, `nat-${host}`),
      network: `192.168.${at + 1}`,
      outside: `10.77.0.${FIRST_NAT + at}`
    }
  }

  async #makeNat(host: string): Promise<void> {
    const nat = this.#natOf(host)
    if (nat === undefined) return
    await makeNamespace(nat.file)
    const port = `nat-${host}`
    await ip(this.#file, [
      `link add ${port} type veth peer name outside netns ${nat.file}`,
      `link set ${port} master seg0 up`
    ])
    await ip(nat.file, ['link set lo up', 'link set outside up', `address add ${nat.outside}/24 dev outside`])
    const rules = [
      'add table ip nat',
      'add chain ip nat out { type nat hook postrouting priority srcnat; }',
      'add rule ip nat out oifname "outside" masquerade',
      'add chain ip nat through { type filter hook forward priority 0; policy drop; }',
      'add rule ip nat through iifname != "outside" accept',
      'add rule ip nat through ct state established,related accept'
    ]
    const enter = ['nsenter', `--net=${nat.file}`]
    await run([...enter, 'nft', '-f', '-'], { input: rules.join('\n') + '\n' })
    await run([...enter, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
  }

  async route(on: boolean): Promise<void> {
    await run([...this.prefix, 'sh', '-c', `echo ${on ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`])
  }

  #bridgeOf(host: string): string {
    return `seg${this.#subnetOf(host) ?? 0}`
  }

  /** Links a host's namespace to the segment: eth0 there, in no bridge yet and down; port-HOST here. */
  async connect({ host, namespace, mac }: Uplink): Promise<void> {
    const port = this.#port(host)
    const nat = this.#natOf(host)
    if (nat !== undefined) {
      await ip(nat.file, [
        `link add ${port} type veth peer name eth0 address ${mac} netns ${namespace}`,
        `address add ${nat.network}.1/24 dev ${port}`,
        `link set ${port} up`
      ])
      return
    }
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
    const file = this.#natOf(host)?.file ?? this.#file
    await run(['nsenter', `--net=${file}`, 'ip', 'link', 'delete', this.#port(host)], { check: false })
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
      sleep(RELAY_TIMEOUT_MS, false, { ref: false })
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
