// Where a host that was invited knocks: a libp2p node of its own with one protocol, there only while an invitation is open. Strangers
// get nothing of the mesh's own node, whose connections, streams and memory they therefore can't use up.
import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Logger } from 'pino'
import {
  JOIN_PROTOCOL,
  JOIN_TIMEOUT_MS,
  MAX_JOIN_REQUEST_BYTES,
  decodeJoinRequest,
  encodeJoinAnswer,
  type JoinAnswer,
  type JoinRequest
} from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { listenProblem } from '../libp2p-node.ts'
import { readOnlyMessage, sendMessage } from '../message-stream.ts'

const MAX_CONNECTIONS = 16
const MAX_PENDING = 8
/** New connections per second from one address. */
const MAX_PER_SECOND = 4
const HANDSHAKE_MS = 5_000
const WINDOW_BYTES = 256 * 1024
/** Wrong knocks after which an address is not listened to for a while, and how many addresses are remembered. */
const MAX_WRONG = 5
const DEAF_MS = 60_000
const MAX_REMEMBERED = 1024

export interface DoorOptions {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly log: Logger
  /** The answer to somebody whose peer id is proved; undefined for one that proves no invitation. */
  readonly onKnock: (peerId: string, request: JoinRequest) => Promise<JoinAnswer | undefined>
}

export interface Door {
  /** Multiaddrs with this host's peer id. */
  readonly addresses: readonly string[]
  close(): Promise<void>
}

/** @throws MeshError BAD_ADDRESS */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const wrong = new WrongKnocks()
  let node: Libp2p
  try {
    node = await createLibp2p({
      start: false,
      privateKey: options.privateKey,
      addresses: { listen: [...options.listen] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [
        yamux({
          enableKeepAlive: false,
          maxInboundStreams: 1,
          maxEarlyStreams: 1,
          maxMessageSize: 64 * 1024,
          streamOptions: { initialStreamWindowSize: WINDOW_BYTES, maxStreamWindowSize: WINDOW_BYTES }
        })
      ],
      connectionGater: {
        denyDialPeer: () => true,
        denyInboundConnection: (connection) => wrong.isDeafTo(hostOf(connection.remoteAddr.toString()))
      },
      connectionManager: {
        maxConnections: MAX_CONNECTIONS,
        maxIncomingPendingConnections: MAX_PENDING,
        inboundConnectionThreshold: MAX_PER_SECOND,
        inboundUpgradeTimeout: HANDSHAKE_MS,
        inboundStreamProtocolNegotiationTimeout: HANDSHAKE_MS,
        reconnectRetries: 0
      },
      connectionMonitor: { enabled: false }
    })
  } catch (error) {
    throw listenProblem(options.listen, error)
  }
  const knocked = new WeakSet<Connection>()
  const answer = async (stream: Stream, connection: Connection): Promise<void> => {
    const peer = connection.remotePeer.toString()
    const address = connection.remoteAddr.toString()
    const signal = AbortSignal.timeout(JOIN_TIMEOUT_MS)
    try {
      // One try a connection: guessing costs a handshake each.
      if (knocked.has(connection)) throw new Error('it knocked twice')
      knocked.add(connection)
      const request = decodeJoinRequest(await readOnlyMessage(stream, MAX_JOIN_REQUEST_BYTES, signal))
      const said = await options.onKnock(peer, request)
      if (said === undefined) throw new Error('it proved no invitation')
      sendMessage(stream, encodeJoinAnswer(said))
      await stream.close({ signal })
    } catch (error) {
      wrong.count(hostOf(address))
      options.log.warn({ peer, address, why: wordsOf(error) }, 'somebody who wanted to join was sent away')
      connection.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }
  await node.handle(JOIN_PROTOCOL, (stream, connection) => void answer(stream, connection), { maxInboundStreams: 1 })
  // Whoever comes and says nothing must not keep others out.
  const timers = new Map<Connection, NodeJS.Timeout>()
  node.addEventListener('connection:open', ({ detail }) => {
    const late = setTimeout(() => detail.abort(new Error('it took too long')), JOIN_TIMEOUT_MS)
    timers.set(detail, late)
  })
  node.addEventListener('connection:close', ({ detail }) => {
    clearTimeout(timers.get(detail))
    timers.delete(detail)
  })
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw listenProblem(options.listen, error)
  }
  return {
    addresses: node.getMultiaddrs().map(String),
    close: async () => {
      await node.stop()
      for (const timer of timers.values()) clearTimeout(timer)
    }
  }
}

class WrongKnocks {
  readonly #byHost = new Map<string, { count: number; at: number }>()

  isDeafTo(host: string): boolean {
    const known = this.#byHost.get(host)
    if (known === undefined) return false
    if (performance.now() - known.at > DEAF_MS) this.#byHost.delete(host)
    return this.#byHost.has(host) && known.count >= MAX_WRONG
  }

  count(host: string): void {
    const count = (this.#byHost.get(host)?.count ?? 0) + 1
    // The newest last, so that the first one is the one to forget.
    this.#byHost.delete(host)
    this.#byHost.set(host, { count, at: performance.now() })
    const [oldest] = this.#byHost.keys()
    if (this.#byHost.size > MAX_REMEMBERED && oldest !== undefined) this.#byHost.delete(oldest)
  }
}

/** The part of a multiaddr that stays when the same host comes again. */
function hostOf(address: string): string {
  return address.split('/').slice(0, 3).join('/')
}
