// The v2 hierarchy: a container's cgroup is named by its path below the mount, as /proc/PID/cgroup has it (`/c1`).
import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostProblem } from './problem.ts'

/** How long the kernel may take to freeze or empty a cgroup. A task in an uninterruptible wait (dead NFS) never freezes. */
const LIMIT_MS = 10_000

/** Where the v2 hierarchy is mounted. Another place than /sys/fs/cgroup is for tests on hosts that still have v1. */
export function cgroupMount(): string {
  return process.env['FERRY_CGROUP_ROOT'] ?? '/sys/fs/cgroup'
}

/** Folder of a cgroup path such as `/lxc.payload.web`. */
export function cgroupFolder(cgroup: string): string {
  if (!cgroup.startsWith('/') || cgroup.split('/').includes('..')) throw new TypeError(`not a cgroup path: ${cgroup}`)
  return join(cgroupMount(), cgroup)
}

/**
 * The v2 cgroup of a process.
 * @throws HostProblem NO_SUCH_PROCESS, NOT_IN_CGROUP_V2
 */
export async function cgroupOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${String(pid)}/cgroup`, 'utf8').catch((error: unknown) => {
    throw new HostProblem(
      {
        code: 'NO_SUCH_PROCESS',
        what: `Process ${String(pid)} is gone`,
        remedy: 'See whether the container still runs'
      },
      { cause: error }
    )
  })
  const path = /^0::(\/.*)$/m.exec(text)?.[1]
  if (path === undefined) {
    throw new HostProblem({
      code: 'NOT_IN_CGROUP_V2',
      what: `Process ${String(pid)} is in no cgroup of the v2 hierarchy`,
      remedy: 'Boot the host with cgroup v2 alone (systemd.unified_cgroup_hierarchy=1)'
    })
  }
  return path
}

/**
 * Freezes a cgroup and returns when the kernel says `frozen 1`. After a throw the request may still stand: thaw it.
 * @throws HostProblem CGROUP_GONE, FREEZE_TIMEOUT
 */
export async function freeze(cgroup: string, signal: AbortSignal): Promise<void> {
  await write(cgroup, 'cgroup.freeze', '1')
  if (await waitFor(() => isFrozen(cgroup), signal)) return
  throw new HostProblem({
    code: 'FREEZE_TIMEOUT',
    what: `Cgroup ${cgroup} did not freeze within ${String(LIMIT_MS)} ms`,
    why: await whoIsNotFrozen(cgroup),
    remedy: 'Find what that process waits for (a dead network file system, a ptrace); end that wait, then try again'
  })
}

/** Asks for the freeze and does not wait for it: tasks that somebody traces freeze when they are let go. @throws HostProblem CGROUP_GONE */
export async function requestFreeze(cgroup: string): Promise<void> {
  await write(cgroup, 'cgroup.freeze', '1')
}

/** The same; nothing is done where the cgroup is gone. */
export async function requestFreezeIfThere(cgroup: string): Promise<void> {
  await requestFreeze(cgroup).catch((error: unknown) => {
    if (!(error instanceof HostProblem && error.details.code === 'CGROUP_GONE')) throw error
  })
}

/** Lets a cgroup run. @throws HostProblem CGROUP_GONE */
export async function thaw(cgroup: string): Promise<void> {
  await write(cgroup, 'cgroup.freeze', '0')
}

/** Whether every task in it is frozen by the kernel's own account. @throws HostProblem CGROUP_GONE */
export async function isFrozen(cgroup: string): Promise<boolean> {
  return (await events(cgroup)).get('frozen') === '1'
}

/** Whether any process, in it or below, exists. A cgroup that does not exist is not populated. */
export async function isPopulated(cgroup: string): Promise<boolean> {
  try {
    return (await events(cgroup)).get('populated') === '1'
  } catch (error) {
    if (error instanceof HostProblem && error.details.code === 'CGROUP_GONE') return false
    throw error
  }
}

/** Pids, as this host sees them, of every process in the cgroup and in those below it. */
export async function tasks(cgroup: string): Promise<number[]> {
  const found: number[] = []
  for (const folder of await folders(cgroupFolder(cgroup))) {
    const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(absent(''))
    for (const line of text.split('\n')) if (line !== '') found.push(Number(line))
  }
  return found
}

/**
 * Kills every process in it, frozen or not, and returns when none is left. A cgroup that does not exist is fine.
 * @throws HostProblem KILL_TIMEOUT
 */
export async function killAll(cgroup: string, signal: AbortSignal): Promise<void> {
  try {
    await write(cgroup, 'cgroup.kill', '1')
  } catch (error) {
    if (error instanceof HostProblem && error.details.code === 'CGROUP_GONE') return
    throw error
  }
  if (await waitFor(async () => !(await isPopulated(cgroup)), signal)) return
  throw new HostProblem({
    code: 'KILL_TIMEOUT',
    what: `Processes of cgroup ${cgroup} were killed but had not ended after ${String(LIMIT_MS)} ms`,
    why: await whoIsNotFrozen(cgroup),
    remedy: 'Find what those processes wait for in the kernel (`cat /proc/PID/wchan`)'
  })
}

/**
 * Removes an empty cgroup and those below it. One that does not exist is fine.
 * @throws HostProblem CGROUP_BUSY
 */
export async function removeTree(cgroup: string, signal: AbortSignal): Promise<void> {
  const list = (await folders(cgroupFolder(cgroup))).reverse()
  for (const folder of list) {
    // Zombies that nobody has reaped yet keep a cgroup busy for an instant.
    const gone = await waitFor(() => tryRmdir(folder), signal, 2000)
    if (gone) continue
    throw new HostProblem({
      code: 'CGROUP_BUSY',
      what: `Cgroup ${folder} could not be removed`,
      why: 'something still runs in it',
      remedy: `See what is in ${folder}/cgroup.procs, end it, then remove the folder with rmdir`
    })
  }
}

/** Every cgroup of this host that somebody asked to be frozen, frozen or not yet; those frozen with a parent are left out. */
export async function frozenCgroups(): Promise<string[]> {
  const found: string[] = []
  const mount = cgroupMount()
  for (const folder of await folders(mount)) {
    const asked = await readFile(join(folder, 'cgroup.freeze'), 'utf8').catch(absent(''))
    if (asked.trim() === '1') found.push(folder.slice(mount.length))
  }
  return found
}

/** Moves a process into another cgroup. One that has ended needs no moving. @throws HostProblem CGROUP_GONE */
export async function moveOut(pid: number, cgroup: string): Promise<void> {
  await write(cgroup, 'cgroup.procs', String(pid)).catch(absent(undefined, ['ESRCH']))
}

async function tryRmdir(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    if (errno(error) === 'ENOENT') return true
    if (errno(error) === 'EBUSY') return false
    throw error
  }
}

/** The folder and all below it, parents first; none where it does not exist. */
async function folders(top: string): Promise<string[]> {
  const entries = await readdir(top, { withFileTypes: true }).catch(absent(undefined))
  if (entries === undefined) return []
  const found = [top]
  for (const entry of entries) if (entry.isDirectory()) found.push(...(await folders(join(top, entry.name))))
  return found
}

async function events(cgroup: string): Promise<Map<string, string>> {
  const text = await readFile(join(cgroupFolder(cgroup), 'cgroup.events'), 'utf8').catch((error: unknown) => {
    throw gone(cgroup, error)
  })
  return new Map(text.split('\n').map((line): [string, string] => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']))
}

async function write(cgroup: string, file: string, value: string): Promise<void> {
  try {
    // Without O_CREAT: a cgroup that is gone must not become a folder of ours.
    await writeFile(join(cgroupFolder(cgroup), file), value, { flag: 'r+' })
  } catch (error) {
    throw gone(cgroup, error)
  }
}

function gone(cgroup: string, error: unknown): unknown {
  const code = errno(error)
  if (code !== 'ENOENT' && code !== 'ENODEV') return error
  return new HostProblem(
    {
      code: 'CGROUP_GONE',
      what: `Cgroup ${cgroup} does not exist`,
      remedy: 'See whether the container still runs; its cgroup goes with it'
    },
    { cause: error }
  )
}

/** Looks every millisecond: each one counts, the container stands still. */
async function waitFor(look: () => Promise<boolean>, signal: AbortSignal, limitMs = LIMIT_MS): Promise<boolean> {
  const end = performance.now() + limitMs
  while (performance.now() < end) {
    signal.throwIfAborted()
    if (await look()) return true
    await sleep(1, undefined, { signal })
  }
  return look()
}

async function whoIsNotFrozen(cgroup: string): Promise<string> {
  const described: string[] = []
  for (const pid of (await tasks(cgroup)).slice(0, 100)) {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(absent(''))
    const [, comm = '?', state = '?'] = /^\d+ \((.*)\) (\S)/s.exec(stat) ?? []
    const wchan = await readFile(`/proc/${String(pid)}/wchan`, 'utf8').catch(absent(''))
    if (state !== 'Z' && wchan !== 'do_freezer_trap')
      described.push(`${String(pid)} (${comm}) state ${state}, in ${wchan || '?'}`)
  }
  return described.slice(0, 5).join('; ') || 'no process could be named'
}

function absent<T>(value: T, codes: readonly string[] = ['ENOENT', 'ENODEV', 'ESRCH']): (error: unknown) => T {
  return (error) => {
    if (codes.includes(errno(error) ?? '')) return value
    throw error
  }
}

function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
