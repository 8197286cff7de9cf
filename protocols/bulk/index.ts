// Streams that carry much: root filesystem, CRIU images, held network frames.
import type { Stream } from '@libp2p/interface'

export * from './codec.ts'
export * from './constants.ts'
export type { End, File, Frame, Header } from './pb/message.ts'

/**
 * A stream after its Header: a libp2p stream that is paused, with nothing of the frames read. Whoever gets one reads
 * and writes it through src/transfer, and closes or aborts it.
 */
export type BulkStream = Stream
