// The host's processes as /proc has them, for whoever looks for those that nobody owns any more.
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostProblem } from './problem.ts'

export interface HostProcess {
  readonly pid: number
  readonly parent: number
  /** The kernel's name of it, 15 bytes at most. */
  readonly comm: string
  /** R, S, D, T, t, Z, X or I. */
  readonly state: string
  readonly argv: readonly string[]
  /** When it was started, milliseconds since the epoch, to about a hundredth of a second. */
  readonly startedMs: number
}

/** Units of starttime in /proc/PID/stat a second; the same on every architecture (USER_HZ). */
const TICKS = 100

/** Every process of the host's own pid namespace that has a command line: kernel threads have none, containers a namespace of theirs. */
export async function hostProcesses(): Promise<HostProcess[]> {
  const bootMs = await bootTime()
  const namespace = await readlink('/proc/self/ns/pid')
  const found: HostProcess[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const argv = (await file(entry, 'cmdline')).split('\0').slice(0, -1)
    if (argv.length === 0 || (await link(entry, 'ns/pid')) !== namespace) continue
    const one = parseStat(await file(entry, 'stat'), bootMs)
    if (one !== undefined) found.push({ ...one, argv })
  }
  return found
}

/** When a process was started, milliseconds since the epoch; undefined where it is gone. */
export async function startedMs(pid: number): Promise<number | undefined> {
  return parseStat(await file(String(pid), 'stat'), await bootTime())?.startedMs
}

/** Tells a process from any that has its pid before or after it: no step of the clock and no restart of the host changes that. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it was started, since the host was: hundredths of a second (proc_pid_stat(5), starttime). */
  readonly startTicks: number
  /** Of the host's run: /proc/sys/kernel/random/boot_id. */
  readonly bootId: string
}

/** Undefined where the process is gone. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const ticks = parseStat(await file(String(pid), 'stat'), 0)?.startedMs
  if (ticks === undefined) return undefined
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  return { pid, startTicks: Math.round((ticks * TICKS) / 1000), bootId }
}

/** First processes of containers, of whatever runtime, whose root is one of these folders. Folders that do not exist are nobody's. */
export async function firstProcessesIn(roots: readonly string[]): Promise<Omit<HostProcess, 'argv'>[]> {
  const wanted = new Set((await Promise.all(roots.map(identity))).filter((one) => one !== ''))
  if (wanted.size === 0) return []
  const bootMs = await bootTime()
  const found: Omit<HostProcess, 'argv'>[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || !/^NSpid:\s.*\s1$/m.test(await file(entry, 'status'))) continue
    if (!wanted.has(await identity(`/proc/${entry}/root`))) continue
    const one = parseStat(await file(entry, 'stat'), bootMs)
    if (one !== undefined && one.state !== 'Z') found.push(one)
  }
  return found
}

/** What a folder is, by whatever path and from whatever mount namespace it is reached. */
async function identity(path: string): Promise<string> {
  return stat(path).then(({ dev, ino }) => `${String(dev)}:${String(ino)}`, ended)
}

/** An environment variable of a process; undefined where it has none, or is gone. */
export async function environmentOf(pid: number, name: string): Promise<string | undefined> {
  const entry = (await file(String(pid), 'environ')).split('\0').find((line) => line.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}

/** Paths that a process has open. */
export async function openPaths(pid: number): Promise<string[]> {
  const folder = `/proc/${String(pid)}/fd`
  const names = await readdir(folder).catch((error: unknown): string[] => [ended(error)])
  return Promise.all(names.map((name) => link(String(pid), `fd/${name}`)))
}

/** Pids of whatever is, directly or not, a child of `ancestor`. */
export function descendants(processes: readonly HostProcess[], ancestor: number): ReadonlySet<number> {
  const found = new Set([ancestor])
  for (let before = 0; before !== found.size;) {
    before = found.size
    for (const { pid, parent } of processes) if (found.has(parent)) found.add(pid)
  }
  return found
}

/** Format: proc_pid_stat(5); the name may hold anything. */
export function parseStat(text: string, bootMs: number): Omit<HostProcess, 'argv'> | undefined {
  const [, pid, comm, state, rest] = /^(\d+) \((.*)\) (\S) (.*)/s.exec(text) ?? []
  if (pid === undefined || comm === undefined || state === undefined || rest === undefined) return undefined
  const fields = rest.split(' ')
  return {
    pid: Number(pid),
    parent: Number(fields[0]),
    comm,
    state,
    startedMs: bootMs + (Number(fields[18]) * 1000) / TICKS
  }
}

async function bootTime(): Promise<number> {
  return Number(/^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1] ?? 0) * 1000
}

async function file(pid: string, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(ended)
}

async function link(pid: string, name: string): Promise<string> {
  return readlink(`/proc/${pid}/${name}`).catch(ended)
}

/** Processes end while one looks. */
function ended(error: unknown): string {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
  throw error
}

/** How long a process that was killed may take to be gone, milliseconds. */
const END_LIMIT_MS = 5000

/** Kills that very process, not another one that has its pid since, and returns when it is gone. @throws HostProblem PROCESS_STAYS */
export async function endProcess({
  pid,
  comm,
  startedMs: began
}: Pick<HostProcess, 'pid' | 'comm' | 'startedMs'>): Promise<void> {
  const end = performance.now() + END_LIMIT_MS
  for (;;) {
    const now = parseStat(await file(String(pid), 'stat'), await bootTime())
    if (now === undefined || Math.abs(now.startedMs - began) > 2000 / TICKS || now.state === 'Z') return
    signalled(pid)
    if (performance.now() > end) break
    await sleep(10)
  }
  throw new HostProblem({
    code: 'PROCESS_STAYS',
    what: `${comm} (pid ${String(pid)}) was killed and has not ended`,
    remedy: `See what it waits for: cat /proc/${String(pid)}/wchan`
  })
}

function signalled(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
