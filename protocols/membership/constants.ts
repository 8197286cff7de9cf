export const JOIN_PROTOCOL = '/ferry/join/1.0.0'
export const RECORDS_PROTOCOL = '/ferry/records/1.0.0'
/** What is signed begins with this, so that a signature made for something else is none here. */
export const RECORD_DOMAIN = 'ferry membership record 1\n'
/** What a joining host's proof is made over begins with this. */
export const JOIN_DOMAIN = 'ferry join 1\n'

/** Records that an expulsion or a rotation may name; what is over it goes into a second one of the same. */
export const MAX_KEEPS = 400
/** Gossip carries records of up to 16 KiB. */
export const MAX_RECORD_BYTES = 15 * 1024
/**
 * Of each of: admissions and grants that count; those that don't, as their author was expelled and nobody kept them, times a half;
 * and what takes somebody or something out. What would go beyond is refused.
 */
export const MAX_ROSTER_BYTES = 16 * 1024 * 1024
/** Of what one key signs: of admissions and grants, and again of what takes out. An admission has some 230 bytes. */
export const MAX_AUTHOR_BYTES = 1024 * 1024
export const RECORD_ID_BYTES = 32
export const SIGNATURE_BYTES = 64
export const TOKEN_ID_BYTES = 16
export const SECRET_BYTES = 32
export const PROOF_BYTES = 32
export const NONCE_BYTES = 16
export const ROLES = ['view', 'move', 'admin'] as const

/** An Ed25519 public key in the text form of libp2p: 38 bytes in base58. */
export const PEER_ID = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
export const MAX_ADDRESS_BYTES = 256
/** Of one peer. */
export const MAX_ADDRESSES = 8
/** Peers whose addresses one message names. */
export const MAX_ADDRESSED_PEERS = 512

export const MAX_JOIN_REQUEST_BYTES = 512
export const MAX_JOIN_ANSWER_BYTES = MAX_ROSTER_BYTES * 3 + 2 * 1024 * 1024
export const MAX_RECORDS_BYTES = 16 * 1024 * 1024
export const MAX_RECORD_IDS = 262_144
/** A round of comparing and a push may meet. */
export const MAX_RECORDS_STREAMS = 8
/** Milliseconds from opening a stream to the end of what is said on it. */
export const JOIN_TIMEOUT_MS = 20_000
export const RECORDS_TIMEOUT_MS = 20_000
