// Whether what is in a container's cgroup is still the tree that a migration had there, or another that was started since.
import { tasks } from '../host/cgroup.ts'
import { identityOf, startedMs, type ProcessIdentity } from '../host/processes.ts'

/** Clocks of the kernel and of the record differ by their rounding, milliseconds. */
const CLOCK_SLACK_MS = 2000

export interface KnownTree {
  readonly cgroup: string
  readonly initPid: number
  /** Of its first process, where the record has it. */
  readonly init?: ProcessIdentity
}

/**
 * The pids in the cgroup, if the tree's first process is among them.
 * @param by a time at which it was there already, milliseconds since the epoch: what a record without its identity goes by
 */
export async function sameTree(
  { cgroup, initPid, init }: KnownTree,
  by: number
): Promise<readonly number[] | undefined> {
  const pids = await tasks(cgroup)
  if (!pids.includes(initPid)) return undefined
  if (init === undefined) {
    const began = await startedMs(initPid)
    return began !== undefined && began <= by + CLOCK_SLACK_MS ? pids : undefined
  }
  const now = await identityOf(initPid)
  return now?.startTicks === init.startTicks && now.bootId === init.bootId ? pids : undefined
}
