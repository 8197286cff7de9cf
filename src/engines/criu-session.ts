// What every engine does around CRIU, whoever starts it: its configuration file, its hook, its end.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dumpOptions, restoreOptions, writeConfigFile } from '../criu/config-file.ts'
import type { CriuOption } from '../criu/config-file.ts'
import { writeHook } from '../criu/hook.ts'
import { leaveRepairMode, tracersOf } from '../criu/repair.ts'
import { isPopulated, requestFreezeIfThere, tasks } from '../host/cgroup.ts'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'
import type { CheckpointPaths } from './engine.ts'

/** A dump writes all of the container's memory. */
export const DUMP_LIMIT_MS = 600_000
/**
 * What a dump that nobody wants any more may still take. A CRIU that is killed in the middle leaves its code in the tasks, so it is let
 * to its end wherever that is near.
 */
const DUMP_GRACE_MS = 10_000
const END_LIMIT_MS = 10_000

export async function prepareDump(paths: CheckpointPaths, extra: readonly CriuOption[] = []): Promise<string> {
  const file = dumpConfig(paths)
  await writeConfigFile(file, dumpOptions(extra))
  return file
}

export async function prepareRestore(
  paths: CheckpointPaths,
  how: 'stop' | 'hook',
  extra: readonly CriuOption[] = []
): Promise<string> {
  const file = restoreConfig(paths)
  const hook = join(paths.work, 'freeze-restored')
  if (how === 'hook') await writeHook(hook, { folder: paths.work })
  await writeConfigFile(file, restoreOptions(how === 'hook' ? { hook } : 'stop', extra))
  return file
}

/**
 * Target: ends whoever is still at work on a restore that nobody wants any more. Its tasks are frozen before it lets go of them.
 * @throws HostProblem CRIU_WONT_END
 */
export async function endRestore(cgroup: string, work: string): Promise<void> {
  await freezeIfThere(cgroup)
  await endCriu(restoreConfig({ work }), work)
}

function dumpConfig(paths: Pick<CheckpointPaths, 'work'>): string {
  return join(paths.work, 'criu-dump.conf')
}

function restoreConfig(paths: Pick<CheckpointPaths, 'work'>): string {
  return join(paths.work, 'criu-restore.conf')
}

/** Runs a dump; an abort reaches it only when it has had time to end by itself. @throws the signal's reason, whatever `dump` throws */
export async function withGrace(signal: AbortSignal, dump: (signal: AbortSignal) => Promise<void>): Promise<void> {
  signal.throwIfAborted()
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => {
    timer = setTimeout(() => late.abort(signal.reason), DUMP_GRACE_MS)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await dump(late.signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
  }
  signal.throwIfAborted()
}

/**
 * Ends every criu of this session, and the runtime that started it, and returns when none is left. Runtimes that are killed leave their criu
 * running, and a daemon that is killed leaves both.
 * @param work folder of the session's logs, as in `CheckpointPaths`
 * @throws HostProblem CRIU_WONT_END
 */
export async function endCriu(configFile: string, work: string): Promise<void> {
  const end = performance.now() + END_LIMIT_MS
  for (;;) {
    const found = await workingOn(configFile, work)
    if (found.length === 0) return
    for (const pid of found) kill(pid)
    if (performance.now() > end) {
      throw new HostProblem({
        code: 'CRIU_WONT_END',
        what: `CRIU (pid ${found.join(', ')}) was killed and has not ended`,
        remedy: `See what it waits for: cat /proc/${String(found[0])}/wchan`
      })
    }
    await sleep(5)
  }
}

/**
 * A CRIU that is killed leaves every cgroup hierarchy of the host mounted in its work folder (.criu.cgyard.*): whoever removes the folder would
 * remove cgroups. To be called when that CRIU has ended.
 * @throws HostProblem COMMAND_FAILED
 */
export async function unmountBelow(folder: string, signal: AbortSignal): Promise<void> {
  // What was mounted last lies on top.
  for (const mount of (await mountsBelow(folder)).reverse()) {
    await run(['umount', '-l', '--', mount], { signal, timeoutMs: 5000 })
  }
}

/** Mount points below a folder, in the order in which they were mounted. Format: proc_pid_mountinfo(5). */
export async function mountsBelow(folder: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '')
  return mounts.filter((path) => path.startsWith(folder + '/'))
}

/**
 * Source: sockets that a killed CRIU left in repair mode become sockets again. Before the thaw. A CRIU that outlived its daemon gets the time to end
 * by itself; where it does not use it, its tree is frozen before it lets go of it.
 * @param cgroup undefined where that tree is gone
 * @throws HostProblem COMMAND_FAILED, CRIU_WONT_END, STILL_TRACED
 */
export async function undoTraces(
  cgroup: string | undefined,
  paths: CheckpointPaths,
  signal: AbortSignal
): Promise<void> {
  const config = dumpConfig(paths)
  if (!(await endsByItself(config, paths.work, signal))) {
    if (cgroup !== undefined) await freezeIfThere(cgroup)
    await endCriu(config, paths.work)
  }
  await unmountBelow(paths.work, signal)
  if (cgroup === undefined) return
  const pids = await tasks(cgroup)
  const tracers = await tracersOf(pids)
  if (tracers.length > 0) {
    throw new HostProblem({
      code: 'STILL_TRACED',
      what: `Processes of ${cgroup} are traced by pid ${tracers.join(', ')}`,
      remedy: `End that process: kill -9 ${tracers.join(' ')}`
    })
  }
  await leaveRepairMode(pids, signal)
}

async function freezeIfThere(cgroup: string): Promise<void> {
  if (await isPopulated(cgroup)) await requestFreezeIfThere(cgroup)
}

async function endsByItself(configFile: string, work: string, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + DUMP_GRACE_MS
  while ((await workingOn(configFile, work)).length > 0) {
    if (performance.now() > end) return false
    await sleep(20, undefined, { signal })
  }
  return true
}

/**
 * Runtimes carry the configuration file's name in their environment. A criu that a runtime started has written over its own (setproctitle): that one is known by
 * its log, which it holds open in the work folder.
 */
async function workingOn(configFile: string, work: string): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) continue
    // Processes end while one looks.
    const comm = await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '')
    if (!/^(criu|runc|crun|lxc-checkpoint)/.test(comm)) continue
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '')
    const named = environment.split('\0').includes(`CRIU_CONFIG_FILE=${configFile}`)
    if (named || (comm.startsWith('criu') && (await holdsOpen(entry, work)))) found.push(pid)
  }
  return found
}

async function holdsOpen(pid: string, folder: string): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const path = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
    if (path === folder || path.startsWith(folder + '/')) return true
  }
  return false
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
