import { multiaddr } from '@multiformats/multiaddr'
import { MAX_ADDRESSES } from '../../protocols/membership/index.ts'
import { relayOf } from './relay/seats.ts'

/** A relay has an address in each of its networks; the first is the one by which this host reaches it. */
const MAX_OF_ONE_RELAY = 2
const MAX_RELAYED = 4

/** Multiaddrs that mean something on another host; where there are no others, the ones of this host alone. */
export function tellable(addresses: readonly string[]): string[] {
  const useful = addresses.filter((address) => !/^\/ip4\/127\.|^\/ip6\/(::1\/|fe80)/.test(address))
  const told = useful.length > 0 ? useful : [...addresses]
  const direct = told.filter((address) => !address.includes('/p2p-circuit'))
  const relayed = fewOfEach(told.filter((address) => address.includes('/p2p-circuit')))
  return [...direct.slice(0, MAX_ADDRESSES - relayed.length), ...relayed]
}

function fewOfEach(relayed: readonly string[]): string[] {
  const of = Map.groupBy(relayed, (address) => relayOf(multiaddr(address)))
  return [...of.values()].flatMap((ways) => ways.slice(0, MAX_OF_ONE_RELAY)).slice(0, MAX_RELAYED)
}
