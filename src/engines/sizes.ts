// How big a container is, for the reservation on the target: bounded in time, an estimate where it would take too long.
import { readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroupFolder, tasks } from '../host/cgroup.ts'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'

/** A rootfs of millions of files must not hold up `ferry check`. */
const DU_LIMIT_MS = 15_000

/** Bytes of memory the container's processes hold: the cgroup's own account where there is a controller, the sum of RSS otherwise. */
export async function memoryBytes(cgroup: string): Promise<number> {
  const current = await readFile(join(cgroupFolder(cgroup), 'memory.current'), 'utf8').catch(() => undefined)
  if (current !== undefined) return Number(current.trim())
  let kilobytes = 0
  for (const pid of await tasks(cgroup)) {
    // A process that ended between the two looks holds nothing.
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '')
    kilobytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
  }
  return kilobytes * 1024
}

/** Bytes the rootfs takes on disk; what its file system holds in all where counting takes too long. */
export async function rootfsBytes(rootfs: string, signal: AbortSignal): Promise<number> {
  try {
    const { stdout } = await run(['du', '-sx', '--block-size=1', '--', rootfs], {
      signal,
      timeoutMs: DU_LIMIT_MS,
      check: false
    })
    const bytes = Number(/^(\d+)\s/.exec(stdout)?.[1])
    if (Number.isSafeInteger(bytes)) return bytes
  } catch (error) {
    if (!(error instanceof HostProblem) || error.details.code !== 'COMMAND_TIMEOUT') throw error
  }
  const { blocks, bfree, bsize } = await statfs(rootfs)
  return (blocks - bfree) * bsize
}
