// What outlives a migration, and for how long: the old rootfs and the logs, by `retentionHours`.
import { readdir, rm } from 'node:fs/promises'
import { unmountBelow } from '../engines/criu-session.ts'
import { foldersOf, retainedOf, type NodeParts } from './parts.ts'

const HOUR_MS = 3_600_000
/** A host that was away for long must still be told what was decided; the records are small. */
const RECORDS_KEPT_MS = 90 * 24 * HOUR_MS

/** Removes what belongs to migrations that ended longer ago than the retention. */
export async function pruneEnded(parts: Pick<NodeParts, 'config' | 'journal' | 'now'>): Promise<void> {
  const { config, journal, now } = parts
  const before = now() - config.retentionHours * HOUR_MS
  for (const record of await journal.migrations()) {
    if (record.endedAt === undefined || Date.parse(record.endedAt) > before) continue
    await rm(retainedOf(config.stateDir, record.id), { recursive: true, force: true })
    await removeWork(config.stateDir, record.id)
  }
  await journal.prune(new Date(Math.min(before, now() - RECORDS_KEPT_MS)))
  await removeStrays(parts)
}

/** Work folders of migrations that the journal doesn't know (any more). */
async function removeStrays({ config, journal }: Pick<NodeParts, 'config' | 'journal'>): Promise<void> {
  const known = new Set((await journal.migrations()).map(({ id }) => id))
  const names = await readdir(`${config.stateDir}/migrations`).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  for (const name of names) {
    if (!known.has(name)) await removeWork(config.stateDir, name)
  }
}

/** What a killed CRIU left mounted in there must not be removed with it: those are the host's cgroups. */
async function removeWork(stateDir: string, id: string): Promise<void> {
  const { top } = foldersOf(stateDir, id)
  await unmountBelow(top, AbortSignal.timeout(30_000))
  await rm(top, { recursive: true, force: true })
}
