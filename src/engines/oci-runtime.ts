// The commands that runc and crun have in common.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'
import { present } from './host-paths.ts'

export type OciRuntimeName = 'runc' | 'crun'

/** A runtime that hangs (on a frozen cgroup, a dead mount) must not hold up a listing. */
const QUERY_LIMIT_MS = 15_000
const DELETE_LIMIT_MS = 20_000

const containerSchema = z.object({ id: z.string(), pid: z.number(), status: z.string(), bundle: z.string() })
export type OciContainer = z.infer<typeof containerSchema>

export class OciRuntime {
  readonly name: OciRuntimeName
  /** Where the runtime keeps its state; its own default for root. */
  readonly root: string

  constructor(name: OciRuntimeName) {
    this.name = name
    this.root = `/run/${name}`
  }

  async version(signal: AbortSignal): Promise<string | undefined> {
    try {
      const { stdout } = await run([this.name, '--version'], { signal, timeoutMs: QUERY_LIMIT_MS })
      return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown'
    } catch (error) {
      if (isProblem(error, 'COMMAND_MISSING')) return undefined
      throw error
    }
  }

  async list(signal: AbortSignal): Promise<OciContainer[]> {
    // runc makes the folder with its first container, and calls its absence an error.
    if (!(await present(this.root))) return []
    const { stdout } = await run([this.name, 'list', '-f', 'json'], { signal, timeoutMs: QUERY_LIMIT_MS })
    // runc says null where there is none.
    return this.#parse(z.array(containerSchema).nullable(), stdout, 'list') ?? []
  }

  /** Undefined where it does not exist. */
  async state(name: string, signal: AbortSignal): Promise<OciContainer | undefined> {
    const argv = [this.name, 'state', name]
    const { exitCode, stdout, stderr } = await run(argv, { signal, timeoutMs: QUERY_LIMIT_MS, check: false })
    if (exitCode === 0) return this.#parse(containerSchema, stdout, 'state')
    if (/does not exist|No such file/.test(stderr)) return undefined
    throw new HostProblem({
      code: 'COMMAND_FAILED',
      what: `\`${argv.join(' ')}\` ended with exit code ${String(exitCode)}`,
      ...(stderr.trim() === '' ? {} : { why: stderr.trim() }),
      remedy: 'Run the command by hand on this host to see the whole of what it says'
    })
  }

  /** Deletes the runtime's record of a container whose processes have ended. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    await run([this.name, 'delete', '-f', name], { signal, timeoutMs: DELETE_LIMIT_MS })
  }

  /**
   * Removes what a restore that failed leaves: a folder that the runtime itself does not recognise, and trips over the next time. runc leaves the
   * rootfs mounted in it (criu-root).
   */
  async removeLeftovers(name: string, signal: AbortSignal): Promise<void> {
    const folder = this.stateFolder(name)
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '')
    for (const mount of mounts.filter((path) => path.startsWith(folder + '/')).reverse()) {
      await run(['umount', '--', mount], { signal, timeoutMs: QUERY_LIMIT_MS })
    }
    await run(['rm', '-rf', '--one-file-system', '--', folder], { signal })
  }

  /** Folder of the runtime's own about a container. */
  stateFolder(name: string): string {
    return join(this.root, name)
  }

  #parse<T>(schema: z.ZodType<T>, text: string, command: string): T {
    try {
      return schema.parse(JSON.parse(text))
    } catch (error) {
      throw new HostProblem(
        {
          code: 'RUNTIME_OUTPUT',
          what: `What \`${this.name} ${command}\` wrote could not be understood`,
          why: error instanceof Error ? error.message : String(error),
          remedy: `Use ${this.name === 'runc' ? 'runc 1.3' : 'crun 1.28'} or later`
        },
        { cause: error }
      )
    }
  }
}

export function isProblem(error: unknown, code: string): boolean {
  return error instanceof HostProblem && error.details.code === code
}
