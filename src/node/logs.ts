// CRIU's logs of a migration: this host's from its work folder, the other's over the mesh.
import { readFile } from 'node:fs/promises'
import type { LogFile } from '../../protocols/migration/index.ts'
import { MAX_LOG_BYTES } from '../../protocols/migration/index.ts'
import type { LogView } from '../../protocols/operator/views.ts'
import { diagnose } from '../criu/diagnose.ts'
import { foldersOf } from './parts.ts'

const LOG_NAMES = ['dump.log', 'restore.log'] as const
type LogName = (typeof LOG_NAMES)[number]

/** The tails of those logs that exist. */
export async function readLogs(stateDir: string, migration: string): Promise<LogFile[]> {
  const { work } = foldersOf(stateDir, migration)
  const files: LogFile[] = []
  for (const name of LOG_NAMES) {
    try {
      const text = await readFile(`${work}/${name}`)
      files.push({ name, text: new Uint8Array(text.subarray(-MAX_LOG_BYTES)) })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return files
}

export function logEntries(host: string, files: readonly LogFile[]): LogView['logs'] {
  return files.flatMap(({ name, text }) =>
    (LOG_NAMES as readonly string[]).includes(name)
      ? [{ host, name: name as LogName, text: Buffer.from(text).toString('utf8') }]
      : []
  )
}

/** What CRIU writes last when it was done (cr-dump.c, cr-restore.c): errors before it were none that mattered. */
const SUCCESS = /(Dumping|Restore) finished successfully/

/** The dump comes before the restore, so its first error explains more. */
export function diagnoseLogs(logs: LogView['logs']): LogView['diagnosis'] {
  for (const name of LOG_NAMES) {
    for (const log of logs.filter((entry) => entry.name === name && !SUCCESS.test(entry.text.slice(-4096)))) {
      const found = diagnose(log.name, log.text)
      if (found !== undefined) return { host: log.host, log: log.name, ...found }
    }
  }
  return undefined
}
