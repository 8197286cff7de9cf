// Where a namespace lab keeps what it made. Everything carries the lab's name, so that a later run can find and remove it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** State of the labs that are up: namespaces, locks, lab.json. */
export function runFolder(lab: string): string {
  return join('/run/ferry-lab', lab)
}

export function diskFolder(lab: string): string {
  return join('/var/tmp/ferry-lab', lab)
}

/** A file that keeps a network namespace there without a process in it. */
export function namespaceFile(lab: string, host: string): string {
  return join(runFolder(lab), 'net', host)
}

export function cgroupName(lab: string, host: string): string {
  return `fl-${lab}-${host}`
}

/** Mount points of the machine's cgroup hierarchies, version 2 and the versions 1 that it still has. */
export async function cgroupHierarchies(): Promise<{ readonly v2: string; readonly v1: readonly string[] }> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '))
  const v2 = mounts.find(([, , type]) => type === 'cgroup2')?.[1]
  if (v2 === undefined) throw new Error('no cgroup2 file system is mounted on this machine; mount one')
  const v1 = mounts.flatMap(([, path, type]) => (type === 'cgroup' && path !== undefined ? [path] : []))
  return { v2, v1: [...new Set(v1)] }
}
