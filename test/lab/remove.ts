// Removes all of a namespace lab, whether it was ended in order or not. Finds things by the lab's name alone.
import { readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupHierarchies, cgroupName, diskFolder, runFolder } from './places.ts'
import { run } from './vm/run.ts'

const PATIENCE_MS = 60_000

function absent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENODEV'].includes(String(error.code))
}

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (absent(error)) return []
    throw error
  })
}

/** Cgroups below `folder` and itself, deepest first. */
async function cgroupsBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (absent(error)) return []
    throw error
  })
  const below = await Promise.all(found.filter((e) => e.isDirectory()).map((e) => cgroupsBelow(join(folder, e.name))))
  return [...below.flat(), folder]
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(10)) if (await done()) return
  throw new Error(`${what} after ${PATIENCE_MS / 1000} s`)
}

async function removeCgroups(folder: string): Promise<void> {
  await until(`the cgroup ${folder} can't be removed: it has processes`, async () => {
    for (const cgroup of await cgroupsBelow(folder)) {
      try {
        await rmdir(cgroup)
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EBUSY') return false
        if (!absent(error)) throw error
      }
    }
    return true
  })
}

/** Ends every process of a host at once, frozen ones too, and waits until they are gone. */
export async function killAll(cgroup: string): Promise<void> {
  const written = await writeFile(join(cgroup, 'cgroup.kill'), '1').catch((error: unknown) => {
    if (absent(error)) return false
    throw error
  })
  if (written === false) return
  await until(`processes in ${cgroup} are still there`, async () =>
    (await readFile(join(cgroup, 'cgroup.events'), 'utf8')).includes('populated 0')
  )
}

/** A task that the old freezer holds does not even die. */
async function thawOldFreezers(v1: readonly string[], name: string): Promise<void> {
  for (const hierarchy of v1) {
    for (const cgroup of await cgroupsBelow(join(hierarchy, name))) {
      await writeFile(join(cgroup, 'freezer.state'), 'THAWED', { flag: 'r+' }).catch((error: unknown) => {
        if (!absent(error)) throw error
      })
    }
  }
}

/** What one host has running, and its cgroups in every hierarchy. Its disk stays. */
export async function removeProcesses(lab: string, host: string): Promise<void> {
  const { v2, v1 } = await cgroupHierarchies()
  const name = cgroupName(lab, host)
  await thawOldFreezers(v1, name)
  await killAll(join(v2, name))
  for (const hierarchy of [v2, ...v1]) await removeCgroups(join(hierarchy, name))
}

async function removeNamespaces(lab: string): Promise<void> {
  const folder = join(runFolder(lab), 'net')
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  for (const name of await entries(folder)) {
    if (mounts.includes(` ${join(folder, name)} `)) await run(['umount', join(folder, name)])
  }
}

export async function removeNsLab(lab: string): Promise<void> {
  const { v2, v1 } = await cgroupHierarchies()
  const prefix = cgroupName(lab, '')
  const names = (await Promise.all([v2, ...v1].map(entries))).flat().filter((name) => name.startsWith(prefix))
  for (const name of new Set(names)) await removeProcesses(lab, name.slice(prefix.length))
  await removeNamespaces(lab)
  await rm(runFolder(lab), { recursive: true, force: true })
  await rm(diskFolder(lab), { recursive: true, force: true })
}
