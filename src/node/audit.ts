// What was asked of this host, by whom, and what became of it: JSON lines that are only ever appended to, in files of bounded size.
// What changed nothing has files of its own, so that nobody can push out what was done by asking for what is refused or fails.
import { randomBytes } from 'node:crypto'
import { wordsOf } from '../../protocols/problem.ts'
import type { AuditEntry } from '../../protocols/operator/views.ts'
import { operatorError } from './problems.ts'
import { RotatedFile } from './rotated-file.ts'

export interface AuditOptions {
  readonly folder: string
  readonly host: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly maxBytes?: number
  /** Older ones, besides the one that is written to. */
  readonly keptFiles?: number
}

export type AuditLine = Omit<AuditEntry, 'host' | 'time'>

/** Bytes of a file before the next one is begun. */
const MAX_BYTES = 4 * 1024 * 1024
const KEPT_FILES = 4
const MAX_TEXT = 256
/** Arguments that let somebody in. */
const SECRETS: ReadonlySet<string> = new Set(['token'])
const CHANGED_NOTHING: ReadonlySet<AuditLine['event']> = new Set(['refused', 'viewed'])

export class AuditLog {
  readonly #options: AuditOptions
  readonly #done: RotatedFile
  readonly #unchanged: RotatedFile

  private constructor(options: AuditOptions, done: RotatedFile, unchanged: RotatedFile) {
    this.#options = options
    this.#done = done
    this.#unchanged = unchanged
  }

  /** @throws OperatorError AUDIT_FAILED */
  static async open(options: AuditOptions): Promise<AuditLog> {
    const { folder, maxBytes = MAX_BYTES, keptFiles = KEPT_FILES } = options
    try {
      const done = await RotatedFile.open({ path: `${folder}/audit.log`, maxBytes, keptFiles })
      const unchanged = await RotatedFile.open({ path: `${folder}/audit-unchanged.log`, maxBytes, keptFiles })
      return new AuditLog(options, done, unchanged)
    } catch (error) {
      throw failed(options, error)
    }
  }

  /** One for each command: it joins the lines that speak of it. */
  newCommand(): string {
    return randomBytes(8).toString('hex')
  }

  /** On disk when it resolves. @param aside among what changed nothing @throws OperatorError AUDIT_FAILED */
  record(line: AuditLine, aside = false): Promise<void> {
    return this.#append(line, true, aside)
  }

  /** Written, and on disk whenever the system puts it there. Otherwise as `record`. */
  note(line: AuditLine, aside = false): Promise<void> {
    return this.#append(line, false, aside)
  }

  /** The newest entries, oldest first; what is no entry is left out. @throws OperatorError AUDIT_FAILED */
  async read(entries: number): Promise<AuditEntry[]> {
    try {
      const [done, unchanged] = await Promise.all([newest(this.#done, entries), newest(this.#unchanged, entries)])
      return [...done, ...unchanged].sort((a, b) => a.time.localeCompare(b.time)).slice(-entries)
    } catch (error) {
      throw failed(this.#options, error)
    }
  }

  async close(): Promise<void> {
    await this.#done.close()
    await this.#unchanged.close()
  }

  async #append(line: AuditLine, durable: boolean, aside: boolean): Promise<void> {
    const { host, now } = this.#options
    const entry: AuditEntry = {
      time: new Date(now()).toISOString(),
      host,
      ...line,
      arguments: withoutSecrets(line.arguments)
    }
    const file = aside || CHANGED_NOTHING.has(line.event) ? this.#unchanged : this.#done
    try {
      await file.append(JSON.stringify(entry), durable)
    } catch (error) {
      throw failed(this.#options, error)
    }
  }
}

async function newest(file: RotatedFile, entries: number): Promise<AuditEntry[]> {
  const found: AuditEntry[] = []
  for await (const text of file.texts()) {
    found.unshift(...text.split('\n').flatMap(parsed))
    if (found.length >= entries) break
  }
  return found.slice(-entries)
}

function parsed(line: string): AuditEntry[] {
  if (line === '') return []
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null && 'time' in entry && 'event' in entry
      ? [entry as AuditEntry]
      : []
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

function withoutSecrets(values: AuditLine['arguments']): AuditLine['arguments'] {
  return Object.fromEntries(
    Object.entries(values)
      .slice(0, 8)
      .map(([key, value]) => {
        if (SECRETS.has(key)) return [key, '(not recorded)']
        return [key.slice(0, 32), typeof value === 'number' ? value : String(value).slice(0, MAX_TEXT)]
      })
  )
}

function failed({ folder, host }: AuditOptions, error: unknown) {
  return operatorError(host, {
    code: 'AUDIT_FAILED',
    what: `The audit log in ${folder} can't be read or written`,
    why: wordsOf(error),
    remedy: 'Check space, mode and health of the disk; nothing is changed as long as it could not be recorded'
  })
}
