// An engine that examines and stages what a peer describes as the one for runc does, and that has no containers and no runtime.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine, Staged } from '../../src/engines/engine.ts'
import { examineOciConfig, parseOciSpec } from '../../src/engines/oci-spec.ts'
import { HostProblem } from '../../src/host/problem.ts'

export const paperEngine: Engine = {
  name: 'runc',
  dumpWritesRootfs: true,
  version: () => Promise.resolve('1.3.3'),
  discover: () => Promise.resolve([]),
  inspect: (name) => Promise.reject(none(`There is no container "${name}"`)),
  examine: (spec) => examineOciConfig(parseOciSpec(spec), []),
  stage: async (spec, { migration, bundles }): Promise<Staged> => {
    const { name, cgroup } = parseOciSpec(spec)
    const staging = stagingOf(bundles, migration)
    const rootfs = join(staging, 'rootfs')
    await mkdir(rootfs, { recursive: true, mode: 0o700 })
    return { engine: 'runc', name, staging, rootfs, home: join(bundles, name), cgroup, spec, bridges: [] }
  },
  prepareRestore: () => Promise.resolve(),
  restore: () => Promise.reject(none('Nothing is restored here')),
  unheld: () => Promise.resolve(undefined),
  discard: ({ staging }) => rm(staging, { recursive: true, force: true }),
  discardStaging: ({ migration, bundles }) => rm(stagingOf(bundles, migration), { recursive: true, force: true }),
  adopt: () => Promise.resolve(),
  dump: () => Promise.reject(none('Nothing is dumped here')),
  park: () => Promise.resolve(),
  unpark: () => Promise.resolve(),
  isParked: () => Promise.resolve(false),
  undoDump: () => Promise.resolve(),
  retire: () => Promise.resolve(),
  place: (bundles) => bundles,
  strayStates: () => Promise.resolve([]),
  removeState: () => Promise.resolve()
}

function stagingOf(bundles: string, migration: string): string {
  return join(bundles, `.arriving-${migration}`)
}

function none(what: string): HostProblem {
  return new HostProblem({ code: 'UNKNOWN_CONTAINER', what, remedy: 'None: this engine is on paper only' })
}
