// Who else uses a container's network namespace.
import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Finding } from '../host/problem.ts'
import { blocker } from './findings.ts'

/** Containers that share a network namespace (a pod) can't leave each other. `own` are the container's processes. */
export async function netnsFindings(initPid: number, own: ReadonlySet<number>): Promise<Finding[]> {
  const namespace = await readlink(`/proc/${String(initPid)}/ns/net`)
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || own.has(pid)) continue
    // Processes end while one looks.
    if ((await readlink(`/proc/${entry}/ns/net`).catch(() => '')) !== namespace) continue
    const comm = (await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '?')).trim()
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
