// Trees and ports: what stands still, or waits on the park bridge, for a migration that is over.
import { frozenCgroups, isPopulated, killAll, removeTree, tasks, thaw } from '../../host/cgroup.ts'
import { attach, exists, PARK_BRIDGE, parkedPorts, portsOf, type ParkedPort } from '../../host/ports.ts'
import type { StagedFolder } from '../../engines/leftovers.ts'
import { engineOf } from '../containers.ts'
import { foldersOf, retainedOf, type NodeParts } from '../parts.ts'
import type { Leftover } from './leftover.ts'
import { isDiscarded, movedAway, runsHere, sameTree, treeOf, type Past, type PastMigration } from './past.ts'

type Parts = Pick<NodeParts, 'config' | 'engines' | 'log'>

export interface SeenTrees {
  /** Cgroups that somebody asked to be frozen. */
  readonly frozen: readonly string[]
  readonly parked: readonly ParkedPort[]
  /** The port of whatever stands frozen, by its cgroup. */
  readonly portsOf: ReadonlyMap<string, readonly string[]>
}

export async function seeTrees(signal: AbortSignal): Promise<SeenTrees> {
  const parked = await parkedPorts(signal)
  const frozen = await frozenCgroups()
  const ports = new Map<string, readonly string[]>()
  // Only what waits there is asked about.
  if (parked.length > 0) for (const cgroup of frozen) ports.set(cgroup, await outerPorts(cgroup, signal))
  return { frozen, parked, portsOf: ports }
}

/** @param staged looked for after the ports: a port is made after the record that names it */
export async function judgeTrees(
  parts: Parts,
  seen: SeenTrees,
  staged: readonly StagedFolder[],
  past: Past,
  signal: AbortSignal
): Promise<{ leftovers: Leftover[]; notes: string[] }> {
  const leftovers: Leftover[] = []
  const notes: string[] = []
  const held = past.underWay()
  const heldCgroups = new Set(held.flatMap((one) => treeOf(one)?.cgroup ?? []))
  const ports = new Set<string>(held.flatMap(recordedPorts).map(({ outer }) => outer))
  // Whether its migration is under way or not: where it is not, the folder is what is listed.
  for (const { record } of staged) if (record !== 'torn') for (const outer of record?.outer ?? []) ports.add(outer)
  // A port that CRIU made has no record before the restore is done; its tree says whose it is.
  if (seen.parked.length > 0)
    for (const cgroup of heldCgroups) for (const outer of await outerPorts(cgroup, signal)) ports.add(outer)
  const waiting = new Set(seen.parked.map(({ outer }) => outer).filter((outer) => !ports.has(outer)))
  const explained = new Set(heldCgroups)
  const take = (one: PastMigration) => recordedPorts(one).filter(({ outer }) => waiting.delete(outer))

  for (const one of past.lastEnded()) {
    const known = treeOf(one)
    if (known === undefined) continue
    const isFrozen = seen.frozen.includes(known.cgroup)
    const pids = await sameTree(one)
    if (pids === undefined) {
      if (isFrozen && !(await isPopulated(known.cgroup))) {
        explained.add(known.cgroup)
        leftovers.push(emptyCgroup(one, known.cgroup))
      }
      continue
    }
    explained.add(known.cgroup)
    if (movedAway(one)) {
      take(one)
      leftovers.push(treeThatLeft(parts, one, known.cgroup))
    } else if (isDiscarded(one)) {
      take(one)
      // Its folder is listed, and its tree goes with that.
      if (staged.some(({ migration, inPlace }) => migration === one.record.id && inPlace)) continue
      leftovers.push(treeOfDiscarded(parts, one, known.cgroup))
    } else if (runsHere(one)) {
      const left = take(one)
      if (left.length > 0) leftovers.push(waitingContainer(parts, one, known.cgroup, left, isFrozen))
      else if (isFrozen) notes.push(pausedNote(one.record.container, known.cgroup))
    }
  }
  for (const [cgroup, outer] of seen.portsOf) {
    if (explained.has(cgroup) || !outer.some((port) => waiting.has(port))) continue
    const own = outer.filter((port) => waiting.delete(port))
    leftovers.push(unknownTree(cgroup, own))
  }
  for (const outer of waiting) leftovers.push(unknownPort(outer))
  if (seen.parked.length === 0) notes.push(...(await parkNote()))
  return { leftovers, notes }
}

/** Host's ends and the bridges they belong on, as the record has them. */
function recordedPorts({ source, staged, tree }: PastMigration): { outer: string; bridge: string }[] {
  if (source !== undefined) return source.ports.map(({ outer, bridge }) => ({ outer, bridge }))
  return (tree?.ports ?? []).map(({ outer, bridge }, index) => ({ outer, bridge: staged?.bridges[index] ?? bridge }))
}

function emptyCgroup({ record, container }: PastMigration, cgroup: string): Leftover {
  return {
    code: 'CGROUP_LEFT',
    subject: cgroup,
    container,
    what: `Cgroup ${cgroup} of ${record.container} is frozen, and nothing is in it`,
    why: `migration ${record.id} ended as ${record.state}; whatever was started in it would stand still`,
    remedy: `Remove it: ferry doctor --repair, or rmdir /sys/fs/cgroup${cgroup}`,
    repair: async (signal) => {
      await removeTree(cgroup, signal)
      return `removed cgroup ${cgroup}`
    }
  }
}

function treeThatLeft({ config, engines }: Parts, one: PastMigration, cgroup: string): Leftover {
  const { record, container, source } = one
  const engine = engineOf(engines, record.engine)
  return {
    code: 'TREE_LEFT',
    subject: cgroup,
    container,
    what: `Processes of ${record.container} are still here, and it runs on ${record.peerName}`,
    why: `the journal has the COMMIT of migration ${record.id}, which ended as moved`,
    remedy: 'Kill them: ferry doctor --repair',
    ...(source === undefined || engine === undefined
      ? {}
      : {
          repair: async (signal: AbortSignal) => {
            await engine.retire(source, retainedOf(config.stateDir, record.id), signal)
            return `killed the processes of ${record.container} that had moved to ${record.peerName}`
          }
        })
  }
}

function treeOfDiscarded({ engines }: Parts, one: PastMigration, cgroup: string): Leftover {
  const { record, container, staged } = one
  const engine = engineOf(engines, record.engine)
  return {
    code: 'TREE_LEFT',
    subject: cgroup,
    container,
    what: `Processes that migration ${record.id} restored as ${record.container} are still here`,
    why: `the journal says that this host never runs them: it ended as ${record.state}`,
    remedy: 'Kill them: ferry doctor --repair',
    ...(staged === undefined || engine === undefined
      ? {}
      : {
          repair: async (signal: AbortSignal) => {
            await engine.discard(staged, signal)
            await removeDiscarded(cgroup, signal)
            return `killed what migration ${record.id} had restored as ${record.container}`
          }
        })
  }
}

/** Its folder is gone, so that `discard` does not know it any more. */
async function removeDiscarded(cgroup: string, signal: AbortSignal): Promise<void> {
  if (await isPopulated(cgroup)) await killAll(cgroup, signal)
  await removeTree(cgroup, signal)
}

function waitingContainer(
  { config, engines, log }: Parts,
  { record, container, source }: PastMigration,
  cgroup: string,
  ports: readonly { outer: string; bridge: string }[],
  isFrozen: boolean
): Leftover {
  const engine = engineOf(engines, record.engine)
  const names = ports.map(({ outer }) => outer).join(', ')
  const bridges = ports.map(({ bridge }) => bridge).join(', ')
  return {
    code: isFrozen ? 'CONTAINER_FROZEN' : 'PORT_PARKED',
    subject: isFrozen ? cgroup : names,
    container,
    what: isFrozen
      ? `${record.container} stands frozen with its port ${names} on ${PARK_BRIDGE}, and no migration holds it`
      : `${record.container} runs with its port ${names} on ${PARK_BRIDGE}: nobody can reach it`,
    why: `the journal says that it runs here: migration ${record.id} ended as ${record.state}`,
    remedy: `Put the port on ${bridges} and let it run: ferry doctor --repair`,
    repair: async (signal) => {
      if (isFrozen && source !== undefined && engine !== undefined) {
        // Sockets that can't be put right cost connections; a container that stays frozen for them costs everything.
        await engine.undoDump(source, foldersOf(config.stateDir, record.id), signal).catch((error: unknown) => {
          log.error(
            { err: error, migration: record.id },
            'traces of the dump stay; the container is let go all the same'
          )
        })
      }
      await attach(ports, signal)
      if (!isFrozen) return `put ${names} back on ${bridges}`
      await thaw(cgroup)
      return `put ${names} back on ${bridges} and let ${record.container} run`
    }
  }
}

function unknownTree(cgroup: string, ports: readonly string[]): Leftover {
  const names = ports.join(', ')
  return {
    code: 'TREE_UNKNOWN',
    subject: cgroup,
    what: `Processes in cgroup ${cgroup} stand frozen with their port ${names} on ${PARK_BRIDGE}, and the journal does not say why`,
    why: 'a copy of them may run on another host; two would corrupt its data',
    remedy: `See on the other hosts whether the container runs there (ferry ls). If it does, kill this one (echo 1 to /sys/fs/cgroup${cgroup}/cgroup.kill). If it does not: ip link set ${names} master BRIDGE, then echo 0 to /sys/fs/cgroup${cgroup}/cgroup.freeze`
  }
}

function unknownPort(outer: string): Leftover {
  return {
    code: 'PORT_UNKNOWN',
    subject: outer,
    what: `Port ${outer} waits on ${PARK_BRIDGE}, and no migration that the journal knows put it there`,
    remedy: `See whose it is (ip -d link show ${outer}); if its container is to be reached: ip link set ${outer} master BRIDGE; if it has none: ip link del ${outer}`
  }
}

function pausedNote(container: string, cgroup: string): string {
  return `${container} (cgroup ${cgroup}) is frozen with its port on its bridge: somebody paused it; ferry did not leave it so`
}

async function parkNote(): Promise<string[]> {
  return (await exists(PARK_BRIDGE))
    ? [`Bridge ${PARK_BRIDGE} stays: it is down and no port is on it; the next migration uses it again`]
    : []
}

async function outerPorts(cgroup: string, signal: AbortSignal): Promise<string[]> {
  const [pid] = await tasks(cgroup)
  if (pid === undefined) return []
  return (await portsOf(pid, signal)).map(({ outer }) => outer)
}
