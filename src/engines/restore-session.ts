// What every engine does around a restore: the cgroup cleared, a limit on time and log, the failure in CRIU's own words, nothing half done left.
import { access, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { abortFrozen } from '../criu/abort-frozen.ts'
import { criuFailure } from '../criu/dump.ts'
import { isPopulated, removeTree } from '../host/cgroup.ts'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'
import { boundLog, lastRuntimeError, RunawayLog, watchLog } from './criu-log.ts'
import { endRestore, unmountBelow } from './criu-session.ts'
import type { CheckpointPaths, RestoredTree, Staged } from './engine.ts'
import { unheldOf, type Unheld } from './unheld.ts'

/** A restore that takes longer hangs: CRIU has no limit of its own. */
const RESTORE_LIMIT_MS = 60_000

export interface RestoreCommand {
  readonly argv: readonly string[]
  /** Where the container's tasks are restored into. */
  readonly cgroup: string
  readonly how: 'stop' | 'hook'
  readonly paths: CheckpointPaths
  /** Value of CRIU_CONFIG_FILE. */
  readonly configFile: string
  /** Where CRIU writes its log, whoever starts it; it ends up as restore.log of `paths.work`. */
  readonly criuLog: string
  /** Log of the program that starts CRIU. */
  readonly runtimeLog: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
}

/** What is done after a failure. */
export interface AfterFailure {
  /** When CRIU has ended: its tasks wait on a futex for ever, reparented, in the container's cgroup. */
  readonly removeHalf: () => Promise<void>
  /** Before that, where they do more than wait, or may have done. */
  readonly onUnheld?: (unheld: Unheld) => void
}

/**
 * Resolves when the program has ended well, with what `look` found then.
 * @throws HostProblem CRIU_RESTORE_FAILED; the signal's reason when aborted
 */
export async function runRestore(
  command: RestoreCommand,
  signal: AbortSignal,
  { removeHalf, onUnheld }: AfterFailure,
  look: () => Promise<RestoredTree>
): Promise<RestoredTree> {
  const { argv, paths, configFile, criuLog, runtimeLog, cwd } = command
  const log = join(paths.work, 'restore.log')
  const failure = async (what?: string) => {
    await moveLog(criuLog, log)
    await boundLog(log)
    const found = await criuFailure('restore', log, await lastRuntimeError(runtimeLog))
    return what === undefined ? found : new HostProblem({ ...found.details, what })
  }
  try {
    using watch = watchLog(criuLog, signal)
    // At CRIU's last stages its end would let the tasks run.
    using frozen = abortFrozen(watch.signal, command.cgroup)
    const { exitCode } = await run(argv, {
      signal: frozen.signal,
      timeoutMs: RESTORE_LIMIT_MS,
      check: false,
      cwd,
      // Whoever held the container's pipes is on the other host; and what stays (liblxc's monitor) must not hold ours.
      stdio: 'ignore',
      env: { ...command.env, CRIU_CONFIG_FILE: configFile }
    })
    if (exitCode !== 0) throw await failure()
    await moveLog(criuLog, log)
    return await look()
  } catch (error) {
    // A look that fails shows nothing, and must not keep what runs alive.
    const unheld = await unheldOf(command.cgroup, command.how, paths).catch((): Unheld => 'may-have-run')
    if (unheld !== undefined) onUnheld?.(unheld)
    await endRestore(command.cgroup, paths.work)
    await removeHalf()
    await unmountBelow(paths.work, AbortSignal.timeout(15_000))
    if (error instanceof RunawayLog) throw await failure('CRIU repeated an error without end and was ended')
    if (error instanceof HostProblem && error.details.code === 'COMMAND_TIMEOUT') {
      throw await failure(`CRIU had not restored the container after ${String(RESTORE_LIMIT_MS)} ms and was ended`)
    }
    throw error
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

/** The runtime said that all went well and there is nothing. */
export function nothingRestored(staged: Staged): HostProblem {
  return new HostProblem({
    code: 'CRIU_RESTORE_FAILED',
    what: `${staged.engine} says it restored ${staged.name}, and no process of it exists`,
    remedy: 'Read restore.log of the migration'
  })
}

async function moveLog(from: string, to: string): Promise<void> {
  if (from === to) return
  try {
    await access(from)
    await rename(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
