// Members find each other where nobody told them an address, and where none can be dialled.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type {
  ContainerView,
  Gathered,
  InvitationView,
  MembershipView,
  PeerView
} from '../../protocols/operator/views.ts'
import { createLab } from '../lab/index.ts'
import type { Lab, LabOptions } from '../lab/lab.ts'
import { FerryHost } from '../migration/cluster.ts'
import { startCounter } from '../migration/containers.ts'
import { Moving } from '../migration/moving.ts'

const HOP = '/libp2p/circuit/relay/0.2.0/hop'
const eventually = (claim: () => Promise<void>): Promise<void> => vi.waitFor(claim, { timeout: 60_000, interval: 500 })

/** The first one begins the mesh, the others join at it; there is no bootstrap address. */
async function meshOf(lab: Lab, names: readonly string[]): Promise<FerryHost[]> {
  const hosts = names.map((name) => new FerryHost(lab.host(name)))
  const [first, ...others] = hosts
  if (first === undefined) throw new Error('a mesh has a host')
  for (const host of hosts) {
    await host.configure({ limits: { peerTimeoutMs: 6000 } })
    await host.identify()
    await host.start()
  }
  await first.json('init', '--name', 'lab')
  for (const host of others) {
    const { token } = await first.json<InvitationView>('invite', '--ttl', '10m')
    await host.json<MembershipView>('join', token)
  }
  await agree(hosts)
  return hosts
}

/** Every one of these sees exactly these as its own and connected. */
async function agree(hosts: readonly FerryHost[]): Promise<void> {
  await eventually(async () => {
    for (const { name, json } of hosts.map((host) => ({ name: host.name, json: host.json.bind(host) }))) {
      const peers = await json<PeerView[]>('peers')
      expect(peers.map((peer) => `${peer.name} ${peer.state}`).sort()).toEqual(
        hosts.map((other) => `${other.name} ${other.name === name ? 'self' : 'connected'}`).sort()
      )
    }
  })
}

async function peer(on: FerryHost, name: string): Promise<PeerView | undefined> {
  return (await on.json<PeerView[]>('peers')).find((one) => one.name === name)
}

describe('on one segment, without a route out', () => {
  let lab: Lab
  let a: FerryHost
  let b: FerryHost

  beforeAll(async () => {
    lab = await createLab({ name: 'segment', hosts: ['a', 'b'], kind: 'ns' } satisfies LabOptions)
    ;[a, b] = (await meshOf(lab, ['a', 'b'])) as [FerryHost, FerryHost]
  })
  afterAll(() => lab.down())

  /** Its bridge goes, and comes again with another address. */
  async function readdress({ host }: FerryHost, address: string): Promise<void> {
    const { stdout } = await host.exec(['cat', '/sys/class/net/br0/address'])
    const commands = [
      'link delete br0',
      `link add br0 address ${stdout.trim()} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
      'link set eth0 master br0',
      'link set br0 up',
      `address add ${address}/24 dev br0`
    ]
    await host.exec(['ip', '-batch', '-'], { input: commands.join('\n') + '\n' })
  }

  test('members find each other when all addresses change at once, while garbage comes by', async () => {
    // Shares the port, as avahi does.
    const noise = await b.host.spawn([
      'python3',
      '-c',
      `import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
while True:
    try: s.sendto(os.urandom(400), ("224.0.0.251", 5353))
    except OSError: pass
    time.sleep(0.05)`
    ])
    await Promise.all([readdress(a, '10.77.0.71'), readdress(b, '10.77.0.72')])
    await eventually(async () => {
      expect((await peer(a, 'b'))?.addresses.join()).toContain('10.77.0.72')
      expect((await peer(b, 'a'))?.addresses.join()).toContain('10.77.0.71')
    })
    await agree([a, b])
    await noise.kill('SIGKILL')
  })

  test('members find each other when they have forgotten all addresses', async () => {
    await Promise.all([a.stop(), b.stop()])
    for (const { host } of [a, b]) await host.exec(['rm', '/var/lib/ferry/mesh/addresses.json'])
    await Promise.all([a.start(), b.start()])
    await agree([a, b])
  })
})

describe('two members behind NAT, and one that both reach', () => {
  let lab: Lab
  let r: FerryHost
  let a: FerryHost
  let b: FerryHost

  beforeAll(async () => {
    const hosts = ['r', 'a', 'b', 'e']
    lab = await createLab({ name: 'nat', hosts, kind: 'ns', behindNat: ['a', 'b'] } satisfies LabOptions)
    ;[r, a, b] = (await meshOf(lab, ['r', 'a', 'b'])) as [FerryHost, FerryHost, FerryHost]
  })
  afterAll(() => lab.down())

  test('are connected with each other, through that one', async () => {
    const ways = [...((await peer(a, 'b'))?.addresses ?? []), ...((await peer(b, 'a'))?.addresses ?? [])]
    expect(ways).toHaveLength(2)
    for (const way of ways) expect(way).toContain(`/ip4/${r.host.address}/tcp/4860/p2p/${r.peerId}/p2p-circuit`)
  })

  test('move a container from one to the other by a command of either', async () => {
    await startCounter(b.host, {
      engine: 'runc',
      name: 'web',
      address: '192.168.2.150',
      mac: '00:16:3e:00:00:51',
      memoryMiB: 16
    })
    await eventually(async () => {
      const { found } = await a.json<Gathered<ContainerView>>('ls', '--all')
      expect(found.map(({ name, host }) => `${host ?? ''}/${name}`)).toEqual(['b/web'])
    })
    const { view } = await (await Moving.start(a, 'web', 'a')).end()
    expect(view).toMatchObject({ outcome: 'moved', source: 'b', target: 'a' })
    expect(await b.host.pids('counter')).toEqual([])
    expect(await a.host.pids('counter')).toHaveLength(1)
  })

  test('come together again after the relay was gone', async () => {
    await r.stop('SIGKILL')
    await eventually(async () => {
      expect((await peer(a, 'b'))?.state).toBe('unreachable')
    })
    await r.start()
    await agree([r, a, b])
  })

  test('share no relay with somebody who is no member', async () => {
    const { stdout } = await lab
      .host('e')
      .exec(
        [
          '/opt/ferry/node_modules/node/bin/node',
          '/opt/ferry/test/mesh/stranger.ts',
          `/ip4/${r.host.address}/tcp/4860/p2p/${r.peerId}`,
          HOP
        ],
        { timeoutMs: 60_000 }
      )
    const { outcomes, learnt } = JSON.parse(stdout.trim()) as { outcomes: Record<string, string>; learnt: string[] }
    expect(outcomes[HOP]).toMatch(/^(refused|closed)/)
    expect(learnt).toEqual([])
  })
})
