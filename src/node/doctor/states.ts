// What a runtime has on its books of containers that a migration made here and that are gone.
import type { StrayState } from '../../engines/engine.ts'
import { isPopulated } from '../../host/cgroup.ts'
import { engineOf } from '../containers.ts'
import { bundlesOf, containerKey, type NodeParts } from '../parts.ts'
import type { Leftover } from './leftover.ts'
import { isDiscarded, treeOf, type Past } from './past.ts'

type Parts = Pick<NodeParts, 'config' | 'engines'>

export async function seeStates({ config, engines }: Parts, signal: AbortSignal): Promise<StrayState[]> {
  const lists = [...engines.values()].map((engine) => engine.strayStates(bundlesOf(config.stateDir), signal))
  return (await Promise.all(lists)).flat()
}

export async function judgeStates({ engines }: Parts, seen: readonly StrayState[], past: Past): Promise<Leftover[]> {
  const held = new Set(past.underWay().map(({ container }) => container))
  const found: Leftover[] = []
  for (const stray of seen) {
    const container = containerKey(stray.engine, stray.name)
    const engine = engineOf(engines, stray.engine)
    if (engine === undefined || held.has(container)) continue
    if (!stray.listed && !(await isOfMigration(stray, container, past))) continue
    found.push({
      code: 'STATE_LEFT',
      subject: stray.folder,
      container,
      what: `${stray.engine} still has ${stray.folder} about ${stray.name}, which has neither processes nor a bundle here`,
      why: stray.listed ? 'its bundle was one that ferry had brought' : 'a restore that was cut short left it',
      remedy: 'Remove it: ferry doctor --repair',
      repair: async (signal) => {
        await engine.removeState(stray, signal)
        return `removed ${stray.folder}`
      }
    })
  }
  return found
}

/** A folder that the runtime does not recognise may be one that it is just making: only what a discarded restore made, and nobody touched since. */
async function isOfMigration(stray: StrayState, container: string, past: Past): Promise<boolean> {
  for (const one of past.lastEnded()) {
    if (one.container !== container || !isDiscarded(one)) continue
    const { startedAt, endedAt } = one.record
    const known = treeOf(one)
    if (endedAt === undefined || known === undefined) continue
    const within = stray.changedMs >= Date.parse(startedAt) && stray.changedMs <= Date.parse(endedAt) + 1000
    if (within && !(await isPopulated(known.cgroup))) return true
  }
  return false
}
