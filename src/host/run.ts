// How every program of the host is run: with an owner, a time limit, and an error that says what it said.
import { execa } from 'execa'
import { writeFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostProblem } from './problem.ts'

export interface RunOptions {
  /** Ends the program and everything in its process group; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Default 30 000. */
  readonly timeoutMs?: number
  readonly input?: string | Uint8Array
  /** Added to the daemon's own environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Default true: an exit code other than 0 rejects. */
  readonly check?: boolean
  /**
   * `ignore` connects stdin, stdout and stderr to /dev/null: for programs that leave a background process holding them,
   * whose end would otherwise be waited for. Default `pipe`.
   */
  readonly stdio?: 'pipe' | 'ignore'
  /** What the program left behind of its process group ends half a second after it. Default false: its end is waited for. */
  readonly sweep?: boolean
  /**
   * The out-of-memory killer takes anything else first, where the host allows that: it and what it starts have `oom_score_adj` -1000 (proc_pid_oom_score_adj(5)).
   * Not for a program whose children outlive it.
   */
  readonly sparedByOomKiller?: boolean
}

export interface RunResult {
  /** 128 + signal number where a signal ended it. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Between SIGTERM and SIGKILL, milliseconds: long enough for criu to let its tasks go. */
const GRACE_MS = 1000
/** How long what a program left behind may go on where it is swept, milliseconds. */
const LEFT_MS = 500
/** What a program may say; the rest is cut off. Characters. */
const MAX_OUTPUT = 16 * 1024 * 1024

/**
 * Runs a program to its end, in a process group of its own.
 * @throws HostProblem COMMAND_FAILED, COMMAND_MISSING, COMMAND_TIMEOUT; the signal's reason when aborted
 */
export async function run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const { signal, timeoutMs = 30_000, check = true, stdio = 'pipe', sweep = false } = options
  signal.throwIfAborted()
  const [file, args] = split(argv)
  const child = execa(file, args, {
    detached: true,
    cleanup: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT,
    env: environment(options.env),
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    stdout: stdio,
    stderr: stdio,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd })
  })
  let timedOut = false
  if (options.sparedByOomKiller === true) spareFromOomKiller(child.pid)
  const ender = groupEnder(child.pid)
  const timer = setTimeout(() => {
    timedOut = true
    ender.end()
  }, timeoutMs)
  const onAbort = () => ender.end()
  signal.addEventListener('abort', onAbort, { once: true })
  let left: NodeJS.Timeout | undefined
  if (sweep)
    child.nodeChildProcess.once('exit', () => {
      left = setTimeout(() => {
        ender.sweep()
      }, LEFT_MS)
    })
  try {
    const result = await child
    const outcome: RunResult = {
      exitCode: result.exitCode ?? 128 + signalNumber(result.signal),
      stdout: typeof result.stdout === 'string' ? result.stdout : '',
      stderr: typeof result.stderr === 'string' ? result.stderr : ''
    }
    signal.throwIfAborted()
    if (timedOut) throw commandTimeout(argv, timeoutMs, outcome)
    if (child.pid === undefined) throw commandNotStarted(argv, result.code, result.originalMessage ?? '')
    if (check && outcome.exitCode !== 0) throw commandFailed(argv, outcome)
    return outcome
  } finally {
    clearTimeout(timer)
    clearTimeout(left)
    signal.removeEventListener('abort', onAbort)
    await ender.done()
  }
}

/** A program that goes on running until its owner ends it or its stdin is closed. */
export interface Running {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  /** Never rejects. */
  readonly exited: Promise<RunResult>
  /** SIGTERM to the group, SIGKILL a second later; resolves when it is gone. */
  kill(): Promise<void>
}

export interface StartOptions {
  /** Ends it, as `kill` does. */
  readonly signal: AbortSignal
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/**
 * Starts a program with pipes; stdout is the caller's to read, stderr is kept for `exited`.
 * @throws HostProblem COMMAND_MISSING, COMMAND_FAILED (could not be started)
 */
export async function start(argv: readonly string[], options: StartOptions): Promise<Running> {
  options.signal.throwIfAborted()
  const [file, args] = split(argv)
  const child = execa(file, args, {
    detached: true,
    cleanup: true,
    reject: false,
    buffer: { stdout: false, stderr: true },
    maxBuffer: MAX_OUTPUT,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    env: environment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd })
  })
  const { pid, stdin, stdout } = child
  if (pid === undefined) {
    const result = await child
    throw commandNotStarted(argv, result.code, result.originalMessage ?? '')
  }
  // A program that has ended closes its stdin; whoever still writes learns that from `exited`, not from a crash.
  stdin.on('error', () => stdin.destroy())
  const ender = groupEnder(pid)
  const onAbort = () => ender.end()
  options.signal.addEventListener('abort', onAbort, { once: true })
  const exited = child.then(async (result): Promise<RunResult> => {
    options.signal.removeEventListener('abort', onAbort)
    await ender.done()
    const stderr = typeof result.stderr === 'string' ? result.stderr : ''
    return { exitCode: result.exitCode ?? 128 + signalNumber(result.signal), stdout: '', stderr }
  })
  return {
    pid,
    stdin,
    stdout,
    exited,
    async kill() {
      ender.end()
      await exited
    }
  }
}

/** The last lines of what a program wrote, for an error. */
export function lastLines(text: string, count = 5): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

/** The daemon may have been started with a PATH that has no sbin; criu, ip and bridge live there. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const base = extra['PATH'] ?? process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'
  const missing = ['/usr/local/sbin', '/usr/sbin', '/sbin'].filter((folder) => !base.split(':').includes(folder))
  return { LC_ALL: 'C', ...extra, PATH: [base, ...missing].join(':') }
}

function spareFromOomKiller(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    writeFileSync(`/proc/${String(pid)}/oom_score_adj`, '-1000')
  } catch (error) {
    // It has ended, or the daemon may not (CAP_SYS_RESOURCE): then it is as exposed as any program.
    if (!(
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))
    ))
      throw error
  }
}

function split(argv: readonly string[]): [string, readonly string[]] {
  const [file, ...args] = argv
  if (file === undefined) throw new TypeError('run: empty argv')
  return [file, args]
}

function groupEnder(pid: number | undefined) {
  let timer: NodeJS.Timeout | undefined
  let over = pid === undefined
  /** False where no process of the group is left. */
  const send = (signal: NodeJS.Signals | 0): boolean => {
    if (pid === undefined) return false
    try {
      return process.kill(-pid, signal)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
      throw error
    }
  }
  return {
    end() {
      if (over || timer !== undefined) return
      send('SIGTERM')
      timer = setTimeout(() => send('SIGKILL'), GRACE_MS)
    },
    /** What is left of the group when the program itself has ended. */
    sweep() {
      send('SIGKILL')
    },
    /** The program itself has ended. Where it was made to, so must what it had started, a criu above all: that is gone when this resolves. */
    async done() {
      over = true
      clearTimeout(timer)
      if (timer === undefined) return
      for (let tries = 0; tries < 100 && send('SIGKILL'); tries++) await sleep(10)
    }
  }
}

function signalNumber(name: string | undefined): number {
  const numbers: Record<string, number> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGABRT: 6,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGPIPE: 13,
    SIGTERM: 15
  }
  return name === undefined ? 0 : (numbers[name] ?? 0)
}

/** A script that perl is given as an argument tells an operator nothing. */
function shown(argv: readonly string[]): string {
  return argv.map((word) => (word.includes('\n') || word.length > 200 ? '…' : word)).join(' ')
}

function said(outcome: RunResult): string {
  return lastLines(outcome.stderr) || lastLines(outcome.stdout)
}

function commandFailed(argv: readonly string[], outcome: RunResult): HostProblem {
  const words = said(outcome)
  return new HostProblem({
    code: 'COMMAND_FAILED',
    what: `\`${shown(argv)}\` ended with exit code ${String(outcome.exitCode)}`,
    ...(words === '' ? {} : { why: words }),
    remedy: `Run the command by hand on this host to see the whole of what it says`
  })
}

function commandTimeout(argv: readonly string[], timeoutMs: number, outcome: RunResult): HostProblem {
  const words = said(outcome)
  return new HostProblem({
    code: 'COMMAND_TIMEOUT',
    what: `\`${shown(argv)}\` had not ended after ${String(timeoutMs)} ms and was killed`,
    ...(words === '' ? {} : { why: words }),
    remedy: 'See what the host is busy with (a full disk, a hung mount, a frozen cgroup), then try again'
  })
}

function commandNotStarted(argv: readonly string[], code: string | undefined, message: string): HostProblem {
  const program = argv[0] ?? ''
  if (code === 'ENOENT') {
    return new HostProblem({
      code: 'COMMAND_MISSING',
      what: `${program} is not installed`,
      remedy: `Install ${program} on this host`
    })
  }
  return new HostProblem({
    code: 'COMMAND_FAILED',
    what: `${program} could not be started`,
    why: message,
    remedy: `See that ${program} is executable by root`
  })
}
