// Who may open a connection: the peers of the configuration, and the ones named by /p2p/ID in a bootstrap address.
import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { wordsOf } from '../../protocols/problem.ts'
import { MeshError } from './mesh-error.ts'

export interface BootstrapAddress {
  readonly address: Multiaddr
  /** Where the address names it. */
  readonly peerId?: string
}

/** @throws MeshError BAD_ADDRESS */
export function parseBootstrap(addresses: readonly string[]): BootstrapAddress[] {
  return addresses.map((text) => {
    try {
      const address = multiaddr(text)
      const peerId = address.getComponents().findLast((component) => component.code === CODE_P2P)?.value
      return peerId === undefined ? { address } : { address, peerId: peerIdFromString(peerId).toString() }
    } catch (error) {
      throw new MeshError(
        {
          code: 'BAD_ADDRESS',
          what: `${text} is no bootstrap address`,
          why: wordsOf(error),
          remedy: 'Write it like /ip4/192.0.2.1/tcp/4860/p2p/12D3Koo…; `ferry id` on that host prints its peer id'
        },
        { cause: error }
      )
    }
  })
}

export function membership(
  trusted: readonly string[] | 'any',
  bootstrap: readonly BootstrapAddress[]
): (peerId: string) => boolean {
  if (trusted === 'any') return () => true
  const members = new Set([...trusted, ...bootstrap.flatMap(({ peerId }) => (peerId === undefined ? [] : [peerId]))])
  return (peerId) => members.has(peerId)
}
