// What migrations have in the folder where an engine's containers live: found by name and record, whatever the journal knows.
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HostProblem } from '../host/problem.ts'
import { removeNetns } from './network.ts'
import { readRecord, removeStaging, type StagingRecord } from './staging.ts'

export interface StagedFolder {
  readonly folder: string
  /** Absent where only a record could say it that can't be read. */
  readonly migration?: string
  /** It has the container's own name already: `prepareRestore` was reached. */
  readonly inPlace: boolean
  /** Absent where a crash came before it was written; `torn` where it can't be read. */
  readonly record?: StagingRecord | 'torn'
}

/** Folders that are staged in `place`, those that were renamed into place and not adopted among them. */
export async function stagedFolders(place: string): Promise<StagedFolder[]> {
  const found: StagedFolder[] = []
  for (const name of await foldersIn(place)) {
    const folder = join(place, name)
    const record = await readRecord(folder)
    const named = /^\.ferry-(.+)$/.exec(name)?.[1]
    if (named === undefined && record === undefined) continue
    const migration = record === undefined || record === 'torn' ? named : record.migration
    found.push({
      folder,
      inPlace: named === undefined,
      ...(migration === undefined ? {} : { migration }),
      ...(record === undefined ? {} : { record })
    })
  }
  return found
}

/**
 * Removes a staged folder, and the network namespace made for it, of which no restore was ever begun: nothing in it can run.
 * @throws HostProblem RESTORE_BEGAN
 */
export async function removeUnrestored(
  { folder, inPlace }: Pick<StagedFolder, 'folder' | 'inPlace'>,
  migration: string,
  signal: AbortSignal
): Promise<void> {
  const found = await readRecord(folder)
  const record = found === 'torn' ? undefined : found
  if (record?.restoring === true || (found === 'torn' && inPlace)) {
    throw new HostProblem({
      code: 'RESTORE_BEGAN',
      what: `A restore of what is in ${folder} was begun`,
      remedy: `See whether the container runs on the host it came from; if it does, remove ${folder} by hand`
    })
  }
  if (record?.netns !== undefined) await removeNetns(record.netns, record.outer, signal)
  await removeStaging([folder], migration, signal)
}

export interface RetiredFolder {
  readonly migration: string
  /** What is to be removed when its retention ends. */
  readonly path: string
  /** The container's folder is a mount point: only its configuration was set aside, and the rest is the operator's. */
  readonly inMount: boolean
}

/** What `retireHome` left in a folder where containers live, under a hidden name. */
export async function retiredFolders(place: string): Promise<RetiredFolder[]> {
  const found: RetiredFolder[] = []
  for (const name of await foldersIn(place)) {
    const whole = retiredBy(name)
    if (whole !== undefined) {
      found.push({ migration: whole, path: join(place, name), inMount: false })
      continue
    }
    for (const file of await namesIn(join(place, name))) {
      const part = retiredBy(file)
      if (part !== undefined) found.push({ migration: part, path: join(place, name, file), inMount: true })
    }
  }
  return found
}

/** Where a container's folder was, which names the folder to look through. */
export function placeOf(home: string): string {
  return dirname(home)
}

function retiredBy(name: string): string | undefined {
  return /^\..+\.ferry-retired-([A-Za-z0-9._-]+)$/.exec(name)?.[1]
}

/** Names of the folders in a folder; none where it does not exist. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(none)
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** It is not there, or went while one looked. */
export function gone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined
  throw error
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(none)
}

function none(error: unknown): [] {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
  throw error
}
