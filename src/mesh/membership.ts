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

export interface Trust {
  readonly trusts: (peerId: string) => boolean
  /** Those that the configuration names; everybody trusted where it does not say "any". */
  readonly named: readonly string[]
}

export function trustOf(trusted: readonly string[] | 'any', bootstrap: readonly BootstrapAddress[]): Trust {
  const dialled = bootstrap.flatMap(({ peerId }) => (peerId === undefined ? [] : [peerId]))
  const named = new Set(trusted === 'any' ? dialled : [...trusted, ...dialled])
  return { named: [...named], trusts: (peerId) => trusted === 'any' || named.has(peerId) }
}
