// A running OCI container as a migration sees it, and what of it can't be dumped.
import { readFile, readlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { findUndumpable } from '../criu/undumpable.ts'
import { cgroupOf, tasks } from '../host/cgroup.ts'
import type { Finding } from '../host/problem.ts'
import { catchesSigcont } from '../host/tree.ts'
import { isCgroupOf, isName } from './container-name.ts'
import type { Inspection } from './engine.ts'
import { blocker, warning } from './findings.ts'
import { present } from './host-paths.ts'
import { networkFindings, readNetwork, toPorts } from './network.ts'
import type { NetworkSpec } from './network.ts'
import { namespacePath, parseOciConfig, relocate } from './oci-config.ts'
import type { OciConfig } from './oci-config.ts'
import type { OciContainer, OciRuntime } from './oci-runtime.ts'
import type { OciSpec } from './oci-spec.ts'
import { CONFIG, isParkedBundle, PARKED_CONFIG } from './oci-park.ts'
import { notRunning, unknownContainer, unsupported } from './refusals.ts'
import { netnsFindings as sharedNetnsFindings } from './netns-users.ts'
import { memoryBytes, rootfsBytes } from './sizes.ts'

export async function inspectOci(runtime: OciRuntime, name: string, signal: AbortSignal): Promise<Inspection> {
  const container = isName(name) ? await runtime.state(name, signal) : undefined
  if (container === undefined) throw unknownContainer(runtime.name, name)
  if (container.status !== 'running') throw notRunning(name, container.status)
  const config = await readConfig(container)
  const cgroup = containerCgroup(await cgroupOf(container.pid), config, name)
  const rootfs = resolve(container.bundle, config.root.path)
  const netns = netnsOf(config)
  const where = typeof netns === 'string' && netns !== '' ? netns : container.pid
  const [network, memory, disk, undumpable, streams, sigcont] = await Promise.all([
    netns === undefined ? emptyNetwork : readNetwork(where, signal),
    memoryBytes(cgroup),
    rootfsBytes(rootfs, signal),
    tasks(cgroup).then((pids) => findUndumpable(pids, signal)),
    streamFindings(container.pid),
    tasks(cgroup).then(catchesSigcont)
  ])
  const netnsName = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(netns ?? '')?.[1]
  const spec: OciSpec = {
    version: 1,
    name,
    cgroup,
    config: relocate(config, cgroup, undefined),
    ...(netnsName === undefined ? {} : { netns: { name: netnsName, network } })
  }
  return {
    engine: runtime.name,
    name,
    initPid: container.pid,
    cgroup,
    home: container.bundle,
    rootfs,
    ports: toPorts(network.ports),
    memoryBytes: memory,
    rootfsBytes: disk,
    catchesSigcont: sigcont,
    spec: JSON.stringify(spec),
    findings: [
      ...undumpable,
      ...streams,
      ...configFindings(config, name, cgroup, { home: container.bundle, rootfs }),
      ...netnsFindings(netns, netnsName, network),
      ...(netns === undefined ? [] : await networkFindings(where, network.ports, signal)),
      ...(netns === undefined ? [] : await sharedNetnsFindings(container.pid, cgroup))
    ]
  }
}

const emptyNetwork: NetworkSpec = { ports: [], routes: [], sysctls: {} }

async function readConfig(container: OciContainer): Promise<OciConfig> {
  const path = join(container.bundle, CONFIG)
  if (!(await present(path)) && (await isParkedBundle(container.bundle))) {
    throw unsupported(
      `The bundle of ${container.id} has its configuration set aside as ${join(container.bundle, PARKED_CONFIG)}`,
      'a migration did that, so that nothing starts the container while its right to run is on its way',
      'If no migration is under way (ferry migrations), put it back: ferry doctor --repair'
    )
  }
  try {
    return parseOciConfig(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw unsupported(
      `The bundle of ${container.id} can't be read: ${path}`,
      error instanceof Error ? error.message : String(error),
      `Restore ${path} as it was when the container was started`,
      error
    )
  }
}

/** The runtime's own cgroup for the container: processes may have moved themselves into ones below it. */
function containerCgroup(ofInit: string, config: OciConfig, name: string): string {
  const wanted = config.linux?.cgroupsPath
  if (wanted !== undefined && wanted.startsWith('/') && (ofInit === wanted || ofInit.startsWith(wanted + '/')))
    return wanted
  const parts = ofInit.split('/')
  const index = parts.lastIndexOf(name)
  return index > 0 ? parts.slice(0, index + 1).join('/') : ofInit
}

/** Undefined: the host's network. Empty: the runtime makes a namespace, CRIU carries it. */
function netnsOf(config: OciConfig): string | undefined {
  return namespacePath(config, 'network')
}

function configFindings(
  config: OciConfig,
  name: string,
  cgroup: string,
  { home, rootfs }: { home: string; rootfs: string }
): Finding[] {
  const findings: Finding[] = []
  if (config.process.terminal === true) {
    findings.push(
      blocker(
        'TERMINAL',
        `${name} has a terminal whose other end a program of this host holds`,
        'Start it with "terminal": false in config.json',
        'the other end of a terminal does not move'
      )
    )
  }
  if (cgroup.endsWith('.scope')) {
    findings.push(
      blocker(
        'SYSTEMD_CGROUP',
        `The cgroup of ${name} is a scope of systemd (${cgroup})`,
        'Start it without --systemd-cgroup, with a cgroupsPath such as "/' + name + '"',
        'a scope of systemd can not be made again before the container is restored'
      )
    )
  } else if (!isCgroupOf(cgroup, name)) {
    findings.push(
      blocker(
        'CGROUP_NAME',
        `The cgroup of ${name} (${cgroup}) is not named after it`,
        `Start it with "cgroupsPath": "/${name}" in config.json`,
        'what runs in that cgroup is killed when a migration is undone, so the name has to show whose it is'
      )
    )
  }
  if (namespacePath(config, 'user') !== undefined || (config.linux?.uidMappings ?? []).length > 0) {
    findings.push(
      blocker(
        'USER_NAMESPACE',
        `${name} has a user namespace`,
        'Run it without one',
        `moving ${name} with its id mappings is not supported yet`
      )
    )
  }
  if (rootfs === home) {
    findings.push(
      blocker(
        'ROOTFS_IS_BUNDLE',
        `The root filesystem of ${name} is its bundle itself (${home})`,
        `Move it into a folder of its own, e.g. ${home}/rootfs, and name that in root.path of config.json`,
        'ferry sets config.json aside while the container moves, which the container would see'
      )
    )
  }
  if (dirname(rootfs) === '/' && rootfs === '/') {
    findings.push(
      blocker('ROOTFS_IS_HOST', `The root filesystem of ${name} is the host's own`, 'Give it a rootfs of its own')
    )
  }
  return findings
}

function netnsFindings(netns: string | undefined, name: string | undefined, network: NetworkSpec): Finding[] {
  if (netns === undefined) {
    return [
      blocker(
        'HOST_NETWORK',
        'The container uses the network of its host',
        'Give it a network namespace: an address of a host can not move'
      )
    ]
  }
  if (netns === '') {
    if (network.ports.length === 0) return []
    return [
      blocker(
        'NETNS_WITHOUT_PATH',
        "The container's network namespace was made by the runtime and its ports by somebody else",
        'Make the namespace first (ip netns add NAME) and name it in config.json: {"type": "network", "path": "/run/netns/NAME"}',
        'CRIU would make the ports again in a way that nobody can hold back'
      )
    ]
  }
  if (name !== undefined && isName(name)) return []
  return [
    blocker(
      'NETNS_PATH',
      `The container's network namespace is ${netns}`,
      'Make it with `ip netns add NAME` and name it in config.json as /run/netns/NAME'
    )
  ]
}

/** Standard streams are held by whoever started the container, unless they are the container's own /dev/null. */
async function streamFindings(initPid: number): Promise<Finding[]> {
  const proc = `/proc/${String(initPid)}`
  const mounts = new Set((await readFile(`${proc}/mountinfo`, 'utf8')).split('\n').map((line) => line.split(' ')[0]))
  const findings: Finding[] = []
  for (const fd of [0, 1, 2]) {
    // A stream that is closed needs nothing.
    const target = await readlink(`${proc}/fd/${String(fd)}`).catch(() => undefined)
    if (target === undefined) continue
    const which = ['input', 'output', 'error output'][fd] ?? String(fd)
    if (target.startsWith('pipe:')) {
      findings.push(
        warning(
          'STDIO_PIPE',
          `The standard ${which} is a pipe to a program of this host`,
          'Start the container with its standard streams connected to /dev/null and let it log to a file of its own or to a socket',
          "on the target it is the host's /dev/null, and the container can not move on from there before it is restarted"
        )
      )
      continue
    }
    const mount = /^mnt_id:\s*(\d+)/m.exec(await readFile(`${proc}/fdinfo/${String(fd)}`, 'utf8').catch(() => ''))?.[1]
    if (mount !== undefined && mounts.has(mount)) continue
    findings.push(
      blocker(
        'STDIO_HOST_FILE',
        `The standard ${which} is ${target} of this host`,
        'Restart the container with its standard streams connected to /dev/null',
        'CRIU can not reach a file that is outside the container'
      )
    )
  }
  return findings
}
