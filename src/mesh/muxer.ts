import { yamux } from '@libp2p/yamux'

/**
 * What a peer may send before it must wait for the reader, per stream. Both sides start with it, as all peers run ferry:
 * growing from yamux's 256 KiB takes round trips that a freeze can't spare.
 */
export const WINDOW_BYTES = 16 * 1024 * 1024
/** A paused stream keeps what arrives; a buffer smaller than the window would abort it with StreamBufferError. */
const READ_BUFFER_BYTES = WINDOW_BYTES + 4 * 1024 * 1024
const MAX_STREAMS = 128
/** Rsync may read a large file system for long before it says anything. */
const INACTIVITY_MS = 300_000

export function ferryMuxer(): ReturnType<typeof yamux> {
  return yamux({
    enableKeepAlive: false, // the mesh's own probe notices a dead link, and yamux's does nothing when it fails
    maxInboundStreams: MAX_STREAMS,
    maxOutboundStreams: MAX_STREAMS,
    streamOptions: {
      initialStreamWindowSize: WINDOW_BYTES,
      maxStreamWindowSize: WINDOW_BYTES,
      maxReadBufferLength: READ_BUFFER_BYTES,
      inactivityTimeout: INACTIVITY_MS
    }
  })
}
