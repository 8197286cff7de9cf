// A second copy of a container that is leaving, started here by somebody (a unit at boot, a supervisor) from what it leaves behind.
import { join, relative } from 'node:path'
import type { Inspection } from '../engines/engine.ts'
import { retiredPlaces } from '../engines/retire.ts'
import { cgroupOf } from '../host/cgroup.ts'
import { firstProcessesIn, type HostProcess } from '../host/processes.ts'

type Copy = Pick<HostProcess, 'pid' | 'comm' | 'startedMs'>

/**
 * First processes that run from the very root file system that the container has, or had here, in the cgroup that is named after it: both, because
 * another container may share the one, and one that was made under the name since the other. Those of the tree that the migration froze are left out.
 * @param own its pids, as far as it is there
 */
export async function copiesOf(
  container: Inspection,
  retained: string,
  own: readonly number[] = []
): Promise<readonly Copy[]> {
  const found: Copy[] = []
  for (const one of await firstProcessesIn([container.rootfs, ...retiredRoots(container, retained)]))
    if (isItsCgroup(await cgroupOf(one.pid).catch(() => ''), container.cgroup)) found.push(one)
  return found.filter(({ pid }) => !own.includes(pid))
}

/** liblxc appends -1, -2, … where a cgroup of the name exists already. */
function isItsCgroup(cgroup: string, wanted: string): boolean {
  const rest = cgroup.startsWith(wanted) ? cgroup.slice(wanted.length) : undefined
  return rest !== undefined && /^(?:-\d+)?(?:\/|$)/.test(rest)
}

/** Whatever runs from what was put aside when the container had left; what lies in its old place since is not asked about. */
export function copiesOfRetired(container: Inspection, retained: string): Promise<readonly Copy[]> {
  return firstProcessesIn(retiredRoots(container, retained))
}

function retiredRoots({ home, rootfs }: Inspection, retained: string): string[] {
  const inside = relative(home, rootfs)
  if (inside.startsWith('..')) return []
  return retiredPlaces(home, retained).map((place) => join(place, inside))
}

export async function copyText({ pid, startedMs }: Copy): Promise<string> {
  const cgroup = await cgroupOf(pid).catch(() => 'gone by now')
  return `pid ${String(pid)}, started ${new Date(startedMs).toISOString()}, cgroup ${cgroup}`
}
