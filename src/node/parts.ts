// What src/node joins; every file here takes only this.
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { CheckpointPaths, Engine, EngineName } from '../engines/engine.ts'
import type { HostFacts } from '../host/facts.ts'
import type { Journal } from '../journal/journal.ts'
import type { Mesh } from '../mesh/mesh.ts'
import type { Signer } from '../receipt/signature.ts'
import type { Cordon } from './cordon.ts'
import type { Reservations } from './reservations.ts'

export interface NodeParts {
  readonly name: string
  readonly config: Config
  readonly log: Logger
  readonly journal: Journal
  readonly mesh: Mesh
  /** The node's key: receipts are signed with it. */
  readonly signer: Signer
  /** The peer id that this one goes by now, after however many `ferry key rotate`; itself where it was never replaced. */
  readonly presentPeer: (peerId: string) => string
  readonly engines: ReadonlyMap<EngineName, Engine>
  readonly reservations: Reservations
  readonly cordon: Pick<Cordon, 'standing' | 'refusal'>
  readonly facts: (signal: AbortSignal) => Promise<HostFacts>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** The folders of one migration below the state folder. */
export interface MigrationFolders extends CheckpointPaths {
  readonly top: string
}

export function foldersOf(stateDir: string, migration: string): MigrationFolders {
  const top = `${stateDir}/migrations/${migration}`
  return { top, images: `${top}/images`, work: `${top}/work` }
}

/** Where OCI bundles that arrive live. */
export function bundlesOf(stateDir: string): string {
  return `${stateDir}/containers`
}

/** Where the source's old rootfs and config stay until their retention ends. */
export function retainedOf(stateDir: string, migration: string): string {
  return `${stateDir}/retained/${migration}`
}

/** How the journal's ownership records call a container. */
export function containerKey(engine: string, name: string): string {
  return `${engine}/${name}`
}

export function keyFileOf(stateDir: string): string {
  return `${stateDir}/key`
}
