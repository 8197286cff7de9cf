// Every engine that ferry knows.
import type { Engine, EngineName } from './engine.ts'
import { OciEngine } from './oci.ts'

export interface EnginesOptions {
  /** Path of criu; looked for in the usual places where it is not given. */
  readonly criu?: string
  /** Folder of the daemon's own, where what the engines need at run time is kept. */
  readonly stateDir: string
  /** Paths of this host, besides a few harmless ones, that containers from peers may mount. Default none. */
  readonly allowedPaths?: readonly string[]
}

export function createEngines(options: EnginesOptions): ReadonlyMap<EngineName, Engine> {
  const allowedPaths = options.allowedPaths ?? []
  const engines: Engine[] = [new OciEngine('runc', { allowedPaths }), new OciEngine('crun', { allowedPaths })]
  return new Map(engines.map((engine) => [engine.name, engine]))
}
