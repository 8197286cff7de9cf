// A container's ports: veth pairs with one end inside its network namespace and the other on a bridge of the host.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { HostProblem } from './problem.ts'
import { run } from './run.ts'

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

export interface Route {
  readonly family: 4 | 6
  /** `default` or CIDR notation. */
  readonly destination: string
  readonly via?: string
  readonly device: string
  readonly source?: string
  readonly metric?: number
  readonly scope?: string
  readonly onlink: boolean
}

/** A network namespace: of a process, or a path such as /run/netns/web. */
export type NetworkNamespace = number | string

const linkSchema = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  link_index: z.number().optional(),
  link_netnsid: z.number().optional(),
  flags: z.array(z.string()).default([]),
  mtu: z.number().default(1500),
  master: z.string().optional(),
  address: z.string().optional(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
  addr_info: z
    .array(
      z.object({
        family: z.string(),
        local: z.string().optional(),
        prefixlen: z.number(),
        scope: z.string().optional()
      })
    )
    .default([])
})
/** What `ip -j -d addr` and `ip -j -d link` say of one interface. */
export type Link = z.infer<typeof linkSchema>

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

const routeSchema = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
  protocol: z.string().optional(),
  prefsrc: z.string().optional(),
  metric: z.number().optional(),
  scope: z.string().optional(),
  flags: z.array(z.string()).default([])
})

/** Routes of the main table that somebody added, in the kernel's order; what the kernel makes of addresses is left out. */
export async function routesOf(where: NetworkNamespace, signal: AbortSignal): Promise<Route[]> {
  const families = [4, 6] as const
  const lists = await Promise.all(
    families.map(async (family) => {
      const argv = [...enter(where), 'ip', '-j', `-${String(family)}`, 'route', 'show', 'table', 'main']
      const found = parse(z.array(routeSchema), (await run(argv, { signal })).stdout, argv)
      return found.flatMap((route): Route[] => {
        // ra: what the router said will be said again; kernel: comes with the address.
        if (route.dev === undefined || route.protocol === 'kernel' || route.protocol === 'ra') return []
        return [
          {
            family,
            destination: route.dst,
            device: route.dev,
            onlink: route.flags.includes('onlink'),
            ...(route.gateway === undefined ? {} : { via: route.gateway }),
            ...(route.prefsrc === undefined ? {} : { source: route.prefsrc }),
            ...(route.metric === undefined ? {} : { metric: route.metric }),
            ...(route.scope === undefined ? {} : { scope: route.scope })
          }
        ]
      })
    })
  )
  return lists.flat()
}

/** Arguments for `ip` that make a route again. */
export function routeArguments(route: Route): string[] {
  return [
    `-${String(route.family)}`,
    'route',
    'replace',
    route.destination,
    ...(route.via === undefined ? [] : ['via', route.via]),
    'dev',
    route.device,
    ...(route.source === undefined ? [] : ['src', route.source]),
    ...(route.metric === undefined ? [] : ['metric', String(route.metric)]),
    ...(route.scope === undefined ? [] : ['scope', route.scope]),
    ...(route.onlink ? ['onlink'] : [])
  ]
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
  const present = await links(['ip', '-j', '-d', 'link'], signal)
  const find = (name: string | undefined) => present.find((link) => link.ifname === name)
  const lines = outer.flatMap((name) => {
    const port = find(name)
    const address = port?.address
    const bridge = find(port?.master)
    if (address === undefined) return []
    if (bridge !== undefined && isBridge(bridge)) {
      return bridge.address === address ? [`link set dev ${checked(bridge.ifname)} address ${address}`] : []
    }
    return address.startsWith('fe:') ? [] : [`link set dev ${checked(name)} address fe:${address.slice(3)}`]
  })
  await batch(lines, signal)
}

/** Takes ports off the bridge they are on, in one go: they wait, up, on the park bridge. @throws HostProblem COMMAND_FAILED */
export async function detach(outer: readonly string[], signal: AbortSignal): Promise<void> {
  if (outer.length === 0) return
  if (!(await exists(PARK_BRIDGE))) await ensurePark(signal)
  await batch(
    outer.map((name) => `link set dev ${checked(name)} master ${PARK_BRIDGE} up`),
    signal
  )
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

/** Argv prefix that runs a program in a network namespace, with this host's files. */
export function enter(where: NetworkNamespace): string[] {
  return ['nsenter', `--net=${typeof where === 'number' ? `/proc/${String(where)}/ns/net` : where}`]
}

/**
 * Runs lines of `ip -batch` in one process.
 * @throws HostProblem COMMAND_FAILED
 */
export async function batch(lines: readonly string[], signal: AbortSignal, where?: NetworkNamespace): Promise<void> {
  if (lines.length === 0) return
  const prefix = where === undefined ? [] : enter(where)
  await run([...prefix, 'ip', '-batch', '-'], { signal, input: lines.join('\n') + '\n' })
}

/**
 * A name that means itself in a line of `ip -batch`.
 * @throws HostProblem UNSUPPORTED_INTERFACE_NAME
 */
export function checked(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$/.test(name)) return name
  throw new HostProblem({
    code: 'UNSUPPORTED_INTERFACE_NAME',
    what: `Network interface ${JSON.stringify(name)} has a name that ferry does not handle`,
    remedy: 'Rename it to letters, digits, dots, dashes and underscores, 15 at most'
  })
}

async function links(argv: readonly string[], signal: AbortSignal): Promise<Link[]> {
  return parse(z.array(linkSchema), (await run(argv, { signal })).stdout, argv)
}

/** Parses what `ip -j` wrote. @throws HostProblem IP_OUTPUT */
export function parse<T>(schema: z.ZodType<T>, text: string, argv: readonly string[]): T {
  try {
    // iproute2 prints {} for what it was told to leave out, and nothing at all for an empty list.
    const value: unknown = text.trim() === '' ? [] : JSON.parse(text)
    const list = Array.isArray(value) ? value.filter((entry: unknown) => !isEmpty(entry)) : value
    return schema.parse(list)
  } catch (error) {
    throw new HostProblem(
      {
        code: 'IP_OUTPUT',
        what: `What \`${argv.join(' ')}\` wrote could not be understood`,
        why: error instanceof Error ? error.message : String(error),
        remedy: 'Install iproute2 6.1 or later on this host'
      },
      { cause: error }
    )
  }
}

function isEmpty(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0
}
