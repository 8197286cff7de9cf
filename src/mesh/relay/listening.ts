// The part of libp2p's node that is not public: listening at a relay while the node runs.
import type { PeerId, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface ListeningComponents {
  readonly transportManager: {
    listen(addresses: Multiaddr[]): Promise<void>
    getTransports(): Transport[]
  }
}

export class RelayListening {
  readonly #components: ListeningComponents
  readonly #relays = new Set<string>()

  constructor(components: ListeningComponents) {
    this.#components = components
  }

  /** Takes a place at a relay, whose direct address with /p2p/ this is. Rejects when it gives none. */
  async reserve(relay: PeerId, address: Multiaddr): Promise<void> {
    const id = relay.toString()
    if (this.#relays.has(id)) {
      // A listener stays after its place was lost, takes up the next one, and is never removed by libp2p: no second one.
      await this.#reservations().addRelay(relay, 'configured')
      return
    }
    await this.#components.transportManager.listen([address.encapsulate('/p2p-circuit')])
    this.#relays.add(id)
  }

  #reservations(): Reservations {
    for (const transport of this.#components.transportManager.getTransports()) {
      if ('reservationStore' in transport && isReservations(transport.reservationStore)) {
        return transport.reservationStore
      }
    }
    throw new Error('the node has no relay transport')
  }
}

interface Reservations {
  addRelay(relay: PeerId, type: 'configured'): Promise<unknown>
}

function isReservations(value: unknown): value is Reservations {
  return typeof value === 'object' && value !== null && 'addRelay' in value && typeof value.addRelay === 'function'
}
