// What is wrong, or can't be known, when two halves of a receipt are laid side by side.
import type { Entry, Role } from './entry.ts'
import type { ReceiptErrorCode } from './receipt-error.ts'

export type FindingCode =
  | ReceiptErrorCode
  /** A side has heard an entry that the other side's half does not have: its end was cut off. */
  | 'RECEIPT_CUT_SHORT'
  /** An entry stands where none of its kind may. */
  | 'RECEIPT_ORDER'
  /** A step was taken without having heard of the other side's step that allows it. */
  | 'RECEIPT_UNHEARD'
  /** What arrived is not what was sent. */
  | 'RECEIPT_DIGEST'
  /** Two spans in which the container could run, one on each host, are not one after the other. */
  | 'RECEIPT_OVERLAP'
  /** There is no half of this side. */
  | 'RECEIPT_MISSING'
  /** The half does not say how it ended on its host. */
  | 'RECEIPT_OPEN'
  /** A host saw a copy run that it had no right to run, and killed it. */
  | 'RECEIPT_UNHELD'
  /** A host can't tell whether a copy ran before it killed it. */
  | 'RECEIPT_UNSEEN'
  /** An operator decided by word. */
  | 'RECEIPT_RESOLVED'
  /** The clocks say another order than the entries. */
  | 'RECEIPT_CLOCK'

export interface Finding {
  /** A violation disproves, a gap leaves something unproved, a note is for the reader. */
  readonly level: 'violation' | 'gap' | 'note'
  readonly code: FindingCode
  readonly what: string
  readonly side?: Role
  /** Number of the entry in that side's half. */
  readonly seq?: number
}

export function violation(code: FindingCode, what: string, side?: Role, seq?: number): Finding {
  return {
    level: 'violation',
    code,
    what,
    ...(side === undefined ? {} : { side }),
    ...(seq === undefined ? {} : { seq })
  }
}

/** An entry as findings and proofs name it. */
export function named({ body }: Entry): string {
  return `${body.kind} (${body.role} ${String(body.seq)})`
}
