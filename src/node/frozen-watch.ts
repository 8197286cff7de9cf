// Notices that somebody else thaws a tree that ferry holds frozen.
import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { cgroupFolder, tasks } from '../host/cgroup.ts'
import { readStatus } from '../host/tree.ts'

/** In case an event is lost, milliseconds. */
const POLL_MS = 200
/** Where the kernel gives no more inotify watches (fs.inotify.max_user_watches), milliseconds. */
const POLL_WITHOUT_EVENTS_MS = 10

export interface FrozenWatch {
  /** From here on nothing is told. To be called before ferry itself thaws. */
  stop(): void
}

/** Stopped, traced, or dead. Format: proc_pid_status(5). */
const STANDING: ReadonlySet<string> = new Set(['T', 't', 'Z', 'X'])

type Hold = 'held' | 'thawed' | 'gone'

/**
 * Calls `onThawed` once, a few milliseconds after the freeze of this cgroup was taken back while processes are in it; never before this
 * has returned. A cgroup that is killed or goes away is not a thaw: the watch then ends by itself. A thaw that is taken back within
 * those milliseconds is not seen.
 * @param cgroup path below the v2 mount, seen frozen by the caller
 */
export function watchFrozen(cgroup: string, onThawed: () => void): FrozenWatch {
  const folder = cgroupFolder(cgroup)
  let events: FSWatcher | undefined
  let poll: NodeJS.Timeout | undefined
  let stopped = false
  const stop = () => {
    stopped = true
    events?.close()
    clearInterval(poll)
  }
  const look = () => {
    if (stopped) return
    const hold = holdOf(folder)
    if (hold === 'held') return
    stop()
    if (hold === 'thawed') onThawed()
  }
  const pollEvery = (ms: number) => {
    clearInterval(poll)
    if (!stopped) poll = setInterval(look, ms).unref()
  }
  try {
    // The kernel says so whenever `frozen` or `populated` changes (cgroup-v2.rst), at most every 10 ms.
    events = watch(join(folder, 'cgroup.events'), { persistent: false }, look)
    events.on('error', () => {
      events?.close()
      pollEvery(POLL_WITHOUT_EVENTS_MS)
    })
    pollEvery(POLL_MS)
  } catch {
    // No watch to be had, or no such cgroup: looking often tells the same.
    pollEvery(POLL_WITHOUT_EVENTS_MS)
  }
  // It may have been thawed before there was a watch.
  setImmediate(look)
  return { stop }
}

/** Whether a tree that should be held runs: nobody holds its cgroup frozen, and some task is not stopped either. */
export async function runsUnheld(cgroup: string): Promise<boolean> {
  if (holdOf(cgroupFolder(cgroup)) !== 'thawed') return false
  const states = await Promise.all((await tasks(cgroup)).map(async (pid) => (await readStatus(pid))?.state))
  return states.some((state) => state !== undefined && !STANDING.has(state))
}

/**
 * `frozen 0` alone is no thaw: a frozen task that is killed, traced or joins says so too, for an instant, and nothing of the tree runs. What
 * lets it run is that `cgroup.freeze` is no longer 1. The files are made up by the kernel: reading them waits for nothing.
 */
function holdOf(folder: string): Hold {
  try {
    if (!/^populated 1$/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'))) return 'gone'
    return readFileSync(join(folder, 'cgroup.freeze'), 'utf8').trim() === '1' ? 'held' : 'thawed'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // ENODEV: removed between open and read. Anything else (no descriptor left) is no answer: the next look gives one.
    return code === 'ENOENT' || code === 'ENODEV' ? 'gone' : 'held'
  }
}
