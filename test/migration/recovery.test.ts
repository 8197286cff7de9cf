// Both daemons die while the container is frozen; what their journals say decides, and the client never knows.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { buryDaemon, holdDaemon, movingHeld } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

const address = '10.77.0.140'
let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  // Slow enough that the container stands frozen while the test does its work.
  cluster = await createCluster({
    name: 'recover',
    config: { rateBps: 16_000_000, limits: { peerTimeoutMs: 60_000 } }
  })
  a = cluster.host('a')
  b = cluster.host('b')
  const mac = '00:16:3e:00:00:40'
  await startCounter(a.host, { engine: 'runc', name: 'web', address, mac, memoryMiB: 48 })
})
afterAll(async () => {
  await cluster.down()
})

async function killBoth(): Promise<void> {
  await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')])
  await Promise.all([a, b].map(({ host }) => buryDaemon(host)))
}

async function restartBoth(): Promise<void> {
  await Promise.all([a.start(), b.start()])
  await cluster.connected()
}

/** The last migration's view on a host, once it has an outcome there. */
async function ended(host: FerryHost, id: string): Promise<MigrationView> {
  for (let tries = 0; tries < 100; tries++) {
    const view = (await host.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (view?.outcome !== undefined) return view
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`migration ${id} does not end on ${host.name}`)
}

async function seenBy(client: Client): Promise<void> {
  await client.more()
  const seen = await client.finish()
  expect(seen.problem).toBeUndefined()
  expect(seen.outOfOrder).toBe(0)
}

test('both killed before the decision: the same processes run on at the source, nothing stays on the target', async () => {
  const pids = await a.host.pids('counter')
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('streaming')
  await killBoth()
  expect(await a.host.pids('counter')).toEqual(pids)
  await restartBoth()
  await seenBy(client)
  expect(await ended(a, moving.id)).toMatchObject({ outcome: 'rolled-back' })
  expect(await ended(b, moving.id)).toMatchObject({ outcome: 'rolled-back' })
  expect(await a.host.pids('counter')).toEqual(pids)
  expect(await b.host.pids('counter')).toEqual([])
  expect(await leftovers(b.host, 'web')).toEqual([])
})

test('both killed with both trees frozen and undecided: the source runs on, the target asks and obeys', async () => {
  const pids = await a.host.pids('counter')
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const moving = await movingHeld(a, 'web', b)
  while (!b.log.some((line) => line.includes('"state":"prepared"'))) await new Promise((r) => setTimeout(r, 50))
  expect(await b.host.pids('counter')).toHaveLength(1)
  await killBoth()
  await restartBoth()
  await seenBy(client)
  const outcome = (await ended(a, moving.id)).outcome
  expect((await ended(b, moving.id)).outcome).toBe(outcome)
  expect(outcome).toBe('rolled-back')
  expect(await a.host.pids('counter')).toEqual(pids)
  expect(await b.host.pids('counter')).toEqual([])
  expect(await leftovers(b.host, 'web')).toEqual([])
})

test('both killed around the COMMIT: it runs on exactly one of them, and both say the same', async () => {
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('recordingCommit')
  await holdDaemon(b.host)
  await killBoth()
  await restartBoth()
  await seenBy(client)
  const outcome = (await ended(a, moving.id)).outcome
  expect((await ended(b, moving.id)).outcome).toBe(outcome)
  const [there, here] = [await b.host.pids('counter'), await a.host.pids('counter')]
  expect([there.length, here.length]).toEqual(outcome === 'moved' ? [1, 0] : [0, 1])
})
