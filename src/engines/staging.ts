// The folder of a container that is on its way in, and the record of what was made for it: `discard` removes exactly that.
import { mkdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { freshPath, replaceFile, syncFolder } from '../host/durable-file.ts'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'
import { unmountBelow } from './criu-session.ts'
import { nameSchema } from './container-name.ts'
import type { Staged } from './engine.ts'
import { present } from './host-paths.ts'

/** Marks a folder as a migration's own. A folder without it, or with another's, is never removed. */
const RECORD = '.ferry.json'

const recordSchema = z.object({
  migration: z.string(),
  /** Set before the first of them is made. */
  netns: nameSchema.optional(),
  outer: z.array(z.string()).default([]),
  /** Set before the runtime is started: from then on the cgroup and the runtime's state may be ours to remove. */
  restoring: z.boolean().default(false),
  /** Where CRIU works; set with `restoring`. */
  work: z.string().optional(),
  /** What is to hold the tasks when CRIU lets go of them; set with `restoring`. */
  how: z.enum(['stop', 'hook']).optional()
})
export type StagingRecord = z.infer<typeof recordSchema>

/** The two names that one folder has after each other. */
export type StagedPlace = Pick<Staged, 'home' | 'staging'>

/** A migration's id becomes part of a folder's name. @throws HostProblem BAD_SPEC */
export function stagingFolder(parent: string, migration: string): string {
  if (!nameSchema.safeParse(migration).success) {
    throw new HostProblem({
      code: 'BAD_SPEC',
      what: `Migration id ${JSON.stringify(migration)} can not name a folder`,
      remedy: 'Update ferry on the source: ids are letters and digits'
    })
  }
  return join(parent, `.ferry-${migration}`)
}

/** Makes the folder; throws leave nothing behind. @throws HostProblem STAGING_EXISTS; errors of the file system */
export async function makeStaging(staging: string, migration: string, fill: () => Promise<void>): Promise<void> {
  await mkdir(dirname(staging), { recursive: true, mode: 0o755 })
  try {
    await mkdir(staging, { mode: 0o755 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new HostProblem(
      {
        code: 'STAGING_EXISTS',
        what: `${staging} exists already`,
        remedy: `See whether a migration uses it (ferry migrations); if none does, remove it`
      },
      { cause: error }
    )
  }
  try {
    await writeRecord(staging, { migration, outer: [], restoring: false })
    await fill()
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    throw error
  }
}

/** Undefined where the folder is gone or is nobody's; `torn` where there is one that can't be read. */
export async function readRecord(folder: string): Promise<StagingRecord | 'torn' | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, RECORD), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return 'torn'
    throw error
  }
}

/**
 * What stands in `home`, where that is this migration's. A torn record there is: the journal says that this one staged it, and the name was free
 * and is claimed. What was begun it says no more, so that all of it may have been.
 */
export async function ownRecord({ home, staging }: StagedPlace): Promise<StagingRecord | undefined> {
  const migration = migrationOf(staging)
  const record = await readRecord(home)
  if (record !== 'torn') return record?.migration === migration ? record : undefined
  // Not renamed into place yet: whatever is there is somebody else's.
  return (await present(staging)) ? undefined : { migration, outer: [], restoring: true }
}

/** On disk when it resolves. */
export async function writeRecord(folder: string, record: StagingRecord): Promise<void> {
  await replaceFile(join(folder, RECORD), JSON.stringify(record), { mode: 0o600 })
}

/** Makes it an ordinary folder that no `discard` removes any more, also after a power cut. */
export async function forgetRecord(folder: string): Promise<void> {
  await rm(join(folder, RECORD), { force: true })
  await syncFolder(folder)
}

/** Renames the staging folder into place, where that has not been done; on disk when it resolves. @throws HostProblem NAME_TAKEN */
export async function moveIntoPlace(staging: string, home: string): Promise<void> {
  if (!(await present(staging)) && (await present(home))) return
  if (await present(home)) {
    throw new HostProblem({
      code: 'NAME_TAKEN',
      what: `${home} exists on this host`,
      remedy: 'Move or remove it: a container of this name was made here while the migration was under way'
    })
  }
  await rename(staging, home)
  await syncFolder(dirname(home))
}

/** Removes whichever of the two folders is this migration's. */
export async function removeStaged(staged: StagedPlace, signal: AbortSignal): Promise<void> {
  const { home, staging } = staged
  const folders = (await ownRecord(staged)) === undefined ? [staging] : [home, staging]
  await removeStaging(folders, migrationOf(staging), signal)
}

/** Removes those of the folders that are this migration's. One whose record is torn is given only by who knows that. */
export async function removeStaging(folders: readonly string[], migration: string, signal: AbortSignal): Promise<void> {
  for (const folder of folders) {
    const record = await readRecord(folder)
    // A crash between the folder and its record leaves it empty, and its name says whose it is.
    if (record === undefined && migrationOf(folder) === migration) await removeEmpty(folder)
    if (record === undefined || (record !== 'torn' && record.migration !== migration)) continue
    // crun leaves the rootfs mounted beside itself (criu-root) when its restore is cut short.
    await unmountBelow(folder, signal)
    // The rootfs first, so that a crash in between leaves the record that says whose it is.
    await run(['rm', '-rf', '--one-file-system', '--', join(folder, 'rootfs')], { signal, timeoutMs: 600_000 })
    await run(['rm', '-rf', '--one-file-system', '--', folder], { signal, timeoutMs: 60_000 })
  }
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rm(freshPath(join(folder, RECORD)), { force: true })
    await rmdir(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ENOTEMPTY') throw error
  }
}

/** The migration's id, from the name that `stagingFolder` gave; empty where it gave none. */
export function migrationOf(staging: string): string {
  return /\/\.ferry-([^/]+)$/.exec(staging)?.[1] ?? ''
}
