// A bundle's start, put off while its right to run is on its way to another host: whatever starts bundles at boot asks no journal.
import { link, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../host/durable-file.ts'
import { HostProblem } from '../host/problem.ts'
import { present } from './host-paths.ts'

export const CONFIG = 'config.json'
/** No runtime starts a bundle without its configuration; one that runs already has no need of it but for `runc exec`. */
export const PARKED_CONFIG = 'config.json.ferry-parked'

/** On disk when it resolves. Idempotent; nothing is done where there is no such bundle. @throws HostProblem PARK_FAILED */
export async function parkBundle(home: string): Promise<void> {
  try {
    await unlessAbsent(rename(join(home, CONFIG), join(home, PARKED_CONFIG)))
    await syncFolder(home)
  } catch (error) {
    throw new HostProblem(
      {
        code: 'PARK_FAILED',
        what: `${join(home, CONFIG)} could not be set aside, so that a second copy of the container could be started from it`,
        why: error instanceof Error ? error.message : String(error),
        remedy: `See that root may rename files in ${home}, and that its disk is well`
      },
      { cause: error }
    )
  }
}

/**
 * As it was, and on disk. Idempotent. A configuration that somebody made meanwhile is theirs and stays, beside the one that was set aside.
 */
export async function unparkBundle(home: string): Promise<void> {
  const [config, parked] = [join(home, CONFIG), join(home, PARKED_CONFIG)]
  if (!(await present(parked))) return
  try {
    await link(parked, config)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    // The same file: cut short between the two calls.
    if ((await stat(parked)).ino !== (await stat(config)).ino) return
  }
  await unlink(parked)
  await syncFolder(home)
}

/** For the moment in which a runtime needs it; `parkBundle` comes after it. */
export async function lendConfig(home: string): Promise<void> {
  await unlessAbsent(rename(join(home, PARKED_CONFIG), join(home, CONFIG)))
}

export function isParkedBundle(home: string): Promise<boolean> {
  return present(join(home, PARKED_CONFIG))
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
