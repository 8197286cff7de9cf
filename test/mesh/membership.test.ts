// Four hosts in two subnets become a mesh by three words, and nobody else does.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { BULK_PROTOCOLS } from '../../protocols/bulk/index.ts'
import { COMMAND_PROTOCOL } from '../../protocols/command/index.ts'
import { HELLO_PROTOCOL } from '../../protocols/hello/index.ts'
import { JOIN_PROTOCOL, RECORDS_PROTOCOL } from '../../protocols/membership/index.ts'
import { MIGRATION_PROTOCOL } from '../../protocols/migration/index.ts'
import type {
  ExpulsionView,
  InvitationView,
  KeyView,
  MembershipView,
  PeerView,
  Problem
} from '../../protocols/operator/views.ts'
import { createLab } from '../lab/index.ts'
import type { Lab } from '../lab/lab.ts'
import { FerryHost } from '../migration/cluster.ts'

let lab: Lab
const hosts: FerryHost[] = []
const host = (name: string): FerryHost => {
  const found = hosts.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no host ${name}`)
  return found
}

beforeAll(async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  lab = await createLab({ name: 'members', hosts: names, kind: 'ns', secondSubnet: ['c', 'd'] })
  hosts.push(...names.map((name) => new FerryHost(lab.host(name))))
  for (const one of hosts) {
    await one.configure({ limits: { peerTimeoutMs: 6000 } })
    await one.identify()
    await one.start()
  }
})
afterAll(() => lab.down())

const eventually = (claim: () => Promise<void>): Promise<void> => vi.waitFor(claim, { timeout: 60_000, interval: 500 })
const membership = (name: string): Promise<MembershipView> => host(name).json<MembershipView>('members')
const memberNames = async (name: string): Promise<string[]> => (await membership(name)).members.map((m) => m.name)
const invite = async (name: string, ttl = '10m'): Promise<string> =>
  (await host(name).json<InvitationView>('invite', '--ttl', ttl)).token
const join = (name: string, token: string): Promise<MembershipView> => host(name).json<MembershipView>('join', token)

/** The code of the problem with which a command fails. */
async function failure(name: string, ...args: string[]): Promise<string> {
  const { exitCode, stderr } = await host(name).ferry(...args, '--json')
  expect(exitCode).not.toBe(0)
  return (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { problem: Problem }).problem.code
}

/** As a host that was never in a mesh. */
async function wiped(name: string): Promise<void> {
  await host(name).stop()
  await host(name).host.exec(['rm', '-rf', '/var/lib/ferry/mesh', '/var/lib/ferry/key'])
  await host(name).identify()
  await host(name).start()
}

/** Every one of these sees exactly these as its own and connected. */
async function agree(names: readonly string[]): Promise<void> {
  await eventually(async () => {
    for (const name of names) {
      const peers = await host(name).json<PeerView[]>('peers')
      expect(peers.map((peer) => `${peer.name} ${peer.state}`).sort()).toEqual(
        names.map((other) => `${other} ${other === name ? 'self' : 'connected'}`).sort()
      )
    }
  })
}

describe('a mesh', () => {
  test('is made by one init and three words, across the router', async () => {
    await host('a').json('init', '--name', 'lab')
    // b and c are invited by the founder, d by one who was invited itself.
    for (const [by, name] of [
      ['a', 'b'],
      ['a', 'c'],
      ['c', 'd']
    ] as const) {
      const joined = await join(name, await invite(by))
      expect(joined.meshName).toBe('lab')
    }
    await agree(['a', 'b', 'c', 'd'])
    const views = await Promise.all(['a', 'b', 'c', 'd'].map((name) => host(name).json<PeerView[]>('peers')))
    for (const peers of views) {
      expect(peers.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'd'])
    }
    // Connected is also who has answered whether it is there, and says what it has a little later.
    await eventually(async () => {
      for (const name of ['a', 'b', 'c', 'd']) {
        const peers = await host(name).json<PeerView[]>('peers')
        for (const peer of peers) expect(peer.engines).toHaveProperty('runc')
        for (const peer of peers.filter(({ state }) => state !== 'self')) expect(peer.ageMs).toBeGreaterThanOrEqual(0)
      }
    })
    // What each says of itself is what all others know of it.
    await eventually(async () => {
      const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => host(name).json<PeerView[]>('peers')))
      for (const name of ['a', 'b', 'c', 'd']) {
        const [said, ...heard] = all.map((peers) => peers.find((peer) => peer.name === name)?.capabilities)
        expect(said).toMatchObject({ cgroup: 'v2', criuFeatures: expect.arrayContaining(['page-server']) as unknown })
        expect(said?.cpu.flags.length).toBeGreaterThan(0)
        for (const one of heard) expect(one).toEqual(said)
      }
    })
    expect((await host('a').ferry('peers', 'd')).stdout).toMatch(/criu features +page-server/)
    expect((await host('a').ferry('peers', 'nobody')).exitCode).toBe(2)
  })

  test('is there again after all of its hosts were restarted at once', async () => {
    const four = ['a', 'b', 'c', 'd'].map(host)
    await Promise.all(four.map((one) => one.stop('SIGKILL')))
    await Promise.all(four.map((one) => one.start()))
    await agree(['a', 'b', 'c', 'd'])
  })
})

describe('somebody without an invitation', () => {
  const protocols = [
    HELLO_PROTOCOL,
    MIGRATION_PROTOCOL,
    RECORDS_PROTOCOL,
    JOIN_PROTOCOL,
    '/ferry/gossip/1.0.0',
    COMMAND_PROTOCOL,
    ...Object.values(BULK_PROTOCOLS),
    '/ipfs/id/1.0.0',
    '/ipfs/ping/1.0.0'
  ]

  async function strangerAt(port: number): Promise<{ outcomes: Record<string, string>; learnt: string[] }> {
    const { stdout } = await lab
      .host('e')
      .exec(
        [
          '/opt/ferry/node_modules/node/bin/node',
          '/opt/ferry/test/mesh/stranger.ts',
          `/ip4/${host('a').host.address}/tcp/${String(port)}/p2p/${host('a').peerId}`,
          ...protocols
        ],
        { timeoutMs: 120_000 }
      )
    return JSON.parse(stdout.trim()) as { outcomes: Record<string, string>; learnt: string[] }
  }

  test('can open no protocol of a member and learns nothing', async () => {
    const { outcomes, learnt } = await strangerAt(4860)
    for (const protocol of protocols) expect(`${protocol} ${outcomes[protocol] ?? ''}`).toMatch(/ (refused|closed)/)
    expect(learnt).toEqual([])
  })

  test('finds nobody at the door while no invitation is open, and may only knock while one is', async () => {
    // Looked at from inside: whoever knocks for long enough is refused for a minute, whether the door is open or not.
    await eventually(async () => {
      expect((await host('a').host.exec(['ss', '-Hltn', 'sport = :4861'])).stdout).toBe('')
    })
    const closed = await strangerAt(4861)
    expect(Object.values(closed.outcomes)).toEqual(protocols.map(() => expect.stringMatching(/^refused/) as string))
    await invite('a', '60s')
    const { outcomes, learnt } = await strangerAt(4861)
    for (const protocol of protocols) {
      // The knock that proves nothing is cut off without a word.
      expect(`${protocol} ${outcomes[protocol] ?? ''}`).toMatch(/ (refused|closed)/)
    }
    expect(learnt).toEqual([])
    expect(await memberNames('a')).toEqual(['a', 'b', 'c', 'd'])
  })

  test('is refused with a word that was used, and with one whose time is over', async () => {
    const used = await invite('b')
    const short = await invite('b', '1s')
    // Somebody else is invited, so that the door is open however long e takes to come back.
    await invite('b')
    await join('e', used)
    await wiped('e')
    expect(await failure('e', 'join', used)).toBe('TOKEN_USED')
    await sleep(1500)
    expect(await failure('e', 'join', short)).toBe('TOKEN_EXPIRED')
  })

  test('is refused with a word that was made before somebody was expelled', async () => {
    const old = await invite('b')
    const { toldTo } = await host('a').json<ExpulsionView>('expel', 'e')
    expect(toldTo.length).toBeGreaterThan(0)
    // It may be another one that was told at once.
    await eventually(async () => {
      expect(await memberNames('b')).toEqual(['a', 'b', 'c', 'd'])
    })
    await invite('b')
    expect(await failure('e', 'join', old)).toBe('TOKEN_VOID')
  })
})

describe('an expelled host', () => {
  test('is cut off everywhere and does not come back by an old word, an old record or a restart', async () => {
    await join('e', await invite('d'))
    await agree(['a', 'b', 'c', 'd', 'e'])
    const old = await invite('d')
    const { toldTo } = await host('c').json<ExpulsionView>('expel', 'e')
    expect(toldTo.length).toBeGreaterThan(0)
    await agree(['a', 'b', 'c', 'd'])
    await host('e').stop()
    await host('e').start()
    // Long enough for it to dial everybody again, with the records that made it a member.
    await sleep(5000)
    for (const name of ['a', 'b', 'c', 'd']) expect(await memberNames(name)).toEqual(['a', 'b', 'c', 'd'])
    const peers = await host('e').json<PeerView[]>('peers')
    expect(peers.filter(({ state }) => state === 'connected')).toEqual([])
    expect(await failure('e', 'join', old)).toBe('ALREADY_MEMBER')
    // The same key without the mesh's files.
    await host('e').stop()
    await host('e').host.exec(['rm', '-r', '/var/lib/ferry/mesh'])
    await host('e').start()
    const fresh = await invite('d')
    expect(await failure('e', 'join', old)).toBe('TOKEN_VOID')
    expect(await failure('e', 'join', fresh)).toBe('EXPELLED')
    await agree(['a', 'b', 'c', 'd'])
  })
})

describe('a partition', () => {
  test('lets both sides go on, and afterwards all agree: who was expelled on either side is out', async () => {
    await wiped('e')
    await lab.route(false)
    await eventually(async () => {
      const states = (await host('a').json<PeerView[]>('peers')).map(({ name, state }) => `${name} ${state}`)
      expect(states).toContain('c unreachable')
      expect(states).toContain('d unreachable')
    })
    // e joins on the one side, d is expelled on the other.
    await join('e', await invite('a'))
    await host('c').json<ExpulsionView>('expel', 'd')
    expect(await memberNames('a')).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await memberNames('c')).toEqual(['a', 'b', 'c'])
    await lab.route(true)
    await agree(['a', 'b', 'c', 'e'])
    for (const name of ['a', 'b', 'c', 'e']) expect(await memberNames(name)).toEqual(['a', 'b', 'c', 'e'])
  })
})

describe('a member', () => {
  test('whose address changed is found again', async () => {
    const { host: machine } = host('b')
    await machine.exec(['ip', 'address', 'del', `${machine.address}/24`, 'dev', 'br0'])
    await machine.exec(['ip', 'address', 'add', '10.77.0.77/24', 'dev', 'br0'])
    await machine.exec(['ip', 'route', 'replace', 'default', 'via', '10.77.0.1'])
    await eventually(async () => {
      const lost = (await membership('b')).members.filter(({ state }) => state === 'unreachable')
      const found = await Promise.all(
        ['a', 'c', 'e'].map(async (name) => {
          const peer = (await host(name).json<PeerView[]>('peers')).find((one) => one.name === 'b')
          return peer?.state === 'connected' && peer.addresses.some((address) => address.includes('10.77.0.77'))
        })
      )
      expect([lost, found]).toEqual([[], [true, true, true]])
    })
    await agree(['a', 'b', 'c', 'e'])
  })

  test('that takes a new key is the same host to all, under its new id', async () => {
    const { formerPeerId, peerId } = await host('e').json<KeyView>('key', 'rotate')
    await agree(['a', 'b', 'c', 'e'])
    for (const name of ['a', 'b', 'c', 'e']) {
      const { members, expelled } = await membership(name)
      expect(members.find((member) => member.name === 'e')?.peerId).toBe(peerId)
      expect(expelled).toContain(formerPeerId)
    }
  })
})
