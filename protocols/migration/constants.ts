export { MIGRATION_ID } from '../fields.ts'

export const MIGRATION_PROTOCOL = '/ferry/migration/1.0.0'
export const MAX_MESSAGE_BYTES = 2 * 1024 * 1024
/** UTF-8 bytes of an engine's description. */
export const MAX_SPEC_BYTES = 1024 * 1024
/** UTF-8 bytes of the JSON of HostFacts. */
export const MAX_FACTS_BYTES = 64 * 1024
/** UTF-8 bytes of the JSON of what is handed over besides the images. */
export const MAX_NEIGHBOURS_BYTES = 64 * 1024
/** One log's tail; two of them fit in a message. */
export const MAX_LOG_BYTES = 1_000_000
export const MAX_LOG_FILES = 8
export const MAX_FINDINGS = 256
export const MAX_REASON_BYTES = 2048
/** Streams a peer may have open: one a migration under way, and its questions. */
export const MAX_MIGRATION_STREAMS = 64

/** What runc, crun and lxc allow for a container's name, and nothing that reads as a path or an option. */
export const CONTAINER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/
export const ENGINE_NAME = /^[a-z]{1,16}$/
export const LOG_NAME = /^[a-z][a-z0-9-]{0,63}\.log$/
/** A peer id of an Ed25519 or secp256k1 key in base58btc, as libp2p prints it. */
export const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{40,64}$/
/** Peers that hold a source's decision beside it. */
export const MAX_WITNESSES = 8
export const MAX_RECEIPT_ENTRY_BYTES = 4096
/** Far more than a migration has. */
export const MAX_RECEIPT_ENTRIES = 128
