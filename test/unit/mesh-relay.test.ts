import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, IdentifyResult } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import pino from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Dialler } from '../../src/mesh/dialler.ts'
import { dialProblem } from '../../src/mesh/failure.ts'
import { createNode, type MeshNode } from '../../src/mesh/libp2p-node.ts'
import { Seats, type SeatsOptions } from '../../src/mesh/relay/seats.ts'
import { tellable } from '../../src/mesh/tellable.ts'
import { bestOf, isRelayed, waysTo } from '../../src/mesh/ways.ts'
import { longEnough } from './transfer-pair.ts'

const log = pino({ level: 'silent' })
const eventually = (claim: () => void): Promise<void> => vi.waitFor(claim, { timeout: 20_000, interval: 50 })
const newId = async (): Promise<string> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()

let running: MeshNode[] = []
afterEach(async () => {
  await Promise.all(running.map(async (node) => node.stop()))
  running = []
})

/** Lets everybody in: a stranger here is one who may connect and nothing more, as an operator may. */
async function node(members: ReadonlySet<string>): Promise<MeshNode> {
  const made = await createNode({
    privateKey: await generateKeyPair('Ed25519'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    isMember: () => true,
    mayRelay: (peerId) => members.has(peerId),
    onStranger: () => undefined
  })
  await made.start()
  running.push(made)
  return made
}

const idOf = (one: MeshNode): string => one.peerId.toString()
const addressOf = (one: MeshNode): Multiaddr => {
  const [address] = one.getMultiaddrs()
  if (address === undefined) throw new Error('the node listens nowhere')
  return address
}
const relayedOf = (one: MeshNode): Multiaddr | undefined => one.getMultiaddrs().find(isRelayed)

/** A relay, two of its members, and somebody who may connect. Nobody has a place yet. */
async function around(): Promise<Record<'relay' | 'a' | 'b' | 'guest', MeshNode>> {
  const members = new Set<string>()
  const relay = await node(members)
  const a = await node(members)
  const b = await node(members)
  const guest = await node(members)
  for (const one of [relay, a, b]) members.add(idOf(one))
  for (const one of [a, b, guest]) await one.dial(addressOf(relay), { signal: longEnough() })
  return { relay, a, b, guest }
}

const reserve = (one: MeshNode, relay: MeshNode): Promise<void> =>
  one.services.relayListening.reserve(relay.peerId, addressOf(relay))

describe('a member that relays', () => {
  test('joins two members, whose streams have no limit', async () => {
    const { relay, a, b } = await around()
    await reserve(a, relay)
    await eventually(() => expect(relayedOf(a)).toBeDefined())
    const connection = await b.dial(relayedOf(a) ?? [], { signal: longEnough() })
    expect(connection.remotePeer.toString()).toBe(idOf(a))
    expect([connection.direct, connection.limits]).toEqual([false, undefined])
    // libp2p's own limit is 128 KiB.
    const size = 1024 * 1024
    let heard = 0
    await a.handle('/test', (stream) => {
      stream.addEventListener('message', ({ data }) => {
        heard += data.byteLength
      })
    })
    const stream = await connection.newStream('/test', { signal: longEnough() })
    for (let sent = 0; sent < size; sent += 65_536) stream.send(new Uint8Array(65_536))
    await eventually(() => expect(heard).toBe(size))
  })

  test('gives nobody else a place, and leads nobody else anywhere', async () => {
    const { relay, a, guest } = await around()
    await expect(reserve(guest, relay)).rejects.toThrow(/PERMISSION_DENIED/)
    expect(relayedOf(guest)).toBeUndefined()
    await reserve(a, relay)
    await eventually(() => expect(relayedOf(a)).toBeDefined())
    await expect(guest.dial(relayedOf(a) ?? [], { signal: longEnough() })).rejects.toThrow(/PERMISSION_DENIED/)
    expect(a.getConnections(guest.peerId)).toEqual([])
  })

  test('is asked for the place again after its connection was lost', async () => {
    const { relay, a } = await around()
    for (let round = 0; round < 3; round++) {
      if (round > 0) await a.dial(addressOf(relay), { signal: longEnough() })
      await reserve(a, relay)
      await eventually(() => expect(a.getMultiaddrs().filter(isRelayed)).toHaveLength(1))
      await a.hangUp(relay.peerId)
      await eventually(() => expect(relayedOf(a)).toBeUndefined())
    }
  })
})

describe('a peer that is reached through a relay', () => {
  test('is reached straight as soon as that is possible, and the relay is left', async () => {
    const { relay, a, b } = await around()
    await reserve(a, relay)
    await eventually(() => expect(relayedOf(a)).toBeDefined())
    const known = [String(relayedOf(a))]
    const connections = (): Connection[] => b.getConnections(a.peerId)
    const failed: unknown[] = []
    const dialler = new Dialler({
      dial: (ways, signal) => b.dial(ways, { signal }),
      connections,
      addresses: () => known,
      isConnected: () => connections().length > 0,
      introduced: async () => undefined,
      failed: (_, error) => failed.push(error),
      lookMs: 100,
      settledMs: 100,
      log
    })
    const ended = new AbortController()
    const kept = dialler.keep(idOf(a), ended.signal)
    await eventually(() => expect(connections().map(({ direct }) => direct)).toEqual([false]))
    known.push(String(addressOf(a)))
    dialler.news(idOf(a))
    await eventually(() => expect(connections().map(({ direct }) => direct)).toEqual([true]))
    expect(bestOf(connections())?.direct).toBe(true)
    // And through the relay again when it is gone.
    known.pop()
    await b.hangUp(a.peerId)
    await eventually(() => expect(connections().map(({ direct }) => direct)).toEqual([false]))
    ended.abort()
    await kept
    expect(failed).toEqual([])
  })
})

describe('places at relays', () => {
  async function seats(options: Partial<SeatsOptions> = {}) {
    const asked: string[] = []
    const made = new Seats({
      reserve: async (relay) => void asked.push(relay.toString()),
      addresses: () => asked.map((id) => multiaddr(`/ip4/192.0.2.1/tcp/4860/p2p/${id}/p2p-circuit`)),
      own: () => new Set(['127.0.0.1', '192.168.1.2']),
      isConnected: () => true,
      mayRelay: () => true,
      now: () => 0,
      log,
      ...options
    })
    return { made, asked }
  }
  async function seen(as: string, direction: 'inbound' | 'outbound' = 'outbound', by = ''): Promise<IdentifyResult> {
    const privateKey = await generateKeyPair('Ed25519')
    const remoteAddr = multiaddr(`/ip4/192.0.2.1/tcp/4860${by}`)
    return {
      peerId: peerIdFromPrivateKey(privateKey),
      protocols: ['/libp2p/circuit/relay/0.2.0/hop'],
      listenAddrs: [],
      observedAddr: multiaddr(`/ip4/${as}/tcp/40000`),
      connection: { direction, remoteAddr } as unknown as Connection
    }
  }

  test('are taken at two members that see another address than any of this host', async () => {
    const { made, asked } = await seats()
    const outside = [await seen('203.0.113.5'), await seen('203.0.113.5'), await seen('203.0.113.5')]
    for (const one of outside) {
      made.identified(one)
      await made.take()
    }
    expect(asked).toEqual(outside.slice(0, 2).map(({ peerId }) => peerId.toString()))
  })

  test('are not taken by a host that is seen as it is, nor for what comes in or through a relay', async () => {
    const { made, asked } = await seats()
    made.identified(await seen('192.168.1.2'))
    made.identified(await seen('203.0.113.5', 'inbound'))
    made.identified(await seen('203.0.113.5', 'outbound', `/p2p/${await newId()}/p2p-circuit`))
    await made.take()
    expect(asked).toEqual([])
  })

  test('are taken elsewhere where one is refused, which is not asked again at once', async () => {
    const tried: string[] = []
    const { made } = await seats({
      reserve: async (relay) => {
        tried.push(relay.toString())
        if (tried.length === 1) throw new Error('refused')
      },
      addresses: () => []
    })
    const [first, second] = [await seen('203.0.113.5'), await seen('203.0.113.5')]
    made.identified(first)
    await made.take()
    made.identified(second)
    await made.take()
    await made.take()
    expect(tried.filter((id) => id === first.peerId.toString())).toHaveLength(1)
    expect(tried).toContain(second.peerId.toString())
  })

  test('are not taken at one that is no member any more', async () => {
    const { made, asked } = await seats({ mayRelay: () => false })
    made.identified(await seen('203.0.113.5'))
    await made.take()
    expect(asked).toEqual([])
  })
})

describe('a failed dial', () => {
  const refused = new Error('connect ECONNREFUSED 10.0.0.1:4860')
  const noPlace = new Error('failed to connect via relay with status NO_RESERVATION')
  const closed = new Error('the connection was closed')
  const other = new Error('Payload identity key A does not match expected remote identity key B')

  test('met nobody where no address led anywhere, and somebody where one did', () => {
    expect(dialProblem('peer', new AggregateError([refused, noPlace, other], 'All failed'))).toMatchObject({
      state: 'unreachable',
      problem: { code: 'PEER_UNREACHABLE' }
    })
    for (const failure of [new AggregateError([refused, closed], 'All failed'), other]) {
      expect(dialProblem('peer', failure)).toMatchObject({ state: 'refused', problem: { code: 'PEER_REFUSED' } })
    }
  })
})

describe('addresses', () => {
  test('lead to the peer itself, the best straight ones first, then relays, then the rest', async () => {
    const [peer, relay] = [await newId(), await newId()]
    const straight = [1, 2, 3, 4].map((last) => `/ip4/10.0.0.${String(last)}/tcp/4860`)
    const relayed = `/ip4/203.0.113.1/tcp/4860/p2p/${relay}/p2p-circuit`
    const ways = waysTo(peer, [
      relayed,
      ...straight,
      `${straight[0] ?? ''}/p2p/${peer}`,
      `/ip4/10.0.0.9/tcp/4860/p2p/${relay}`,
      `${relayed}/p2p/${relay}/p2p-circuit`,
      '/no/address'
    ]).map(String)
    const [one, two, three, four] = straight.map((address) => `${address}/p2p/${peer}`)
    expect(ways).toEqual([one, two, three, `${relayed}/p2p/${peer}`, four])
  })

  test('that are told leave room for the relayed ones', async () => {
    const [self, relay] = [await newId(), await newId()]
    const own = Array.from({ length: 9 }, (_, last) => `/ip4/10.0.0.${String(last)}/tcp/4860/p2p/${self}`)
    const relayed = ['203.0.113.1', '127.0.0.1', '10.1.1.1', '10.1.2.1'].map(
      (ip) => `/ip4/${ip}/tcp/4860/p2p/${relay}/p2p-circuit/p2p/${self}`
    )
    expect(tellable([...own, ...relayed])).toEqual([...own.slice(0, 6), relayed[0], relayed[2]])
    expect(tellable(own)).toEqual(own.slice(0, 8))
  })
})
