// What either side of a migration keeps of it: the view of operators, the journal's record, and the signed receipt, whose
// entries go to disk with the records they speak of.
import type { MigrationView } from '../../protocols/operator/views.ts'
import type { Decision, Mark, ReceiptEntry } from '../journal/journal.ts'
import type { DataOf, Kind } from '../receipt/entry.ts'
import { Receipt } from '../receipt/receipt.ts'
import type { NodeParts } from './parts.ts'
import { Progress } from './progress.ts'

export interface BooksOptions {
  readonly id: string
  readonly role: 'source' | 'target'
  readonly container: string
  readonly engine: string
  readonly epoch: number
  /** Peer id and name of the other side. */
  readonly peer: string
  readonly peerName: string
  readonly startedAt: string
  /** What an earlier daemon left. */
  readonly earlier?: { readonly view: MigrationView; readonly receipts: readonly Uint8Array[] }
}

export class Books {
  readonly progress: Progress
  readonly #parts: NodeParts
  readonly #options: BooksOptions
  readonly #receipt: Receipt

  /** @throws ReceiptError where what an earlier daemon left is not this side's receipt */
  constructor(parts: NodeParts, options: BooksOptions) {
    this.#parts = parts
    this.#options = options
    const { id, role, container, engine, epoch, peer, peerName, startedAt, earlier } = options
    const [source, target] = role === 'source' ? [parts.name, peerName] : [peerName, parts.name]
    this.progress = new Progress(
      earlier?.view ?? {
        id,
        container,
        engine,
        source,
        target,
        role,
        state: 'starting',
        phases: [],
        startedAt,
        warnings: [],
        rootfsBytes: 0,
        imageBytes: 0,
        framesHeld: 0
      },
      parts.now
    )
    this.#receipt = new Receipt(
      parts.signer,
      { migration: id, epoch, container, engine, host: parts.name, other: peer, role },
      earlier?.receipts ?? [],
      () => new Date(parts.now())
    )
  }

  /** Signs an entry that goes to disk with the next record. @throws ReceiptError */
  note<K extends Kind>(kind: K, data: DataOf<K>): void {
    this.#receipt.note(kind, data)
  }

  /** As `note`, for what a restarted daemon does again. @throws ReceiptError */
  once<K extends Kind>(kind: K, data: DataOf<K>): void {
    this.#receipt.once(kind, data)
  }

  /** Whether it was signed, by an earlier daemon perhaps. */
  has(kind: Kind): boolean {
    return this.#receipt.has(kind)
  }

  /** Takes the other side's entry along; older versions of ferry send none. @throws ReceiptError */
  heard(entry: Uint8Array | undefined): void {
    if (entry !== undefined) this.#receipt.heard(entry)
  }

  /** As `heard`, where nothing may depend on it any more. */
  heardIfWell(entry: Uint8Array | undefined): void {
    try {
      this.heard(entry)
    } catch (error) {
      this.#parts.log.error(
        { err: error, migration: this.#options.id },
        'the other side sent a receipt that is not well'
      )
    }
  }

  /** For a message: the newest entry that is on disk. */
  latest(): { receipt?: Uint8Array<ArrayBuffer> } {
    const { latest } = this.#receipt
    return latest === undefined ? {} : { receipt: Uint8Array.from(latest) }
  }

  /** The newest entry on disk of one of these kinds: what the decision is told by. */
  statement(...kinds: readonly Kind[]): Uint8Array<ArrayBuffer> | undefined {
    const entry = this.#receipt.newest(kinds)
    return entry === undefined ? undefined : Uint8Array.from(entry)
  }

  /** @param data what a restarted daemon needs of this side */
  async record(state: string, data: Readonly<Record<string, unknown>>): Promise<void> {
    const { id, role, container, engine, peer, peerName, epoch, startedAt } = this.#options
    const view = this.progress.recorded
    const pending = this.#receipt.pending()
    await this.#parts.journal.putMigration(
      {
        id,
        role,
        container,
        engine,
        peer,
        peerName,
        epoch,
        state,
        view,
        data,
        startedAt,
        updatedAt: new Date(this.#parts.now()).toISOString(),
        ...(view.endedAt === undefined ? {} : { endedAt: view.endedAt })
      },
      pending
    )
    this.#wrote(pending)
  }

  /** Returns the decision that stands; it is on the receipt then. */
  async decide(decision: Decision, code?: string): Promise<Decision> {
    let wrote: readonly ReceiptEntry[] = []
    const { id, epoch } = this.#options
    const stands = await this.#parts.journal.decide(id, decision, epoch, (standing) => {
      if (standing === 'commit') this.#receipt.once('commit', {})
      else this.#receipt.once('abort', code === undefined ? {} : { code })
      return (wrote = this.#receipt.pending())
    })
    this.#wrote(wrote)
    return stands
  }

  /** No COMMIT stands, or it was taken back: where the disk takes no ABORT, the entry is made all the same, before what rests on it. */
  noteAborted(code?: string): void {
    if (!this.#receipt.has('taken-back')) this.#receipt.once('abort', code === undefined ? {} : { code })
  }

  /** Returns the mark that stands; `note` is told which, before it is written. */
  async mark(mark: Mark, note: (stands: Mark) => void): Promise<Mark> {
    let wrote: readonly ReceiptEntry[] = []
    const stands = await this.#parts.journal.mark(this.#options.id, mark, (standing) => {
      note(standing)
      return (wrote = this.#receipt.pending())
    })
    this.#wrote(wrote)
    return stands
  }

  #wrote(entries: readonly ReceiptEntry[]): void {
    const last = entries.at(-1)
    if (last !== undefined) this.#receipt.written(last.seq)
  }
}
