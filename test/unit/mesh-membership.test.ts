import { rm } from 'node:fs/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createNode } from '../../src/mesh/libp2p-node.ts'
import { readMessage } from '../../src/mesh/message-stream.ts'
import { hostViews } from '../../src/node/routing/hosts.ts'
import { hostCalled } from '../../src/node/routing/owner.ts'
import type { Reach } from '../../src/node/routing/reach.ts'
import { Hosts, type Host } from './mesh-hosts.ts'
import { longEnough } from './transfer-pair.ts'

let hosts: Hosts
beforeEach(async () => {
  hosts = await Hosts.create()
})
afterEach(() => hosts.end())

const eventually = (claim: () => void): Promise<void> => vi.waitFor(claim, { timeout: 20_000, interval: 50 })
const invite = async (by: Host, ttlMs = 60_000): Promise<string> => (await by.admin.invite({ ttlMs })).token
const join = (host: Host, token: string) => host.admin.join({ token }, longEnough())
const operator = async (): Promise<string> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
const code = (value: string) => ({ problem: { code: value } })
const names = (host: Host): string[] =>
  host.mesh
    .peers()
    .filter(({ state }) => state === 'connected')
    .map(({ name }) => name)
    .sort()

async function meshOf(...names: readonly [string, ...string[]]): Promise<Host[]> {
  const [first, ...others] = await Promise.all(names.map((name) => hosts.start(name)))
  if (first === undefined) throw new Error('a mesh has a host')
  await first.admin.init({ meshName: 'test' })
  for (const other of others) await join(other, await invite(first))
  return [first, ...others]
}

describe('joining', () => {
  test('takes a word and nothing else, and then every member knows every other', async () => {
    const [a, b, c, d] = (await meshOf('host-a', 'host-b', 'host-c', 'host-d')) as [Host, Host, Host, Host]
    await eventually(() => {
      expect(names(a)).toEqual(['host-b', 'host-c', 'host-d'])
      expect(names(b)).toEqual(['host-a', 'host-c', 'host-d'])
      expect(names(c)).toEqual(['host-a', 'host-b', 'host-d'])
      expect(names(d)).toEqual(['host-a', 'host-b', 'host-c'])
    })
    expect(new Set([a, b, c, d].map(({ roster }) => roster.digest())).size).toBe(1)
  })

  test('survives the restart of everybody, without an invitation or a bootstrap address', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    const [address = ''] = a.mesh.self.addresses
    await eventually(() => expect(names(b)).toEqual(['host-a']))
    await b.stop()
    await a.stop()
    const again = await hosts.start('host-b')
    const back = await hosts.start('host-a', { listen: [address.replace(/\/p2p\/.*/, '')] })
    await eventually(() => expect(names(again)).toEqual(['host-a']))
    expect(names(back)).toEqual(['host-b'])
  })
})

describe('an invitation', () => {
  test('lets one host in, and no second one', async () => {
    const [a] = (await meshOf('host-a')) as [Host]
    const token = await invite(a)
    const open = await invite(a)
    await join(await hosts.start('host-b'), token)
    const late = await hosts.start('host-c')
    await expect(join(late, token)).rejects.toMatchObject(code('TOKEN_USED'))
    await join(late, open)
  })

  test('lets in no host that is called like a member, and is good for it under another name', async () => {
    const [a] = (await meshOf('host-a', 'debian')) as [Host, Host]
    const token = await invite(a)
    const clone = await hosts.start('debian', {}, 'clone')
    await expect(join(clone, token)).rejects.toMatchObject(code('NAME_TAKEN'))
    expect(clone.roster.meshId).toBeUndefined()
    await clone.stop()
    await join(await hosts.start('debian-2', {}, 'clone'), token)
    await eventually(() => expect(names(a)).toEqual(['debian', 'debian-2']))
  })

  test('is good for its time only', async () => {
    const [a] = (await meshOf('host-a')) as [Host]
    const short = await invite(a, 1000)
    await invite(a)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await expect(join(await hosts.start('host-b'), short)).rejects.toMatchObject(code('TOKEN_EXPIRED'))
  })

  test('made before somebody was expelled lets nobody in after it', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    const before = await invite(a)
    await a.admin.expel({ peer: b.mesh.self.peerId })
    const after = await invite(a)
    const c = await hosts.start('host-c')
    await expect(join(c, before)).rejects.toMatchObject(code('TOKEN_VOID'))
    await join(c, after)
  })

  test('with another secret tells nothing, not even that the mesh is there', async () => {
    const [a] = (await meshOf('host-a')) as [Host]
    const { addresses } = await a.admin.invite({ ttlMs: 60_000 })
    const { tokenWord } = await import('../../src/mesh/join/token.ts')
    const forged = tokenWord({
      mesh: new Uint8Array(32),
      issuer: a.mesh.self.peerId,
      secret: new Uint8Array(32),
      expiresMs: Date.now() + 60_000,
      addresses: [...addresses]
    })
    const b = await hosts.start('host-b')
    await expect(join(b, forged)).rejects.toMatchObject(code('JOIN_REFUSED'))
    expect(b.roster.meshId).toBeUndefined()
  })

  test('is good for a word that was copied whole only', async () => {
    const [a] = (await meshOf('host-a')) as [Host]
    const token = await invite(a)
    const b = await hosts.start('host-b')
    await expect(join(b, token.slice(0, -1))).rejects.toMatchObject(code('BAD_TOKEN'))
  })
})

describe('an expelled host', () => {
  test('is disconnected everywhere at once, and its requests fail', async () => {
    const [a, b, c] = (await meshOf('host-a', 'host-b', 'host-c')) as [Host, Host, Host]
    await eventually(() => expect(names(b)).toEqual(['host-a', 'host-c']))
    const lost: string[] = []
    a.mesh.onDisconnect((peer) => lost.push(peer))
    const { toldTo } = await c.admin.expel({ peer: 'host-b' })
    expect(toldTo).toContain(a.mesh.self.peerId)
    await eventually(() => {
      expect(names(a)).toEqual(['host-c'])
      expect(names(c)).toEqual(['host-a'])
      expect(names(b)).toEqual([])
    })
    expect(lost).toEqual([b.mesh.self.peerId])
    const ask = { migration: '0123456789abc', ask: {} }
    await expect(b.mesh.request(a.mesh.self.peerId, ask, longEnough())).rejects.toMatchObject({
      details: { code: expect.stringMatching(/PEER_UNREACHABLE|PEER_REFUSED/) as string }
    })
  })

  test('comes back neither with an invitation nor after a restart', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    await a.admin.expel({ peer: 'host-b' })
    await b.stop()
    const again = await hosts.start('host-b')
    await expect(join(again, await invite(a))).rejects.toMatchObject(code('ALREADY_MEMBER'))
    await again.roster.forget()
    await expect(join(again, await invite(a))).rejects.toMatchObject(code('EXPELLED'))
    expect(a.roster.isMember(again.mesh.self.peerId)).toBe(false)
  })

  test('takes those that it had admitted with it where that is asked for, but never the host that asks', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    const c = await hosts.start('host-c')
    await join(c, await invite(b))
    const ids = [a, b, c].map(({ mesh }) => mesh.self.peerId) as [string, string, string]
    await eventually(() => expect(a.roster.isMember(ids[2])).toBe(true))
    for (const undo of [true, false]) {
      await expect(c.admin.expel({ peer: ids[1], undo })).rejects.toMatchObject(code('BAD_REQUEST'))
    }
    expect(c.roster.isMember(ids[2])).toBe(true)
    expect(await a.admin.expel({ peer: ids[1], undo: true })).toMatchObject({ alsoOut: [ids[2]], admittedByIt: [] })
    expect([...a.roster.state.members.keys()]).toEqual([ids[0]])
  })

  test('takes the roles with it that it granted, also by a key that it replaced, and whoever expels it is told which', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    const [before, after, right] = [await operator(), await operator(), await operator()]
    await b.admin.grant({ operator: before, role: 'admin' })
    await b.admin.rotateKey()
    await b.admin.grant({ operator: after, role: 'admin' })
    await b.admin.grant({ operator: right, role: 'view' })
    await a.admin.grant({ operator: right, role: 'view' })
    await eventually(() => {
      for (const one of [before, after]) expect([...a.roster.rolesOf(one)]).toEqual(['admin'])
    })
    const { operators } = await a.admin.membership()
    expect(operators.find((one) => one.operator === before)?.grants).toMatchObject([
      { role: 'admin', grantedBy: b.mesh.self.peerId }
    ])
    const { endedRoles } = await a.admin.expel({ peer: 'host-b' })
    expect(endedRoles.map(({ operator, role }) => [operator, role])).toEqual([
      [before, 'admin'],
      [after, 'admin']
    ])
    for (const one of [before, after]) expect([...a.roster.rolesOf(one)]).toEqual([])
    expect([...a.roster.rolesOf(right)]).toEqual(['view'])
  })

  test('that leaves is told whether anybody heard of it', async () => {
    const [a, b, c] = (await meshOf('host-a', 'host-b', 'host-c')) as [Host, Host, Host]
    await eventually(() => expect(names(c)).toEqual(['host-a', 'host-b']))
    // One of two connections to a peer may end just then, so that it hears of it from the other member.
    expect((await c.admin.leave()).toldTo).not.toEqual([])
    await eventually(() => {
      for (const host of [a, b]) expect(names(host)).toHaveLength(1)
    })
    await b.stop()
    await eventually(() => expect(names(a)).toEqual([]))
    expect(await a.admin.leave()).toMatchObject({ toldTo: [] })
  })

  test('may join as somebody new after it left', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    await a.admin.expel({ peer: 'host-b' })
    const { formerPeerId, peerId } = await b.admin.leave()
    expect(peerId).not.toBe(formerPeerId)
    await join(b, await invite(a))
    await eventually(() => expect(names(a)).toEqual(['host-b']))
  })
})

describe('a member that is called otherwise than it was admitted', () => {
  async function hostOfAnotherName(): Promise<[Host, Host, Host]> {
    const [a, b, tmp] = (await meshOf('host-a', 'host-b', 'tmp')) as [Host, Host, Host]
    await eventually(() => expect(names(a)).toEqual(['host-b', 'tmp']))
    await b.stop()
    await tmp.stop()
    const again = await hosts.start('host-b', {}, 'tmp')
    await eventually(() => expect(a.mesh.peers().map(({ saysName }) => saysName)).toContain('host-b'))
    return [a, b, again]
  }

  test('is not taken for the one that has the name, by no command, and is shown with what is wrong', async () => {
    const [a, b, again] = await hostOfAnotherName()
    expect(a.mesh.peers().find(({ peerId }) => peerId === again.mesh.self.peerId)).toMatchObject({
      name: 'tmp',
      state: 'connected',
      problem: { code: 'NAME_TAKEN' }
    })
    expect(() => a.mesh.resolve('host-b')).toThrow(/More than one host is called host-b/)
    expect(a.mesh.resolve('tmp')).toBe(again.mesh.self.peerId)
    expect(a.mesh.resolve(b.mesh.self.peerId)).toBe(b.mesh.self.peerId)
    const routed = hostViews({ name: 'host-a', mesh: a.mesh, isMember: (id) => a.roster.isMember(id), now: Date.now })
    const called = (name: string) => hostCalled({ name: 'host-a' } as Reach, routed, name)
    expect(() => called('host-b')).toThrow(/More than one host is called host-b/)
    expect(called('tmp').peerId).toBe(again.mesh.self.peerId)
  })

  test('is not expelled in the place of the one that has the name', async () => {
    const [a, b, again] = await hostOfAnotherName()
    expect(await a.admin.expel({ peer: 'host-b' })).toMatchObject({ peerId: b.mesh.self.peerId, name: 'host-b' })
    expect(a.roster.isMember(again.mesh.self.peerId)).toBe(true)
    await expect(a.admin.expel({ peer: 'host-b' })).rejects.toMatchObject({
      problem: { code: 'UNKNOWN_PEER', remedy: expect.stringContaining('tmp') as string }
    })
    expect(() => a.mesh.resolve('host-b')).toThrow(/No host was admitted to the mesh as host-b/)
  })
})

describe('an operator', () => {
  test('is answered by the protocol of commands, and by none of ferry or libp2p besides', async () => {
    const key = await generateKeyPair('Ed25519')
    const id = peerIdFromPrivateKey(key).toString()
    const a = await hosts.start('host-a', {
      onCommand: async function* () {
        yield await Promise.resolve({ end: {} })
      }
    })
    await a.admin.init({ meshName: 'test' })
    await a.admin.grant({ operator: id, role: 'admin' })
    const node = await createNode({
      privateKey: key,
      listen: [],
      announce: [],
      isMember: () => true,
      onStranger: () => {}
    })
    try {
      await node.start()
      const connection = await node.dial(multiaddr(a.mesh.self.addresses[0] ?? ''), { signal: longEnough() })
      await connection.newStream('/ferry/command/1.0.0', { signal: longEnough() })
      for (const protocol of ['/ipfs/id/1.0.0', '/libp2p/circuit/relay/0.2.0/hop', '/ferry/hello/1.0.0']) {
        await eventually(() => expect(connection.status).toBe('open'))
        const told = (async () => {
          const stream = await connection.newStream(protocol, { signal: longEnough() })
          return readMessage(stream, 64 * 1024, longEnough())
        })()
        await expect(told, protocol).rejects.toThrow()
      }
    } finally {
      await node.stop()
    }
  })
})

describe('a new key', () => {
  test('takes the place of the old one everywhere, and the old one is worth nothing', async () => {
    const [a, b, c] = (await meshOf('host-a', 'host-b', 'host-c')) as [Host, Host, Host]
    await eventually(() => expect(names(b)).toEqual(['host-a', 'host-c']))
    const { formerPeerId, peerId } = await b.admin.rotateKey()
    expect(b.mesh.self.peerId).toBe(peerId)
    await eventually(() => {
      for (const host of [a, c]) {
        expect(host.roster.isMember(peerId)).toBe(true)
        expect(host.roster.isMember(formerPeerId)).toBe(false)
        expect(host.roster.present(formerPeerId)).toBe(peerId)
        expect(names(host)).toContain('host-b')
        expect(host.mesh.resolve('host-b')).toBe(peerId)
      }
    })
  })

  test('is found where the configuration of a member names the old one', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    await eventually(() => expect(names(a)).toEqual(['host-b']))
    const { formerPeerId, peerId } = await b.admin.rotateKey()
    await eventually(() => expect(a.roster.isMember(peerId)).toBe(true))
    const bootstrap = b.mesh.self.addresses.map((address) => address.replace(peerId, formerPeerId))
    expect(bootstrap[0]).toContain(formerPeerId)
    await a.stop()
    // What it has heard of addresses is gone: only the configuration leads there.
    await rm(`${a.folder}/addresses.json`)
    const again = await hosts.start('host-a', { bootstrap })
    await eventually(() => expect(names(again)).toEqual(['host-b']))
    expect(again.mesh.peers().map((peer) => peer.peerId)).toEqual([peerId])
  })

  test('makes open invitations void, and says how many', async () => {
    const [a] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    const token = await invite(a)
    await invite(a)
    await eventually(() => expect(names(a)).toEqual(['host-b']))
    expect(await a.admin.rotateKey()).toMatchObject({ invitationsVoid: 2 })
    await expect(join(await hosts.start('host-c'), token)).rejects.toMatchObject(code('JOIN_REFUSED'))
  })

  test('is refused while migrations are under way', async () => {
    const [, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    const before = b.mesh.self.peerId
    b.underWay.push('0123456789abc')
    await expect(b.admin.rotateKey()).rejects.toMatchObject(code('MIGRATIONS_UNDER_WAY'))
    expect(b.mesh.self.peerId).toBe(before)
  })

  test('that an offer came in the way of is taken when asked for again', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    await eventually(() => expect(names(b)).toEqual(['host-a']))
    const before = b.mesh.self.peerId
    const end = b.roster.onChange(() => b.underWay.push('0123456789abc'))
    await expect(b.admin.rotateKey()).rejects.toMatchObject(code('MIGRATIONS_UNDER_WAY'))
    end()
    b.underWay.length = 0
    const { formerPeerId, peerId } = await b.admin.rotateKey()
    expect(formerPeerId).toBe(before)
    expect(peerId).not.toBe(before)
    await eventually(() => {
      expect(names(a)).toEqual(['host-b'])
      expect(a.mesh.resolve('host-b')).toBe(peerId)
    })
    expect((await b.admin.membership()).member).toBe(true)
  })

  test('that nobody could be told of is taken by itself once somebody can', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    await eventually(() => expect(names(b)).toEqual(['host-a']))
    const before = b.mesh.self.peerId
    vi.spyOn(b.mesh, 'spread').mockResolvedValueOnce([])
    await expect(b.admin.rotateKey()).rejects.toMatchObject(code('NO_MEMBER_REACHED'))
    await eventually(() => expect(b.mesh.self.peerId).not.toBe(before))
    await eventually(() => expect(names(a)).toEqual(['host-b']))
    await eventually(() => expect(a.roster.isMember(b.mesh.self.peerId)).toBe(true))
    await invite(b)
  })

  test('is finished after a restart when the daemon was killed before it was used', async () => {
    const [a, b] = (await meshOf('host-a', 'host-b')) as [Host, Host]
    await eventually(() => expect(names(b)).toEqual(['host-a']))
    const { loadOrCreateKey, nextKeyFile } = await import('../../src/mesh/key-file.ts')
    const keyFile = `${hosts.folder}/host-b/key`
    await b.stop()
    const { Roster } = await import('../../src/mesh/roster/roster.ts')
    const pino = (await import('pino')).default
    const roster = await Roster.open({ folder: b.folder, log: pino({ level: 'silent' }), now: () => Date.now() })
    const next = await loadOrCreateKey(nextKeyFile(keyFile))
    await roster.rotate(await loadOrCreateKey(keyFile), next)
    const again = await hosts.start('host-b')
    // The old key is still in use until a member has heard of the new one.
    await eventually(() => expect(again.mesh.self.peerId).not.toBe(b.mesh.self.peerId))
    await eventually(() => expect(names(a)).toEqual(['host-b']))
    await eventually(() => expect(a.roster.isMember(again.mesh.self.peerId)).toBe(true))
    expect(again.mesh.self.peerId).not.toBe(b.mesh.self.peerId)
  })
})
