// Checked records in LevelDB, written to disk before a write resolves and one write at a time.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { wordsOf } from '../../protocols/problem.ts'
import { corrupt, JournalError } from './journal-error.ts'
import { decodeRecord, encodeRecord } from './record.ts'
import { checkWriteAheadLogs, type DroppedEnd } from './write-ahead-log.ts'

export type Change = { readonly key: string; readonly value: unknown } | { readonly key: string; readonly remove: true }

/** What opening the store may need to write. */
const PROBE_BYTES = 256 * 1024

export class Store {
  readonly #folder: string
  readonly #onDropped: (end: DroppedEnd) => void
  #level: Level<string, Buffer>
  /** A write failed: LevelDB's log may end in half a record, and what is appended after it would be lost at the next start. */
  #mustReopen = false
  /** While it is closed to be opened again; never rejects. */
  #reopening: Promise<void> | undefined
  #sequence: number
  #last: Promise<unknown> = Promise.resolve()

  private constructor(
    folder: string,
    level: Level<string, Buffer>,
    sequence: number,
    onDropped: (end: DroppedEnd) => void
  ) {
    this.#folder = folder
    this.#onDropped = onDropped
    this.#level = level
    this.#sequence = sequence
  }

  /**
   * Opens the store and reads every record once. Throws JournalError.
   * @param onDropped told of what a log ends in that is no record
   */
  static async open(folder: string, onDropped: (end: DroppedEnd) => void): Promise<Store> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw unavailable(folder, 'made', error)
    }
    let dropped: readonly DroppedEnd[]
    try {
      dropped = await checkWriteAheadLogs(folder)
    } catch (error) {
      throw error instanceof JournalError ? error : unavailable(folder, 'read', error)
    }
    const level = new Level<string, Buffer>(folder, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
    try {
      await level.open()
    } catch (error) {
      throw openFailure(folder, error)
    }
    try {
      let sequence = 0
      for await (const [key, bytes] of level.iterator()) {
        sequence = Math.max(sequence, decodeRecord(folder, key, bytes).sequence)
      }
      // Not before it is open: another process may have it, and be writing.
      dropped.forEach(onDropped)
      return new Store(folder, level, sequence, onDropped)
    } catch (error) {
      await level.close()
      throw error instanceof JournalError ? error : unavailable(folder, 'read', error)
    }
  }

  async get(key: string): Promise<unknown> {
    return this.#read(async (level) => {
      const bytes = await level.get(key)
      return bytes === undefined ? undefined : decodeRecord(this.#folder, key, bytes).value
    })
  }

  /** Every record whose key begins with `prefix`, in the order of the keys. */
  async list(prefix: string): Promise<{ key: string; value: unknown }[]> {
    return this.#read(async (level) => {
      const found: { key: string; value: unknown }[] = []
      for await (const [key, bytes] of level.iterator({ gte: prefix, lt: `${prefix}\uffff` })) {
        found.push({ key, value: decodeRecord(this.#folder, key, bytes).value })
      }
      return found
    })
  }

  /** Who reads while the store is opened again waits for that, or reads again. */
  async #read<T>(read: (level: Level<string, Buffer>) => Promise<T>): Promise<T> {
    for (;;) {
      await this.#reopening
      const level = this.#level
      try {
        return await read(level)
      } catch (error) {
        if (error instanceof JournalError) throw error
        if (level === this.#level && this.#reopening === undefined) throw unavailable(this.#folder, 'read', error)
      }
    }
  }

  /**
   * Runs `task` when every earlier one has ended: what it reads can't change until it has written. After a failed write the store is
   * opened again first, which may bring to light what was written all the same.
   */
  async alone<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      if (this.#mustReopen) await this.#reopen()
      return task()
    })
    this.#last = result.then(
      () => undefined,
      () => undefined
    )
    return result
  }

  /** Writes all changes or none; resolves when they are on disk. Only inside `alone`. */
  async write(changes: readonly Change[]): Promise<void> {
    const operations = changes.map((change) => {
      if ('remove' in change) return { type: 'del' as const, key: change.key }
      const value = encodeRecord(change.key, ++this.#sequence, change.value)
      return { type: 'put' as const, key: change.key, value }
    })
    try {
      await this.#level.batch(operations, { sync: true })
    } catch (error) {
      this.#mustReopen = true
      throw unavailable(this.#folder, 'written', error)
    }
  }

  /** Opening replays the log up to where it is whole and begins a new one. */
  async #reopen(): Promise<void> {
    try {
      // While the disk takes nothing, the store stays open for who reads.
      const probe = join(this.#folder, 'probe')
      await writeFile(probe, Buffer.alloc(PROBE_BYTES), { flush: true }).finally(() => rm(probe, { force: true }))
      await this.#openAgain()
      this.#mustReopen = false
    } catch (error) {
      throw error instanceof JournalError ? error : unavailable(this.#folder, 'opened again', error)
    }
  }

  async #openAgain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#reopening = promise
    try {
      await this.#level.close()
      const dropped = await checkWriteAheadLogs(this.#folder)
      dropped.forEach(this.#onDropped)
      this.#level = new Level<string, Buffer>(this.#folder, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
      await this.#level.open()
    } finally {
      this.#reopening = undefined
      resolve()
    }
  }

  async close(): Promise<void> {
    await this.#last
    await this.#level.close()
  }
}

function openFailure(folder: string, error: unknown): JournalError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'LEVEL_LOCKED') {
    return new JournalError(
      {
        code: 'DAEMON_ALREADY_RUNNING',
        what: `The journal ${folder} is open in another process`,
        why: wordsOf(cause),
        remedy: 'Use the ferry daemon that already runs (systemctl status ferry), or end it first'
      },
      { cause: error }
    )
  }
  if (code === 'LEVEL_CORRUPTION') return corrupt(folder, 'The store', wordsOf(cause), { cause: error })
  return unavailable(folder, 'opened', cause)
}

function unavailable(folder: string, verb: string, error: unknown): JournalError {
  return new JournalError(
    {
      code: 'JOURNAL_UNAVAILABLE',
      what: `The journal ${folder} can't be ${verb}`,
      why: wordsOf(error),
      remedy: `See that the disk of ${folder} has space, is writable and healthy (df, dmesg), and that ferry runs as root`
    },
    { cause: error }
  )
}
