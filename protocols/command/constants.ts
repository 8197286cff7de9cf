export const COMMAND_PROTOCOL = '/ferry/command/1.0.0'
/** What an operator signs begins with this, so that a signature made for something else is none here. */
export const COMMAND_DOMAIN = 'ferry command 1\n'
/** A token of `ferry join` is the longest argument. */
export const MAX_ARGUMENTS_BYTES = 16 * 1024
export const MAX_COMMAND_BYTES = MAX_ARGUMENTS_BYTES + 2048
/** The logs of both hosts, 1 MB each, in JSON. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024
export const MAX_LABEL_BYTES = 128
export const NONCE_BYTES = 16
export const SIGNATURE_BYTES = 64
export const METHOD_NAME = /^[a-z][A-Za-z]{0,31}$/
/** A peer id of an Ed25519 or secp256k1 key in base58btc, as libp2p prints it. */
export const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{40,64}$/
/** Streams that one connection may have open: commands that watch stay open as long as what they watch. */
export const MAX_COMMAND_STREAMS = 32
/** Connections that one operator may have at a time. */
export const MAX_OPERATOR_CONNECTIONS = 8
/** Milliseconds between a command's own time and the clock of the host that does it. */
export const MAX_SKEW_MS = 300_000
