// A rollback that does not find what it left: the container was started again meanwhile, or its bridge is gone.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorView, MigrationView, ReceiptView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { runBundle, startCounter, type CounterOptions } from './containers.ts'
import { atGate, openGate, shutGate } from './held-daemon.ts'
import { Moving } from './moving.ts'

const web: CounterOptions = {
  engine: 'runc',
  name: 'web',
  address: '10.77.0.155',
  mac: '00:16:3e:00:00:55',
  memoryMiB: 48
}
let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  // Slow enough that the container stands frozen while the test does its work.
  cluster = await createCluster({ name: 'undo', config: { rateBps: 8_000_000 } })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, web)
})
afterAll(async () => {
  await cluster.down()
})

async function ended(id: string): Promise<MigrationView> {
  for (let tries = 0; tries < 150; tries++) {
    const view = (await a.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (view?.outcome !== undefined) return view
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`migration ${id} does not end`)
}

test('the bridge is gone: the container runs on, and the operator is told which port belongs where', async () => {
  const pids = await a.host.pids('counter')
  const client = await Client.connect(cluster.lab.client, web.address)
  await client.more()
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('streaming')
  await a.host.exec(['ip', 'link', 'set', 'br0', 'name', 'br9'])
  await a.json('cancel', moving.id)
  const { view } = await moving.end()
  expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CANCELLED' } })
  const warning = view.warnings.find(({ code }) => code === 'PORT_PARKED')
  expect(warning?.what).toMatch(/port vweb .*bridge br0/)
  expect(warning?.remedy).toContain('ip link set vweb master br0')
  expect(await a.host.pids('counter')).toEqual(pids)
  expect((await a.host.readFile('/sys/fs/cgroup/web/cgroup.events')).toString()).toContain('frozen 0')

  await a.host.exec(['ip', 'link', 'set', 'br9', 'name', 'br0'])
  const doctor = await a.json<DoctorView>('doctor', '--repair')
  expect(doctor.findings.map(({ code, repaired }) => [code, repaired !== undefined])).toEqual([['PORT_PARKED', true]])
  await client.more()
  expect((await client.finish()).problem).toBeUndefined()
})

test('started again before ferry was, after a power cut: it runs as it is, and the move says that memory was lost', async () => {
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('streaming')
  const { id } = moving
  await a.host.kill()
  await a.host.boot()
  await a.host.exec(['sh', '-c', 'runc delete -f web; ip netns del web; true'])
  // What starts it was set aside; somebody puts it back.
  await a.host.exec(['cp', '/srv/web/config.json.ferry-parked', '/srv/web/config.json'])
  await runBundle(a.host, web, '/srv/web')
  // A runtime that has started a container returns before the program has its name.
  await expect.poll(() => a.host.pids('counter'), { timeout: 10_000 }).toHaveLength(1)
  const again = await a.host.pids('counter')
  await a.start()
  await cluster.connected()
  const view = await ended(id)
  expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CONTAINER_LOST', host: 'a' } })
  expect(view.problem?.what).toContain('started again')
  expect(await a.host.pids('counter')).toEqual(again)
  const { halves } = await a.json<ReceiptView>('receipt', id)
  const signed = halves
    .flatMap(({ entries }) => entries.map((entry) => Buffer.from(entry, 'base64').toString()))
    .join('\n')
  expect(signed).toContain('"kind":"lost"')
  expect(signed).not.toContain('"kind":"resumed"')
  const client = await Client.connect(cluster.lab.client, web.address)
  await client.more()
  expect((await client.finish()).problem).toBeUndefined()
})

test('the bridge of the target goes while it is restored there: it runs there, and the operator is told the same', async () => {
  const client = await Client.connect(cluster.lab.client, web.address)
  await client.more()
  await shutGate(b.host)
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('restoring')
  await atGate(b.host)
  await b.host.exec(['ip', 'link', 'set', 'br0', 'name', 'br9'])
  await openGate(b.host)
  expect((await moving.end()).view.outcome).toBe('moved')
  expect(await b.host.pids('counter')).toHaveLength(1)
  const there = (await b.json<MigrationView[]>('migrations')).find(({ id }) => id === moving.id)
  expect(there?.warnings.map(({ code }) => code)).toContain('PORT_PARKED')
  await b.host.exec(['ip', 'link', 'set', 'br9', 'name', 'br0'])
  // For a second after its end the port is still the migration's.
  let doctor = await b.json<DoctorView>('doctor', '--repair')
  for (let tries = 0; doctor.findings.length === 0 && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    doctor = await b.json<DoctorView>('doctor', '--repair')
  }
  expect(doctor.findings.map(({ code, repaired }) => [code, repaired !== undefined])).toEqual([['PORT_PARKED', true]])
  await client.more()
  expect((await client.finish()).problem).toBeUndefined()
  expect((await b.json<MigrationView>('move', 'web', '--to', 'a')).outcome).toBe('moved')
})
