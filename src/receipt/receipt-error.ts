import { messageOf, type ProblemDetails } from '../../protocols/problem.ts'

export type ReceiptErrorCode =
  /** Bytes that are no entry of a receipt, or an entry larger than the protocol allows. */
  | 'RECEIPT_MALFORMED'
  /** The signature is not of the peer that the entry names, or not over this entry. */
  | 'RECEIPT_SIGNATURE'
  /** The entry is about another migration, or from another peer. */
  | 'RECEIPT_SUBJECT'
  /** The entry does not continue what was there or what was heard before. */
  | 'RECEIPT_CHAIN'
  /** Two entries of one side have one number, or exclude each other. */
  | 'RECEIPT_FORKED'

export class ReceiptError extends Error {
  override readonly name = 'ReceiptError'
  readonly details: ProblemDetails<ReceiptErrorCode>

  constructor(details: ProblemDetails<ReceiptErrorCode>, options?: ErrorOptions) {
    super(messageOf(details), options)
    this.details = details
  }
}
