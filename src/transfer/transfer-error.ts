import { messageOf, type ProblemDetails } from '../../protocols/problem.ts'

export type TransferErrorCode =
  /** The stream ended before its End. */
  | 'TRANSFER_TRUNCATED'
  /** What arrived is not what was sent: the digest or the byte count differs. */
  | 'TRANSFER_CORRUPT'
  /** Nothing moved for too long. */
  | 'TRANSFER_STALLED'
  /** The stream was reset, or its connection lost. */
  | 'TRANSFER_BROKEN'
  /** The caller's signal ended it. */
  | 'TRANSFER_ABORTED'
  /** The other side gave up; `peer` has its own words. */
  | 'TRANSFER_PEER_FAILED'
  /** The peer sent something it must not: a file twice, more than it announced or than is allowed, frames out of order. */
  | 'TRANSFER_REFUSED'
  /** A folder to receive into is not a real one that only root can write. */
  | 'FOLDER_UNSAFE'
  /** Reading or writing a file failed on this host. */
  | 'FILE_FAILED'
  /** What was written on this host could not be given to the disk, or not in time. */
  | 'SYNC_FAILED'
  | 'RSYNC_MISSING'
  | 'RSYNC_FAILED'

/** What src/transfer throws besides ProtocolError. */
export class TransferError extends Error {
  override readonly name = 'TransferError'
  readonly details: ProblemDetails<TransferErrorCode>
  /** With TRANSFER_PEER_FAILED: the other side's own problem. */
  readonly peer: ProblemDetails | undefined

  constructor(details: ProblemDetails<TransferErrorCode>, options?: ErrorOptions & { peer?: ProblemDetails }) {
    super(messageOf(details), options)
    this.details = details
    this.peer = options?.peer
  }
}

export function refused(why: string): TransferError {
  return new TransferError({
    code: 'TRANSFER_REFUSED',
    what: 'The peer sent what it must not, and was refused',
    why,
    remedy: 'Run the same ferry version on both hosts, and check who the peer is'
  })
}
