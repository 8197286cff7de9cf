// CRIU's dump of an LXC container, with liblxc's arguments: `lxc-checkpoint -s` can't dump a container that was itself restored (cgroup v2).
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroupFolder } from '../host/cgroup.ts'
import { HostProblem } from '../host/problem.ts'
import { lastLines, run } from '../host/run.ts'
import { abortFrozen } from './abort-frozen.ts'
import { diagnose, diagnoseEnd } from './diagnose.ts'

export interface DumpOptions {
  /** Path or name of criu. */
  readonly criu: string
  readonly pid: number
  /** Already frozen: CRIU then loses no time freezing, and leaves it frozen. */
  readonly cgroup: string
  readonly images: string
  /** dump.log ends up here. */
  readonly work: string
  /** See config-file.ts. */
  readonly configFile: string
  readonly extraArgs?: readonly string[]
  /** Default 600 000. */
  readonly timeoutMs?: number
  readonly signal: AbortSignal
}

/** Arguments after `criu`. */
export function dumpArguments(
  options: Pick<DumpOptions, 'pid' | 'cgroup' | 'images' | 'work' | 'extraArgs'>
): string[] {
  const filesystems = ['--enable-fs', 'hugetlbfs', '--enable-fs', 'tracefs', '--ext-mount-map', 'auto']
  const mounts = ['--enable-external-sharing', '--enable-external-masters', '--force-irmap', '--link-remap']
  return [
    'dump',
    '--leave-running',
    '--file-locks',
    '--skip-in-flight',
    '--manage-cgroups=soft',
    ...filesystems,
    ...mounts,
    ...['-D', options.images, '-W', options.work, '-o', 'dump.log', '-v4'],
    ...['-t', String(options.pid), '--freeze-cgroup', cgroupFolder(options.cgroup)],
    ...(options.extraArgs ?? [])
  ]
}

/**
 * Resolves when CRIU has ended well. Aborting ends CRIU and waits for it; its tree is frozen then, but its sockets may be in repair mode (repair.ts).
 * @throws HostProblem CRIU_DUMP_FAILED, CRIU_TIMEOUT, COMMAND_MISSING
 */
export async function criuDump(options: DumpOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 600_000
  const limit = new AbortController()
  const tooLong = new HostProblem({
    code: 'CRIU_TIMEOUT',
    what: `CRIU had not dumped the container after ${String(timeoutMs)} ms and was ended`,
    remedy: 'See what the host is busy with (a full or slow disk), or raise the limit'
  })
  const timer = setTimeout(() => limit.abort(tooLong), timeoutMs)
  const abort = abortFrozen(AbortSignal.any([options.signal, limit.signal]), options.cgroup)
  try {
    const result = await run([options.criu, ...dumpArguments(options)], {
      signal: abort.signal,
      timeoutMs: timeoutMs + 60_000,
      check: false,
      // Killed while it tries what the kernel can do, CRIU leaves a child that sleeps for ever and holds its pipes (criu/kerndat.c).
      sweep: true,
      sparedByOomKiller: true,
      env: { CRIU_CONFIG_FILE: options.configFile }
    })
    if (result.exitCode !== 0)
      throw await criuFailure('dump', join(options.work, 'dump.log'), result.stderr || result.stdout)
  } finally {
    clearTimeout(timer)
    abort[Symbol.dispose]()
  }
}

/**
 * What a failed CRIU run is reported as: the first real error of its log, explained where it is known.
 * @param said what whoever started CRIU wrote itself; used where the log says nothing
 */
export async function criuFailure(action: 'dump' | 'restore', logPath: string, said: string): Promise<HostProblem> {
  const text = await readFile(logPath, 'utf8').catch((error: unknown) => {
    // CRIU never got as far as its log.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  const diagnosis = diagnoseEnd(`${action}.log`, text) ?? diagnose(`${action}.log`, said)
  const why = diagnosis === undefined ? lastLines(said, 3) : `${diagnosis.line} (${diagnosis.meaning})`
  return new HostProblem({
    code: action === 'dump' ? 'CRIU_DUMP_FAILED' : 'CRIU_RESTORE_FAILED',
    what: `CRIU could not ${action} the container`,
    ...(why === '' ? {} : { why }),
    remedy: diagnosis?.remedy ?? `Read ${action}.log of the migration`
  })
}
