// Things that take long to make and are kept between runs, each in a folder named after the hash of what made it.
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { withLock } from './lock.ts'

const CACHE_FOLDER = '/var/cache/ferry-lab'
const LOCK_TIMEOUT_MS = 900_000
/** A lab that is up may use a folder in place, so one with an old key goes only when nobody asked for it for so long. */
const UNUSED_MS = 3_600_000

/** Whether the folder is there; if so, it counts as used now. */
async function used(path: string): Promise<boolean> {
  const now = new Date()
  return utimes(path, now, now).then(
    () => true,
    () => false
  )
}

async function removeUnused(kind: string): Promise<void> {
  const names = (await readdir(CACHE_FOLDER)).filter((name) => name.startsWith(`${kind}-`))
  for (const path of names.map((name) => join(CACHE_FOLDER, name))) {
    if (Date.now() - (await stat(path)).mtimeMs > UNUSED_MS) await rm(path, { recursive: true, force: true })
  }
}

/**
 * The folder for `key`; `make` fills it when it isn't there yet. A folder appears whole or not at all: it is made
 * under another name and renamed. Folders of the same kind that nobody uses any more are removed then.
 */
export async function cached(kind: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const wanted = join(CACHE_FOLDER, `${kind}-${key}`)
  if (await used(wanted)) return wanted
  await mkdir(CACHE_FOLDER, { recursive: true })
  return withLock(join(CACHE_FOLDER, `${kind}.lock`), LOCK_TIMEOUT_MS, async () => {
    if (await used(wanted)) return wanted
    await removeUnused(kind)
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
