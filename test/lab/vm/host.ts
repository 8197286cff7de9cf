// A VM as the tests see it.
import { basename, dirname } from 'node:path'
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { ExecOptions, ExecResult, LabHost, LabProcess } from '../lab.ts'
import { powerOff, powerOn } from './machine.ts'
import type { MachineSpec } from './machine.ts'
import { RemoteProcess } from './remote-process.ts'
import { run } from './run.ts'
import { quoted } from './shell.ts'
import type { Shell } from './shell.ts'

const DEFAULT_TIMEOUT_MS = 60_000
const PUT_TIMEOUT_MS = 300_000
/** How much longer than the guest's own time limit this machine waits before it gives the connection up. */
const GRACE_MS = 15_000
/** What ssh says for its own failures; a command that says it too is told apart by the connection's state. */
const SSH_FAILED = 255
/** `timeout` killed its command and itself. */
const KILLED = 137

function withEnvironment(argv: readonly string[], env: ExecOptions['env']): readonly string[] {
  const pairs = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? argv : ['env', ...pairs, ...argv]
}

export class VmHost implements LabHost {
  readonly kind = 'vm'
  readonly name: string
  readonly address: string
  readonly #machine: MachineSpec
  readonly #shell: Shell

  constructor(machine: MachineSpec, shell: Shell) {
    this.name = machine.name
    this.address = `10.77.0.${machine.number}`
    this.#machine = machine
    this.#shell = shell
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { exitCode, stdout, stderr } = await this.#execRaw(argv, options)
    return { exitCode, stdout: stdout.toString(), stderr }
  }

  async #execRaw(argv: readonly string[], options: ExecOptions) {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    // The limit is kept by the guest, so that what ran too long is ended there too.
    const limited = ['timeout', '-s', 'KILL', String(timeoutMs / 1000), ...withEnvironment(argv, options.env)]
    const startedAt = performance.now()
    const result = await run(this.#shell.command(limited), {
      ...(options.input === undefined ? {} : { input: options.input }),
      timeoutMs: timeoutMs + GRACE_MS,
      check: false
    })
    const said = result.stderr.trim().slice(-2000)
    if (result.exitCode === KILLED && performance.now() - startedAt >= timeoutMs) {
      throw new Error(`${this.name}: ${argv.join(' ')} took longer than ${timeoutMs} ms: ${said}`)
    }
    if (result.exitCode !== 0 && ((options.check ?? true) || result.exitCode === SSH_FAILED)) {
      const command = argv.join(' ').slice(0, 500)
      const output = said === '' ? result.stdout.toString().trim().slice(-2000) : said
      throw new Error(`${this.name}: ${command} exited with ${result.exitCode}: ${output}`)
    }
    return result
  }

  spawn(argv: readonly string[], options: Pick<ExecOptions, 'env'> = {}): Promise<LabProcess> {
    const announced = ['sh', '-c', 'echo "$$"; exec "$@"', 'sh', ...withEnvironment(argv, options.env)]
    const [file = '', ...args] = this.#shell.command(announced)
    const child = spawn(file, args, { stdio: 'pipe' })
    return RemoteProcess.started(child, async (pid, signal) => {
      await this.exec(['kill', `-${signal}`, String(pid)], { check: false })
    })
  }

  async readFile(path: string): Promise<Buffer> {
    return (await this.#execRaw(['cat', path], {})).stdout
  }

  async writeFile(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
    const script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"'
    await this.exec(['sh', '-c', script, 'sh', path, mode.toString(8)], { input: data, timeoutMs: PUT_TIMEOUT_MS })
  }

  async put(local: string, remote: string): Promise<void> {
    const options = ['--owner=0', '--group=0', '--numeric-owner', '-c']
    const isFolder = (await stat(local)).isDirectory()
    const pack = isFolder
      ? ['tar', '-C', local, ...options, '.']
      : ['tar', '-C', dirname(local), ...options, `--transform=s|.*|${basename(remote)}|`, basename(local)]
    const target = isFolder ? remote : dirname(remote)
    const unpack = ['sh', '-c', 'mkdir -p "$1" && tar -C "$1" -xp', 'sh', target]
    const pipeline = `${quoted(pack)} | ${quoted(this.#shell.command(unpack))}`
    await run(['bash', '-o', 'pipefail', '-c', pipeline], { timeoutMs: PUT_TIMEOUT_MS })
  }

  async pids(comm: string): Promise<number[]> {
    const script = 'grep -lsxF -- "$1" /proc/[0-9]*/comm'
    const { stdout } = await this.exec(['sh', '-c', script, 'sh', comm], { check: false })
    const found = [...stdout.matchAll(/^\/proc\/(\d+)\/comm$/gm)].map((match) => Number(match[1]))
    return found.sort((a, b) => a - b)
  }

  async kill(): Promise<void> {
    await powerOff(this.#machine)
    await this.#shell.close()
  }

  async boot(): Promise<void> {
    await powerOn(this.#machine)
    await this.#shell.open()
  }
}
