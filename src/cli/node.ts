// The two commands that run a node in this process. Its modules are named at run time and loaded only then: everything else
// is a client of the API and must start quickly.

interface DaemonModule {
  readonly runDaemon: (configPath: string | undefined) => Promise<void>
}

interface IdentityModule {
  readonly identity: (configPath: string | undefined) => Promise<NodeIdentity>
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

function nodeModule(name: 'daemon' | 'identity'): Promise<unknown> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const module = new URL(`../node/${name}.${ending}`, import.meta.url).href
  return import(module)
}
