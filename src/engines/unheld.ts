// What became of a restore that nobody saw to its end: whether the tasks were let go before anybody held them.
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readHookRecord } from '../criu/hook.ts'
import { holdOf, runsUnheld } from '../host/hold.ts'
import type { CheckpointPaths, Staged } from './engine.ts'
import { ownRecord } from './staging.ts'

/** `may-have-run`: nothing that is left shows that it did, or that it did not. */
export type Unheld = 'ran' | 'may-have-run'

/** Lines of CRIU's log, in their order (criu/cr-restore.c, restore_root_task). */
const CATCHES_TASKS = 'Unlock network'
const HAS_STOPPED_THEM = 'Running pre-resume scripts'
const GAVE_UP = 'Restoring FAILED'

/** Late enough in the log for all of these: a line or two for each thread come between them. Bytes. */
const TAIL = 4 * 1024 * 1024

/** A SIGSTOP that CRIU has sent is taken by each task as it is let go. */
const STOP_TRIES = 20
const STOP_PAUSE_MS = 5

/**
 * To be asked before anything of it is frozen, ended or killed; changes nothing. Undefined where the copy never ran: its tasks are frozen, stopped or traced,
 * or wait for ever for a CRIU that had not come to let them go.
 * @param how what was to hold it in the end
 */
export async function unheldOf(
  cgroup: string,
  how: 'stop' | 'hook',
  paths: CheckpointPaths
): Promise<Unheld | undefined> {
  const hold = holdOf(cgroup)
  const log = await logOf(paths)
  const atLastStop = log?.includes(HAS_STOPPED_THEM) === true
  if (hold === 'thawed') {
    if (!(await runsOn(cgroup, how))) return undefined
    // Until then no task has left CRIU's own code.
    if (log !== undefined && !log.includes(CATCHES_TASKS)) return undefined
    return atLastStop ? 'ran' : 'may-have-run'
  }
  // Gone, or frozen by somebody since. CRIU stops its tasks by itself before it can let them go; a hook has to come to it.
  if (how === 'stop' || (await readHookRecord(paths.work)) !== undefined) return undefined
  const gaveUp = log?.includes(GAVE_UP) === true && !atLastStop
  return log?.includes(CATCHES_TASKS) === true && !gaveUp ? 'may-have-run' : undefined
}

/** As `unheldOf`, of what is staged; undefined where no restore of it was begun. */
export async function stagedUnheld(staged: Staged, paths: CheckpointPaths): Promise<Unheld | undefined> {
  const record = await ownRecord(staged)
  if (record?.restoring !== true) return undefined
  return unheldOf(staged.cgroup, record.how ?? 'hook', paths)
}

async function runsOn(cgroup: string, how: 'stop' | 'hook'): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    if (!(await runsUnheld(cgroup))) return false
    if (how === 'hook' || tries === STOP_TRIES) return true
    await sleep(STOP_PAUSE_MS)
  }
}

/** Undefined where CRIU never began to write one. liblxc has it beside the images until its restore has ended. */
async function logOf({ images, work }: CheckpointPaths): Promise<string | undefined> {
  return (await tail(join(work, 'restore.log'))) ?? (await tail(join(images, 'restore.log')))
}

async function tail(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const start = Math.max(0, size - TAIL)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
