// The Ethernet segment that VM hosts and the client share: a network namespace of its own with the bridge seg0.
import { run } from './run.ts'

export class Segment {
  /** Argv prefix that runs a program of this machine in the segment's namespace. */
  readonly prefix: readonly string[]
  readonly #namespace: string

  private constructor(namespace: string) {
    this.#namespace = namespace
    this.prefix = ['nsenter', `--net=/run/netns/${namespace}`]
  }

  static async create(lab: string): Promise<Segment> {
    const segment = new Segment(`ferry-lab-${lab}`)
    await run(['ip', 'netns', 'add', segment.#namespace])
    await segment.#ip('link', 'set', 'lo', 'up')
    await segment.#ip('link', 'add', 'seg0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    await segment.#ip('link', 'set', 'seg0', 'up')
    return segment
  }

  /** Removes what {@link create} and {@link addClient} made for a lab, as far as it is there. */
  static async remove(lab: string): Promise<void> {
    const { stdout } = await run(['ip', 'netns', 'list'])
    const present = stdout.toString().split('\n')
    for (const name of [`ferry-lab-${lab}`, `ferry-lab-${lab}-client`]) {
      if (present.some((line) => line.split(' ')[0] === name)) await run(['ip', 'netns', 'delete', name])
    }
  }

  async #ip(...args: string[]): Promise<void> {
    await run(['ip', '-netns', this.#namespace, ...args])
  }

  /** A port for a VM; its name is what QEMU opens. */
  async addTap(host: string): Promise<string> {
    const tap = `tap-${host}`
    await run([...this.prefix, 'ip', 'tuntap', 'add', tap, 'mode', 'tap'])
    await this.plug(tap)
    await this.#ip('link', 'set', tap, 'up')
    return tap
  }

  /** A namespace with one interface, eth0, on the segment. Returns the argv prefix that runs programs in it. */
  async addClient(address: string): Promise<readonly string[]> {
    const namespace = `${this.#namespace}-client`
    await run(['ip', 'netns', 'add', namespace])
    await this.#ip('link', 'add', 'client', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    await this.plug('client')
    await this.#ip('link', 'set', 'client', 'up')
    for (const args of [
      ['link', 'set', 'lo', 'up'],
      ['address', 'add', address, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up']
    ]) {
      await run(['ip', '-netns', namespace, ...args])
    }
    const prefix = ['nsenter', `--net=/run/netns/${namespace}`]
    // Frames that are captured and replayed need their checksums.
    await run([...prefix, 'ethtool', '-K', 'eth0', 'tx', 'off', 'rx', 'off'])
    await run([...this.prefix, 'ethtool', '-K', 'client', 'tx', 'off', 'rx', 'off'])
    return prefix
  }

  async plug(port: string): Promise<void> {
    await this.#ip('link', 'set', port, 'master', 'seg0')
  }

  /** The host's carrier stays on, and no frame passes in either direction. */
  async unplug(port: string): Promise<void> {
    await this.#ip('link', 'set', port, 'nomaster')
  }
}
