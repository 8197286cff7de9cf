// What a dump that was killed leaves in a container that runs on: sockets in repair mode, and rules that block its network.
import { leaveRepairMode, socketsInRepair, tracersOf } from '../../criu/repair.ts'
import { isFrozen } from '../../host/cgroup.ts'
import { findNetworkLocks, removeNetworkLock } from '../../criu/network-lock.ts'
import type { Leftover } from './leftover.ts'
import { runsHere, sameTree, treeOf, type Past, type PastMigration } from './past.ts'

/** Whether a migration has claimed the container by now. */
export type IsHeld = (container: string) => Promise<boolean>

/** Only of containers whose last migration froze them here and ended: nobody works on those any more. */
export async function tracesOf(past: Past, isHeld: IsHeld, signal: AbortSignal): Promise<Leftover[]> {
  const found: Leftover[] = []
  for (const one of past.lastEnded()) {
    if (one.source === undefined || !runsHere(one)) continue
    const pids = await sameTree(one)
    const cgroup = treeOf(one)?.cgroup
    // Somebody else's CRIU may be at work.
    if (pids === undefined || cgroup === undefined || (await tracersOf(pids)).length > 0) continue
    const traces = (await isFrozen(cgroup)) ? [] : await repairMode(one, pids, signal)
    traces.push(...(await networkLock(one, one.source.initPid, signal)))
    // A migration that began since has its CRIU at work there.
    if (traces.length > 0 && !(await isHeld(one.container))) found.push(...traces)
  }
  return found
}

async function repairMode(
  { record, container }: PastMigration,
  pids: readonly number[],
  signal: AbortSignal
): Promise<Leftover[]> {
  const count = await socketsInRepair(pids, signal)
  if (count === 0) return []
  return [
    {
      code: 'SOCKETS_IN_REPAIR',
      subject: container,
      container,
      what: `${String(count)} TCP socket${count === 1 ? '' : 's'} of ${record.container} ${count === 1 ? 'is' : 'are'} in repair mode: nothing is sent or received`,
      why: `a CRIU that was killed left ${count === 1 ? 'it' : 'them'} so; migration ${record.id} ended as ${record.state}`,
      remedy: 'End that: ferry doctor --repair',
      repair: async (during) => {
        const { repaired, failed } = await leaveRepairMode(pids, during)
        const rest = failed === 0 ? '' : `; the kernel did not let ${String(failed)} go`
        return `took ${String(repaired)} sockets of ${record.container} out of repair mode${rest}`
      }
    }
  ]
}

async function networkLock(
  { record, container }: PastMigration,
  initPid: number,
  signal: AbortSignal
): Promise<Leftover[]> {
  return (await findNetworkLocks(initPid, signal)).map((lock) => ({
    code: 'NETWORK_LOCKED',
    subject: `${container} ${lock.name}`,
    container,
    what: `The network of ${record.container} is blocked by CRIU's ${lock.kind} ${lock.name}`,
    why: 'a CRIU that was killed left it; this version of ferry has CRIU set none',
    remedy: 'Remove it: ferry doctor --repair',
    repair: async (during) => {
      await removeNetworkLock(initPid, lock, during)
      return `removed ${lock.kind} ${lock.name} from the network of ${record.container}`
    }
  }))
}
