// One half of a receipt, read with no trust in who gave it: every entry signed by one peer, chained, about one migration.
import { MAX_RECEIPT_ENTRIES } from '../../protocols/migration/constants.ts'
import { decodeEntry, type DataOf, type Entry, type EntryBody, type Kind, type Role } from './entry.ts'
import { violation, type Finding } from './finding.ts'
import { ReceiptError } from './receipt-error.ts'
import { isSigned } from './signature.ts'

type OfKind<K extends Kind> = Entry & { readonly body: { readonly kind: K; readonly data: DataOf<K> } }

/** An honest half, or what passes for one as long as it is looked at alone. */
export class Half {
  readonly role: Role
  readonly host: string
  readonly entries: readonly Entry[]

  constructor(role: Role, host: string, entries: readonly Entry[]) {
    this.role = role
    this.host = host
    this.entries = entries
  }

  /** The first entry of the kind. */
  find<K extends Kind>(kind: K): OfKind<K> | undefined {
    return this.entries.find((entry): entry is OfKind<K> => entry.body.kind === kind)
  }

  has(kind: Kind): boolean {
    return this.find(kind) !== undefined
  }

  /** An operator's word, before the entry if one is given. */
  resolved(word: 'run-here' | 'discard', before?: Entry): boolean {
    return this.entries.some(
      ({ body }) =>
        body.kind === 'resolved' && body.data.word === word && (before === undefined || body.seq < before.body.seq)
    )
  }
}

export interface ReadHalf {
  /** Absent where there are no entries, or one can't be believed. */
  readonly half?: Half
  readonly findings: readonly Finding[]
}

export function readHalf(stored: readonly Uint8Array[]): ReadHalf {
  if (stored.length > MAX_RECEIPT_ENTRIES) {
    return {
      findings: [violation('RECEIPT_MALFORMED', `a half has ${String(stored.length)} entries, more than can be`)]
    }
  }
  const entries: Entry[] = []
  for (const [seq, bytes] of stored.entries()) {
    const entry = believed(bytes, seq, entries)
    if ('level' in entry) return { findings: [entry] }
    entries.push(entry)
  }
  const first = entries[0]
  if (first === undefined) return { findings: [] }
  return { half: new Half(first.body.role, first.body.host, entries), findings: [] }
}

/** What all entries of one half have in common; a host may be renamed in between. */
const fixed = ['migration', 'epoch', 'container', 'engine', 'peer', 'other', 'role'] as const

function believed(bytes: Uint8Array, seq: number, before: readonly Entry[]): Entry | Finding {
  try {
    const entry = decodeEntry(bytes)
    const { body } = entry
    const wrong = (code: 'RECEIPT_SIGNATURE' | 'RECEIPT_SUBJECT' | 'RECEIPT_CHAIN', what: string): Finding =>
      violation(code, `entry ${String(seq)} of the ${body.role}'s half ${what}`, body.role, seq)
    if (!isSigned(entry)) return wrong('RECEIPT_SIGNATURE', `is not signed by ${body.peer}`)
    const first = before[0]?.body ?? body
    const other = fixed.find((field) => first[field] !== body[field])
    if (other !== undefined) {
      return wrong(
        'RECEIPT_SUBJECT',
        `has ${String(body[other])} for its ${other}, and the first has ${String(first[other])}`
      )
    }
    if (body.peer === body.other) return wrong('RECEIPT_SUBJECT', 'names its own signer as the other side')
    if (body.seq !== seq) return wrong('RECEIPT_CHAIN', `has the number ${String(body.seq)}`)
    if (body.prev !== (before.at(-1)?.hash ?? '')) return wrong('RECEIPT_CHAIN', 'does not follow the one before it')
    const back = heardBackwards(before.at(-1)?.body, body)
    return back === undefined ? entry : wrong('RECEIPT_CHAIN', back)
  } catch (error) {
    if (!(error instanceof ReceiptError)) throw error
    return violation(error.details.code, `entry ${String(seq)} of a half: ${error.details.why ?? error.details.what}`)
  }
}

/** What was heard once stays heard. */
function heardBackwards(before: EntryBody | undefined, now: EntryBody): string | undefined {
  if (before?.heard === undefined) return undefined
  if (now.heard === undefined || now.heard.seq < before.heard.seq) return 'has heard less than the one before it'
  if (now.heard.seq === before.heard.seq && now.heard.hash !== before.heard.hash) {
    return 'has heard another entry with the number of the one heard before'
  }
  return undefined
}
