// What ferry says and understands of multicast DNS: libp2p's mDNS form under a service name of its own.
// https://github.com/libp2p/specs/blob/master/discovery/mdns.md, RFC 6762, RFC 6763.
import { AUTHORITATIVE_ANSWER, decode, encode, type Answer, type Packet } from 'dns-packet'
import { MAX_ADDRESSES, MAX_ADDRESS_BYTES, PEER_ID } from '../../../protocols/membership/index.ts'

const SERVICE = '_ferry._tcp.local'
const KEY = 'dnsaddr='
/** Seconds. RFC 6762 section 10. */
const TTL_S = 120
/** RFC 6762 section 17. */
const MAX_PACKET_BYTES = 9000
/** Questions and records; the decoder makes room for as many as the header claims, up to 262,140. */
const MAX_RECORDS = 128
const HEADER_BYTES = 12
/** A string of a TXT record has its length in one byte. */
const MAX_TEXT_BYTES = 255
const DIRECT = /^\/ip[46]\/[0-9a-fA-F.:]{2,45}\/tcp\/\d{1,5}$/

export type Heard =
  | { readonly kind: 'question' }
  | { readonly kind: 'answer'; readonly peerId: string; readonly addresses: readonly string[] }

export function question(): Buffer {
  return encode({ type: 'query', questions: [{ name: SERVICE, type: 'PTR' }] })
}

/** The label says nothing and differs between nodes: up to 63 of a-z and 0-9. The addresses have no /p2p/. */
export function answer(label: string, peerId: string, addresses: readonly string[]): Buffer {
  const name = `${label}.${SERVICE}`
  const texts = addresses
    .map((address) => `${KEY}${address}/p2p/${peerId}`)
    .filter((text) => text.length <= MAX_TEXT_BYTES)
    .slice(0, MAX_ADDRESSES)
  const pointer: Answer = { name: SERVICE, type: 'PTR', class: 'IN', ttl: TTL_S, data: name }
  const details = texts.map((data): Answer => ({ name, type: 'TXT', class: 'IN', ttl: TTL_S, data }))
  return encode({ type: 'response', flags: AUTHORITATIVE_ANSWER, answers: [pointer, ...details] })
}

/** Undefined for what is not meant for ferry. Never throws: anybody on the segment may send anything. */
export function read(bytes: Buffer): Heard | undefined {
  if (bytes.byteLength > MAX_PACKET_BYTES || bytes.byteLength < HEADER_BYTES) return undefined
  const claimed = [4, 6, 8, 10].reduce((sum, at) => sum + bytes.readUInt16BE(at), 0)
  if (claimed > MAX_RECORDS) return undefined
  let packet: Packet
  try {
    packet = decode(bytes)
  } catch {
    // Others' traffic and garbage alike: there is nobody to tell.
    return undefined
  }
  const { type, questions = [], answers = [], additionals = [] } = packet
  if (type === 'query') {
    return questions.some((one) => one.name === SERVICE && one.type === 'PTR') ? { kind: 'question' } : undefined
  }
  return found([...answers, ...additionals])
}

/** One packet speaks of one peer; what it says of others is dropped. */
function found(answers: readonly Answer[]): Heard | undefined {
  let peerId: string | undefined
  const addresses = new Set<string>()
  for (const record of answers) {
    if (record.type !== 'TXT' || !record.name.endsWith(`.${SERVICE}`)) continue
    for (const text of [record.data].flat().map(String)) {
      const [address, id, ...rest] = text.slice(KEY.length).split('/p2p/')
      if (!text.startsWith(KEY) || address === undefined || id === undefined || rest.length > 0) continue
      if (!PEER_ID.test(id) || address.length > MAX_ADDRESS_BYTES || !DIRECT.test(address)) continue
      peerId ??= id
      if (id === peerId && addresses.size < MAX_ADDRESSES) addresses.add(address)
    }
  }
  return peerId === undefined ? undefined : { kind: 'answer', peerId, addresses: [...addresses] }
}
