import { MAX_ADDRESSES } from '../../protocols/membership/index.ts'

/** Multiaddrs that mean something on another host; where there are no others, the ones of this host alone. */
export function tellable(addresses: readonly string[]): string[] {
  const useful = addresses.filter((address) => !/^\/ip4\/127\.|^\/ip6\/(::1\/|fe80)/.test(address))
  return (useful.length > 0 ? useful : [...addresses]).slice(0, MAX_ADDRESSES)
}
