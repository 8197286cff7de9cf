// A container's ports: veth pairs with one end inside its network namespace and the other on a bridge of the host.
import { readFile } from 'node:fs/promises'
import { batch, checked, enter, links, type Link, type NetworkNamespace } from './ip.ts'
import { run } from './run.ts'

export { batch, checked, enter, parse, type Link, type NetworkNamespace } from './ip.ts'
export { routeArguments, routesOf, type Route } from './routes.ts'

export interface HostPort {
  /** Interface name inside the container, e.g. `eth0`. */
  readonly inner: string
  /** The host's end of the pair. */
  readonly outer: string
  /** Bridge the outer end is on; empty where it is on none or parked. */
  readonly bridge: string
  /** Of the inner end; lower-case, colon-separated. */
  readonly mac: string
  readonly mtu: number
  /** In CIDR notation, IPv4 and IPv6, without link-local ones. */
  readonly addresses: readonly string[]
}

/** An interface inside that is up and is not one end of a veth pair with this host: CRIU or ferry may not be able to carry it. */
export interface ForeignLink {
  readonly name: string
  /** The kernel's word for it, e.g. `macvlan`, `wireguard`; empty for a physical one. */
  readonly kind: string
}

/**
 * The container's veth ports, in the order of their interface numbers inside.
 * @throws HostProblem COMMAND_FAILED, COMMAND_MISSING, IP_OUTPUT
 */
export async function portsOf(where: NetworkNamespace, signal: AbortSignal): Promise<HostPort[]> {
  const [inside, outside] = await Promise.all([
    links([...enter(where), 'ip', '-j', '-d', 'addr'], signal),
    links(['ip', '-j', '-d', 'link'], signal)
  ])
  return pairUp(inside, outside)
}

/** Interfaces that are no such port. @throws as `portsOf` */
export async function foreignLinks(where: NetworkNamespace, signal: AbortSignal): Promise<ForeignLink[]> {
  const [inside, outside] = await Promise.all([
    links([...enter(where), 'ip', '-j', '-d', 'addr'], signal),
    links(['ip', '-j', '-d', 'link'], signal)
  ])
  const ports = new Set(pairUp(inside, outside).map((port) => port.inner))
  return inside
    .filter((link) => link.flags.includes('UP') && !link.flags.includes('LOOPBACK') && !ports.has(link.ifname))
    .map((link) => ({ name: link.ifname, kind: link.linkinfo?.info_kind ?? '' }))
}

/** Pure part of `portsOf`. */
export function pairUp(inside: readonly Link[], outside: readonly Link[]): HostPort[] {
  const bridgeNames = new Set(outside.filter(isBridge).map((link) => link.ifname))
  const ports: HostPort[] = []
  for (const inner of [...inside].sort((a, b) => a.ifindex - b.ifindex)) {
    if (inner.linkinfo?.info_kind !== 'veth' || inner.link_netnsid === undefined) continue
    const outer = outside.find(
      (link) =>
        link.ifindex === inner.link_index &&
        link.link_index === inner.ifindex &&
        link.link_netnsid !== undefined &&
        link.linkinfo?.info_kind === 'veth'
    )
    if (outer === undefined) continue
    ports.push({
      inner: inner.ifname,
      outer: outer.ifname,
      bridge: outer.master !== undefined && bridgeNames.has(outer.master) ? outer.master : '',
      mac: (inner.address ?? '').toLowerCase(),
      mtu: inner.mtu,
      addresses: inner.addr_info
        .filter((address) => address.local !== undefined && address.scope !== 'link')
        .map((address) => `${address.local ?? ''}/${String(address.prefixlen)}`)
    })
  }
  return ports
}

/**
 * A bridge that is down for good: a port on it has carrier, but the kernel drops whatever it sends. On no bridge at all, its frames would reach
 * the host's own stack, which would answer ARP and reset TCP for addresses it shares with the other host.
 */
export const PARK_BRIDGE = 'ferrypark0'

/** Makes the park bridge where it is missing, and keeps it down. @throws HostProblem COMMAND_FAILED */
export async function ensurePark(signal: AbortSignal): Promise<void> {
  if (!(await exists(PARK_BRIDGE))) {
    const made = await run(['ip', 'link', 'add', PARK_BRIDGE, 'type', 'bridge'], { signal, check: false })
    // Two migrations may get here at once.
    if (made.exitCode !== 0 && !(await exists(PARK_BRIDGE)))
      await run(['ip', 'link', 'add', PARK_BRIDGE, 'type', 'bridge'], { signal })
  }
  await batch([`link set dev ${PARK_BRIDGE} down`], signal)
}

/**
 * To be called well before `detach` and `attach`: on the source while the container still runs, on the target as soon as the port exists.
 *
 * A bridge without an address of its own has the lowest of its ports' and changes it when that port leaves or a lower one comes, whereupon the host forgets all
 * its neighbours and they reach it no more. So a bridge that has this port's address is told to keep it (which costs it its neighbours too, hence
 * early), and a port that has yet to join one gets a high address (fe:…, as libvirt and LXC do).
 * @throws HostProblem COMMAND_FAILED
 */
export async function preparePorts(outer: readonly string[], signal: AbortSignal): Promise<void> {
  await ensurePark(signal)
  await batch(await preparation(outer, signal), signal)
}

async function preparation(outer: readonly string[], signal: AbortSignal): Promise<string[]> {
  const present = await links(['ip', '-j', '-d', 'link'], signal)
  const find = (name: string | undefined) => present.find((link) => link.ifname === name)
  const lines: string[] = []
  for (const name of outer) {
    const port = find(name)
    const address = port?.address
    const bridge = find(port?.master)
    if (address === undefined) continue
    if (bridge !== undefined && isBridge(bridge)) {
      const keeps = bridge.address !== address || (await hasOwnAddress(bridge.ifname))
      if (!keeps) lines.push(`link set dev ${checked(bridge.ifname)} address ${address}`)
    } else if (!address.startsWith('fe:')) {
      lines.push(`link set dev ${checked(name)} address fe:${address.slice(3)}`)
    }
  }
  return lines
}

/** Whether somebody set it (NET_ADDR_SET, 3). No means also: not known. */
async function hasOwnAddress(bridge: string): Promise<boolean> {
  const text = await readFile(`/sys/class/net/${bridge}/addr_assign_type`, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  return text.trim() === '3'
}

/**
 * Takes ports off the bridge they are on, in one go: they wait, up, on the park bridge. Makes up for what `preparePorts` has not done.
 * @throws HostProblem COMMAND_FAILED
 */
export async function detach(outer: readonly string[], signal: AbortSignal): Promise<void> {
  if (outer.length === 0) return
  if (!(await exists(PARK_BRIDGE))) await ensurePark(signal)
  const parking = outer.map((name) => `link set dev ${checked(name)} master ${PARK_BRIDGE} up`)
  await batch([...(await preparation(outer, signal)), ...parking], signal)
}

/** Puts ports on bridges and brings them up, in one go. @throws HostProblem COMMAND_FAILED */
export async function attach(
  ports: readonly { readonly outer: string; readonly bridge: string }[],
  signal: AbortSignal
): Promise<void> {
  await batch(
    ports.map((port) => `link set dev ${checked(port.outer)} master ${checked(port.bridge)} up`),
    signal
  )
}

export interface UnattachedPort {
  readonly outer: string
  readonly bridge: string
  readonly error: unknown
}

/** As `attach`, and where that fails each by itself. Returns those that are not on their bridge. */
export async function attachEach(
  ports: readonly { readonly outer: string; readonly bridge: string }[],
  signal: AbortSignal
): Promise<UnattachedPort[]> {
  try {
    await attach(ports, signal)
    return []
  } catch {
    // Which of them it was is seen below.
    signal.throwIfAborted()
  }
  const left: UnattachedPort[] = []
  for (const { outer, bridge } of ports) {
    try {
      await attach([{ outer, bridge }], signal)
    } catch (error) {
      signal.throwIfAborted()
      left.push({ outer, bridge, error })
    }
  }
  return left
}

export interface ParkedPort {
  readonly outer: string
  /** Name of the network namespace that has the other end, where it has one below /run/netns. */
  readonly netns?: string
}

/** Ports that wait on the park bridge. @throws HostProblem COMMAND_FAILED, IP_OUTPUT */
export async function parkedPorts(signal: AbortSignal): Promise<ParkedPort[]> {
  const present = await links(['ip', '-j', '-d', 'link'], signal)
  return present
    .filter((link) => link.master === PARK_BRIDGE)
    .map(({ ifname, link_netns: netns }) => ({ outer: ifname, ...(netns === undefined ? {} : { netns }) }))
}

/** Names of this host's bridges, without the one that parks. */
export async function bridges(signal: AbortSignal): Promise<string[]> {
  return (await links(['ip', '-j', '-d', 'link'], signal)).filter(isBridge).map((link) => link.ifname)
}

function isBridge(link: Link): boolean {
  return link.linkinfo?.info_kind === 'bridge' && link.ifname !== PARK_BRIDGE
}

/** Whether the host has an interface of this name. */
export async function exists(name: string): Promise<boolean> {
  // Not /sys/class/net: that shows the network namespace which mounted it.
  const text = await readFile('/proc/self/net/dev', 'utf8')
  return text.split('\n').some((line) => line.trimStart().startsWith(name + ':'))
}
