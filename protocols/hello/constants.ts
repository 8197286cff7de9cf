export const HELLO_PROTOCOL = '/ferry/hello/1.0.0'
/** UTF-8 bytes of the JSON in `facts`. */
export const MAX_FACTS_BYTES = 64 * 1024
export const MAX_VERSION_BYTES = 64
export const MAX_HELLO_BYTES = MAX_FACTS_BYTES + 1024
/** Both may say hello at once, and a refresh may meet a probe. */
export const MAX_HELLO_STREAMS = 8
/** Milliseconds an answer may take: gathering facts asks criu and the engines for their versions. */
export const HELLO_TIMEOUT_MS = 15_000
