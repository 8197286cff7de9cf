// What a node must still know after it died: migrations, decisions, marks, who owns what.
import { wordsOf } from '../../protocols/problem.ts'
import { Store, type Change } from './store.ts'
import type { DroppedEnd } from './write-ahead-log.ts'

export interface MigrationRecord {
  readonly id: string
  readonly role: 'source' | 'target'
  readonly container: string
  readonly engine: string
  /** Peer id of the other side. */
  readonly peer: string
  readonly peerName: string
  readonly epoch: number
  /** State of this side's machine. */
  readonly state: string
  /** The MigrationView that operators saw last. */
  readonly view: unknown
  /** What the node needs to recover, JSON. */
  readonly data: Readonly<Record<string, unknown>>
  /** ISO 8601, as are the other times. */
  readonly startedAt: string
  readonly updatedAt: string
  readonly endedAt?: string
}

export type Decision = 'commit' | 'abort'

/**
 * Facts that stand once written. Target: its tree is seen frozen (`prepared`), it will run the container (`activating`) or
 * never will (`hand-back`). Source: it runs again after a hand-back (`taken-back`).
 */
export type Mark = 'prepared' | 'activating' | 'hand-back' | 'taken-back'

/** A signed entry of this side's receipt (src/receipt), which the journal keeps and does not read. */
export interface ReceiptEntry {
  readonly seq: number
  readonly bytes: Uint8Array
}

/** A decision of another host, kept for the target it names. */
export interface Witnessed {
  /** Peer id. */
  readonly source: string
  readonly statement: Uint8Array
  /** ISO 8601. */
  readonly at: string
}

/** Every write is on disk when its promise resolves. Every method rejects with a JournalError. */
export interface Journal {
  /** Entries of the receipt go to disk with the record, or neither does. */
  putMigration(record: MigrationRecord, receipts?: readonly ReceiptEntry[]): Promise<void>
  migration(id: string): Promise<MigrationRecord | undefined>
  /** All that are not pruned, oldest first. */
  migrations(): Promise<readonly MigrationRecord[]>
  /** Those that ended, latest end first. */
  history(): Promise<readonly MigrationRecord[]>
  /** Forgets migrations that ended before `olderThan`, with their decisions, marks and receipts; returns their ids. */
  prune(olderThan: Date): Promise<readonly string[]>
  /**
   * Writes a decision once; returns the one that stands, which is an earlier one if there is any. `receipts` is told which
   * one that will be; what it returns goes to disk with it, and also where the decision stood before.
   */
  decide(
    id: string,
    decision: Decision,
    epoch: number,
    receipts?: (stands: Decision) => readonly ReceiptEntry[]
  ): Promise<Decision>
  decision(id: string): Promise<Decision | undefined>
  /** Writes a mark once. `activating` and `hand-back` exclude each other: returns the one that stands. `receipts` as in `decide`. */
  mark(id: string, mark: Mark, receipts?: (stands: Mark) => readonly ReceiptEntry[]): Promise<Mark>
  marks(id: string): Promise<ReadonlySet<Mark>>
  /** This side's entries of the migration's receipt, in their order. */
  receipts(id: string): Promise<readonly Uint8Array[]>
  /**
   * Keeps what a source has signed of its decision, for its target to ask; an earlier one goes. Of one source `most` are kept: of
   * another one more, the oldest go.
   */
  witness(id: string, kept: Witnessed, most: number): Promise<void>
  witnessed(id: string): Promise<Uint8Array | undefined>
  /** Does nothing if there is none. */
  forgetWitnessed(id: string): Promise<void>
  /** 0 for a container that never moved. */
  epochOf(container: string): Promise<number>
  setEpoch(container: string, epoch: number): Promise<void>
  /** Takes a container for a migration if no other has it; returns the migration that has it. */
  claim(container: string, migrationId: string): Promise<string>
  /** Who has what; to be looked through at start, before anything claims. */
  claims(): Promise<readonly { readonly container: string; readonly migration: string }[]>
  /** Does nothing if another migration has the container. */
  release(container: string, migrationId: string): Promise<void>
  /** What was left out of the store's logs since the journal was opened: writes that never resolved. */
  readonly dropped: readonly DroppedEnd[]
  close(): Promise<void>
}

export interface JournalOptions {
  /** Told what happened; a pino logger fits. */
  readonly log?: { error(details: object, message: string): void; warn(details: object, message: string): void }
}

/**
 * Opens the journal in `folder`, making it (0700) if it is not there, and checks every record. Throws JournalError:
 * DAEMON_ALREADY_RUNNING, JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE.
 */
export async function openJournal(folder: string, options: JournalOptions = {}): Promise<Journal> {
  const dropped: DroppedEnd[] = []
  const onDropped = (end: DroppedEnd) => {
    dropped.push(end)
    options.log?.warn(end, 'the journal ends in a write that was cut off; it is left out, for it was told to nobody')
  }
  try {
    return new StoredJournal(await Store.open(folder, onDropped), dropped)
  } catch (error) {
    options.log?.error({ folder }, `the journal does not open: ${wordsOf(error)}`)
    throw error
  }
}

const marksOfTarget: Readonly<Partial<Record<Mark, Mark>>> = { activating: 'hand-back', 'hand-back': 'activating' }
const everyMark: readonly Mark[] = ['prepared', 'activating', 'hand-back', 'taken-back']

interface StoredWitness {
  readonly source: string
  readonly statement: string
  readonly at: string
}

class StoredJournal implements Journal {
  readonly dropped: readonly DroppedEnd[]
  readonly #store: Store

  constructor(store: Store, dropped: readonly DroppedEnd[]) {
    this.#store = store
    this.dropped = dropped
  }

  async putMigration(record: MigrationRecord, receipts: readonly ReceiptEntry[] = []): Promise<void> {
    const changes = [{ key: key('migration', record.id), value: record }, ...receiptChanges(record.id, receipts)]
    await this.#store.alone(() => this.#store.write(changes))
  }

  async migration(id: string): Promise<MigrationRecord | undefined> {
    return (await this.#store.get(key('migration', id))) as MigrationRecord | undefined
  }

  async migrations(): Promise<readonly MigrationRecord[]> {
    const found = await this.#store.list('migration/')
    return found.map(({ value }) => value as MigrationRecord).sort((a, b) => compare(a.startedAt, b.startedAt))
  }

  async history(): Promise<readonly MigrationRecord[]> {
    const ended = (await this.migrations()).filter((record) => record.endedAt !== undefined)
    return ended.sort((a, b) => compare(b.endedAt ?? '', a.endedAt ?? ''))
  }

  async prune(olderThan: Date): Promise<readonly string[]> {
    return this.#store.alone(async () => {
      const old = (await this.history()).filter(({ endedAt }) => Date.parse(endedAt ?? '') < olderThan.getTime())
      const ids = new Set(old.map(({ id }) => id))
      const claims = (await this.#store.list('claim/')).filter(({ value }) => ids.has(String(value)))
      const keys = [...ids].flatMap((id) => [
        key('migration', id),
        key('decision', id),
        ...everyMark.map((mark) => key('mark', id, mark))
      ])
      for (const id of ids) {
        keys.push(...(await this.#store.list(`${key('receipt', id)}/`)).map((stored) => stored.key))
      }
      for (const { key: stored, value } of await this.#store.list('witness/')) {
        if (Date.parse((value as StoredWitness).at) < olderThan.getTime()) keys.push(stored)
      }
      const changes: Change[] = [...keys, ...claims.map((claim) => claim.key)].map((old) => ({
        key: old,
        remove: true
      }))
      if (changes.length > 0) await this.#store.write(changes)
      return [...ids]
    })
  }

  async decide(
    id: string,
    decision: Decision,
    epoch: number,
    receipts: (stands: Decision) => readonly ReceiptEntry[] = () => []
  ): Promise<Decision> {
    return this.#store.alone(async () => {
      const standing = await this.decision(id)
      const stands = standing ?? decision
      const changes: Change[] = receiptChanges(id, receipts(stands))
      if (standing === undefined) changes.push({ key: key('decision', id), value: { decision, epoch } })
      if (changes.length > 0) await this.#store.write(changes)
      return stands
    })
  }

  async decision(id: string): Promise<Decision | undefined> {
    const stored = (await this.#store.get(key('decision', id))) as { decision: Decision } | undefined
    return stored?.decision
  }

  async mark(id: string, mark: Mark, receipts: (stands: Mark) => readonly ReceiptEntry[] = () => []): Promise<Mark> {
    return this.#store.alone(async () => {
      const marks = await this.marks(id)
      const excluded = marksOfTarget[mark]
      const stands = excluded !== undefined && marks.has(excluded) ? excluded : mark
      const changes: Change[] = receiptChanges(id, receipts(stands))
      if (!marks.has(stands)) changes.push({ key: key('mark', id, stands), value: stands })
      if (changes.length > 0) await this.#store.write(changes)
      return stands
    })
  }

  async marks(id: string): Promise<ReadonlySet<Mark>> {
    return new Set((await this.#store.list(`${key('mark', id)}/`)).map(({ value }) => value as Mark))
  }

  async receipts(id: string): Promise<readonly Uint8Array[]> {
    const found = await this.#store.list(`${key('receipt', id)}/`)
    return found.map(({ value }) => Buffer.from(String(value), 'base64'))
  }

  async witness(id: string, { source, statement, at }: Witnessed, most: number): Promise<void> {
    const value = { source, statement: Buffer.from(statement).toString('base64'), at }
    const own = key('witness', id)
    await this.#store.alone(async () => {
      const others = (await this.#store.list('witness/')).filter((stored) => {
        return stored.key !== own && (stored.value as StoredWitness).source === source
      })
      others.sort((a, b) => compare((a.value as StoredWitness).at, (b.value as StoredWitness).at))
      const over = others.slice(0, Math.max(0, others.length + 1 - most))
      await this.#store.write([...over.map((old) => ({ key: old.key, remove: true as const })), { key: own, value }])
    })
  }

  async witnessed(id: string): Promise<Uint8Array | undefined> {
    const stored = (await this.#store.get(key('witness', id))) as StoredWitness | undefined
    return stored === undefined ? undefined : Buffer.from(stored.statement, 'base64')
  }

  async forgetWitnessed(id: string): Promise<void> {
    await this.#store.alone(() => this.#store.write([{ key: key('witness', id), remove: true }]))
  }

  async epochOf(container: string): Promise<number> {
    return ((await this.#store.get(key('epoch', container))) as number | undefined) ?? 0
  }

  async setEpoch(container: string, epoch: number): Promise<void> {
    await this.#store.alone(() => this.#store.write([{ key: key('epoch', container), value: epoch }]))
  }

  async claim(container: string, migrationId: string): Promise<string> {
    return this.#store.alone(async () => {
      const holder = await this.#store.get(key('claim', container))
      if (typeof holder === 'string') return holder
      await this.#store.write([{ key: key('claim', container), value: migrationId }])
      return migrationId
    })
  }

  async claims(): Promise<readonly { readonly container: string; readonly migration: string }[]> {
    const prefix = 'claim/'
    return (await this.#store.list(prefix)).map(({ key: stored, value }) => ({
      container: decodeURIComponent(stored.slice(prefix.length)),
      migration: String(value)
    }))
  }

  async release(container: string, migrationId: string): Promise<void> {
    await this.#store.alone(async () => {
      const holder = await this.#store.get(key('claim', container))
      if (holder === migrationId) await this.#store.write([{ key: key('claim', container), remove: true }])
    })
  }

  async close(): Promise<void> {
    await this.#store.close()
  }
}

/** Numbers are padded, so that the order of the keys is theirs. */
function receiptChanges(id: string, entries: readonly ReceiptEntry[]): Change[] {
  return entries.map(({ seq, bytes }) => ({
    key: key('receipt', id, String(seq).padStart(6, '0')),
    value: Buffer.from(bytes).toString('base64')
  }))
}

/** Parts are escaped, so that no name of a container or id of a peer's can reach another's key. */
function key(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
