// Things that take long to make and are kept between runs, each in a folder named after the hash of what made it.
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { withLock } from './lock.ts'

const CACHE_FOLDER = '/var/cache/ferry-lab'
const LOCK_TIMEOUT_MS = 900_000

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}

/**
 * The folder for `key`; `make` fills it when it isn't there yet. A folder appears whole or not at all: it is made
 * under another name and renamed. Folders of the same kind with another key are removed then.
 */
export async function cached(kind: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const wanted = join(CACHE_FOLDER, `${kind}-${key}`)
  if (await exists(wanted)) return wanted
  await mkdir(CACHE_FOLDER, { recursive: true })
  return withLock(join(CACHE_FOLDER, `${kind}.lock`), LOCK_TIMEOUT_MS, async () => {
    if (await exists(wanted)) return wanted
    const stale = (await readdir(CACHE_FOLDER)).filter((name) => name.startsWith(`${kind}-`))
    for (const name of stale) await rm(join(CACHE_FOLDER, name), { recursive: true, force: true })
    const building = await mkdtemp(join(CACHE_FOLDER, `${kind}-building-`))
    try {
      await make(building)
      await rename(building, wanted)
    } finally {
      await rm(building, { recursive: true, force: true })
    }
    return wanted
  })
}
