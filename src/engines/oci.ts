// runc and crun: the same commands, the same bundle, another name.
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isPopulated, killAll, removeTree, tasks } from '../host/cgroup.ts'
import { replaceFile } from '../host/durable-file.ts'
import type { Finding } from '../host/problem.ts'
import { endRestore, unmountBelow } from './criu-session.ts'
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
import { blocker, throwBlocker } from './findings.ts'
import { present } from './host-paths.ts'
import { foldersIn, gone } from './leftovers.ts'
import { chooseOuter, examineBridges, makeNetns, mapBridges, netnsExists, netnsPath, removeNetns } from './network.ts'
import { dumpOci, restoreOci, undoOciDump } from './oci-checkpoint.ts'
import { relocate } from './oci-config.ts'
import { inspectOci } from './oci-inspect.ts'
import { OciRuntime } from './oci-runtime.ts'
import type { OciRuntimeName } from './oci-runtime.ts'
import { examineOciConfig, parseOciSpec } from './oci-spec.ts'
import type { OciSpec } from './oci-spec.ts'
import { CONFIG, isParkedBundle, lendConfig, parkBundle, PARKED_CONFIG, unparkBundle } from './oci-park.ts'
import { retireHome } from './retire.ts'
import {
  forgetRecord,
  makeStaging,
  migrationOf,
  moveIntoPlace,
  ownRecord,
  removeStaged,
  removeStaging,
  stagingFolder,
  writeRecord
} from './staging.ts'
import { stagedUnheld, type Unheld } from './unheld.ts'

export interface OciEngineOptions {
  /** Paths of this host, besides the harmless ones, that a container from a peer may mount. */
  readonly allowedPaths: readonly string[]
}

export class OciEngine implements Engine {
  readonly name: OciRuntimeName
  readonly dumpWritesRootfs = false
  readonly #runtime: OciRuntime
  readonly #options: OciEngineOptions

  constructor(name: OciRuntimeName, options: OciEngineOptions) {
    this.name = name
    this.#runtime = new OciRuntime(name)
    this.#options = options
  }

  version(signal: AbortSignal): Promise<string | undefined> {
    return this.#runtime.version(signal)
  }

  async discover(signal: AbortSignal): Promise<ContainerSummary[]> {
    if ((await this.version(signal)) === undefined) return []
    return (await this.#runtime.list(signal)).map(({ id, pid, status }) => {
      const state = status === 'running' ? 'running' : status === 'paused' ? 'frozen' : 'stopped'
      return { engine: this.name, name: id, state, ...(pid > 0 && state !== 'stopped' ? { initPid: pid } : {}) }
    })
  }

  inspect(name: string, signal: AbortSignal): Promise<Inspection> {
    return inspectOci(this.#runtime, name, signal)
  }

  async examine(text: string, options: StageOptions, signal: AbortSignal): Promise<Finding[]> {
    return this.#examine(parseOciSpec(text), options, signal)
  }

  async #examine(spec: OciSpec, options: StageOptions, signal: AbortSignal): Promise<Finding[]> {
    const findings: Finding[] = []
    const home = join(options.bundles, spec.name)
    const known = await this.#runtime.state(spec.name, signal)
    if (known !== undefined) {
      findings.push(
        blocker(
          'NAME_TAKEN',
          `This host has a ${this.name} container ${spec.name} (${known.status})`,
          `Remove it (${this.name} delete ${spec.name}), or give one of the two another name`
        )
      )
    } else if (await present(this.#runtime.stateFolder(spec.name))) {
      const folder = this.#runtime.stateFolder(spec.name)
      findings.push(
        blocker(
          'NAME_TAKEN',
          `${folder} exists on this host, and ${this.name} knows no container of that name`,
          `If no ${this.name} is at work, remove it: rm -r ${folder}`
        )
      )
    } else if (await present(home)) {
      findings.push(
        blocker(
          'NAME_TAKEN',
          `${home} exists on this host`,
          `Move or remove ${home}: it is where the container's bundle is to be`
        )
      )
    }
    if (spec.netns !== undefined) {
      if (await netnsExists(spec.netns.name)) {
        findings.push(
          blocker(
            'NETNS_TAKEN',
            `This host has a network namespace ${spec.netns.name}`,
            `See whether something uses it, then remove it: ip netns del ${spec.netns.name}`
          )
        )
      }
      findings.push(...(await examineBridges(mapBridges(spec.netns.network.ports, options.bridges), signal)))
    }
    findings.push(...(await examineOciConfig(spec, this.#options.allowedPaths)))
    return findings
  }

  async stage(text: string, options: StageOptions, signal: AbortSignal): Promise<Staged> {
    const spec = parseOciSpec(text)
    throwBlocker(await this.#examine(spec, options, signal))
    const staging = stagingFolder(options.bundles, options.migration)
    const netns = spec.netns === undefined ? undefined : netnsPath(spec.netns.name)
    await makeStaging(staging, options.migration, async () => {
      const config = JSON.stringify(relocate(spec.config, spec.cgroup, netns), undefined, 2)
      await replaceFile(join(staging, PARKED_CONFIG), config + '\n', { mode: 0o600 })
    })
    return {
      engine: this.name,
      name: spec.name,
      staging,
      rootfs: join(staging, 'rootfs'),
      home: join(options.bundles, spec.name),
      cgroup: spec.cgroup,
      spec: text,
      bridges: mapBridges(spec.netns?.network.ports ?? [], options.bridges)
    }
  }

  async prepareRestore(staged: Staged, signal: AbortSignal): Promise<void> {
    const { netns } = parseOciSpec(staged.spec)
    await moveIntoPlace(staged.staging, staged.home)
    if (netns === undefined) return
    const migration = migrationOf(staged.staging)
    if (await netnsExists(netns.name)) {
      throwBlocker([
        blocker(
          'NETNS_TAKEN',
          `This host has a network namespace ${netns.name}`,
          `See whether something uses it, then remove it: ip netns del ${netns.name}`
        )
      ])
    }
    const outer = await chooseOuter(netns.network.ports, migration)
    // Before it is made: after a crash in between, the record is what says whose they are.
    await writeRecord(staged.home, { migration, netns: netns.name, outer, restoring: false })
    await makeNetns(netns.name, netns.network, outer, signal)
  }

  async restore(
    staged: Staged,
    paths: CheckpointPaths,
    how: 'stop' | 'hook',
    signal: AbortSignal,
    onUnheld?: (unheld: Unheld) => void
  ): Promise<RestoredTree> {
    await lendConfig(staged.home)
    try {
      return await restoreOci(this.#runtime, staged, paths, how, signal, onUnheld)
    } finally {
      // Until it has been adopted nothing starts it here.
      await parkBundle(staged.home)
    }
  }

  unheld(staged: Staged, paths: CheckpointPaths): Promise<Unheld | undefined> {
    return stagedUnheld(staged, paths)
  }

  async discard(staged: Staged, signal: AbortSignal): Promise<void> {
    const record = await ownRecord(staged)
    if (record !== undefined) {
      if (record.restoring) {
        if (record.work !== undefined) await endRestore(staged.cgroup, record.work)
        await killAll(staged.cgroup, signal)
        if (record.work !== undefined) await unmountBelow(record.work, signal)
        const known = await this.#runtime.state(staged.name, signal)
        if (known?.bundle === staged.home) await this.#runtime.delete(staged.name, signal)
        if (known === undefined) await this.#runtime.removeLeftovers(staged.name, signal)
        await removeTree(staged.cgroup, signal)
      }
      if (record.netns !== undefined) await removeNetns(record.netns, record.outer, signal)
    }
    await removeStaged(staged, signal)
  }

  async discardStaging(
    { bundles, migration }: Pick<StageOptions, 'migration' | 'bundles'>,
    signal: AbortSignal
  ): Promise<void> {
    await removeStaging([stagingFolder(bundles, migration)], migration, signal)
  }

  async adopt(staged: Staged, _signal: AbortSignal): Promise<void> {
    await unparkBundle(staged.home)
    await forgetRecord(staged.home)
  }

  async dump(container: Inspection, paths: CheckpointPaths, signal: AbortSignal): Promise<void> {
    // Beside the dump, which takes longer: the container stands still.
    const parked = parkBundle(container.home)
    const dumped = dumpOci(this.#runtime, container, paths, signal)
    await Promise.allSettled([parked, dumped])
    await dumped
    await parked
  }

  park(home: string): Promise<void> {
    return parkBundle(home)
  }

  unpark(home: string): Promise<void> {
    return unparkBundle(home)
  }

  isParked(home: string): Promise<boolean> {
    return isParkedBundle(home)
  }

  async undoDump(container: Inspection, paths: CheckpointPaths, signal: AbortSignal, tree?: 'gone'): Promise<void> {
    try {
      await undoOciDump(this.#runtime, container, paths, signal, tree)
    } finally {
      await unparkBundle(container.home)
    }
  }

  async retire(container: Inspection, retained: string, signal: AbortSignal): Promise<void> {
    const known = await this.#runtime.state(container.name, signal)
    // A container of the name that was made from another bundle since has the cgroup and the network, too.
    if (known === undefined || known.bundle === container.home) await this.#end(container, known !== undefined, signal)
    await retireHome(container.home, retained, CONFIG, PARKED_CONFIG)
  }

  async #end(container: Inspection, isListed: boolean, signal: AbortSignal): Promise<void> {
    const { netns } = parseOciSpec(container.spec)
    if ((await tasks(container.cgroup)).includes(container.initPid)) await killAll(container.cgroup, signal)
    if (isListed) await this.#runtime.delete(container.name, signal)
    if (!(await isPopulated(container.cgroup))) await removeTree(container.cgroup, signal)
    if (netns === undefined) return
    const outer = container.ports.map((port) => port.outer)
    await removeNetns(netns.name, outer, signal)
  }

  place(bundles: string): string {
    return bundles
  }

  async strayStates(bundles: string, signal: AbortSignal): Promise<StrayState[]> {
    if ((await this.version(signal)) === undefined) return []
    const known = new Map((await this.#runtime.list(signal)).map((container) => [container.id, container]))
    const found: StrayState[] = []
    for (const name of await foldersIn(this.#runtime.root)) {
      const container = known.get(name)
      if (container !== undefined) {
        const ended = container.status === 'stopped' && dirname(container.bundle) === bundles
        if (!ended || (await present(container.bundle))) continue
      }
      const folder = this.#runtime.stateFolder(name)
      const changedMs = (await stat(folder).catch(gone))?.mtimeMs
      if (changedMs !== undefined)
        found.push({ engine: this.name, name, folder, listed: container !== undefined, changedMs })
    }
    return found
  }

  async removeState({ name, listed }: StrayState, signal: AbortSignal): Promise<void> {
    await (listed ? this.#runtime.delete(name, signal) : this.#runtime.removeLeftovers(name, signal))
  }
}
