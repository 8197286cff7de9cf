// What runs the host, and how it lays out cgroups and mounts.
import { readFile } from 'node:fs/promises'

export interface InitFacts {
  /** Name of pid 1, e.g. `systemd`. */
  readonly program: string
  readonly systemd: boolean
  /** The root mount propagates what is mounted below it to other namespaces. */
  readonly sharedMounts: boolean
  /** v2 alone, v1 hierarchies besides a v2 one, or v1 alone. */
  readonly cgroup: 'v2' | 'hybrid' | 'v1'
}

export async function initFacts(): Promise<InitFacts> {
  const [comm, mountInfo] = await Promise.all([
    readFile('/proc/1/comm', 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8')
  ])
  const program = comm.trim()
  return { program, systemd: program === 'systemd', ...parseMountInfo(mountInfo) }
}

/** @param text of /proc/self/mountinfo, see proc_pid_mountinfo(5) */
export function parseMountInfo(text: string): Pick<InitFacts, 'sharedMounts' | 'cgroup'> {
  const mounts = text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , , where = '', , ...optional] = before.split(' ')
    const [type = ''] = after.split(' ')
    return type === '' ? [] : [{ where, type, shared: optional.some((field) => field.startsWith('shared:')) }]
  })
  const v1 = mounts.some(({ type }) => type === 'cgroup')
  const v2 = mounts.some(({ type }) => type === 'cgroup2')
  return {
    // The last one mounted on / is the one that is seen.
    sharedMounts: mounts.findLast(({ where }) => where === '/')?.shared ?? false,
    cgroup: v1 ? (v2 ? 'hybrid' : 'v1') : 'v2'
  }
}
