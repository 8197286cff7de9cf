// What outlives a migration, and for how long: the old rootfs and the logs, by `retentionHours`.
import { readdir, rm, stat } from 'node:fs/promises'
import { unmountBelow } from '../engines/criu-session.ts'
import { gone, placeOf, retiredFolders } from '../engines/leftovers.ts'
import { run } from '../host/run.ts'
import { bundlesOf, foldersOf, type NodeParts } from './parts.ts'
import type { SourceRecordData } from './source-migration.ts'

const HOUR_MS = 3_600_000
/** A host that was away for long must still be told what was decided; the records are small. */
const RECORDS_KEPT_MS = 90 * 24 * HOUR_MS
const REMOVE_LIMIT_MS = 600_000

/** What a container that left has here still. */
export interface Retired {
  readonly migration: string
  readonly path: string
  /** Its folder is a mount point that holds more than ferry's: it is not removed. */
  readonly inMount: boolean
  /** When it was put aside, milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Removes what belongs to migrations that ended longer ago than the retention, and work folders that the journal doesn't know (any more). */
export async function pruneEnded(parts: Pick<NodeParts, 'config' | 'engines' | 'journal' | 'now'>): Promise<void> {
  const { config, journal, now } = parts
  const before = now() - config.retentionHours * HOUR_MS
  // Before the journal is read: a migration that begins now is written down before its first folder is made.
  const work = await namesIn(`${config.stateDir}/migrations`)
  const homes = (await journal.migrations()).flatMap(({ role, data }) =>
    role === 'source' ? [(data as unknown as SourceRecordData).container.home] : []
  )
  const retired = await retiredOnHost(parts, homes)
  const records = new Map((await journal.migrations()).map((record) => [record.id, record]))
  /** Undefined while it is under way. */
  const endedMs = (id: string, otherwise: number): number | undefined => {
    const record = records.get(id)
    if (record === undefined) return otherwise
    return record.endedAt === undefined ? undefined : Date.parse(record.endedAt)
  }
  for (const one of retired) {
    const ended = endedMs(one.migration, one.sinceMs)
    if (ended !== undefined && ended <= before && !one.inMount) await removeRetired(one)
  }
  for (const id of work) {
    const ended = endedMs(id, before)
    if (ended !== undefined && ended <= before) await removeWork(config.stateDir, id)
  }
  await journal.prune(new Date(Math.min(before, now() - RECORDS_KEPT_MS)))
}

/**
 * Everything of containers that left which is on this host still: in the state folder, or, where that is on another file system, beside its old
 * place under a hidden name.
 * @param homes where containers lived that left; only the journal knows them
 */
export async function retiredOnHost(
  { config, engines }: Pick<NodeParts, 'config' | 'engines'>,
  homes: readonly string[]
): Promise<Retired[]> {
  const top = `${config.stateDir}/retained`
  const found = (await namesIn(top)).map((migration) => ({ migration, path: `${top}/${migration}`, inMount: false }))
  const places = new Set([...engines.values()].map((engine) => engine.place(bundlesOf(config.stateDir))))
  for (const home of homes) places.add(placeOf(home))
  for (const place of places) found.push(...(await retiredFolders(place)))
  const dated: Retired[] = []
  for (const one of found) {
    const sinceMs = (await stat(one.path).catch(gone))?.ctimeMs
    if (sinceMs !== undefined) dated.push({ ...one, sinceMs })
  }
  return dated
}

/** What is mounted in it stays. @throws HostProblem COMMAND_FAILED */
export async function removeRetired({ path }: Pick<Retired, 'path'>): Promise<void> {
  const signal = AbortSignal.timeout(REMOVE_LIMIT_MS)
  await run(['rm', '-rf', '--one-file-system', '--', path], { signal, timeoutMs: REMOVE_LIMIT_MS })
}

/** What a killed CRIU left mounted in there must not be removed with it: those are the host's cgroups. */
export async function removeWork(stateDir: string, id: string): Promise<void> {
  const { top } = foldersOf(stateDir, id)
  await unmountBelow(top, AbortSignal.timeout(30_000))
  await rm(top, { recursive: true, force: true })
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(gone)) ?? []
}
