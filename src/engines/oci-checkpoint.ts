// Dump and restore of runc and crun, seen to work with runc 1.3 and crun 1.28.
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { criuFailure } from '../criu/dump.ts'
import { cgroupOf, isPopulated, killAll, removeTree } from '../host/cgroup.ts'
import { HostProblem } from '../host/problem.ts'
import { portsOf } from '../host/ports.ts'
import { run } from '../host/run.ts'
import {
  DUMP_LIMIT_MS,
  dumpConfig,
  endCriu,
  prepareDump,
  prepareRestore,
  RESTORE_LIMIT_MS,
  undoTraces,
  withGrace
} from './criu-session.ts'
import type { CheckpointPaths, Inspection, RestoredTree, Staged } from './engine.ts'
import { netnsPath } from './network.ts'
import type { OciRuntime } from './oci-runtime.ts'
import { parseOciSpec } from './oci-spec.ts'
import { readRecord, writeRecord } from './staging.ts'

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
    try {
      const { exitCode, stderr } = await run(argv, {
        signal: late,
        timeoutMs: DUMP_LIMIT_MS,
        check: false,
        env: { CRIU_CONFIG_FILE: config }
      })
      if (exitCode !== 0) throw await criuFailure('dump', join(paths.work, 'dump.log'), stderr || (await logText(log)))
    } finally {
      await endCriu(config)
    }
  })
}

/** Idempotent. A dump that was refused leaves an empty file in runc's state folder, which makes a running container look checkpointed. */
export async function undoOciDump(
  runtime: OciRuntime,
  container: Inspection,
  paths: CheckpointPaths,
  signal: AbortSignal
): Promise<void> {
  await undoTraces(container.cgroup, dumpConfig(paths), signal)
  await rm(join(runtime.stateFolder(container.name), 'checkpoint'), { force: true })
}

export async function restoreOci(
  runtime: OciRuntime,
  staged: Staged,
  paths: CheckpointPaths,
  how: 'stop' | 'hook',
  signal: AbortSignal
): Promise<RestoredTree> {
  const spec = parseOciSpec(staged.spec)
  const record = await readRecord(staged.home)
  if (record === undefined) throw notPrepared(staged)
  await clearCgroup(staged.cgroup, signal)
  const config = await prepareRestore(paths, how)
  await writeRecord(staged.home, { ...record, restoring: true })
  const log = join(paths.work, 'runtime-restore.log')
  const argv = [
    ...command(runtime, log),
    'restore',
    '-d',
    ...options(runtime, paths),
    ...(runtime.name === 'runc' ? ['--file-locks', '--ext-unix-sk'] : []),
    '--bundle',
    staged.home,
    staged.name
  ]
  try {
    const { exitCode } = await run(argv, {
      signal,
      timeoutMs: RESTORE_LIMIT_MS,
      check: false,
      cwd: staged.home,
      // The restored tasks inherit what they had as pipes; whoever read those is on the other host.
      stdio: 'ignore',
      env: { CRIU_CONFIG_FILE: config }
    })
    if (exitCode !== 0) throw await criuFailure('restore', join(paths.work, 'restore.log'), await logText(log))
    const state = await runtime.state(staged.name, signal)
    if (state === undefined || state.pid <= 0) {
      throw await criuFailure(
        'restore',
        join(paths.work, 'restore.log'),
        `${runtime.name} says it restored ${staged.name} and does not know it`
      )
    }
    const found = spec.netns === undefined ? [] : await portsOf(netnsPath(spec.netns.name), signal)
    const order = spec.netns?.network.ports.map((port) => port.inner) ?? []
    return {
      initPid: state.pid,
      cgroup: await cgroupOf(state.pid),
      ports: found.map(({ inner, outer, mac, addresses }) => ({
        inner,
        outer,
        mac,
        addresses,
        bridge: staged.bridges[order.indexOf(inner)] ?? ''
      }))
    }
  } catch (error) {
    // Half a tree must not stay: its tasks wait on a futex for ever, reparented, in the container's cgroup.
    await endCriu(config)
    await killAll(staged.cgroup, AbortSignal.timeout(15_000))
    throw error instanceof HostProblem && error.details.code === 'COMMAND_TIMEOUT'
      ? hung(error, await criuFailure('restore', join(paths.work, 'restore.log'), ''))
      : error
  }
}

/** A cgroup that an earlier run left is a frozen one: the restore would hang in it. @throws HostProblem CGROUP_TAKEN, CGROUP_BUSY */
export async function clearCgroup(cgroup: string, signal: AbortSignal): Promise<void> {
  if (await isPopulated(cgroup)) {
    throw new HostProblem({
      code: 'CGROUP_TAKEN',
      what: `Processes run in cgroup ${cgroup} of this host, which the container is to have`,
      remedy: `End what is in /sys/fs/cgroup${cgroup}/cgroup.procs`
    })
  }
  await removeTree(cgroup, signal)
}

export function notPrepared(staged: Staged): HostProblem {
  return new HostProblem({
    code: 'NOT_PREPARED',
    what: `${staged.home} is not this migration's: ${staged.name} can't be restored`,
    remedy: 'Start the migration again'
  })
}

export function hung(timeout: HostProblem, failure: HostProblem): HostProblem {
  const why = [timeout.details.what, failure.details.why].filter((part) => part !== undefined).join('; ')
  return new HostProblem(
    { ...failure.details, what: 'CRIU did not end the restore of the container in time', why },
    { cause: timeout }
  )
}

function command(runtime: OciRuntime, log: string): string[] {
  return [runtime.name, '--log', log]
}

function options(runtime: OciRuntime, paths: CheckpointPaths): string[] {
  // crun's own default makes CRIU rewrite limits of the cgroup that crun has just set.
  const mode = runtime.name === 'crun' ? ['--manage-cgroups-mode=ignore'] : []
  return [...mode, '--image-path', paths.images, '--work-path', paths.work, '--tcp-established']
}

/** The last of what the runtime wrote; it may be long. */
async function logText(path: string): Promise<string> {
  const limit = 64 * 1024
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(limit), 0, limit, Math.max(0, size - limit))
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
