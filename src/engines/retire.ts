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
export async function retireHome(home: string, retained: string, config: string): Promise<void> {
  if (!(await present(join(home, config)))) return
  await mkdir(dirname(retained), { recursive: true, mode: 0o700 })
  const beside = join(dirname(home), `.${basename(home)}.ferry-retired-${basename(retained)}`)
  for (const [from, to] of [
    [home, retained],
    [home, beside],
    [join(home, config), join(home, `.${config}.ferry-retired-${basename(retained)}`)]
  ] as const) {
    if (await renamed(from, to)) return
  }
  throw new HostProblem({
    code: 'HOME_STAYS',
    what: `${home} could not be moved away, so that a second copy of the container could be started from it`,
    remedy: `Remove ${join(home, config)} by hand; the container runs on its new host`
  })
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
