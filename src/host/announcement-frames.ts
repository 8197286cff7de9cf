// The frames by which a segment learns where an address lives now: gratuitous ARP (RFC 826, RFC 5227 section 3) and
// unsolicited neighbour advertisement (RFC 4861 sections 4.4 and 7.2.6).
import { isIPv4, isIPv6 } from 'node:net'

const BROADCAST = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
/** Link-layer address of ff02::1 (RFC 2464 section 7). */
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1)
const ALL_NODES = parseIpv6('ff02::1')

/** Every frame that announces `address` (without prefix length) at `mac`; none for what is no address. */
export function announcementFrames(mac: string, address: string): Uint8Array[] {
  if (isIPv4(address)) return [gratuitousArp(mac, address, 'request'), gratuitousArp(mac, address, 'reply')]
  if (isIPv6(address)) return [unsolicitedAdvertisement(mac, address)]
  return []
}

/** Both forms are in use: some systems learn from one only. */
export function gratuitousArp(mac: string, address: string, form: 'request' | 'reply'): Uint8Array {
  const hardware = parseMac(mac)
  const protocol = parseIpv4(address)
  return concat(
    BROADCAST,
    hardware,
    [0x08, 0x06],
    [0x00, 0x01, 0x08, 0x00, 6, 4, 0, form === 'request' ? 1 : 2],
    hardware,
    protocol,
    form === 'request' ? [0, 0, 0, 0, 0, 0] : BROADCAST,
    protocol
  )
}

export function unsolicitedAdvertisement(mac: string, address: string): Uint8Array {
  const hardware = parseMac(mac)
  const source = parseIpv6(address)
  // Override set, solicited and router clear; then the option "target link-layer address", one unit of 8 bytes.
  const message = concat([136, 0, 0, 0], [0x20, 0, 0, 0], source, [2, 1], hardware)
  const sum = checksum(concat(source, ALL_NODES, [0, 0, 0, message.length], [0, 0, 0, 58], message))
  message[2] = sum >> 8
  message[3] = sum & 0xff
  // Hop limit 255 proves that no router passed it on (section 7.1.2).
  const header = concat([0x60, 0, 0, 0, 0, message.length, 58, 255], source, ALL_NODES)
  return concat(ALL_NODES_MAC, hardware, [0x86, 0xdd], header, message)
}

export function parseMac(mac: string): Uint8Array {
  const bytes = mac.split(':').map((part) => Number.parseInt(part, 16))
  if (bytes.length !== 6 || bytes.some((byte) => !(byte >= 0 && byte <= 255)))
    throw new TypeError(`not a MAC address: ${mac}`)
  return Uint8Array.from(bytes)
}

function parseIpv4(address: string): Uint8Array {
  if (!isIPv4(address)) throw new TypeError(`not an IPv4 address: ${address}`)
  return Uint8Array.from(address.split('.').map(Number))
}

export function parseIpv6(address: string): Uint8Array {
  if (!isIPv6(address) || address.includes('%')) throw new TypeError(`not an IPv6 address: ${address}`)
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  let text = address
  if (dotted !== null) {
    const [, head = '', a, b, c, d] = dotted
    const pair = (high = '0', low = '0') => (Number(high) * 256 + Number(low)).toString(16)
    text = `${head}${pair(a, b)}:${pair(c, d)}`
  }
  const [left = '', right] = text.split('::')
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)))
  const before = words(left)
  const after = right === undefined ? [] : words(right)
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
