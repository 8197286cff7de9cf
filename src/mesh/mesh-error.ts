import { messageOf, type ProblemDetails } from '../../protocols/problem.ts'

export type MeshErrorCode =
  /** No peer has this name or id. */
  | 'UNKNOWN_PEER'
  /** More than one peer has this name. */
  | 'AMBIGUOUS_PEER'
  /** No connection to the peer, and none could be made; or it was lost. */
  | 'PEER_UNREACHABLE'
  /** The peer did not answer in time. */
  | 'PEER_TIMEOUT'
  /** The peer speaks another version, or answered with what is no answer. */
  | 'PEER_PROTOCOL'
  /** The caller's signal ended it. */
  | 'REQUEST_ABORTED'
  /** A peer has the name of another one, or this host's. */
  | 'NAME_TAKEN'
  /** A peer that this host does not trust, or the other way round. */
  | 'PEER_REFUSED'
  /** The private key can't be read or written, or others could read it. */
  | 'KEY_FILE'
  /** A listening or bootstrap address that is none, or that can't be listened on. */
  | 'BAD_ADDRESS'

/** What src/mesh throws. */
export class MeshError extends Error {
  override readonly name = 'MeshError'
  readonly details: ProblemDetails<MeshErrorCode>

  constructor(details: ProblemDetails<MeshErrorCode>, options?: ErrorOptions) {
    super(messageOf(details), options)
    this.details = details
  }
}
