// Many nodes in one process: the engine and the codecs that the daemon runs, over a network of simulated time.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import pino from 'pino'
import type { AdvertBody } from '../../../protocols/gossip/index.ts'
import type { Checks } from '../../../src/mesh/gossip/advert-map.ts'
import { Gossip, type GossipSettings } from '../../../src/mesh/gossip/index.ts'
import { MemoryRecords } from './memory-records.ts'
import { sampleBody, sampleVitals } from './sample-advert.ts'
import { seededRandom } from './seeded-random.ts'
import { SimulatedTime } from './simulated-time.ts'

export interface SimulatedNode {
  readonly number: number
  readonly peer: string
  readonly gossip: Gossip
  readonly records: MemoryRecords
  /** Connections, both ways. */
  readonly connections: Set<string>
  publish(changes?: Partial<AdvertBody>): void
  /** The network card's view: bytes of requests and replies, and how many exchanges. */
  readonly traffic: { sent: number; received: number; exchanges: number }
}

export interface SimulatedMeshOptions {
  readonly nodes: number
  readonly seed: number
  /** Connections that each node opens, to nodes at random; as many come from others. */
  readonly dials?: number
  readonly latencyMs?: readonly [number, number]
  /** Share of messages that never arrive. */
  readonly loss?: number
  readonly settings?: Partial<GossipSettings>
  readonly checks?: Checks
  readonly isMember?: (asker: string, peer: string) => boolean
}

/** Headers of streams, yamux and noise for one request and its reply; measured with libp2p, see docs/gossip.md. */
export const EXCHANGE_OVERHEAD_BYTES = 414

export class SimulatedMesh {
  readonly time = new SimulatedTime()
  readonly nodes: readonly SimulatedNode[]
  readonly random: () => number
  readonly #byPeer = new Map<string, SimulatedNode>()
  readonly #options: SimulatedMeshOptions
  #cut: ((a: SimulatedNode, b: SimulatedNode) => boolean) | undefined

  constructor(options: SimulatedMeshOptions) {
    this.#options = options
    this.random = seededRandom(options.seed)
    this.nodes = Array.from({ length: options.nodes }, (_, number) => this.#makeNode(number))
    for (const node of this.nodes) this.#byPeer.set(node.peer, node)
    this.#connect(options.dials ?? 6)
  }

  start(): void {
    for (const node of this.nodes) {
      node.gossip.start()
      node.publish()
    }
  }

  stop(): void {
    for (const node of this.nodes) node.gossip.stop()
  }

  /** No message passes between these pairs, until `heal`. Connections across are closed, as libp2p would. */
  partition(cut: (a: SimulatedNode, b: SimulatedNode) => boolean): void {
    this.#cut = cut
  }

  heal(): void {
    this.#cut = undefined
  }

  /** Every node has the same adverts and the same records. */
  agrees(nodes: readonly SimulatedNode[] = this.nodes): boolean {
    const [first] = nodes
    if (first === undefined) return true
    return nodes.every(
      (node) => node.gossip.digest === first.gossip.digest && node.records.digest() === first.records.digest()
    )
  }

  clearTraffic(): void {
    for (const { traffic } of this.nodes) Object.assign(traffic, { sent: 0, received: 0, exchanges: 0 })
  }

  #makeNode(number: number): SimulatedNode {
    const { peer, sign: signWith } = makeIdentity()
    const records = new MemoryRecords()
    const connections = new Set<string>()
    const { settings, checks, isMember } = this.#options
    const gossip: Gossip = new Gossip({
      self: peer,
      sign: signWith,
      records,
      isMember: (other) => isMember?.(peer, other) ?? true,
      log: pino({ level: 'error' }),
      clock: this.time,
      random: seededRandom(this.#options.seed * 100_003 + number),
      ...(settings === undefined ? {} : { settings }),
      ...(checks === undefined ? {} : { checks }),
      transport: {
        peers: () => [...connections].filter((other) => this.#passes(peer, other)),
        exchange: (to, request, signal) => this.#exchange(peer, to, request, signal)
      }
    })
    return {
      number,
      peer,
      gossip,
      records,
      connections,
      publish: (changes = {}) => gossip.publish(sampleBody(number, changes), sampleVitals(number)),
      traffic: { sent: 0, received: 0, exchanges: 0 }
    }
  }

  #connect(dials: number): void {
    const count = this.nodes.length
    for (const node of this.nodes) {
      for (let made = 0, tries = 0; made < Math.min(dials, count - 1) && tries < 20 * dials; tries++) {
        const other = this.nodes[Math.floor(this.random() * count)]
        if (other === undefined || other === node || node.connections.has(other.peer)) continue
        node.connections.add(other.peer)
        other.connections.add(node.peer)
        made++
      }
    }
  }

  #passes(from: string, to: string): boolean {
    const a = this.#byPeer.get(from)
    const b = this.#byPeer.get(to)
    return a !== undefined && b !== undefined && this.#cut?.(a, b) !== true
  }

  #exchange(from: string, to: string, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const sender = this.#byPeer.get(from)
    const receiver = this.#byPeer.get(to)
    return new Promise((settle, fail) => {
      const resolve = (reply: Uint8Array): void => {
        signal.removeEventListener('abort', onAbort)
        settle(reply)
      }
      const reject = (error: Error): void => {
        signal.removeEventListener('abort', onAbort)
        fail(error)
      }
      const onAbort = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort)
      if (sender === undefined || receiver === undefined) return reject(new Error('no such node'))
      sender.traffic.exchanges++
      sender.traffic.sent += EXCHANGE_OVERHEAD_BYTES / 2
      receiver.traffic.received += EXCHANGE_OVERHEAD_BYTES / 2
      sender.traffic.received += EXCHANGE_OVERHEAD_BYTES / 2
      receiver.traffic.sent += EXCHANGE_OVERHEAD_BYTES / 2
      this.#carry(sender, receiver, request, () => {
        receiver.gossip.receive(from, request).then((reply) => {
          this.#carry(receiver, sender, reply, () => resolve(reply))
        }, reject)
      })
    })
  }

  #carry(from: SimulatedNode, to: SimulatedNode, bytes: Uint8Array, arrived: () => void): void {
    from.traffic.sent += bytes.byteLength
    if (!this.#passes(from.peer, to.peer)) return
    if (this.#options.loss !== undefined && this.random() < this.#options.loss) return
    const [least, most] = this.#options.latencyMs ?? [1, 50]
    this.time.after(least + this.random() * (most - least), () => {
      to.traffic.received += bytes.byteLength
      arrived()
    })
  }
}

export function makeIdentity(): { peer: string; sign: (bytes: Uint8Array) => Uint8Array } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  if (x === undefined) throw new Error('an Ed25519 key without x')
  const peer = peerIdFromPublicKey(publicKeyFromRaw(Buffer.from(x, 'base64url'))).toString()
  const key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  return { peer, sign: (bytes) => sign(null, bytes, key) }
}
