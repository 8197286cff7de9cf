// The one interface behind which every container engine stands.
import type { Finding } from '../host/problem.ts'
import type { Unheld } from './unheld.ts'

export type EngineName = 'runc' | 'crun' | 'lxc'

export interface ContainerSummary {
  readonly engine: EngineName
  readonly name: string
  readonly state: 'running' | 'stopped' | 'frozen'
  /** Pid of the container's first process as this host sees it, while it has one. */
  readonly initPid?: number
}

/** A container's network port: a veth pair whose outer end is on a bridge of the host. */
export interface Port {
  /** Interface name inside the container, e.g. `eth0`. */
  readonly inner: string
  /** The host's end of the pair. */
  readonly outer: string
  /** Bridge the outer end is on (or was on before ferry took it off). */
  readonly bridge: string
  /** Lower-case, colon-separated. */
  readonly mac: string
  /** In CIDR notation, IPv4 and IPv6, without link-local ones. */
  readonly addresses: readonly string[]
}

/** A running container, as far as a migration needs to know it. JSON-serialisable: the journal keeps it. */
export interface Inspection {
  readonly engine: EngineName
  readonly name: string
  readonly initPid: number
  /** Path in the v2 hierarchy below /sys/fs/cgroup, beginning with a slash. */
  readonly cgroup: string
  /** Folder that holds the container's configuration (and usually its rootfs): the bundle, or /var/lib/lxc/NAME. */
  readonly home: string
  /** Absolute path of the root filesystem on this host. */
  readonly rootfs: string
  readonly ports: readonly Port[]
  readonly memoryBytes: number
  readonly rootfsBytes: number
  /** A task of the container catches SIGCONT, so that its target is to be frozen by the hook and not by stop-and-continue. */
  readonly catchesSigcont: boolean
  /** Everything the target needs to recreate the container besides rootfs and images; opaque UTF-8 JSON, 1 MiB at most. */
  readonly spec: string
  /** What speaks against dumping it, seen without touching it. */
  readonly findings: readonly Finding[]
}

/** A container that is being built up on the target. JSON-serialisable: the journal keeps it, `discard` works from it after a crash. */
export interface Staged {
  readonly engine: EngineName
  readonly name: string
  /** Folder of this migration that holds config and rootfs until restore puts it in its place. */
  readonly staging: string
  /** Where the rootfs is received into; inside `staging`. */
  readonly rootfs: string
  /** Where `staging` is renamed to before the restore. */
  readonly home: string
  readonly cgroup: string
  readonly spec: string
  /** Bridge names of this host, in the order of the container's ports. */
  readonly bridges: readonly string[]
}

export interface CheckpointPaths {
  readonly images: string
  /** CRIU's logs end up here as dump.log and restore.log, whatever the engine. */
  readonly work: string
}

/** What a restore left: every task stopped (or frozen by the hook), its port on no bridge. */
export interface RestoredTree {
  readonly initPid: number
  readonly cgroup: string
  readonly ports: readonly Port[]
}

export interface StrayState {
  readonly engine: EngineName
  readonly name: string
  /** The runtime's own folder about it. */
  readonly folder: string
  /** The runtime lists it, with a bundle that was ferry's. Otherwise it is a folder that the runtime does not recognise. */
  readonly listed: boolean
  /** When the folder was changed last, milliseconds since the epoch. */
  readonly changedMs: number
}

export interface StageOptions {
  /** Names the staging folder and everything else that belongs to this migration. */
  readonly migration: string
  /** Source's bridge name to this host's, where they differ. */
  readonly bridges: Readonly<Record<string, string>>
  /** Where OCI bundles that arrive are kept, e.g. /var/lib/ferry/containers. */
  readonly bundles: string
}

export interface Engine {
  readonly name: EngineName
  /** A dump of this engine may make files in the rootfs (CRIU's link-remap), so that its last copy begins after the dump. */
  readonly dumpWritesRootfs: boolean
  /** The engine's version, or undefined where it is not installed. */
  version(signal: AbortSignal): Promise<string | undefined>
  /** Every container of this engine that exists on the host. */
  discover(signal: AbortSignal): Promise<ContainerSummary[]>
  /** @throws HostProblem UNKNOWN_CONTAINER, NOT_RUNNING, UNSUPPORTED_CONTAINER */
  inspect(name: string, signal: AbortSignal): Promise<Inspection>

  /** Target, before anything is written: name taken, bridge or network namespace missing or taken, config keys it can't honour. */
  examine(spec: string, options: StageOptions, signal: AbortSignal): Promise<Finding[]>
  /** Target: makes the staging folder and the config in it. Throws leave nothing behind. */
  stage(spec: string, options: StageOptions, signal: AbortSignal): Promise<Staged>
  /** Target: everything of the restore that needs no images (rename into place, network namespace, ports off), while they travel. */
  prepareRestore(staged: Staged, signal: AbortSignal): Promise<void>
  /**
   * Target: CRIU restores with every task left stopped, or frozen by the hook where `hook` is set. The runtime has ended when this resolves.
   * @param onUnheld called before a restore that failed is killed, where its tasks were let go, or may have been
   */
  restore(
    staged: Staged,
    paths: CheckpointPaths,
    how: 'stop' | 'hook',
    signal: AbortSignal,
    onUnheld?: (unheld: Unheld) => void
  ): Promise<RestoredTree>
  /** Target, of a restore that an earlier daemon began: whether its tasks were let go, or may have been. Asked before `discard`; changes nothing. */
  unheld(staged: Staged, paths: CheckpointPaths): Promise<Unheld | undefined>
  /** Target, rollback: kills what runs, deletes state, ports, network namespace, folders. Idempotent; works whatever was reached. */
  discard(staged: Staged, signal: AbortSignal): Promise<void>
  /**
   * Target: removes the folder that `stage` made, found by the migration's id alone; a daemon may have died before it wrote down more. Only
   * where `prepareRestore` was not reached. Idempotent.
   */
  discardStaging(options: Pick<StageOptions, 'migration' | 'bundles'>, signal: AbortSignal): Promise<void>
  /** Target, after activation: whatever makes it an ordinary container of this host. Idempotent. */
  adopt(staged: Staged, signal: AbortSignal): Promise<void>

  /**
   * Source: CRIU dumps the frozen tree and leaves it frozen; CRIU and runtime have ended when this resolves or rejects. When it resolves, nothing
   * starts the container at boot any more.
   */
  dump(container: Inspection, paths: CheckpointPaths, signal: AbortSignal): Promise<void>
  /**
   * Source: nothing that starts containers at boot starts it from its disk any more, a power cut in the next instant included. `dump` does it;
   * after COMMIT it is done again, in case somebody took it back. Idempotent; nothing to do where its folder is gone.
   */
  park(home: string): Promise<void>
  /** Source, once it may run here again: takes that back. `undoDump` does it. Idempotent. */
  unpark(home: string): Promise<void>
  /** Whether `park` stands for the container of this folder. */
  isParked(home: string): Promise<boolean>
  /**
   * Source, rollback: whatever a dump (complete, failed or killed) left in runtime state, configuration or sockets. Before the thaw, and where no process is
   * left to thaw too. Idempotent.
   * @param tree `gone`: what is in the container's cgroup now, if anything, was started since, and is not touched
   */
  undoDump(container: Inspection, paths: CheckpointPaths, signal: AbortSignal, tree?: 'gone'): Promise<void>
  /**
   * Source, after the ack: kills the frozen tree, and whatever else the runtime runs from `home`, deletes runtime state and network, and moves `home` to
   * `retained` so that nothing can start it. A container of the name that has another home is left alone. Idempotent.
   */
  retire(container: Inspection, retained: string, signal: AbortSignal): Promise<void>

  /** The folder in which this engine's containers arrive; what is staged lies there too. */
  place(bundles: string): string
  /** What the runtime still has on its books of containers that arrived below `bundles` and have neither processes nor a folder. */
  strayStates(bundles: string, signal: AbortSignal): Promise<StrayState[]>
  /** Removes such an entry. Idempotent. */
  removeState(stray: StrayState, signal: AbortSignal): Promise<void>
}
