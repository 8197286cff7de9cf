// Ways to a peer: straight to one of its addresses, or through a member that relays.
import type { Connection } from '@libp2p/interface'
import { CODE_P2P, CODE_P2P_CIRCUIT, multiaddr, type Multiaddr } from '@multiformats/multiaddr'

/** Each may cost a timeout: with more of them in front nobody would ever come to the relays. */
const STRAIGHT_FIRST = 3

export function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(({ code }) => code === CODE_P2P_CIRCUIT)
}

/** Of multiaddrs as told, with or without the peer's id at the end; what leads to somebody else or nowhere is left out. */
export function waysTo(peerId: string, addresses: readonly string[]): Multiaddr[] {
  const ways = new Map<string, Multiaddr>()
  for (const text of addresses) {
    const way = wayTo(peerId, text)
    if (way !== undefined) ways.set(way.toString(), way)
  }
  return inOrder([...ways.values()])
}

function wayTo(peerId: string, text: string): Multiaddr | undefined {
  try {
    const told = multiaddr(text)
    const components = told.getComponents()
    const last = components.at(-1)
    const relays = components.filter(({ code }) => code === CODE_P2P_CIRCUIT).length
    if (relays > 1) return undefined
    if (last?.code === CODE_P2P) return last.value === peerId ? told : undefined
    return multiaddr(`${text}/p2p/${peerId}`)
  } catch {
    // Addresses are hearsay: one that is none costs nothing.
    return undefined
  }
}

/** The best straight ways, then relays, then what else there is. */
function inOrder(ways: readonly Multiaddr[]): Multiaddr[] {
  const straight = ways.filter((way) => !isRelayed(way))
  const relayed = ways.filter(isRelayed)
  return [...straight.slice(0, STRAIGHT_FIRST), ...relayed, ...straight.slice(STRAIGHT_FIRST)]
}

/** The one to use for whatever is new. */
export function bestOf(connections: readonly Connection[]): Connection | undefined {
  const open = connections.filter(({ status }) => status === 'open')
  return open.find(({ direct }) => direct) ?? open[0]
}
