// What becomes of a container's folder on the host it has left.
import { mkdir, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { HostProblem } from '../host/problem.ts'
import { present } from './host-paths.ts'

/**
 * Moves `home` out of where its engine looks, so that nothing can start a second copy. Where `retained` is on another file system it stays
 * beside its old place under a hidden name. A folder that is a mount point can't be renamed: then its configuration is.
 * @throws HostProblem HOME_STAYS
 */
export async function retireHome(home: string, retained: string, ...configs: readonly string[]): Promise<void> {
  const names = await Promise.all(configs.map(async (name) => ((await present(join(home, name))) ? [name] : [])))
  const there = names.flat()
  if (there.length === 0) return
  await mkdir(dirname(retained), { recursive: true, mode: 0o700 })
  for (const place of retiredPlaces(home, retained)) if (await renamed(home, place)) return
  const set = await Promise.all(
    there.map((name) => renamed(join(home, name), join(home, `.${name}.ferry-retired-${basename(retained)}`)))
  )
  if (set.every(Boolean)) return
  throw new HostProblem({
    code: 'HOME_STAYS',
    what: `${home} could not be moved away, so that a second copy of the container could be started from it`,
    remedy: `Remove ${there.map((name) => join(home, name)).join(' and ')} by hand; the container runs on its new host`
  })
}

/** Where `retireHome` moves a folder to, in the order in which it tries. */
export function retiredPlaces(home: string, retained: string): readonly string[] {
  return [retained, join(dirname(home), `.${basename(home)}.ferry-retired-${basename(retained)}`)]
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EXDEV' || code === 'EBUSY' || code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw error
  }
}
