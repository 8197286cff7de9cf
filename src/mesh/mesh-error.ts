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
  /** A member calls itself otherwise than it was admitted. */
  | 'NAME_CHANGED'
  /** A peer that this host does not trust, or the other way round. */
  | 'PEER_REFUSED'
  /** The private key can't be read or written, or others could read it. */
  | 'KEY_FILE'
  /** A listening or bootstrap address that is none, or that can't be listened on. */
  | 'BAD_ADDRESS'
  /** The files of the membership can't be read or written. */
  | 'MESH_FILES'
  /** This host belongs to no mesh, or to none any more. */
  | 'NOT_A_MEMBER'
  /** This host belongs to a mesh already. */
  | 'ALREADY_MEMBER'
  /** The records of the mesh have reached their limit. */
  | 'MESH_FULL'
  /** What came with an admission is not the mesh that the invitation names. */
  | 'BAD_MESH'
  /** A word that is no invitation. */
  | 'BAD_TOKEN'
  /** An invitation's time is over. */
  | 'TOKEN_EXPIRED'
  /** An invitation was used already. */
  | 'TOKEN_USED'
  /** Somebody was expelled after the invitation was made. */
  | 'TOKEN_VOID'
  /** More invitations are open than a host may have. */
  | 'TOO_MANY_INVITATIONS'
  /** The inviting host did not let this one in. */
  | 'JOIN_REFUSED'
  /** A peer that was expelled can't be a member again under its id. */
  | 'EXPELLED'
  /** Nothing may be under way while a key is changed. */
  | 'MIGRATIONS_UNDER_WAY'
  /** No member can be told of a change that members have to know. */
  | 'NO_MEMBER_REACHED'

/** What src/mesh throws. */
export class MeshError extends Error {
  override readonly name = 'MeshError'
  readonly details: ProblemDetails<MeshErrorCode>

  constructor(details: ProblemDetails<MeshErrorCode>, options?: ErrorOptions) {
    super(messageOf(details), options)
    this.details = details
  }
}
