// Whether what is in a cgroup is held, by its freeze or task by task.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupFolder, tasks } from './cgroup.ts'
import { readStatus } from './tree.ts'

/** Stopped, traced, or dead. Format: proc_pid_status(5). */
const STANDING: ReadonlySet<string> = new Set(['T', 't', 'Z', 'X'])

export type Hold = 'held' | 'thawed' | 'gone'

/**
 * `frozen 0` alone is no thaw: a frozen task that is killed, traced or joins says so too, for an instant, and nothing of the tree runs. What
 * lets it run is that `cgroup.freeze` is no longer 1. The files are made up by the kernel: reading them waits for nothing.
 */
export function holdOf(cgroup: string): Hold {
  const folder = cgroupFolder(cgroup)
  try {
    if (!/^populated 1$/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'))) return 'gone'
    return readFileSync(join(folder, 'cgroup.freeze'), 'utf8').trim() === '1' ? 'held' : 'thawed'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // ENODEV: removed between open and read. Anything else (no descriptor left) is no answer: the next look gives one.
    return code === 'ENOENT' || code === 'ENODEV' ? 'gone' : 'held'
  }
}

/**
 * Whether a container's tree that should be held runs: nobody holds its cgroup frozen, and some task is not stopped either. Runtimes put CRIU
 * and its hook into that cgroup too: what is in no pid namespace of a container's is not its.
 */
export async function runsUnheld(cgroup: string): Promise<boolean> {
  if (holdOf(cgroup) !== 'thawed') return false
  const all = await Promise.all((await tasks(cgroup)).map(readStatus))
  return all.some((status) => status?.isNested === true && !STANDING.has(status.state))
}
