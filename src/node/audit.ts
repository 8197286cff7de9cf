// What was asked of this host, by whom, and what became of it: JSON lines that are only ever appended to, in files of bounded size.
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { wordsOf } from '../../protocols/problem.ts'
import type { AuditEntry } from '../../protocols/operator/views.ts'
import { operatorError } from './problems.ts'

export interface AuditOptions {
  /** Files beside it are called like it, with .1, .2, … behind. */
  readonly path: string
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

export class AuditLog {
  readonly #options: Required<AuditOptions>
  #file: FileHandle
  #size: number
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: Required<AuditOptions>, file: FileHandle, size: number) {
    this.#options = options
    this.#file = file
    this.#size = size
  }

  /** @throws OperatorError AUDIT_FAILED */
  static async open(options: AuditOptions): Promise<AuditLog> {
    const all = { maxBytes: MAX_BYTES, keptFiles: KEPT_FILES, ...options }
    try {
      const file = await openForAppending(all.path)
      let { size } = await file.stat()
      if (size > 0 && !(await endsWithLine(all.path, size))) {
        // A crash cut the last line short; what comes next must not be joined to it.
        await file.appendFile('\n')
        size++
      }
      return new AuditLog(all, file, size)
    } catch (error) {
      throw failed(all, error)
    }
  }

  /** One for each command: it joins the lines that speak of it. */
  newCommand(): string {
    return randomBytes(8).toString('hex')
  }

  /** On disk when it resolves. @throws OperatorError AUDIT_FAILED */
  record(line: AuditLine): Promise<void> {
    return this.#append(line, true)
  }

  /** Written, and on disk whenever the system puts it there. @throws OperatorError AUDIT_FAILED */
  note(line: AuditLine): Promise<void> {
    return this.#append(line, false)
  }

  /** The newest entries, oldest first; what is no entry is left out. @throws OperatorError AUDIT_FAILED */
  async read(entries: number): Promise<AuditEntry[]> {
    const { path, keptFiles } = this.#options
    const found: AuditEntry[] = []
    try {
      for (const name of [path, ...olderFiles(path, keptFiles)]) {
        if (found.length >= entries) break
        const text = await readIfThere(name)
        found.unshift(...text.split('\n').flatMap(parsed))
      }
    } catch (error) {
      throw failed(this.#options, error)
    }
    return found.slice(-entries)
  }

  async close(): Promise<void> {
    await this.#last
    await this.#file.close()
  }

  #append(line: AuditLine, durable: boolean): Promise<void> {
    const { host, now, maxBytes } = this.#options
    const entry: AuditEntry = {
      time: new Date(now()).toISOString(),
      host,
      ...line,
      arguments: withoutSecrets(line.arguments)
    }
    const bytes = Buffer.from(`${JSON.stringify(entry)}\n`)
    const turn = this.#last.then(async () => {
      try {
        if (this.#size > 0 && this.#size + bytes.byteLength > maxBytes) await this.#rotate()
        await this.#file.appendFile(bytes)
        this.#size += bytes.byteLength
        if (durable) await this.#file.datasync()
      } catch (error) {
        throw failed(this.#options, error)
      }
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #rotate(): Promise<void> {
    const { path, keptFiles } = this.#options
    const names = [path, ...olderFiles(path, keptFiles)]
    await this.#file.sync()
    const oldest = names.at(-1)
    if (oldest !== undefined) await rm(oldest, { force: true })
    for (let at = names.length - 2; at >= 0; at--) {
      await rename(names[at] ?? '', names[at + 1] ?? '').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    const before = this.#file
    this.#file = await openForAppending(path)
    this.#size = 0
    await before.close()
  }
}

function olderFiles(path: string, kept: number): string[] {
  return Array.from({ length: kept }, (_, index) => `${path}.${String(index + 1)}`)
}

function openForAppending(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600)
}

async function endsWithLine(path: string, size: number): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] === 0x0a
  } finally {
    await file.close()
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
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

function failed({ path, host }: { path: string; host: string }, error: unknown) {
  return operatorError(host, {
    code: 'AUDIT_FAILED',
    what: `The audit log ${path} can't be read or written`,
    why: wordsOf(error),
    remedy: 'Check space, mode and health of the disk; nothing is changed as long as it could not be recorded'
  })
}
