// A running LXC container as a migration sees it, and what of it can't be dumped or restored.
import { readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { findUndumpable } from '../criu/undumpable.ts'
import { isFrozen, tasks } from '../host/cgroup.ts'
import type { Finding } from '../host/problem.ts'
import { catchesSigcont } from '../host/tree.ts'
import { profileOf } from './apparmor.ts'
import { isCgroupOf, isName } from './container-name.ts'
import type { Inspection } from './engine.ts'
import { blocker } from './findings.ts'
import { allValues, lastValue, readLxcConfig } from './lxc-config.ts'
import type { ConfigLine } from './lxc-config.ts'
import { isParkedLxc } from './lxc-park.ts'
import type { LxcSpec } from './lxc-spec.ts'
import { definedContainers, LXC_PATH, processesOf } from './lxc-state.ts'
import { networkFindings, readNetwork, toPorts } from './network.ts'
import { netnsFindings } from './netns-users.ts'
import { notRunning, unknownContainer, unsupported } from './refusals.ts'
import { memoryBytes, rootfsBytes } from './sizes.ts'

export async function inspectLxc(name: string, signal: AbortSignal): Promise<Inspection> {
  if (!isName(name) || !(await definedContainers()).includes(name)) throw unknownContainer('lxc', name)
  const processes = await processesOf(name, signal)
  if (processes === undefined) throw notRunning(name, 'stopped')
  const { initPid, cgroup } = processes
  if (await isFrozen(cgroup)) throw notRunning(name, 'frozen')
  const home = join(LXC_PATH, name)
  if (await isParkedLxc(home)) {
    throw unsupported(
      `The configuration of ${name} ends with lines of ferry that keep it from being started`,
      'a migration wrote them, so that nothing starts the container while its right to run is on its way',
      'If no migration is under way (ferry migrations), take them away: ferry doctor --repair'
    )
  }
  const lines = await readLxcConfig(join(home, 'config'))
  const path = lastValue(lines, 'lxc.rootfs.path') ?? ''
  const rootfs = path.replace(/^dir:/, '')
  const storage = await storageFindings(path, rootfs)
  const hostNetwork = (await readlink(`/proc/${String(initPid)}/ns/net`)) === (await readlink('/proc/self/ns/net'))
  const pids = await tasks(cgroup)
  const [network, memory, disk, undumpable, sigcont, confinedBy, ttys] = await Promise.all([
    hostNetwork ? { ports: [] } : readNetwork(initPid, signal),
    memoryBytes(cgroup),
    storage.length > 0 ? 0 : rootfsBytes(rootfs, signal),
    findUndumpable(pids, signal),
    catchesSigcont(pids),
    profileOf(initPid),
    boundTtys(initPid)
  ])
  const spec: LxcSpec = {
    version: 1,
    name,
    lines,
    ports: network.ports,
    ttys,
    ...(confinedBy === undefined ? {} : { confinedBy })
  }
  return {
    engine: 'lxc',
    name,
    initPid,
    cgroup,
    home,
    rootfs,
    ports: toPorts(network.ports),
    memoryBytes: memory,
    rootfsBytes: disk,
    catchesSigcont: sigcont,
    spec: JSON.stringify(spec),
    findings: [
      ...undumpable,
      ...storage,
      ...configFindings(lines, name, cgroup),
      ...(hostNetwork
        ? [
            blocker(
              'HOST_NETWORK',
              'The container uses the network of its host',
              'Give it a veth on a bridge: an address of a host can not move'
            )
          ]
        : [...(await networkFindings(initPid, network.ports, signal)), ...(await netnsFindings(initPid, cgroup))])
    ]
  }
}

async function storageFindings(path: string, rootfs: string): Promise<Finding[]> {
  const driver = /^([a-z]+):/.exec(path)?.[1]
  const isFolder =
    (driver === undefined || driver === 'dir') && (await stat(rootfs).then((found) => found.isDirectory()))
  if (isFolder) return []
  return [
    blocker(
      'UNSUPPORTED_STORAGE',
      `The root filesystem is ${path === '' ? 'not given' : path}, and only plain folders are moved`,
      'Copy the container to a plain folder: lxc-copy -B dir',
      driver === undefined ? 'it is not a folder' : `its storage driver is ${driver}`
    )
  ]
}

function configFindings(lines: readonly ConfigLine[], name: string, cgroup: string): Finding[] {
  const findings: Finding[] = []
  const console = lastValue(lines, 'lxc.console.path')
  if (console !== 'none') {
    findings.push(
      blocker(
        'CONSOLE',
        `${name} has a console whose other end its monitor on this host holds`,
        `Set lxc.console.path = none in ${LXC_PATH}/${name}/config and restart the container`,
        'the other end of a console does not move'
      )
    )
  }
  if (allValues(lines, 'lxc.idmap').length > 0) {
    findings.push(
      blocker(
        'USER_NAMESPACE',
        `${name} is unprivileged (lxc.idmap)`,
        'Run it privileged',
        `moving ${name} with its id mappings is not supported yet`
      )
    )
  }
  if (!isCgroupOf(cgroup, name)) {
    findings.push(
      blocker(
        'CGROUP_NAME',
        `The cgroup of ${name} is ${cgroup}`,
        'Restart the container when no cgroup of an earlier run is left (and without lxc.cgroup.dir)',
        `/lxc.payload.${name} is what the other host would give it`
      )
    )
  }
  return findings
}

/** Terminals that liblxc bound into the container: their other ends are its monitor's. Format: proc_pid_mountinfo(5). */
async function boundTtys(initPid: number): Promise<string[]> {
  const text = await readFile(`/proc/${String(initPid)}/mountinfo`, 'utf8')
  return text
    .split('\n')
    .flatMap((line) => /^\/dev\/(?:lxc\/)?(tty[1-9]\d{0,2})$/.exec(line.split(' ')[4] ?? '')?.[1] ?? [])
}
