// Gossip between real libp2p nodes on loopback: what one exchange costs on the wire beside its message, how news travels over real
// connections, what a node costs in memory, and how many nodes one process carries. `libp2p.ts [--nodes 4,16,64]`
import { createServer, connect, type Server } from 'node:net'
import { parseArgs } from 'node:util'
import type { Libp2p } from '@libp2p/interface'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import pino from 'pino'
import { GOSSIP_PROTOCOL, MAX_GOSSIP_BYTES, MAX_GOSSIP_STREAMS } from '../../../protocols/gossip/index.ts'
import { Gossip } from '../../../src/mesh/gossip/index.ts'
import { createNode } from '../../../src/mesh/libp2p-node.ts'
import { readMessage, sendMessage } from '../../../src/mesh/message-stream.ts'
import { MemoryRecords } from './memory-records.ts'
import { sampleBody, sampleVitals } from './sample-advert.ts'
import { seededRandom } from './seeded-random.ts'

const DIALS = 6
const LIMIT_MS = 120_000
const { values } = parseArgs({ options: { nodes: { type: 'string', default: '4,16,64' } } })

interface RealNode {
  readonly number: number
  readonly libp2p: Libp2p
  readonly gossip: Gossip
  readonly peer: string
}

console.log(
  `an exchange costs ${await exchangeOverhead()} bytes on the wire beside request and reply (100 of them, both ways, TCP payload)`
)
for (const count of values.nodes.split(',').map(Number)) await measure(count)

async function startNode(number: number): Promise<RealNode> {
  const privateKey = await generateKeyPair('Ed25519')
  const libp2p = await createNode({
    privateKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    isMember: () => true,
    onStranger: () => undefined
  })
  const gossip = new Gossip({
    self: libp2p.peerId.toString(),
    sign: (bytes) => privateKey.sign(bytes),
    records: new MemoryRecords(),
    isMember: () => true,
    log: pino({ level: 'silent' }),
    transport: {
      peers: () => libp2p.getPeers().map(String),
      exchange: (peer, request, signal) => exchange(libp2p, peer, request, signal)
    }
  })
  await libp2p.handle(
    GOSSIP_PROTOCOL,
    (stream, { remotePeer }) => {
      const signal = AbortSignal.timeout(10_000)
      readMessage(stream, MAX_GOSSIP_BYTES, signal)
        .then(async (message) => {
          sendMessage(stream, await gossip.receive(remotePeer.toString(), message.subarray()))
          await stream.close({ signal })
        })
        .catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error(String(error))))
    },
    { maxInboundStreams: MAX_GOSSIP_STREAMS, maxOutboundStreams: MAX_GOSSIP_STREAMS }
  )
  await libp2p.start()
  return { number, libp2p, gossip, peer: libp2p.peerId.toString() }
}

async function exchange(libp2p: Libp2p, peer: string, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const [connection] = libp2p.getConnections(peerIdFromString(peer))
  if (connection === undefined) throw new Error('no connection')
  const stream = await connection.newStream(GOSSIP_PROTOCOL, { signal })
  try {
    sendMessage(stream, request)
    const [reply] = await Promise.all([readMessage(stream, MAX_GOSSIP_BYTES, signal), stream.close({ signal })])
    return reply.subarray()
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

async function measure(count: number): Promise<void> {
  const random = seededRandom(1)
  const before = process.memoryUsage().rss
  const nodes: RealNode[] = []
  const began = performance.now()
  try {
    for (let number = 0; number < count; number++) nodes.push(await startNode(number))
    let connections = 0
    for (const node of nodes) {
      for (let dial = 0; dial < Math.min(DIALS, count - 1); dial++) {
        const other = nodes[Math.floor(random() * count)]
        const address = other?.libp2p.getMultiaddrs()[0]
        if (other === undefined || other === node || address === undefined) continue
        if (node.libp2p.getConnections(other.libp2p.peerId).length > 0) continue
        // All come from one address, of which a node takes 16 a second.
        await new Promise((resolve) => setTimeout(resolve, 1_000 / 16 / 2))
        await node.libp2p.dial(multiaddr(address.toString()), { signal: AbortSignal.timeout(20_000) })
        connections++
      }
    }
    const connectedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    for (const { gossip, number } of nodes) {
      gossip.start()
      gossip.publish(sampleBody(number), sampleVitals(number))
    }
    const knownMs = await eventually(() => nodes.every(({ gossip }) => gossip.size === count))
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    const [changed] = nodes
    changed?.gossip.publish(sampleBody(0, { cordoned: true }), sampleVitals(0))
    const newsMs = await eventually(() =>
      nodes.every(({ gossip }) => gossip.get(changed?.peer ?? '')?.body.cordoned === true)
    )
    const { user, system } = process.cpuUsage(cpuBefore)
    const perNode = (process.memoryUsage().rss - before) / count / 2 ** 20
    console.log(
      `${count} nodes, ${connections} connections made in ${((connectedAt - began) / 1000).toFixed(0)} s: all know all after ` +
        `${(knownMs / 1000).toFixed(1)} s, a change is known to all after ${(newsMs / 1000).toFixed(2)} s, ` +
        `${perNode.toFixed(1)} MiB resident for each node with its ` +
        `connections; ${((user + system) / 1e6).toFixed(1)} s of CPU since they were connected`
    )
  } finally {
    for (const { gossip } of nodes) gossip.stop()
    for (const { libp2p } of nodes) await libp2p.stop()
  }
}

async function eventually(done: () => boolean): Promise<number> {
  const began = performance.now()
  while (!done()) {
    if (performance.now() - began > LIMIT_MS) throw new Error('it did not come about in two minutes')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return performance.now() - began
}

/** Counted by a relay of TCP between two nodes. */
async function exchangeOverhead(): Promise<number> {
  const [a, b] = [await startNode(0), await startNode(1)]
  let bytes = 0
  const port = Number(/tcp\/(\d+)/.exec(b.libp2p.getMultiaddrs()[0]?.toString() ?? '')?.[1])
  const relay: Server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      from.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        to.write(chunk)
      })
      from.on('close', () => to.destroy())
      from.on('error', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  try {
    const address = relay.address()
    if (address === null || typeof address === 'string') throw new Error('the relay does not listen')
    await a.libp2p.dial(multiaddr(`/ip4/127.0.0.1/tcp/${address.port}/p2p/${b.peer}`))
    // Identify and the first window updates are not an exchange's.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const before = bytes
    let payload = 0
    for (let times = 0; times < 100; times++) {
      const request = Uint8Array.of(0x12, 0x00)
      const reply = await exchange(a.libp2p, b.peer, request, AbortSignal.timeout(10_000))
      payload += request.byteLength + reply.byteLength
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
    return Math.round((bytes - before - payload) / 100)
  } finally {
    relay.close()
    for (const { libp2p } of [a, b]) await libp2p.stop()
  }
}
