// Every member relays for members: who may have a place here, and between whom a connection goes through.
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import type { ConnectionGater, PeerId } from '@libp2p/interface'

/** Members behind NAT that have a place here. Each takes two places somewhere. */
const MAX_RESERVATIONS = 128
/** Relayed connections that one peer may have asked for at a time, and that may lead to one peer. */
const MAX_HOPS = 32
const HOP_MS = 10_000

export function relayServer(): ReturnType<typeof circuitRelayServer> {
  return circuitRelayServer({
    hopTimeout: HOP_MS,
    maxInboundHopStreams: MAX_HOPS,
    maxOutboundHopStreams: MAX_HOPS,
    maxOutboundStopStreams: MAX_HOPS,
    reservations: {
      maxReservations: MAX_RESERVATIONS,
      // libp2p's limit of 128 KiB and two minutes is for strangers. A container's memory takes longer and is much more.
      applyDefaultLimit: false
    }
  })
}

export function relayTransport(): ReturnType<typeof circuitRelayTransport> {
  return circuitRelayTransport({
    maxInboundStopStreams: MAX_HOPS,
    maxOutboundStopStreams: MAX_HOPS,
    // Every relay is known already: libp2p shall look for none, and its try would take the place of ours in the queue and fail.
    discoveryFilter: { has: () => true, add: () => {}, remove: () => {} }
  })
}

type Gates = Required<
  Pick<
    ConnectionGater,
    'denyInboundRelayReservation' | 'denyOutboundRelayedConnection' | 'denyInboundRelayedConnection'
  >
>

/** Whoever comes through proves its key end to end afterwards, and is let in or not by that; these keep others from the relay. */
export function relayGates(mayRelay: (peerId: string) => boolean): Gates {
  const stranger = (peer: PeerId): boolean => !mayRelay(peer.toString())
  return {
    denyInboundRelayReservation: (source) => stranger(source),
    denyOutboundRelayedConnection: (source, destination) => stranger(source) || stranger(destination),
    denyInboundRelayedConnection: (relay, source) => stranger(relay) || stranger(source)
  }
}
