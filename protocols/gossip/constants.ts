export const GOSSIP_PROTOCOL = '/ferry/gossip/1.0.0'
export const MAX_GOSSIP_BYTES = 256 * 1024
/** Encoded items in one message, and as much again of records; the rest of it is for tags and digests. */
export const MAX_ITEMS_BYTES = 80 * 1024
/** UTF-8 bytes of an advert's JSON. */
export const MAX_BODY_BYTES = 16 * 1024
/** An encoded Advert or Pulse. */
export const MAX_PAYLOAD_BYTES = MAX_BODY_BYTES + 256
export const MAX_RECORD_BYTES = 16 * 1024
export const MAX_ITEMS = 4096
/** Entries of offers, wants and record prefixes in one message. */
export const MAX_ENTRIES = 2048
export const SIGNATURE_BYTES = 64
/** First bytes of SHA-256 of a peer id. */
export const TAG_BYTES = 8
/** Milliseconds of Unix time fit into 6 bytes until the year 10889. */
export const STAMP_BYTES = 6
export const MAX_STAMP = 2 ** 48 - 1
/** First bytes of a record's id. */
export const PREFIX_BYTES = 8
export const GOSSIP_DIGEST_BYTES = 8
export const MAX_TTL_SECONDS = 3600
export const MAX_AGE_SECONDS = 2 * MAX_TTL_SECONDS
/** Streams a peer may have open. */
export const MAX_GOSSIP_STREAMS = 8
/** Ed25519 peer ids; other kinds of keys don't fit into an id. */
export const PEER_ID = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
