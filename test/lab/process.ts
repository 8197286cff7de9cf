// Programs on a namespace host as the lab sees them: one that is waited for, and one that goes on running.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecOptions, ExecResult, LabProcess } from './lab.ts'

const DEFAULT_TIMEOUT_MS = 60_000
/** How long output is read after the program's end: what it left in the background may hold the pipes for ever. */
const DRAIN_MS = 300
/** A daemon that is told to end has 45 s to end its migrations. */
const END_TIMEOUT_MS = 60_000
const KILL_PATIENCE_MS = 2000

export interface Command {
  /** What to start on this machine: the way into the host, then the program. */
  readonly argv: readonly string[]
  /** For errors: the program as asked for, and where. */
  readonly title: string
}

type Started = ChildProcess & { readonly ended: Promise<number> }

function start({ argv, title }: Command): Started {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { stdio: 'pipe', detached: true })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new Error(`${title}: could not be started`, { cause }))
    })
    child.once('exit', (code, signal) => {
      const result = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      const timer = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, DRAIN_MS)
      child.once('close', () => {
        clearTimeout(timer)
        resolve(result)
      })
    })
  })
  // A program need not read its input to the end.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') child.emit('error', error)
  })
  return Object.assign(child, { ended })
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return
    throw error
  }
}

/**
 * Ends the command and what it started in its own session. The program itself goes first: nsenter waits for it, so that the command
 * does not end before the program has.
 */
async function killAll(child: Started): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  const program = await programOf(pid)
  if (program !== undefined) {
    signalIfThere(program, 'SIGKILL')
    await Promise.race([child.ended, sleep(KILL_PATIENCE_MS, undefined, { ref: false })])
  }
  signalIfThere(-pid, 'SIGKILL')
}

/** Runs a command to its end. @throws Error with the command and what it said. */
export async function execute(command: Command, options: ExecOptions = {}): Promise<ExecResult> {
  const child = start(command)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (data: Buffer) => stdout.push(data))
  child.stderr?.on('data', (data: Buffer) => stderr.push(data))
  child.stdin?.end(options.input ?? '')
  let late = false
  const timer = setTimeout(() => {
    late = true
    void killAll(child).catch((error: unknown) => child.emit('error', error))
  }, timeoutMs)
  const exitCode = await child.ended.finally(() => {
    clearTimeout(timer)
  })
  const result = { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  const said = `${result.stderr}\n${result.stdout}`.trim().slice(-2000)
  if (late) throw new Error(`${command.title}: took longer than ${timeoutMs} ms: ${said}`)
  if (exitCode !== 0 && options.check !== false) throw new Error(`${command.title}: exited with ${exitCode}: ${said}`)
  return result
}

/** A queue that one reader takes lines from. */
class Lines implements AsyncIterable<string> {
  readonly #waiting: string[] = []
  #ended = false
  #wake = Promise.withResolvers<void>()

  push(line: string): void {
    this.#waiting.push(line)
    this.#signal()
  }

  end(): void {
    this.#ended = true
    this.#signal()
  }

  #signal(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    for (;;) {
      const line = this.#waiting.shift()
      if (line !== undefined) yield line
      else if (this.#ended) return
      else await this.#wake.promise
    }
  }
}

/** Starts a command and lets it run; resolves when the program itself is there, or has ended already. */
export async function launch(command: Command): Promise<LabProcess & { end(): Promise<void> }> {
  const child = start(command)
  const lines = new Lines()
  const stdout: string[] = []
  let stderr = ''
  if (child.stdout !== null) {
    createInterface({ input: child.stdout })
      .on('line', (line) => {
        stdout.push(line)
        lines.push(line)
      })
      .on('close', () => {
        lines.end()
      })
  }
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
  const exited = child.ended.then((exitCode) => ({ exitCode, stdout: stdout.join('\n'), stderr }))
  // Whoever looks at `exited` sees the failure; a process nobody looks at must not end the test run.
  exited.catch(() => {
    lines.end()
  })

  const gone = async (): Promise<void> => {
    const done = exited.then(
      () => true,
      () => true
    )
    const limit = new AbortController()
    const ended = await Promise.race([done, sleep(END_TIMEOUT_MS, false, { signal: limit.signal, ref: false })])
    limit.abort()
    if (!ended) {
      await killAll(child)
      throw new Error(`${command.title}: still there ${END_TIMEOUT_MS / 1000} s after the signal; killed`)
    }
  }
  const running = () => child.exitCode === null && child.signalCode === null
  const pid = child.pid === undefined ? undefined : await entered(child.pid, running)
  return {
    lines,
    exited,
    write: (text) => {
      child.stdin?.write(text)
    },
    async kill(signal = 'SIGTERM') {
      if (pid === undefined || !running()) return
      signalIfThere(pid, signal)
      await gone()
    },
    async end() {
      await killAll(child)
      await gone()
    }
  }
}

/** The program itself: nsenter, which waits for it, does not pass signals on. */
async function programOf(nsenter: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${nsenter}/task/${nsenter}/children`, 'utf8').catch(() => '')
  const pid = Number.parseInt(children, 10)
  return Number.isNaN(pid) ? undefined : pid
}

async function entered(nsenter: number, running: () => boolean): Promise<number | undefined> {
  while (running()) {
    const pid = await programOf(nsenter)
    if (pid !== undefined) return pid
    await sleep(2)
  }
  return undefined
}
