// The segments that this host has an address in.
import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export interface Network {
  /** An IPv4 address of the interface, by which multicast is sent and joined there. */
  readonly address: string
  /** Whether an address, IPv4 or IPv6, is in a subnet of this interface. */
  includes(ip: string): boolean
}

/** A socket can be in 20 groups (net.ipv4.igmp_max_memberships); hosts of containers have many bridges. */
const MAX_NETWORKS = 16

/** One for each interface with an IPv4 address that is not the loopback's. */
export function networks(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): Network[] {
  return Object.values(interfaces)
    .flatMap((addresses = []) => {
      const outer = addresses.filter(({ internal }) => !internal)
      const address = outer.find(({ family }) => family === 'IPv4')?.address
      if (address === undefined) return []
      const subnets = new BlockList()
      for (const { family, address: own, cidr } of outer) {
        const prefix = Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128))
        subnets.addSubnet(own, prefix, family === 'IPv4' ? 'ipv4' : 'ipv6')
      }
      const includes = (ip: string): boolean => {
        const version = isIP(ip)
        return version !== 0 && subnets.check(ip, version === 4 ? 'ipv4' : 'ipv6')
      }
      return [{ address, includes }]
    })
    .slice(0, MAX_NETWORKS)
}

/** Every address of this host, the loopback's too. */
export function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses = []) => addresses)
      .map(({ address }) => address)
  )
}
