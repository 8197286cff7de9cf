// What makes a node findable without anybody's configuration: the segment, and relays where it is behind NAT.
import type { IdentifyResult } from '@libp2p/interface'
import type { Logger } from 'pino'
import type { MeshNode } from './libp2p-node.ts'
import { Seats } from './relay/seats.ts'
import { Segment } from './segment/index.ts'
import { ownAddresses } from './segment/networks.ts'

export interface DiscoveryOptions {
  readonly mdns: boolean
  /** Another one after a change of the key. */
  readonly node: () => MeshNode
  readonly mayRelay: (peerId: string) => boolean
  readonly belongs: (peerId: string) => boolean
  /** Nobody belongs. */
  readonly isAlone: () => boolean
  readonly missing: () => readonly string[]
  readonly onHint: (peerId: string) => void
  readonly log: Logger
}

const LOOK_MS = 15_000

export class Discovery {
  readonly #options: DiscoveryOptions
  #segment: Segment | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  /** Returns what stops it. */
  start(): () => void {
    const { node: current, log, mayRelay } = this.#options
    const node = current()
    const seats = new Seats({
      reserve: (relay, address) => node.services.relayListening.reserve(relay, address),
      addresses: () => node.getMultiaddrs(),
      own: ownAddresses,
      isConnected: (relay) => node.getConnections(relay).some(({ direct, status }) => direct && status === 'open'),
      mayRelay,
      now: () => performance.now(),
      log
    })
    const identified = ({ detail }: CustomEvent<IdentifyResult>): void => seats.identified(detail)
    node.addEventListener('peer:identify', identified)
    const look = setInterval(() => void seats.take(), LOOK_MS).unref()
    const segment = this.#options.mdns ? this.#onSegment() : undefined
    this.#segment = segment
    segment?.start()
    return () => {
      node.removeEventListener('peer:identify', identified)
      clearInterval(look)
      segment?.stop()
      this.#segment = undefined
    }
  }

  /** Multiaddrs that a peer says on the segment, the latest first. */
  hints(peerId: string): string[] {
    return this.#segment?.of(peerId) ?? []
  }

  /** A peer that was connected is not any more. */
  lost(): void {
    this.#segment?.missed()
  }

  #onSegment(): Segment {
    const { node, isAlone, missing, belongs, onHint, log } = this.#options
    return new Segment({
      self: () => {
        if (isAlone()) return undefined
        return { peerId: node().peerId.toString(), addresses: node().getMultiaddrs().map(String) }
      },
      missing,
      belongs,
      onHint,
      log
    })
  }
}
