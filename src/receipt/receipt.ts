// One side's half of a migration's receipt: a hash-chained list of signed entries, made in memory and handed to the journal
// with the records that they speak of.
import {
  decodeEntry,
  encodeBody,
  entryOf,
  type DataOf,
  type Entry,
  type EntryBody,
  type Heard,
  type Kind,
  type Role
} from './entry.ts'
import { ReceiptError } from './receipt-error.ts'
import { isSigned, type Signer } from './signature.ts'

/** What every entry of a half repeats. */
export interface Subject {
  readonly migration: string
  readonly epoch: number
  readonly container: string
  readonly engine: string
  /** Name of this host. */
  readonly host: string
  /** Peer id of the other side. */
  readonly other: string
  readonly role: Role
}

export interface StoredEntry {
  readonly seq: number
  readonly bytes: Uint8Array
}

/** Of each pair one side signs one at most. */
const excluded: Readonly<Partial<Record<Kind, Kind>>> = {
  commit: 'abort',
  abort: 'commit',
  activating: 'hand-back',
  'hand-back': 'activating'
}

/** Nothing is told to anybody before it is written: `latest` is what goes along with a message. */
export class Receipt {
  readonly #signer: Signer
  readonly #subject: Subject
  readonly #now: () => Date
  #entries: Entry[]
  #written: number
  #heard: Heard | undefined
  /** Number of a decision's entry that no write has been given yet. */
  #unwritten: number | undefined

  /**
   * `stored` is what the journal has of this half. @throws ReceiptError where that is not this half: RECEIPT_MALFORMED,
   * RECEIPT_SIGNATURE, RECEIPT_SUBJECT, RECEIPT_CHAIN
   */
  constructor(
    signer: Signer,
    subject: Subject,
    stored: readonly Uint8Array[] = [],
    now: () => Date = () => new Date()
  ) {
    this.#signer = signer
    this.#subject = subject
    this.#now = now
    this.#entries = stored.map((bytes) => decodeEntry(bytes))
    for (const [seq, entry] of this.#entries.entries()) {
      const { host: _renamed, ...fixed } = subject
      checkAuthor(entry, { ...fixed, peer: signer.peer })
      if (entry.body.seq !== seq || entry.body.prev !== (this.#entries[seq - 1]?.hash ?? '')) {
        throw broken(subject, `entry ${String(seq)} does not follow the one before it`)
      }
    }
    this.#written = this.#entries.length
    this.#heard = this.#entries.at(-1)?.body.heard
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  /** Signs an entry; it is pending until it was written. @throws ReceiptError RECEIPT_FORKED, RECEIPT_MALFORMED */
  note<K extends Kind>(kind: K, data: DataOf<K>): Entry {
    this.#withdraw(kind)
    const entry = this.#sign(this.#entries, { kind, data }, this.#now().toISOString(), this.#heard)
    this.#entries.push(entry)
    this.#offer(entry)
    return entry
  }

  /** The entry of this kind, which is made if there is none: what a restarted daemon does again is on record once. */
  once<K extends Kind>(kind: K, data: DataOf<K>): Entry {
    const standing = this.#entries.find((entry) => entry.body.kind === kind)
    if (standing === undefined) return this.note(kind, data)
    this.#offer(standing)
    return standing
  }

  has(kind: Kind): boolean {
    return this.#entries.some((entry) => entry.body.kind === kind)
  }

  /**
   * Checks an entry of the other side; the next notes name it. An older one than was heard before changes nothing: messages
   * overtake each other. @throws ReceiptError RECEIPT_MALFORMED, RECEIPT_SIGNATURE, RECEIPT_SUBJECT, RECEIPT_CHAIN,
   * RECEIPT_FORKED
   */
  heard(bytes: Uint8Array): void {
    const entry = decodeEntry(bytes)
    const { migration, epoch, container, engine, other, role } = this.#subject
    checkAuthor(entry, {
      migration,
      epoch,
      container,
      engine,
      role: role === 'source' ? 'target' : 'source',
      peer: other,
      other: this.#signer.peer
    })
    const before = this.#heard
    const { seq, prev } = entry.body
    if (before !== undefined) {
      if (seq < before.seq) return
      if (seq === before.seq && entry.hash !== before.hash)
        throw forked(entry, `another entry ${String(seq)} was heard before`)
      if (seq === before.seq + 1 && prev !== before.hash) {
        throw broken(this.#subject, `entry ${String(seq)} of the other side does not follow the one heard before`)
      }
      if (seq === before.seq) return
    }
    const mine = entry.body.heard
    if (mine !== undefined && this.#entries[mine.seq]?.hash !== mine.hash) {
      throw forked(entry, `it names an entry ${String(mine.seq)} of this side that is not on record here`)
    }
    this.#heard = { seq, hash: entry.hash }
  }

  /**
   * What is still to be written, oldest first. A decision's entry is handed out once each time it is noted, for the write of
   * that decision: where that fails, no other write may put on disk what was not decided. What is noted behind it says that
   * it stands.
   */
  pending(): readonly StoredEntry[] {
    const entries = this.#entries.slice(this.#written)
    const last = entries.at(-1)?.body
    if (last !== undefined && last.kind in excluded) {
      if (last.seq === this.#unwritten) this.#unwritten = undefined
      else entries.pop()
    }
    return entries.map(({ body, bytes }) => ({ seq: body.seq, bytes }))
  }

  /** The journal has everything up to this number, it included. */
  written(upTo: number): void {
    this.#written = Math.max(this.#written, Math.min(upTo + 1, this.#entries.length))
  }

  /** The newest entry on disk of one of these kinds. */
  newest(kinds: readonly Kind[]): Uint8Array | undefined {
    return this.#entries.slice(0, this.#written).findLast(({ body }) => kinds.includes(body.kind))?.bytes
  }

  /** The latest entry that is on disk, for the other side. */
  get latest(): Uint8Array | undefined {
    return this.#entries[this.#written - 1]?.bytes
  }

  /**
   * A decision whose write failed was told to nobody: where the opposite stands after all, its entry goes, and the later
   * pending ones are signed anew. As many numbers are used as before, so that what a failed write did leave on disk is
   * written over.
   */
  #withdraw(kind: Kind): void {
    const opposite = excluded[kind]
    const at = opposite === undefined ? -1 : this.#entries.findIndex(({ body }) => body.kind === opposite)
    const gone = this.#entries[at]
    if (gone === undefined) return
    if (at < this.#written) throw forked(gone, `${gone.body.kind} is on record, and it excludes ${kind}`)
    const kept = this.#entries.slice(0, at)
    for (const { body } of this.#entries.slice(at + 1)) kept.push(this.#sign(kept, body, body.at, body.heard))
    this.#entries = kept
  }

  #offer({ body }: Entry): void {
    if (body.kind in excluded && body.seq >= this.#written) this.#unwritten = body.seq
  }

  #sign(before: readonly Entry[], said: Said, at: string, heard: Heard | undefined): Entry {
    const { migration, epoch, container, engine, host, other, role } = this.#subject
    const body = {
      v: 1,
      migration,
      epoch,
      container,
      engine,
      host,
      peer: this.#signer.peer,
      other,
      role,
      seq: before.length,
      at,
      kind: said.kind,
      data: said.data,
      prev: before.at(-1)?.hash ?? '',
      ...(heard === undefined ? {} : { heard: { seq: heard.seq, hash: heard.hash } })
    } as EntryBody
    const line = encodeBody(body)
    return entryOf(body, line, this.#signer.sign(line))
  }
}

type Said = Pick<EntryBody, 'kind' | 'data'>

function checkAuthor(entry: Entry, expected: Partial<EntryBody>): void {
  for (const [field, value] of Object.entries(expected)) {
    const said: unknown = Object.entries(entry.body).find(([name]) => name === field)?.[1]
    if (said !== value) {
      throw new ReceiptError({
        code: 'RECEIPT_SUBJECT',
        what: `An entry of a receipt for the migration ${String(expected.migration)} is not of this migration and side`,
        why: `its ${field} is ${String(said)}, and ${String(value)} is expected`,
        remedy: 'See on both hosts which of them made the entry: only a fault of ferry or a forgery does this'
      })
    }
  }
  if (!isSigned(entry)) {
    throw new ReceiptError({
      code: 'RECEIPT_SIGNATURE',
      what: `Entry ${String(entry.body.seq)} of a receipt is not signed by ${entry.body.peer}`,
      why: 'the Ed25519 signature does not fit the entry and the key in that peer id',
      remedy: 'Do not believe the entry, and find out who changed it'
    })
  }
}

function broken(subject: Subject, why: string): ReceiptError {
  return new ReceiptError({
    code: 'RECEIPT_CHAIN',
    what: `The receipt of the migration ${subject.migration} does not hang together`,
    why,
    remedy: 'Compare both halves: `ferry receipt verify` says which entry is wrong'
  })
}

function forked(entry: Entry, why: string): ReceiptError {
  return new ReceiptError({
    code: 'RECEIPT_FORKED',
    what: `The receipt of ${entry.body.host} for the migration ${entry.body.migration} says two things`,
    why,
    remedy: 'Keep both entries: whoever signed two has the key of that host, or restored it from an older disk'
  })
}
