// Runs one call of an engine, or of what the daemon does around it, on a lab host: the call as JSON on stdin, the outcome as JSON on stdout.
import { text } from 'node:stream/consumers'
import { createEngines } from '../../src/engines/index.ts'
import type { EngineName } from '../../src/engines/engine.ts'
import { freeze, isFrozen, tasks, thaw } from '../../src/host/cgroup.ts'
import { attach, detach } from '../../src/host/ports.ts'
import { HostProblem } from '../../src/host/problem.ts'
import { freezeStopped } from '../../src/host/tree.ts'

export interface EngineCall {
  readonly engine: EngineName
  readonly call: string
  readonly args: readonly unknown[]
}

const host: Readonly<Record<string, (args: readonly never[], signal: AbortSignal) => Promise<unknown>>> = {
  freeze: ([cgroup], signal) => freeze(cgroup ?? '', signal),
  freezeStopped: ([cgroup, keep], signal) => freezeStopped(cgroup ?? '', keep ?? [], signal),
  thaw: ([cgroup]) => thaw(cgroup ?? ''),
  isFrozen: ([cgroup]) => isFrozen(cgroup ?? ''),
  tasks: ([cgroup]) => tasks(cgroup ?? ''),
  attach: ([ports], signal) => attach(ports ?? [], signal),
  detach: ([outer], signal) => detach(outer ?? [], signal)
}

async function perform({ engine: name, call, args }: EngineCall, signal: AbortSignal): Promise<unknown> {
  const own = host[call]
  if (own !== undefined) return own(args as readonly never[], signal)
  const engine = createEngines({ stateDir: '/var/lib/ferry' }).get(name)
  const method: unknown = engine === undefined ? undefined : Reflect.get(engine, call)
  if (engine === undefined || typeof method !== 'function') throw new TypeError(`no such call: ${call}`)
  return (await Reflect.apply(method, engine, [...args, signal])) as unknown
}

const call = JSON.parse(await text(process.stdin)) as EngineCall
const limit = AbortSignal.timeout(120_000)
try {
  const value = await perform(call, limit)
  process.stdout.write(JSON.stringify({ value }))
} catch (error) {
  if (!(error instanceof HostProblem)) throw error
  process.stdout.write(JSON.stringify({ problem: error.details }))
}
