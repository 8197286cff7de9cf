// LXC containers below /var/lib/lxc.
import { join } from 'node:path'
import { replaceFile } from '../host/durable-file.ts'
import type { Finding } from '../host/problem.ts'
import { run } from '../host/run.ts'
import { isPopulated } from '../host/cgroup.ts'
import { endRestore, undoTraces, unmountBelow } from './criu-session.ts'
import type {
  CheckpointPaths,
  ContainerSummary,
  Engine,
  Inspection,
  RestoredTree,
  Staged,
  StageOptions,
  StrayState
} from './engine.ts'
import { throwBlocker } from './findings.ts'
import { dumpLxc, restoreLxc } from './lxc-checkpoint.ts'
import { inspectLxc } from './lxc-inspect.ts'
import { isParkedLxc, parkedText, parkLxc, unparkLxc } from './lxc-park.ts'
import { examineLxcSpec, lxcConfigText, parseLxcSpec } from './lxc-spec.ts'
import type { LxcSpec } from './lxc-spec.ts'
import { definedContainers, endContainer, LXC_PATH, payloadCgroup, processesOf, stateOf } from './lxc-state.ts'
import { examineBridges, mapBridges, removePorts } from './network.ts'
import { isProblem } from './oci-runtime.ts'
import { retireHome } from './retire.ts'
import {
  forgetRecord,
  makeStaging,
  moveIntoPlace,
  ownRecord,
  readRecord,
  removeStaged,
  removeStaging,
  stagingFolder
} from './staging.ts'
import { stagedUnheld, type Unheld } from './unheld.ts'

export interface LxcEngineOptions {
  /** Absolute path of criu. */
  readonly criu: string
  /** Paths of this host, besides the harmless ones, that a container from a peer may mount. */
  readonly allowedPaths: readonly string[]
}

export class LxcEngine implements Engine {
  readonly name = 'lxc'
  readonly dumpWritesRootfs = true
  readonly #options: LxcEngineOptions

  constructor(options: LxcEngineOptions) {
    this.#options = options
  }

  async version(signal: AbortSignal): Promise<string | undefined> {
    try {
      return (await run(['lxc-start', '--version'], { signal, timeoutMs: 15_000 })).stdout.trim()
    } catch (error) {
      if (isProblem(error, 'COMMAND_MISSING')) return undefined
      throw error
    }
  }

  async discover(signal: AbortSignal): Promise<ContainerSummary[]> {
    const names = await definedContainers()
    return Promise.all(
      names.map(async (name): Promise<ContainerSummary> => ({ engine: 'lxc', name, ...(await stateOf(name, signal)) }))
    )
  }

  inspect(name: string, signal: AbortSignal): Promise<Inspection> {
    return inspectLxc(name, signal)
  }

  async examine(text: string, options: StageOptions, signal: AbortSignal): Promise<Finding[]> {
    const spec = parseLxcSpec(text)
    return (await this.#examine(spec, options, signal)).findings
  }

  async #examine(spec: LxcSpec, options: StageOptions, signal: AbortSignal) {
    const { lines, findings } = await examineLxcSpec(spec, this.#options.allowedPaths)
    return {
      lines,
      findings: [...findings, ...(await examineBridges(mapBridges(spec.ports, options.bridges), signal))]
    }
  }

  async stage(text: string, options: StageOptions, signal: AbortSignal): Promise<Staged> {
    const spec = parseLxcSpec(text)
    const { lines, findings } = await this.#examine(spec, options, signal)
    throwBlocker(findings)
    const staging = stagingFolder(LXC_PATH, options.migration)
    const home = join(LXC_PATH, spec.name)
    const bridges = mapBridges(spec.ports, options.bridges)
    await makeStaging(staging, options.migration, async () => {
      const place = { rootfs: join(home, 'rootfs'), bridges }
      // What keeps it from being started is in it.
      const config = parkedText(lxcConfigText(spec, lines, place, 'restored'))
      await replaceFile(join(staging, 'config'), config, { mode: 0o644 })
    })
    return {
      engine: 'lxc',
      name: spec.name,
      staging,
      rootfs: join(staging, 'rootfs'),
      home,
      cgroup: payloadCgroup(spec.name),
      spec: text,
      bridges
    }
  }

  async prepareRestore(staged: Staged, _signal: AbortSignal): Promise<void> {
    await moveIntoPlace(staged.staging, staged.home)
  }

  restore(
    staged: Staged,
    paths: CheckpointPaths,
    how: 'stop' | 'hook',
    signal: AbortSignal,
    onUnheld?: (unheld: Unheld) => void
  ): Promise<RestoredTree> {
    return restoreLxc(this.#options.criu, staged, paths, how, signal, onUnheld)
  }

  unheld(staged: Staged, paths: CheckpointPaths): Promise<Unheld | undefined> {
    return stagedUnheld(staged, paths)
  }

  async discard(staged: Staged, signal: AbortSignal): Promise<void> {
    const record = await ownRecord(staged)
    if (record?.restoring === true) {
      if (record.work !== undefined) await endRestore(staged.cgroup, record.work)
      await this.#end(staged.name, staged.cgroup, record.outer, signal)
      if (record.work !== undefined) await unmountBelow(record.work, signal)
    }
    await removeStaged(staged, signal)
  }

  async discardStaging({ migration }: Pick<StageOptions, 'migration'>, signal: AbortSignal): Promise<void> {
    await removeStaging([stagingFolder(LXC_PATH, migration)], migration, signal)
  }

  async adopt(staged: Staged, signal: AbortSignal): Promise<void> {
    if ((await readRecord(staged.home)) === undefined) return
    const spec = parseLxcSpec(staged.spec)
    const { lines } = await examineLxcSpec(spec, this.#options.allowedPaths)
    signal.throwIfAborted()
    const place = { rootfs: join(staged.home, 'rootfs'), bridges: staged.bridges }
    await replaceFile(join(staged.home, 'config'), lxcConfigText(spec, lines, place, 'adopted'), { mode: 0o644 })
    await forgetRecord(staged.home)
  }

  async dump(container: Inspection, paths: CheckpointPaths, signal: AbortSignal): Promise<void> {
    // Beside the dump, which takes longer: the container stands still.
    const parked = parkLxc(container.home)
    const dumped = dumpLxc(this.#options.criu, container, paths, signal)
    await Promise.allSettled([parked, dumped])
    await dumped
    await parked
  }

  park(home: string): Promise<void> {
    return parkLxc(home)
  }

  unpark(home: string): Promise<void> {
    return unparkLxc(home)
  }

  isParked(home: string): Promise<boolean> {
    return isParkedLxc(home)
  }

  async undoDump(container: Inspection, paths: CheckpointPaths, signal: AbortSignal, tree?: 'gone'): Promise<void> {
    try {
      await undoTraces(tree === 'gone' ? undefined : container.cgroup, paths, signal)
    } finally {
      await unparkLxc(container.home)
    }
  }

  async retire(container: Inspection, retained: string, signal: AbortSignal): Promise<void> {
    const running = await processesOf(container.name, signal)
    if (running !== undefined || !(await isPopulated(container.cgroup)))
      await this.#end(
        container.name,
        running?.cgroup ?? container.cgroup,
        container.ports.map(({ outer }) => outer),
        signal
      )
    await retireHome(container.home, retained, 'config')
  }

  place(_bundles: string): string {
    return LXC_PATH
  }

  /** liblxc has no books: what runs is its monitor, and that goes with the container's cgroups. */
  async strayStates(): Promise<StrayState[]> {
    return []
  }

  async removeState(): Promise<void> {
    // There is none.
  }

  async #end(name: string, cgroup: string, outer: readonly string[], signal: AbortSignal): Promise<void> {
    await endContainer(name, cgroup, signal)
    // A connection that the processes left unclosed keeps their network namespace for minutes, and the ports with it.
    await removePorts(outer, signal)
  }
}
