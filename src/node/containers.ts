// Finds and inspects containers across the engines of this host.
import type { ContainerView } from '../../protocols/operator/views.ts'
import type { ContainerSummary, Engine, EngineName, Inspection } from '../engines/engine.ts'
import type { NodeParts } from './parts.ts'
import { operatorError } from './problems.ts'

type Parts = Pick<NodeParts, 'name' | 'engines' | 'log'>

/** Every container of every engine; an engine that fails is logged and does not hide the others. */
export async function listContainers(parts: Parts, signal: AbortSignal): Promise<ContainerSummary[]> {
  const lists = await Promise.all(
    [...parts.engines.values()].map(async (engine) => {
      try {
        return await engine.discover(signal)
      } catch (error) {
        parts.log.warn({ err: error, engine: engine.name }, 'the containers of an engine could not be listed')
        return []
      }
    })
  )
  return lists.flat()
}

export function containerView(host: string, container: ContainerSummary, moving: boolean): ContainerView {
  return {
    host,
    engine: container.engine,
    name: container.name,
    state: moving ? 'moving' : container.state,
    ...(container.initPid === undefined ? {} : { initPid: container.initPid })
  }
}

/** @param reference `name`, or `engine:name` where several engines have the name */
export async function findContainer(
  parts: Parts,
  reference: string,
  signal: AbortSignal
): Promise<{ engine: Engine; summary: ContainerSummary }> {
  const [first, ...rest] = reference.split(':')
  const engineName = rest.length > 0 ? first : undefined
  const name = rest.length > 0 ? rest.join(':') : reference
  const all = await listContainers(parts, signal)
  const found = all.filter((c) => c.name === name && (engineName === undefined || c.engine === engineName))
  const summary = found[0]
  if (summary === undefined) {
    const names = all.map((c) => c.name)
    throw operatorError(parts.name, {
      code: 'UNKNOWN_CONTAINER',
      what: `there is no container "${reference}" on ${parts.name}`,
      why:
        names.length === 0
          ? 'no engine here has any container'
          : `it has ${[...new Set(names)].slice(0, 20).join(', ')}`,
      remedy: 'see ferry ls'
    })
  }
  if (found.length > 1) {
    throw operatorError(parts.name, {
      code: 'AMBIGUOUS_CONTAINER',
      what: `several engines on ${parts.name} have a container "${name}"`,
      remedy: `say which: ${found.map((c) => `${c.engine}:${c.name}`).join(' or ')}`
    })
  }
  const engine = parts.engines.get(summary.engine)
  if (engine === undefined) throw new Error(`no engine ${summary.engine}`)
  return { engine, summary }
}

/** A running container, inspected. @throws OperatorError UNKNOWN_CONTAINER, AMBIGUOUS_CONTAINER, NOT_RUNNING */
export async function inspectContainer(
  parts: Parts,
  reference: string,
  signal: AbortSignal
): Promise<{ engine: Engine; container: Inspection }> {
  const found = await findContainer(parts, reference, signal)
  return { engine: found.engine, container: await inspectFound(parts, found, signal) }
}

/** @throws OperatorError NOT_RUNNING; what the engine's `inspect` throws */
export async function inspectFound(
  parts: Pick<NodeParts, 'name'>,
  { engine, summary }: { readonly engine: Engine; readonly summary: ContainerSummary },
  signal: AbortSignal
): Promise<Inspection> {
  if (summary.state !== 'running') {
    throw operatorError(parts.name, {
      code: 'NOT_RUNNING',
      what: `${summary.name} is ${summary.state} on ${parts.name}`,
      why: 'only a running container has memory and connections to move',
      remedy: summary.state === 'frozen' ? 'thaw it first' : 'start it first, or copy its files'
    })
  }
  return engine.inspect(summary.name, signal)
}

export function engineOf(engines: NodeParts['engines'], name: string): Engine | undefined {
  return engines.get(name as EngineName)
}
