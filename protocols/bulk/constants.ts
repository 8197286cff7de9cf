export type BulkKind = 'rootfs' | 'images' | 'frames'

export const BULK_KINDS: readonly BulkKind[] = ['rootfs', 'images', 'frames']
export const BULK_PROTOCOLS: Readonly<Record<BulkKind, string>> = {
  rootfs: '/ferry/rootfs/1.0.0',
  images: '/ferry/images/1.0.0',
  frames: '/ferry/frames/1.0.0'
}

/** Encoded size of one Frame, and with it of what a receiver holds before it looks at it. */
export const MAX_FRAME_BYTES = 256 * 1024
/** Payload in one Data frame: what is left of a frame after its tags. */
export const MAX_DATA_BYTES = MAX_FRAME_BYTES - 64
export const MAX_HEADER_BYTES = 256
export const MAX_ROUNDS = 1000
/** A file of a CRIU image folder: flat, no dot files, nothing that reads as a path or an option. */
export const IMAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
/** One held Ethernet frame; a jumbo frame with offloads is 64 KiB. */
export const MAX_HELD_FRAME_BYTES = 70_000
/** Streams of one kind a peer may have open: some migrations at once. */
export const MAX_BULK_STREAMS = 16
