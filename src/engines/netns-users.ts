// Who else uses a container's network namespace.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { cgroupOf } from '../host/cgroup.ts'
import type { Finding } from '../host/problem.ts'
import { blocker } from './findings.ts'

/** Of /proc/PID/stat: what follows the name, which may hold anything, is "STATE PPID" (proc_pid_stat(5)). */
const PARENT = /^\d+ \(.*\) \S (\d+)/s

/** Containers that share a network namespace (a pod) can't leave each other. What is in the container's `cgroup` is its own. */
export async function netnsFindings(initPid: number, cgroup: string): Promise<Finding[]> {
  const namespace = await readlink(`/proc/${String(initPid)}/ns/net`)
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) continue
    // Processes end while one looks.
    if ((await readlink(`/proc/${entry}/ns/net`).catch(() => '')) !== namespace) continue
    if ((await isIn(pid, cgroup)) || (await isOurs(pid))) continue
    const comm = (await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '?')).trim()
    // One that has ended meanwhile has no parent to tell whose it was, and is nobody's hindrance.
    if ((await readlink(`/proc/${entry}/ns/net`).catch(() => '')) !== namespace) continue
    return [
      blocker(
        'NETNS_SHARED',
        `Other processes use the container's network namespace: pid ${entry} (${comm})`,
        'End them, or give them a network of their own',
        'the address would move away from under them'
      )
    ]
  }
  return []
}

/** Of each by itself: a container starts processes while one looks. */
async function isIn(pid: number, cgroup: string): Promise<boolean> {
  const at = await cgroupOf(pid).catch(() => '')
  return at === cgroup || at.startsWith(`${cgroup}/`)
}

/** What ferry itself runs in there (it announces a container that has just come) ends by itself. */
async function isOurs(pid: number): Promise<boolean> {
  for (let next = pid; next > 1;) {
    if (next === process.pid) return true
    const parent = PARENT.exec(await readFile(`/proc/${String(next)}/stat`, 'utf8').catch(() => ''))?.[1]
    if (parent === undefined) return false
    next = Number(parent)
  }
  return false
}
