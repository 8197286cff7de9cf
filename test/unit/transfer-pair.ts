// Two real libp2p nodes on loopback with a stream between them, as the mesh makes them.
import { noise } from '@chainsafe/libp2p-noise'
import type { Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { ferryMuxer } from '../../src/mesh/muxer.ts'

export interface Pair {
  /** A new stream, as each side sees it; both are paused. */
  stream(): Promise<{ near: Stream; far: Stream }>
  stop(): Promise<void>
}

export async function pair(): Promise<Pair> {
  const [a, b] = await Promise.all([node(), node()])
  const arrived: ((stream: Stream) => void)[] = []
  await b.handle('/test/1.0.0', (stream) => {
    stream.pause()
    arrived.shift()?.(stream)
  })
  const connection = await a.dial(b.getMultiaddrs())
  return {
    stream: async () => {
      const far = new Promise<Stream>((resolve) => arrived.push(resolve))
      const near = await connection.newStream('/test/1.0.0')
      near.pause()
      return { near, far: await far }
    },
    stop: async () => {
      await Promise.all([a.stop(), b.stop()])
    }
  }
}

export const longEnough = (): AbortSignal => AbortSignal.timeout(60_000)

function node(): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [ferryMuxer()]
  })
}
