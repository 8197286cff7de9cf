// A container's tasks as the hand-over sees them: who was stopped by the container itself, who would notice a SIGCONT.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeze, isFrozen, tasks } from './cgroup.ts'
import { HostProblem } from './problem.ts'

/** Bit of SIGCONT (18) in the masks of /proc/PID/status. */
const SIGCONT_BIT = 1n << 17n
const CONTINUE_LIMIT_MS = 5000

/**
 * Tasks that are stopped (state T) by the container's own doing, as pids of the container's namespace: those the target must not
 * continue. To be asked before the dump.
 */
export async function stoppedTasks(cgroup: string): Promise<number[]> {
  const found: number[] = []
  for (const pid of await tasks(cgroup)) {
    const status = await readStatus(pid)
    if (status?.state === 'T') found.push(status.innerPid)
  }
  return found
}

/**
 * Whether any of these processes would see a SIGCONT: it has a handler for it, or its first thread blocks it and may
 * wait for it (sigwait, signalfd); a blocked signal stays pending even where its default is to be ignored.
 */
export async function catchesSigcont(pids: readonly number[]): Promise<boolean> {
  for (const pid of pids) {
    const status = await readStatus(pid)
    if (status !== undefined && ((status.caught | status.blocked) & SIGCONT_BIT) !== 0n) return true
  }
  return false
}

/**
 * Target, after a restore with `leave-stopped`: freezes the cgroup, then continues under the frozen cgroup every task but those the
 * container itself had stopped, so that a thaw is all that is left to do. Returns when all are seen continued and `frozen 1`.
 * @param keepStopped pids of the container's namespace, as `stoppedTasks` gave them on the source
 * @throws HostProblem CGROUP_GONE, FREEZE_TIMEOUT, NOT_CONTINUED
 */
export async function freezeStopped(
  cgroup: string,
  keepStopped: readonly number[],
  signal: AbortSignal
): Promise<void> {
  await freeze(cgroup, signal)
  const keep = new Set(keepStopped)
  const continued: number[] = []
  for (const pid of await tasks(cgroup)) {
    const status = await readStatus(pid)
    if (status === undefined || status.state === 'Z' || keep.has(status.innerPid)) continue
    process.kill(pid, 'SIGCONT')
    continued.push(pid)
  }
  const end = performance.now() + CONTINUE_LIMIT_MS
  for (;;) {
    const states = await Promise.all(continued.map(readStatus))
    if (states.every((status) => status?.state !== 'T') && (await isFrozen(cgroup))) return
    if (performance.now() > end) break
    await sleep(1, undefined, { signal })
  }
  throw new HostProblem({
    code: 'NOT_CONTINUED',
    what: `Restored tasks of ${cgroup} are not all frozen and ready to run`,
    why: 'after SIGCONT under the frozen cgroup some are still stopped, or the cgroup is no longer frozen',
    remedy: 'Try the migration again; if it happens again, report it with the restore log'
  })
}

export interface TaskStatus {
  readonly comm: string
  /** As in /proc/PID/status: R, S, D, T, t, Z, X, I. */
  readonly state: string
  /** Pid in the innermost pid namespace. */
  readonly innerPid: number
  /** In a pid namespace below the one of /proc. */
  readonly isNested: boolean
  readonly caught: bigint
  readonly blocked: bigint
}

/** Undefined where the process is gone. */
export async function readStatus(pid: number): Promise<TaskStatus | undefined> {
  try {
    return parseStatus(await readFile(`/proc/${String(pid)}/status`, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}

/** Format: proc_pid_status(5). */
export function parseStatus(text: string): TaskStatus {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  const mask = (name: string) => BigInt('0x' + (fields.get(name) ?? '0'))
  const nsPids = (fields.get('NSpid') ?? fields.get('Pid') ?? '0').split(/\s+/)
  return {
    comm: fields.get('Name') ?? '',
    state: (fields.get('State') ?? '').slice(0, 1),
    innerPid: Number(nsPids.at(-1)),
    isNested: nsPids.length > 1,
    caught: mask('SigCgt'),
    blocked: mask('SigBlk')
  }
}
