// What this node tells the mesh of itself, made small enough for everybody to keep.
import { BULK_PROTOCOLS } from '../../protocols/bulk/index.ts'
import {
  GOSSIP_PROTOCOL,
  MAX_BODY_BYTES,
  encodeBody,
  parseBody,
  type AdvertBody
} from '../../protocols/gossip/index.ts'
import { COMMAND_PROTOCOL } from '../../protocols/command/index.ts'
import { HELLO_PROTOCOL } from '../../protocols/hello/index.ts'
import { RECORDS_PROTOCOL } from '../../protocols/membership/index.ts'
import { MIGRATION_PROTOCOL } from '../../protocols/migration/index.ts'
import type { ContainerSummary } from '../engines/engine.ts'
import type { HostFacts } from '../host/facts.ts'
import type { InitFacts } from '../host/init.ts'
import type { StoragePlace } from '../host/storage.ts'

export interface AdvertParts {
  readonly name: string
  readonly addresses: readonly string[]
  readonly ferryVersion: string
  readonly facts: HostFacts
  readonly init: InitFacts
  readonly storage: readonly StoragePlace[]
  readonly diskTotalBytes: number
  readonly containers: readonly ContainerSummary[]
  readonly cordoned: boolean
  readonly cordonReason?: string
  /** Why it is going down, while it is. */
  readonly maintenance?: string
}

const PROTOCOLS = [
  HELLO_PROTOCOL,
  MIGRATION_PROTOCOL,
  GOSSIP_PROTOCOL,
  RECORDS_PROTOCOL,
  COMMAND_PROTOCOL,
  ...Object.values(BULK_PROTOCOLS)
]
const MAX_CONTAINERS = 256
/** Bytes left for what a later version adds. */
const SPARE_BYTES = 512

/** Whatever is too long or too much is cut, so that one strange host name or 10,000 containers never silence a node. */
export function advertBody(parts: AdvertParts): AdvertBody {
  const { facts, init } = parts
  const containers = parts.containers
    .map(({ engine, name, state }) => ({ engine, name: clip(name, 128), running: state !== 'stopped' }))
    .sort((a, b) => compare(a.engine, b.engine) || compare(a.name, b.name))
  const body = (kept: number): AdvertBody => ({
    name: parts.name,
    addresses: parts.addresses.slice(0, 16).map((address) => clip(address, 256)),
    ferry: clip(parts.ferryVersion, 64),
    protocols: PROTOCOLS,
    arch: clip(facts.arch, 128),
    kernel: clip(facts.kernel, 128),
    cpu: {
      model: clip(facts.cpuModel, 128),
      count: facts.cpuCount,
      flags: clip([...facts.cpuFlags].sort().join(' '), 6144)
    },
    ...(facts.criu === undefined
      ? {}
      : {
          criu: { version: clip(facts.criu.version, 64), features: ['page-server', ...words(facts.criuFeatures, 31)] }
        }),
    cgroup: init.cgroup,
    lsm: words(facts.lsm, 16),
    init: { program: clip(init.program, 128), systemd: init.systemd, sharedMounts: init.sharedMounts },
    lxcfs: facts.lxcfs,
    ...(facts.rsync === undefined ? {} : { rsync: clip(facts.rsync, 64) }),
    perl: facts.perl,
    engines: Object.fromEntries(Object.entries(facts.engines).map(([name, version]) => [name, clip(version, 64)])),
    storage: parts.storage
      .slice(0, 16)
      .map(({ path, fileSystem }) => ({ path: clip(path, 256), fileSystem: clip(fileSystem, 32) })),
    bridges: words(facts.bridges, 256),
    memoryTotalBytes: facts.memoryTotalBytes,
    diskTotalBytes: parts.diskTotalBytes,
    containers: containers.slice(0, kept),
    containersOmitted: containers.length - Math.min(kept, containers.length),
    cordoned: parts.cordoned,
    ...(parts.cordonReason === undefined ? {} : { cordonReason: clip(parts.cordonReason, 256) }),
    ...(parts.maintenance === undefined ? {} : { maintenance: { reason: clip(parts.maintenance, 256) } })
  })
  let kept = Math.min(containers.length, MAX_CONTAINERS)
  while (kept > 0 && Buffer.byteLength(JSON.stringify(body(kept))) > MAX_BODY_BYTES - SPARE_BYTES) kept = kept >> 1
  return parseBody(encodeBody(body(kept)))
}

function words(list: readonly string[], max: number): string[] {
  return [...list]
    .sort()
    .slice(0, max)
    .map((word) => clip(word, 128))
}

/** Without control characters, which no peer would take. */
function clip(text: string, max: number): string {
  return text.replace(/\p{C}/gu, '').slice(0, max)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
