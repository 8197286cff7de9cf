// Every engine that ferry knows.
import { existsSync } from 'node:fs'
import type { Engine, EngineName } from './engine.ts'
import { LxcEngine } from './lxc.ts'
import { OciEngine } from './oci.ts'

export interface EnginesOptions {
  /** Absolute path of criu; looked for in the usual places where it is not given. */
  readonly criu?: string
  /** Folder of the daemon's own, where what the engines need at run time is kept. */
  readonly stateDir: string
  /** Paths of this host, besides a few harmless ones, that containers from peers may mount. Default none. */
  readonly allowedPaths?: readonly string[]
}

const USUAL_PLACES = ['/usr/local/sbin/criu', '/usr/local/bin/criu', '/usr/sbin/criu', '/usr/bin/criu']

export function createEngines(options: EnginesOptions): ReadonlyMap<EngineName, Engine> {
  const allowedPaths = options.allowedPaths ?? []
  const given = options.criu?.startsWith('/') === true ? options.criu : undefined
  // The wrapper that stands in criu's place on PATH has to name the real one.
  const criu = given ?? USUAL_PLACES.find((path) => existsSync(path)) ?? '/usr/sbin/criu'
  const engines: Engine[] = [
    new OciEngine('runc', { allowedPaths }),
    new OciEngine('crun', { allowedPaths }),
    new LxcEngine({ criu, allowedPaths })
  ]
  return new Map(engines.map((engine) => [engine.name, engine]))
}
