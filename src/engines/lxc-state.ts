// What is known of the host's LXC containers without asking liblxc: its commands block for a container that is being restored.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupFolder, cgroupOf, isFrozen, isPopulated, killAll, removeTree, tasks } from '../host/cgroup.ts'
import { run } from '../host/run.ts'
import { isProblem } from './oci-runtime.ts'

export const LXC_PATH = '/var/lib/lxc'

const QUERY_LIMIT_MS = 10_000
const MONITOR_LIMIT_MS = 10_000

/** Names of the containers that are defined; hidden folders are not containers, for liblxc neither. */
export async function definedContainers(): Promise<string[]> {
  const entries = await readdir(LXC_PATH, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  const names: string[] = []
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    if ((await readdir(join(LXC_PATH, entry.name))).includes('config')) names.push(entry.name)
  }
  return names
}

export interface LxcProcesses {
  readonly initPid: number
  /** The payload's topmost cgroup, whatever its init did below it. */
  readonly cgroup: string
}

/** Undefined where it does not run. */
export async function processesOf(name: string, signal: AbortSignal): Promise<LxcProcesses | undefined> {
  for (const cgroup of await payloadCgroups(name)) {
    const initPid = await initOf(await tasks(cgroup))
    if (initPid !== undefined) return { initPid, cgroup }
  }
  // Somewhere else (lxc.cgroup.dir): only its monitor knows.
  if (!(await monitorListens(name))) return undefined
  const { stdout } = await run(['lxc-info', '-n', name, '-p', '-H'], {
    signal,
    timeoutMs: QUERY_LIMIT_MS,
    check: false
  })
  const initPid = Number(stdout.trim())
  if (!Number.isInteger(initPid) || initPid <= 0) return undefined
  return { initPid, cgroup: payloadOf(await cgroupOf(initPid)) }
}

/** Whether the container runs, is frozen, or neither; never waits for its monitor longer than a few seconds. */
export async function stateOf(
  name: string,
  signal: AbortSignal
): Promise<{ state: 'running' | 'frozen' | 'stopped'; initPid?: number }> {
  try {
    const found = await processesOf(name, signal)
    if (found === undefined) return { state: 'stopped' }
    return { state: (await isFrozen(found.cgroup)) ? 'frozen' : 'running', initPid: found.initPid }
  } catch (error) {
    // It ended while it was looked at.
    if (isProblem(error, 'CGROUP_GONE') || isProblem(error, 'NO_SUCH_PROCESS')) return { state: 'stopped' }
    // Its monitor is busy: with a restore, so there is something, and it does not run yet.
    if (isProblem(error, 'COMMAND_TIMEOUT')) return { state: 'frozen' }
    throw error
  }
}

export function payloadCgroup(name: string): string {
  return `/lxc.payload.${name}`
}

export function monitorCgroup(name: string): string {
  return `/lxc.monitor.${name}`
}

/** `/lxc.payload.web` of `/lxc.payload.web/init.scope`. */
export function payloadOf(cgroup: string): string {
  return /^.*?\/lxc\.payload\.[^/]+/.exec(cgroup)?.[0] ?? cgroup
}

/** Whether a monitor of the container has its command socket open. Format: proc(5), /proc/net/unix. */
export async function monitorListens(name: string): Promise<boolean> {
  const sockets = await readFile('/proc/net/unix', 'utf8')
  return sockets.split('\n').some((line) => line.endsWith(`@${LXC_PATH}/${name}/command`))
}

/**
 * Source after the ack, target on rollback: kills the container's processes, waits for its monitor to notice, removes both cgroups.
 * @throws HostProblem KILL_TIMEOUT, CGROUP_BUSY
 */
export async function endContainer(name: string, cgroup: string, signal: AbortSignal): Promise<void> {
  await killAll(cgroup, signal)
  const end = performance.now() + MONITOR_LIMIT_MS
  while ((await monitorListens(name)) && performance.now() < end) await sleep(20, undefined, { signal })
  // A monitor that was itself cut short in a restore does not wait for anything any more.
  await killAll(monitorCgroup(name), signal)
  await removeTree(cgroup, signal)
  await removeTree(monitorCgroup(name), signal)
}

/** liblxc appends -1, -2, … where a cgroup of the name exists already. */
async function payloadCgroups(name: string): Promise<string[]> {
  const wanted = payloadCgroup(name).slice(1)
  const found: string[] = []
  for (const entry of await readdir(cgroupFolder('/'))) {
    if (entry !== wanted && !(entry.startsWith(wanted + '-') && /^\d+$/.test(entry.slice(wanted.length + 1)))) continue
    if (await isPopulated('/' + entry)) found.push('/' + entry)
  }
  return found
}

/** The one that is pid 1 in the outermost of the container's pid namespaces. */
async function initOf(pids: readonly number[]): Promise<number | undefined> {
  let best: { pid: number; depth: number } | undefined
  for (const pid of pids) {
    // Processes end while one looks.
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '')
    const levels = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? []
    if (levels.length > 1 && levels.at(-1) === '1' && (best === undefined || levels.length < best.depth))
      best = { pid, depth: levels.length }
  }
  return best?.pid
}
