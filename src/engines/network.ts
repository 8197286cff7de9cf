// A container's network as it travels: read on the source, checked and made again on the target.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Finding } from '../host/problem.ts'
import {
  batch,
  bridges,
  checked,
  detach,
  enter,
  exists,
  foreignLinks,
  portsOf,
  routeArguments,
  routesOf
} from '../host/ports.ts'
import type { HostPort, NetworkNamespace } from '../host/ports.ts'
import { run } from '../host/run.ts'
import { interfaceSchema } from './container-name.ts'
import type { Port } from './engine.ts'
import { blocker } from './findings.ts'
import { present } from './host-paths.ts'

const address = z.string().regex(/^[0-9a-fA-F.:]{2,45}$/, 'an IP address')
const cidr = z.string().regex(/^[0-9a-fA-F.:]{2,45}\/\d{1,3}$/, 'an address in CIDR notation')

export const portSchema = z.object({
  inner: interfaceSchema,
  outer: interfaceSchema,
  bridge: interfaceSchema,
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, 'a MAC address'),
  mtu: z.number().int().min(68).max(65535),
  addresses: z.array(cidr).max(64)
})
export type PortSpec = z.infer<typeof portSchema>

const routeSchema = z.object({
  family: z.union([z.literal(4), z.literal(6)]),
  destination: z.string().regex(/^(default|[0-9a-fA-F.:]{2,45}(\/\d{1,3})?)$/, 'a destination'),
  via: address.optional(),
  device: interfaceSchema,
  source: address.optional(),
  metric: z.number().int().min(0).optional(),
  scope: z
    .string()
    .regex(/^[a-z0-9]{1,16}$/)
    .optional(),
  onlink: z.boolean()
})

/** Only what the kernel keeps per network namespace may come from a peer: these belong to the container alone. */
const sysctlSchema = z.record(
  z.string().regex(/^net\.(ipv4|ipv6|core)(\.[a-z0-9_]{1,40}){1,4}$/),
  z.string().regex(/^[0-9 \t-]{1,64}$/)
)

export const networkSchema = z.object({
  ports: z.array(portSchema).max(16),
  routes: z.array(routeSchema).max(256),
  sysctls: sysctlSchema
})
export type NetworkSpec = z.infer<typeof networkSchema>

/** Settings of a network namespace that containers change; CRIU carries none of them into a namespace it did not make. */
const SYSCTLS = [
  'net.ipv4.ip_forward',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_nonlocal_bind',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_syncookies',
  'net.core.somaxconn',
  'net.ipv6.conf.all.disable_ipv6',
  'net.ipv6.conf.default.disable_ipv6'
]

/** @throws HostProblem COMMAND_FAILED, IP_OUTPUT */
export async function readNetwork(where: NetworkNamespace, signal: AbortSignal): Promise<NetworkSpec> {
  const [found, routes, sysctls] = await Promise.all([
    portsOf(where, signal),
    routesOf(where, signal),
    readSysctls(where, signal)
  ])
  return { ports: found.map(portSpec), routes: routes.map((route) => ({ ...route })), sysctls }
}

function portSpec(port: HostPort): PortSpec {
  const { inner, outer, bridge, mac, mtu, addresses } = port
  return { inner, outer, bridge, mac, mtu, addresses: [...addresses] }
}

async function readSysctls(where: NetworkNamespace, signal: AbortSignal): Promise<Record<string, string>> {
  // /proc/sys/net shows the namespace of whoever opens it, so the reader has to be inside.
  const paths = SYSCTLS.map((key) => '/proc/sys/' + key.replaceAll('.', '/'))
  const script = 'for f; do printf "%s\\n" "$(cat "$f" 2>/dev/null)"; done'
  const { stdout } = await run([...enter(where), 'sh', '-c', script, 'sh', ...paths], { signal })
  const values = stdout.split('\n')
  const pairs = SYSCTLS.map((key, index): [string, string] => [key, values[index]?.trim() ?? ''])
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''))
}

/** What in a running container's network can't be made again elsewhere. */
export async function networkFindings(
  where: NetworkNamespace,
  ports: readonly PortSpec[],
  signal: AbortSignal
): Promise<Finding[]> {
  const foreign = (await foreignLinks(where, signal)).map((link) =>
    blocker(
      'INTERFACE_UNSUPPORTED',
      `Interface ${link.name} of the container is a ${link.kind === '' ? 'physical device' : link.kind}, not a veth on a bridge`,
      `Give the container a veth on a bridge in place of ${link.name}`
    )
  )
  const loose = ports
    .filter((port) => port.bridge === '')
    .map((port) =>
      blocker(
        'PORT_ON_NO_BRIDGE',
        `The container's ${port.inner} (${port.outer} on this host) is on no bridge`,
        `Put it on one: ip link set ${port.outer} master BRIDGE`,
        'the address can follow the container only where hosts share a segment'
      )
    )
  return [...foreign, ...loose]
}

export function toPorts(ports: readonly PortSpec[]): Port[] {
  return ports.map(({ inner, outer, bridge, mac, addresses }) => ({ inner, outer, bridge, mac, addresses }))
}

/** Ports as they were found after the restore, with the bridges they are to join: `bridges` goes by the order of `ports`. */
export function toRestoredPorts(
  found: readonly HostPort[],
  ports: readonly PortSpec[],
  bridges: readonly string[]
): Port[] {
  return found.map(({ inner, outer, mac, addresses }) => {
    const bridge = bridges[ports.findIndex((port) => port.inner === inner)] ?? ''
    return { inner, outer, mac, addresses, bridge }
  })
}

/** This host's bridge for each port, in their order. */
export function mapBridges(ports: readonly PortSpec[], renamed: Readonly<Record<string, string>>): string[] {
  return ports.map((port) =>
    Object.hasOwn(renamed, port.bridge) ? (renamed[port.bridge] ?? port.bridge) : port.bridge
  )
}

/** Target: whether the bridges exist. */
export async function examineBridges(wanted: readonly string[], signal: AbortSignal): Promise<Finding[]> {
  const here = new Set(wanted.length === 0 ? [] : await bridges(signal))
  return [...new Set(wanted)]
    .filter((name) => !here.has(name))
    .map((name) =>
      blocker(
        'BRIDGE_MISSING',
        `This host has no bridge ${name}, which the container's port is to be on`,
        `Make it (ip link add ${name} type bridge), or map ${name} to a bridge of this host in ferry's configuration (bridges)`,
        `bridges here: ${[...here].join(', ') || 'none'}`
      )
    )
}

/** Host ends for the ports: the source's names where they are free here, others that the migration's id makes unique elsewhere. */
export async function chooseOuter(ports: readonly PortSpec[], migration: string): Promise<string[]> {
  const chosen: string[] = []
  for (const [index, port] of ports.entries()) {
    const digest = createHash('sha256')
      .update(`${migration} ${String(index)}`)
      .digest('hex')
    chosen.push((await exists(port.outer)) ? `fy${digest.slice(0, 10)}` : port.outer)
  }
  return chosen
}

/**
 * Makes the network namespace /run/netns/NAME with everything in it. Host ends are up, on the bridge that leads nowhere.
 * Duplicate address detection is off for what is added: the other holder of the address is the same container.
 * @throws HostProblem COMMAND_FAILED
 */
export async function makeNetns(
  name: string,
  network: NetworkSpec,
  outer: readonly string[],
  signal: AbortSignal
): Promise<void> {
  await run(['ip', 'netns', 'add', name], { signal })
  const where = netnsPath(name)
  await writeSysctls(where, network.sysctls, signal)
  const pairs = network.ports.map((port, index) => ({ port, end: outer[index] ?? port.outer }))
  await batch(
    pairs.map(({ port, end }) => {
      const inner = `peer name ${checked(port.inner)} netns ${name} address ${port.mac} mtu ${String(port.mtu)}`
      return `link add ${checked(end)} mtu ${String(port.mtu)} type veth ${inner}`
    }),
    signal
  )
  await batch(
    [
      'link set lo up',
      ...pairs.flatMap(({ port }) => [
        ...port.addresses.map(
          (cidr) => `addr add ${cidr} ${cidr.includes(':') ? 'nodad ' : 'brd + '}dev ${checked(port.inner)}`
        ),
        `link set ${checked(port.inner)} up`
      ])
    ],
    signal,
    where
  )
  await detach(outer, signal)
  // In their order: a gateway must be reachable before a route goes through it.
  for (const route of network.routes) await run([...enter(where), 'ip', ...routeArguments(exactly(route))], { signal })
}

export function netnsPath(name: string): string {
  return `/run/netns/${name}`
}

/**
 * Whether /run/netns/NAME is there. A file on which no namespace is mounted counts: an `ip netns add` or `del` that was ended halfway leaves one, and
 * no other can be made beside it.
 */
export async function netnsExists(name: string): Promise<boolean> {
  return present(netnsPath(name))
}

/** Removes what `makeNetns` made; what is gone already is fine. @throws HostProblem COMMAND_FAILED */
export async function removeNetns(name: string, outer: readonly string[], signal: AbortSignal): Promise<void> {
  await removePorts(outer, signal)
  if (await netnsExists(name)) await run(['ip', 'netns', 'del', name], { signal })
}

/** What is gone already is fine. @throws HostProblem COMMAND_FAILED */
export async function removePorts(outer: readonly string[], signal: AbortSignal): Promise<void> {
  for (const end of outer) {
    if (!(await exists(end))) continue
    try {
      await run(['ip', 'link', 'del', checked(end)], { signal })
    } catch (error) {
      // A port goes by itself some time after the last process of its network namespace: just now, it may be.
      if (await exists(end)) throw error
    }
  }
}

async function writeSysctls(
  where: NetworkNamespace,
  sysctls: Readonly<Record<string, string>>,
  signal: AbortSignal
): Promise<void> {
  const pairs = Object.entries(sysctls).flatMap(([key, value]) => ['/proc/sys/' + key.replaceAll('.', '/'), value])
  // A setting this kernel does not have (an IPv6 one on a host without IPv6) has nothing to be set on.
  const script = 'while [ $# -gt 0 ]; do [ ! -e "$1" ] || printf "%s" "$2" > "$1" || exit 1; shift 2; done'
  await run([...enter(where), 'sh', '-c', script, 'sh', ...pairs], { signal })
}

function exactly(route: z.infer<typeof routeSchema>) {
  const { family, destination, device, onlink, via, source, metric, scope } = route
  return {
    family,
    destination,
    device,
    onlink,
    ...(via === undefined ? {} : { via }),
    ...(source === undefined ? {} : { source }),
    ...(metric === undefined ? {} : { metric }),
    ...(scope === undefined ? {} : { scope })
  }
}
