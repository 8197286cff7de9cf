// Notices that somebody else thaws a tree that ferry holds frozen.
import { watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { cgroupFolder } from '../host/cgroup.ts'
import { holdOf } from '../host/hold.ts'

/** In case an event is lost, milliseconds. */
const POLL_MS = 200
/** Where the kernel gives no more inotify watches (fs.inotify.max_user_watches), milliseconds. */
const POLL_WITHOUT_EVENTS_MS = 10

export interface FrozenWatch {
  /** From here on nothing is told. To be called before ferry itself thaws. */
  stop(): void
}

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
    const hold = holdOf(cgroup)
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
