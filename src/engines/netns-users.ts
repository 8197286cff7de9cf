// Who else uses a container's network namespace.
import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Finding } from '../host/problem.ts'
import { blocker } from './findings.ts'

/** Of /proc/PID/stat: what follows the name, which may hold anything, is "STATE PPID" (proc_pid_stat(5)). */
const PARENT = /^\d+ \(.*\) \S (\d+)/s

/** Containers that share a network namespace (a pod) can't leave each other. `own` are the container's processes. */
export async function netnsFindings(initPid: number, own: ReadonlySet<number>): Promise<Finding[]> {
  const namespace = await readlink(`/proc/${String(initPid)}/ns/net`)
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || own.has(pid)) continue
    // Processes end while one looks.
    if ((await readlink(`/proc/${entry}/ns/net`).catch(() => '')) !== namespace) continue
    if (await isOurs(pid)) continue
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
