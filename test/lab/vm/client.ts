// The client host of a VM lab: this machine's programs and files, with a network of its own on the segment.
import { spawn } from 'node:child_process'
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ExecOptions, ExecResult, LabHost, LabProcess } from '../lab.ts'
import { RemoteProcess } from './remote-process.ts'
import { run } from './run.ts'

export class SegmentClient implements LabHost {
  readonly name = 'client'
  readonly kind = 'ns'
  readonly address: string
  readonly #prefix: readonly string[]
  readonly #started = new Set<LabProcess>()

  constructor(address: string, prefix: readonly string[]) {
    this.address = address.replace(/\/.*/, '')
    this.#prefix = prefix
  }

  #command(argv: readonly string[], env: ExecOptions['env']): string[] {
    const pairs = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`)
    return [...this.#prefix, ...(pairs.length === 0 ? [] : ['env', ...pairs]), ...argv]
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { exitCode, stdout, stderr } = await run(this.#command(argv, options.env), options)
    return { exitCode, stdout: stdout.toString(), stderr }
  }

  async spawn(argv: readonly string[], options: Pick<ExecOptions, 'env'> = {}): Promise<LabProcess> {
    const announced = ['sh', '-c', 'echo "$$"; exec "$@"', 'sh', ...argv]
    const [file = '', ...args] = this.#command(announced, options.env)
    const child = spawn(file, args, { stdio: 'pipe' })
    const started = await RemoteProcess.started(child, (_pid, signal) => Promise.resolve(void child.kill(signal)))
    this.#started.add(started)
    void started.exited.then(() => this.#started.delete(started))
    return started
  }

  async readFile(path: string): Promise<Buffer> {
    return readFile(path)
  }

  async writeFile(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, data, { mode })
  }

  async put(local: string, remote: string): Promise<void> {
    await cp(local, remote, { recursive: true })
  }

  /** Of this machine: the client has no process namespace of its own. */
  async pids(comm: string): Promise<number[]> {
    const found: number[] = []
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue
      const text = await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '')
      if (text.trimEnd() === comm) found.push(Number(name))
    }
    return found.sort((a, b) => a - b)
  }

  /** Ends what was started here with {@link spawn}. */
  async kill(): Promise<void> {
    await Promise.all([...this.#started].map((one) => one.kill('SIGKILL')))
  }

  boot(): Promise<void> {
    return Promise.resolve()
  }
}
