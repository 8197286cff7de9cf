// Programs of this machine that the VM lab runs: one way to start them, one error when they fail.
import { execa } from 'execa'

export interface RunOptions {
  readonly input?: string | Uint8Array
  /** Default 60 s; the program is killed when it runs out. */
  readonly timeoutMs?: number
  readonly cwd?: string
  /** Default true: a non-zero exit rejects. */
  readonly check?: boolean
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

/**
 * Runs a program to its end.
 * @throws Error with the command line and what the program said last, when it can't be started, takes too long or
 *   (with `check`) exits with something other than 0.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = argv
  if (file === undefined) throw new Error('run: an empty command')
  const timeoutMs = options.timeoutMs ?? 60_000
  const result = await execa(file, args, {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    encoding: 'buffer',
    stripFinalNewline: false,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024 ** 2,
    reject: false
  })
  const stderr = Buffer.from(result.stderr).toString()
  const stdout = Buffer.from(result.stdout)
  if (result.exitCode === undefined || ((options.check ?? true) && result.exitCode !== 0)) {
    const how = result.timedOut
      ? `took longer than ${timeoutMs} ms`
      : result.exitCode === undefined
        ? `did not run: ${result.originalMessage ?? result.signal ?? 'unknown reason'}`
        : `exited with ${result.exitCode}`
    const said = (stderr.trim() === '' ? stdout.toString() : stderr).trim().slice(-2000)
    throw new Error(`${argv.join(' ').slice(0, 500)} ${how}${said === '' ? '' : `: ${said}`}`)
  }
  return { exitCode: result.exitCode, stdout, stderr }
}
