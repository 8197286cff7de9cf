// What preflight compares: plain JSON about this host, read without changing anything.
import { readFile, stat, statfs } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { HostProblem } from './problem.ts'
import { bridges } from './ports.ts'
import { run, type RunResult } from './run.ts'

export interface CriuFacts {
  readonly path: string
  /** As in `4.2.1`. */
  readonly version: string
}

export interface HostFacts {
  /** As `uname -m` has it, e.g. `x86_64`. */
  readonly arch: string
  /** Kernel release, e.g. `6.18.5-amd64`. */
  readonly kernel: string
  readonly cpuModel: string
  readonly cpuFlags: readonly string[]
  readonly cpuCount: number
  /** /sys/fs/cgroup is a v2 mount and no v1 hierarchy is mounted on top or below. */
  readonly pureCgroupV2: boolean
  readonly criu?: CriuFacts
  /** Names of `criu check --feature` that this kernel and CRIU have, out of those ferry asks for. */
  readonly criuFeatures: readonly string[]
  /** Active security modules, e.g. `apparmor`. */
  readonly lsm: readonly string[]
  readonly systemd: boolean
  readonly lxcfs: boolean
  readonly bridges: readonly string[]
  readonly memoryTotalBytes: number
  /** What new programs can have without swapping (MemAvailable). */
  readonly memoryFreeBytes: number
  /** Free for root on the file system of the data folder. */
  readonly diskFreeBytes: number
  /** By engine name: free where its containers live, if that is another file system than the data folder's. */
  readonly engineDiskFreeBytes?: Readonly<Record<string, number>>
  /** Version by engine name; engines that are not installed are absent. */
  readonly engines: Readonly<Record<string, string>>
  readonly rsync?: string
  readonly perl: boolean
}

export interface FactsOptions {
  /** By engine name: its version, or undefined where it is not installed. */
  readonly engines: Readonly<Record<string, string | undefined>>
  /** Default: `criu` on the PATH. */
  readonly criuPath?: string
  readonly dataDir: string
  /** By engine name: the folder in which its containers live; it need not exist yet. */
  readonly places?: Readonly<Record<string, string>>
}

/** Features that change how ferry migrates. */
const FEATURES = ['mem_dirty_track', 'uffd-noncoop', 'pidfd_store', 'pagemap_scan', 'userns', 'timens'] as const
/** An emulated host takes its time. */
const FEATURE_LIMIT_MS = 60_000
/** What `criu check` says holds until the next boot or another CRIU. */
const featureCache = new Map<string, Promise<string[]>>()

/** @throws HostProblem COMMAND_FAILED where a program that is there can't be asked */
export async function hostFacts(options: FactsOptions, signal: AbortSignal): Promise<HostFacts> {
  const criuPath = options.criuPath ?? 'criu'
  const [uname, cpu, mounts, criu, lsm, comm, memory, disk, rsync, perl, bridgeNames] = await Promise.all([
    run(['uname', '-mr'], { signal }),
    readFile('/proc/cpuinfo', 'utf8'),
    readFile('/proc/self/mounts', 'utf8'),
    criuVersion(criuPath, signal),
    optionalFile('/sys/kernel/security/lsm'),
    readFile('/proc/1/comm', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
    statfs(options.dataDir),
    ask(['rsync', '--version'], signal),
    ask(['perl', '-e', 'print "perl"'], signal),
    bridges(signal)
  ])
  const [kernel = '', arch = ''] = uname.stdout.trim().split(' ')
  const { model, flags } = parseCpuInfo(cpu)
  const rsyncVersion = /version (\S+)/.exec(rsync?.stdout ?? '')?.[1]
  return {
    arch,
    kernel,
    cpuModel: model,
    cpuFlags: flags,
    cpuCount: availableParallelism(),
    pureCgroupV2: isPureCgroupV2(mounts),
    ...(criu === undefined ? {} : { criu }),
    criuFeatures: criu === undefined ? [] : await features(criu, signal),
    lsm: lsm
      .trim()
      .split(',')
      .filter((name) => name !== ''),
    systemd: comm.trim() === 'systemd',
    lxcfs: mounts.split('\n').some((line) => line.split(' ')[1] === '/var/lib/lxcfs'),
    bridges: bridgeNames,
    memoryTotalBytes: meminfo(memory, 'MemTotal'),
    memoryFreeBytes: meminfo(memory, 'MemAvailable'),
    diskFreeBytes: disk.bavail * disk.bsize,
    engineDiskFreeBytes: await elsewhere(options.places ?? {}, options.dataDir),
    engines: Object.fromEntries(
      Object.entries(options.engines).flatMap(([name, version]) => (version === undefined ? [] : [[name, version]]))
    ),
    ...(rsyncVersion === undefined ? {} : { rsync: rsyncVersion }),
    perl: perl?.exitCode === 0
  }
}

/** What is free in those folders that are on another file system than `dataDir`. */
async function elsewhere(places: Readonly<Record<string, string>>, dataDir: string): Promise<Record<string, number>> {
  const own = (await stat(dataDir)).dev
  const free: Record<string, number> = {}
  for (const [engine, place] of Object.entries(places)) {
    const there = await nearest(place)
    if ((await stat(there)).dev === own) continue
    const { bavail, bsize } = await statfs(there)
    free[engine] = bavail * bsize
  }
  return free
}

/** The folder itself, or what will hold it once it is made. */
async function nearest(folder: string): Promise<string> {
  try {
    await stat(folder)
    return folder
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    return nearest(dirname(folder))
  }
}

/** x86 says `flags`, arm64 `Features`. */
export function parseCpuInfo(text: string): { model: string; flags: string[] } {
  const model = /^(?:model name|Model|CPU part)\s*:\s*(.*)$/m.exec(text)?.[1] ?? 'unknown'
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? ''
  return { model, flags: flags.split(/\s+/).filter((flag) => flag !== '') }
}

/**
 * What CRIU mounts while it works, and leaves mounted when it is killed, is not the host's (criu/cgroup.c, `.criu.cgyard.`).
 * @param mounts contents of /proc/self/mounts
 */
export function isPureCgroupV2(mounts: string): boolean {
  const lines = mounts.split('\n').map((line) => line.split(' '))
  const v2 = lines.some(([, where, type]) => where === '/sys/fs/cgroup' && type === 'cgroup2')
  return v2 && !lines.some(([, where = '', type]) => type === 'cgroup' && !where.includes('/.criu.cgyard.'))
}

/** @param text output of `criu --version` */
export function parseCriuVersion(text: string): string | undefined {
  return /^Version:\s*(\d+(?:\.\d+)*)/m.exec(text)?.[1]
}

async function criuVersion(path: string, signal: AbortSignal): Promise<CriuFacts | undefined> {
  const result = await ask([path, '--version'], signal)
  const version = parseCriuVersion(result?.stdout ?? '')
  return version === undefined ? undefined : { path, version }
}

async function features(criu: CriuFacts, signal: AbortSignal): Promise<string[]> {
  const key = `${criu.path} ${criu.version} ${(await optionalFile('/proc/sys/kernel/random/boot_id')).trim()}`
  const known = featureCache.get(key)
  if (known !== undefined) return known
  const asked = Promise.all(
    FEATURES.map(async (feature) => ((await hasFeature(criu.path, feature, signal)) ? [feature] : []))
  )
  const found = asked.then((list) => list.flat())
  featureCache.set(key, found)
  // An answer that was cut short is no answer.
  found.catch(() => featureCache.delete(key))
  return found
}

async function hasFeature(path: string, feature: string, signal: AbortSignal): Promise<boolean> {
  const argv = [path, 'check', '--feature', feature]
  return (await run(argv, { signal, check: false, timeoutMs: FEATURE_LIMIT_MS })).exitCode === 0
}

/** Undefined where the program is not installed. */
async function ask(argv: readonly string[], signal: AbortSignal): Promise<RunResult | undefined> {
  try {
    return await run(argv, { signal, check: false, timeoutMs: FEATURE_LIMIT_MS })
  } catch (error) {
    if (error instanceof HostProblem && error.details.code === 'COMMAND_MISSING') return undefined
    throw error
  }
}

async function optionalFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return ''
    throw error
  })
}

function meminfo(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
}
