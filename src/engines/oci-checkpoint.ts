// Dump and restore of runc and crun, seen to work with runc 1.3 and crun 1.28.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { abortFrozen } from '../criu/abort-frozen.ts'
import { criuFailure } from '../criu/dump.ts'
import { cgroupOf, killAll } from '../host/cgroup.ts'
import { portsOf } from '../host/ports.ts'
import { run } from '../host/run.ts'
import { DUMP_LIMIT_MS, endCriu, prepareDump, prepareRestore, undoTraces, withGrace } from './criu-session.ts'
import type { CheckpointPaths, Inspection, RestoredTree, Staged } from './engine.ts'
import { netnsPath, toRestoredPorts } from './network.ts'
import type { OciRuntime } from './oci-runtime.ts'
import { parseOciSpec } from './oci-spec.ts'
import { lastRuntimeError } from './criu-log.ts'
import { clearCgroup, nothingRestored, notPrepared, runRestore } from './restore-session.ts'
import { readRecord, writeRecord } from './staging.ts'
import type { Unheld } from './unheld.ts'

export async function dumpOci(
  runtime: OciRuntime,
  container: Inspection,
  paths: CheckpointPaths,
  signal: AbortSignal
): Promise<void> {
  const config = await prepareDump(paths)
  const log = join(paths.work, 'runtime-dump.log')
  const argv = [
    ...command(runtime, log),
    'checkpoint',
    '--leave-running',
    ...options(runtime, paths),
    ...['--file-locks', '--ext-unix-sk'],
    container.name
  ]
  await withGrace(signal, async (late) => {
    using frozen = abortFrozen(late, container.cgroup)
    try {
      const { exitCode, stderr } = await run(argv, {
        signal: frozen.signal,
        timeoutMs: DUMP_LIMIT_MS,
        check: false,
        sparedByOomKiller: true,
        env: { CRIU_CONFIG_FILE: config }
      })
      if (exitCode !== 0)
        throw await criuFailure('dump', join(paths.work, 'dump.log'), stderr || (await lastRuntimeError(log)))
    } finally {
      await endCriu(config, paths.work)
    }
  })
}

/** Idempotent. A dump that was refused leaves an empty file in runc's state folder, which makes a running container look checkpointed. */
export async function undoOciDump(
  runtime: OciRuntime,
  container: Inspection,
  paths: CheckpointPaths,
  signal: AbortSignal,
  tree?: 'gone'
): Promise<void> {
  await undoTraces(tree === 'gone' ? undefined : container.cgroup, paths, signal)
  await rm(join(runtime.stateFolder(container.name), 'checkpoint'), { force: true })
}

export async function restoreOci(
  runtime: OciRuntime,
  staged: Staged,
  paths: CheckpointPaths,
  how: 'stop' | 'hook',
  signal: AbortSignal,
  onUnheld?: (unheld: Unheld) => void
): Promise<RestoredTree> {
  const spec = parseOciSpec(staged.spec)
  const record = await readRecord(staged.home)
  if (record === undefined || record === 'torn') throw notPrepared(staged)
  await clearCgroup(staged.cgroup, signal)
  if (spec.config.root.readonly === true) await makePivotFolder(join(staged.home, 'rootfs'))
  const configFile = await prepareRestore(paths, how)
  await writeRecord(staged.home, { ...record, restoring: true, work: paths.work, how })
  const runtimeLog = join(paths.work, 'runtime-restore.log')
  const argv = [
    ...command(runtime, runtimeLog),
    'restore',
    '-d',
    ...options(runtime, paths),
    ...(runtime.name === 'runc' ? ['--file-locks', '--ext-unix-sk'] : []),
    '--bundle',
    staged.home,
    staged.name
  ]
  // Half a tree must not stay.
  const removeHalf = () => killAll(staged.cgroup, AbortSignal.timeout(15_000))
  const criuLog = join(paths.work, 'restore.log')
  return runRestore(
    { argv, cgroup: staged.cgroup, how, paths, configFile, criuLog, runtimeLog, cwd: staged.home },
    signal,
    { removeHalf, ...(onUnheld === undefined ? {} : { onUnheld }) },
    async () => {
      const state = await runtime.state(staged.name, signal)
      if (state === undefined || state.pid <= 0 || state.status === 'stopped') throw nothingRestored(staged)
      const found = spec.netns === undefined ? [] : await portsOf(netnsPath(spec.netns.name), signal)
      const cgroup = await cgroupOf(state.pid)
      return {
        initPid: state.pid,
        cgroup,
        ports: toRestoredPorts(found, spec.netns?.network.ports ?? [], staged.bridges)
      }
    }
  )
}

/** CRIU pivots over /tmp, and where there is none over a folder that it makes, which a root mounted read-only does not let it (criu/mount.c). */
async function makePivotFolder(rootfs: string): Promise<void> {
  try {
    await mkdir(join(rootfs, 'tmp'), { mode: 0o1777 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

function command(runtime: OciRuntime, log: string): string[] {
  return [runtime.name, '--log', log, '--log-format', 'json']
}

function options(runtime: OciRuntime, paths: CheckpointPaths): string[] {
  // crun's own default makes CRIU rewrite limits of the cgroup that crun has just set.
  const mode = runtime.name === 'crun' ? ['--manage-cgroups-mode=ignore'] : []
  return [...mode, '--image-path', paths.images, '--work-path', paths.work, '--tcp-established']
}
