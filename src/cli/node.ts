// What runs parts of a node in this process: the daemon, and operators that reach the mesh by key. Their modules are named at run time and loaded only then: everything else
// is a client of the API and must start quickly.

import type { MeshService, OperatorService, WholeMeshService } from '../../protocols/operator/views.ts'

interface DaemonModule {
  readonly runDaemon: (configPath: string | undefined) => Promise<void>
}

interface IdentityModule {
  readonly identity: (configPath: string | undefined) => Promise<NodeIdentity>
}

interface OperatorModule {
  readonly newOperator: (keyFile: string) => Promise<OperatorId>
  readonly operatorId: (keyFile: string) => Promise<OperatorId>
  readonly operatorSession: (
    options: { readonly keyFile: string; readonly address: string },
    signal: AbortSignal
  ) => Promise<OperatorSession>
}

export interface OperatorId {
  readonly peerId: string
}

export interface OperatorSession {
  readonly service: OperatorService
  readonly mesh: MeshService
  readonly whole: WholeMeshService
  close(): Promise<void>
}

export interface NodeIdentity {
  readonly peerId: string
  readonly name: string
  /** Multiaddrs. */
  readonly listen: readonly string[]
}

/** Resolves after the signal that ended the daemon. */
export async function daemon(configPath: string | undefined): Promise<void> {
  const { runDaemon } = (await nodeModule('daemon')) as DaemonModule
  await runDaemon(configPath)
}

export async function identity(configPath: string | undefined): Promise<NodeIdentity> {
  return ((await nodeModule('identity')) as IdentityModule).identity(configPath)
}

export async function newOperator(keyFile: string): Promise<OperatorId> {
  return ((await nodeModule('operator')) as OperatorModule).newOperator(keyFile)
}

export async function operatorId(keyFile: string): Promise<OperatorId> {
  return ((await nodeModule('operator')) as OperatorModule).operatorId(keyFile)
}

/** A connection to a host of the mesh; whoever opens it closes it. */
export async function operatorSession(
  options: { readonly keyFile: string; readonly address: string },
  signal: AbortSignal
): Promise<OperatorSession> {
  return ((await nodeModule('operator')) as OperatorModule).operatorSession(options, signal)
}

function nodeModule(name: 'daemon' | 'identity' | 'operator'): Promise<unknown> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const module = new URL(`../node/${name}.${ending}`, import.meta.url).href
  return import(module)
}
