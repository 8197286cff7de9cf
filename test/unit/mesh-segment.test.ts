import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { decode, encode } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { Hints } from '../../src/mesh/segment/hints.ts'
import { networks } from '../../src/mesh/segment/networks.ts'
import { answer, question, read } from '../../src/mesh/segment/packet.ts'

const newId = async (): Promise<string> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
const here = '/ip4/192.0.2.7/tcp/4860'

describe('a packet on the segment', () => {
  test('tells a peer and its addresses, and nothing else', async () => {
    const id = await newId()
    const bytes = answer('label', id, [here, '/ip6/2001:db8::7/tcp/4860'])
    expect(read(bytes)).toEqual({ kind: 'answer', peerId: id, addresses: [here, '/ip6/2001:db8::7/tcp/4860'] })
    const said = decode(bytes).answers?.flatMap((record) => {
      if (record.type === 'PTR') return [record.data]
      return record.type === 'TXT' ? [record.data].flat().map((text) => text.toString()) : ['something else']
    })
    expect(said).toEqual([
      'label._ferry._tcp.local',
      `dnsaddr=${here}/p2p/${id}`,
      `dnsaddr=/ip6/2001:db8::7/tcp/4860/p2p/${id}`
    ])
    expect(read(question())).toEqual({ kind: 'question' })
  })

  test('of another service says nothing', async () => {
    const id = await newId()
    const others = { name: 'x._p2p._udp.local', type: 'TXT' as const, data: `dnsaddr=${here}/p2p/${id}` }
    expect(read(encode({ type: 'response', answers: [others] }))).toBeUndefined()
    expect(read(encode({ type: 'query', questions: [{ name: '_ipp._tcp.local', type: 'PTR' }] }))).toBeUndefined()
  })

  test('speaks of one peer, with a few addresses of the plain kind', async () => {
    const [id, other] = [await newId(), await newId()]
    const name = 'x._ferry._tcp.local'
    const data = [
      `dnsaddr=${here}/p2p/${id}`,
      `dnsaddr=/ip4/192.0.2.8/tcp/4860/p2p/${other}`,
      `dnsaddr=/dns4/elsewhere.example/tcp/4860/p2p/${id}`,
      `dnsaddr=${here}/p2p/${other}/p2p-circuit/p2p/${id}`,
      `dnsaddr=/unix/run/ferry.sock/p2p/${id}`,
      'dnsaddr=',
      'path=/'
    ]
    expect(read(encode({ type: 'response', answers: [{ name, type: 'TXT', data }] }))).toEqual({
      kind: 'answer',
      peerId: id,
      addresses: [here]
    })
    const many = Array.from({ length: 50 }, (_, at) => `dnsaddr=/ip4/192.0.2.${String(at)}/tcp/4860/p2p/${id}`)
    const heard = read(encode({ type: 'response', answers: [{ name, type: 'TXT', data: many }] }))
    expect(heard?.kind === 'answer' && heard.addresses).toHaveLength(8)
  })

  test('that is garbage is ignored, whatever it is', async () => {
    const good = answer('label', await newId(), [here])
    for (let round = 0; round < 20_000; round++) {
      const bytes = round % 2 === 0 ? randomBytes(round % 600) : Buffer.from(good)
      if (round % 2 === 1) for (let at = 0; at < 4; at++) bytes[Math.floor(Math.random() * bytes.length)] = round % 256
      const heard = read(bytes)
      if (heard?.kind !== 'answer') continue
      expect(heard.addresses.length).toBeLessThanOrEqual(8)
      for (const address of heard.addresses) expect(address).toMatch(/^\/ip[46]\/[0-9a-fA-F.:]+\/tcp\/\d+$/)
    }
    expect(read(Buffer.alloc(60_000))).toBeUndefined()
  })
})

describe('hints of the segment', () => {
  test('are few for each peer and for a short time, the latest first', () => {
    let nowMs = 0
    const hints = new Hints(() => nowMs)
    expect(hints.add('peer', ['a'])).toBe(true)
    expect(hints.add('peer', ['a'])).toBe(false)
    for (const address of ['b', 'c', 'd', 'e', 'a']) hints.add('peer', [address])
    expect(hints.of('peer')).toEqual(['a', 'e', 'd', 'c'])
    nowMs = 200_000
    hints.add('peer', ['e'])
    nowMs = 300_000
    expect(hints.of('peer')).toEqual(['e'])
    expect(hints.of('nobody')).toEqual([])
  })
})

describe('networks', () => {
  const common = { mac: '02:00:00:00:00:01', internal: false }
  const eth0 = [
    { ...common, family: 'IPv4' as const, address: '192.0.2.7', netmask: '255.255.255.0', cidr: '192.0.2.7/24' },
    { ...common, family: 'IPv6' as const, address: '2001:db8::7', netmask: '', cidr: '2001:db8::7/64', scopeid: 0 }
  ]
  const lo = [
    { ...common, internal: true, family: 'IPv4' as const, address: '127.0.0.1', netmask: '', cidr: '127.0.0.1/8' }
  ]

  test('are those of interfaces with an address, the loopback left out', () => {
    const [only, ...others] = networks({ lo, eth0, eth1: [] })
    expect(others).toEqual([])
    expect(only?.address).toBe('192.0.2.7')
    expect(['192.0.2.200', '2001:db8::9'].map((ip) => only?.includes(ip))).toEqual([true, true])
    expect(['192.0.3.1', '127.0.0.1', '2001:db8:1::1', 'no address', ''].map((ip) => only?.includes(ip))).toEqual(
      Array(5).fill(false)
    )
  })
})
