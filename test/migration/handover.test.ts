// The hand-over as the segment sees it: no frame lost, one host at a time, nobody who may not run ever speaks.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MigrationView } from '../../protocols/operator/views.ts'
import { keepAsking } from './asking.ts'
import { createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter, type CounterOptions } from './containers.ts'
import { EagerClient } from './eager.ts'
import { letGo, movingHeld } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { addressHex, placesOf, SegmentWatch, type SeenFrame } from './segment-watch.ts'

const ipv6 = 'fd77::140'
const web = { engine: 'runc', name: 'web', address: '10.77.0.140', mac: '00:16:3e:00:00:40' } as const
let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  // A daemon that a test holds still must not be taken for one that is gone, nor its container for one that stood still too long.
  cluster = await createCluster({
    name: 'handover',
    config: { limits: { peerTimeoutMs: 180_000, downtimeMs: 120_000 } }
  })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, web)
  await a.host.exec(['nsenter', '--net=/run/netns/web', 'ip', 'addr', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad'])
  // A request that is lost is asked again after 10 s, never by chance before a test has looked.
  const route = ['10.77.0.0/24', 'dev', 'eth0', 'proto', 'kernel', 'scope', 'link', 'src', cluster.lab.client.address]
  await cluster.lab.client.exec(['ip', 'route', 'change', ...route, 'rto_min', '10s'])
  await cluster.lab.client.exec(['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/tcp_early_retrans'])
})
afterAll(async () => {
  await cluster.down()
})

async function move(from: FerryHost, name: string, to: FerryHost): Promise<MigrationView> {
  return from.json<MigrationView>('move', name, '--to', to.name)
}

async function restart(
  host: FerryHost,
  config: Record<string, unknown>,
  env: Record<string, string> = {}
): Promise<void> {
  await host.stop()
  const old = JSON.parse((await host.host.readFile('/etc/ferry/ferry.json')).toString()) as Record<string, unknown>
  await host.configure({ ...old, ...config })
  await host.start(env)
  await cluster.connected()
}

function watched(container: { mac: string; address: string }, ...more: string[]): Promise<SegmentWatch> {
  return SegmentWatch.start(cluster.lab, ['a', 'b'], { mac: container.mac, addresses: [container.address, ...more] })
}

/** Pids with the moment each began, in clock ticks: a restored process of the same pid began later. */
async function processes(host: FerryHost, comm: string): Promise<string[]> {
  const pids = await host.host.pids(comm)
  const stats = await Promise.all(
    pids.map(async (pid) => (await host.host.readFile(`/proc/${String(pid)}/stat`)).toString())
  )
  return stats.map((stat) => `${stat.split(' ')[0] ?? ''} ${stat.split(') ')[1]?.split(' ')[19] ?? ''}`)
}

describe('what is sent to a frozen container is kept', () => {
  let client: EagerClient
  beforeEach(async () => {
    client = await EagerClient.connect(cluster.lab.client, web.address)
  })
  afterEach(async () => {
    await client.end()
  })

  /** All that was sent is answered, and nothing was sent twice for it. */
  async function nothingSentTwice(): Promise<void> {
    const { outOfOrder } = await client.settled()
    expect(outOfOrder).toBe(0)
    const { stdout } = await cluster.lab.client.exec(['ss', '-tinHO', 'dst', web.address])
    const sockets = stdout.split('\n').filter((line) => line.startsWith('ESTAB'))
    expect(sockets.length).toBeGreaterThan(1)
    for (const socket of sockets) expect(socket).not.toMatch(/retrans:|lost:/)
  }

  test('and answered at the target, which knows its neighbour without having asked', async () => {
    const watch = await watched(web)
    const since = watch.mark()
    const view = await move(a, 'web', b)
    expect(view.problem).toBeUndefined()
    expect(view.framesHeld).toBeGreaterThanOrEqual(1)
    await nothingSentTwice()

    const { stdout } = await b.host.exec([
      'nsenter',
      '--net=/run/netns/web',
      'ip',
      'neigh',
      'show',
      cluster.lab.client.address
    ])
    expect(stdout).toMatch(/lladdr 02:00:00:00:01:c8/)
    await watch.stop()
    const atTarget = since().filter(({ from }) => from === 'b')
    const firstAnswer = atTarget.findIndex(({ kind }) => kind === 'tcp')
    expect(firstAnswer).toBeGreaterThanOrEqual(0)
    const asked = atTarget.slice(0, firstAnswer).filter(({ kind, unasked }) => kind === 'arp-request' && !unasked)
    expect(asked).toEqual([])
    expect((await move(b, 'web', a)).outcome).toBe('moved')
  })

  test('and answered at the source when the move is rolled back', async () => {
    await restart(b, {}, { CRIU_FAULT: '6' })
    const view = await move(a, 'web', b)
    await restart(b, {})
    expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CRIU_RESTORE_FAILED' } })
    expect(view.framesHeld).toBeGreaterThanOrEqual(1)
    await nothingSentTwice()
  })
})

test('from A to B and back, never do two hosts answer for the container', async () => {
  const watch = await watched(web, ipv6)
  const client = await EagerClient.connect(cluster.lab.client, web.address)
  const { stdout } = await cluster.lab.client.exec(['cat', '/sys/class/net/eth0/address'])
  const asker = { mac: stdout.trim(), ipv4: cluster.lab.client.address, ipv6: 'fd77::200' }
  const asking = await keepAsking(cluster.lab.client, asker, { ipv4: web.address, ipv6 })
  expect((await client.settled()).outOfOrder).toBe(0)

  const there = watch.mark()
  expect((await move(a, 'web', b)).outcome).toBe('moved')
  expect((await client.settled()).outOfOrder).toBe(0)
  await announced(there, 'b')
  const back = watch.mark()
  expect((await move(b, 'web', a)).outcome).toBe('moved')
  expect((await client.settled()).outOfOrder).toBe(0)
  await announced(back, 'a')

  await asking.kill('SIGTERM')
  expect((await client.settled()).outOfOrder).toBe(0)
  // Before the client ends: it resets what comes in after that.
  const frames = await watch.stop()
  await client.end()
  expect(placesOf(frames)).toEqual(['a', 'b', 'a'])
  for (const kind of ['arp-reply', 'neighbour-advertisement', 'tcp']) {
    expect(placesOf(frames.filter((frame) => frame.kind === kind)), kind).toEqual(['a', 'b', 'a'])
  }
  expect(frames.filter(({ rst }) => rst)).toEqual([])
})

/** A target announces beside all else, and the watcher reads what the segment saw in its own time. */
async function announced(frames: () => readonly SeenFrame[], host: string): Promise<void> {
  const wanted = [`arp ${addressHex(web.address)}`, `nd ${addressHex(ipv6)}`]
  for (let tries = 0; tries < 300; tries++) {
    const seen = announcements(frames(), host)
    if (wanted.every((one) => seen.includes(one))) return
    await sleep(100)
  }
  expect(announcements(frames(), host)).toEqual(expect.arrayContaining(wanted))
}

function announcements(frames: readonly SeenFrame[], host: string): string[] {
  return frames
    .filter(({ from, unasked }) => from === host && unasked)
    .map(({ kind, about }) => `${kind === 'neighbour-advertisement' ? 'nd' : 'arp'} ${about}`)
}

test('a restored tree that is not seen frozen is killed before it gets a port', async () => {
  const before = await processes(a, 'counter')
  const client = await EagerClient.connect(cluster.lab.client, web.address)
  const watch = await watched(web, ipv6)
  const thawing = await b.host.spawn([
    'sh',
    '-c',
    'while :; do echo 0 > /sys/fs/cgroup/web/cgroup.freeze; done 2>/dev/null'
  ])
  const moving = await movingHeld(a, 'web', b)
  // On a busy machine the loop could come too late for a source that goes on at once.
  while (!b.log.some((line) => line.includes(moving.id) && /"state":"discard|something thawed/.test(line)))
    await sleep(50)
  await letGo(a.host)
  const { view } = await moving.end()
  await thawing.kill('SIGKILL')
  expect(view.outcome).toBe('rolled-back')
  expect(view.problem?.code).toMatch(/^(NOT_FROZEN|NOT_CONTINUED|FREEZE_TIMEOUT|THAWED_BEHIND)$/)
  expect((await client.settled()).outOfOrder).toBe(0)
  const frames = await watch.stop()
  expect(placesOf(frames)).toEqual(['a'])
  expect(frames.filter(({ rst }) => rst)).toEqual([])
  await client.end()
  expect(await processes(a, 'counter')).toEqual(before)
  expect(await b.host.pids('counter')).toEqual([])
  expect(await leftovers(b.host, 'web')).toEqual([])
})

describe('a container that catches SIGCONT', () => {
  const deaf = {
    engine: 'runc',
    program: 'sigcont',
    name: 'deaf',
    address: '10.77.0.141',
    mac: '00:16:3e:00:00:41'
  } as const
  const continued = async () => {
    const ask = `exec 3<>/dev/tcp/${deaf.address}/8000; cat <&3`
    return Number((await cluster.lab.client.exec(['bash', '-c', ask])).stdout)
  }

  test('sees none when it is moved', async () => {
    await startCounter(a.host, deaf)
    expect(await continued()).toBe(0)
    expect(await move(a, 'deaf', b)).toMatchObject({ outcome: 'moved' })
    expect(await b.host.pids('sigcont')).toHaveLength(1)
    expect(await continued()).toBe(0)
  })

  test('is moved to a host with freeze: strict too, and may have seen one there', async () => {
    await restart(a, { freeze: 'strict' })
    expect(await move(b, 'deaf', a)).toMatchObject({ outcome: 'moved' })
    expect(await a.host.pids('sigcont')).toHaveLength(1)
    expect(await continued()).toBeLessThanOrEqual(1)
    await restart(a, { freeze: 'auto' })
  })
})

describe('a rollback after a complete dump', () => {
  beforeAll(async () => {
    // Fault point 6, FI_POST_RESTORE.
    await restart(b, {}, { CRIU_FAULT: '6' })
  })

  test.each<CounterOptions>([
    { engine: 'runc', name: 'back-runc', address: '10.77.0.142', mac: '00:16:3e:00:00:42' },
    { engine: 'crun', name: 'back-crun', address: '10.77.0.143', mac: '00:16:3e:00:00:43' },
    { engine: 'lxc', name: 'back-lxc', address: '10.77.0.144', mac: '00:16:3e:00:00:44' }
  ])('lets the same processes of a $engine container run on', async (container) => {
    await startCounter(a.host, container)
    const client = await EagerClient.connect(cluster.lab.client, container.address)
    const before = await processes(a, 'counter')
    const view = await move(a, container.name, b)
    expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CRIU_RESTORE_FAILED', host: 'b' } })
    expect((await client.settled()).outOfOrder).toBe(0)
    await client.end()
    expect(await processes(a, 'counter')).toEqual(before)
    expect(await b.host.pids('counter')).toEqual([])
    expect(await leftovers(b.host, container.name)).toEqual([])
  })
})
