// Gossip over the mesh's connections: what this node advertises goes out, what others do is known here.
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Logger } from 'pino'
import type { AdvertBody, Vitals } from '../../protocols/gossip/index.ts'
import type { AddressFile } from './address-file.ts'
import { Gossip, type AdvertView, type GossipTransport } from './gossip/index.ts'
import type { Roster } from './roster/roster.ts'

export interface GossipServiceOptions {
  readonly roster: Roster
  readonly addresses: AddressFile
  readonly transport: GossipTransport
  readonly log: Logger
}

export class GossipService {
  readonly #options: GossipServiceOptions
  #gossip: Gossip | undefined
  #endChanges: () => void = () => {}
  #advert: { readonly body: AdvertBody; readonly vitals: Vitals } | undefined

  constructor(options: GossipServiceOptions) {
    this.#options = options
  }

  /** A new key is another node to the others: what it knew is learnt again. */
  start(privateKey: PrivateKey): void {
    this.stop()
    const { roster, addresses, transport, log } = this.#options
    const self = peerIdFromPrivateKey(privateKey).toString()
    const gossip = new Gossip({
      self,
      sign: (bytes) => privateKey.sign(bytes),
      transport,
      records: roster,
      isMember: (peer) => roster.isMember(peer),
      log
    })
    this.#gossip = gossip
    this.#endChanges = gossip.onChange((peers) => {
      for (const peer of peers) {
        const advert = peer === self ? undefined : gossip.get(peer)
        if (advert !== undefined) addresses.told(peer, advert.body.addresses)
      }
    })
    gossip.start()
    if (this.#advert !== undefined) gossip.publish(this.#advert.body, this.#advert.vitals)
  }

  stop(): void {
    this.#endChanges()
    this.#gossip?.stop()
    this.#gossip = undefined
  }

  /** A member has connected: it is asked at once. */
  connected(): void {
    this.#gossip?.connected()
  }

  /** Answers a member. @throws ProtocolError, MeshError PEER_REFUSED */
  async receive(peer: string, bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#gossip === undefined) throw new Error('gossip has stopped')
    return this.#gossip.receive(peer, bytes)
  }

  publish(body: AdvertBody, vitals: Vitals): void {
    this.#advert = { body, vitals }
    this.#gossip?.publish(body, vitals)
  }

  report(vitals: Vitals): void {
    if (this.#advert !== undefined) this.#advert = { ...this.#advert, vitals }
    this.#gossip?.report(vitals)
  }

  get(peer: string): AdvertView | undefined {
    return this.#gossip?.get(peer)
  }
}
