import { noise } from '@chainsafe/libp2p-noise'
import { identify } from '@libp2p/identify'
import type { Libp2p, MultiaddrConnection, PeerId, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { wordsOf } from '../../protocols/problem.ts'
import { ADDRESS_MS } from './dialler.ts'
import { MembersOnly, type RegistrarComponents } from './members-only.ts'
import { MeshError } from './mesh-error.ts'
import { ferryMuxer } from './muxer.ts'
import { RelayListening, type ListeningComponents } from './relay/listening.ts'
import { relayGates, relayServer, relayTransport } from './relay/server.ts'

const MAX_CONNECTIONS = 256
const MAX_PENDING = 16
/** New connections per second from one address; hosts behind one NAT share it. */
const MAX_PER_SECOND = 16
const HANDSHAKE_MS = 5_000

export type MeshNode = Libp2p<{ relayListening: RelayListening }>

/**
 * A libp2p node, not started yet. TCP, noise (its default crypto is node:crypto's for all but small messages), yamux, identify, relays
 * (circuit v2). Not DCUtR: docs/decisions/011-discovery.md.
 */
export async function createNode(options: {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly isMember: (peerId: string) => boolean
  /** Who of these may use none of libp2p's own protocols; default nobody. */
  readonly isGuest?: (peerId: string) => boolean
  /** Who may have a place here, be connected with others who have one, and be asked for one; default nobody. */
  readonly mayRelay?: (peerId: string) => boolean
  /** Somebody proved to be a peer that is none of ours, and was turned away. */
  readonly onStranger: (peerId: string, address: string) => void
}): Promise<MeshNode> {
  const isStranger = (peerId: PeerId, connection: MultiaddrConnection): boolean => {
    if (options.isMember(peerId.toString())) return false
    options.onStranger(peerId.toString(), connection.remoteAddr.toString())
    return true
  }
  try {
    return await createLibp2p({
      start: false,
      privateKey: options.privateKey,
      addresses: { listen: [...options.listen], announce: [...options.announce] },
      transports: [tcp(), relayTransport()],
      connectionEncrypters: [noise()],
      streamMuxers: [ferryMuxer()],
      services: {
        identify: identify(),
        relay: relayServer(),
        relayListening: (components: ListeningComponents) => new RelayListening(components),
        membersOnly: (components: RegistrarComponents) => new MembersOnly(components, options.isGuest ?? (() => false))
      },
      connectionGater: {
        denyDialMultiaddr: () => false,
        denyInboundEncryptedConnection: isStranger,
        denyOutboundEncryptedConnection: isStranger,
        ...relayGates(options.mayRelay ?? (() => false))
      },
      connectionManager: {
        maxConnections: MAX_CONNECTIONS,
        maxIncomingPendingConnections: MAX_PENDING,
        inboundConnectionThreshold: MAX_PER_SECOND,
        inboundUpgradeTimeout: HANDSHAKE_MS,
        dialTimeout: HANDSHAKE_MS,
        addressDialTimeout: ADDRESS_MS,
        // waysTo has put them in order; libp2p would put a relay's public address before a peer's own private one.
        addressSorter: () => 0,
        inboundStreamProtocolNegotiationTimeout: HANDSHAKE_MS,
        reconnectRetries: 0
      },
      connectionMonitor: { enabled: false }
    })
  } catch (error) {
    throw listenProblem(options.listen, error)
  }
}

export function listenProblem(listen: readonly string[], error: unknown): MeshError {
  return new MeshError(
    {
      code: 'BAD_ADDRESS',
      what: `The mesh can't listen on ${listen.join(', ')}`,
      why: wordsOf(error),
      remedy: 'Write each address like /ip4/0.0.0.0/tcp/4860, and see that no other program has the port'
    },
    { cause: error }
  )
}
