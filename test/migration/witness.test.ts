// The host that ought to tell the decision is gone for good: witnesses tell it, or an operator decides.
import { afterEach, expect, test } from 'vitest'
import type { MigrationView, ReceiptView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { letGo, movingHeld } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

const address = '10.77.0.150'
let cluster: Cluster
let a: FerryHost
let b: FerryHost
let c: FerryHost

async function set(witnesses: Record<string, unknown>): Promise<void> {
  // A host that is held still has to count as connected until a restore has ended, a third of this time at least.
  const limits = { peerTimeoutMs: 9000, downtimeMs: 120_000 }
  cluster = await createCluster({ name: 'witness', hosts: ['a', 'b', 'c'], config: { witnesses, limits } })
  a = cluster.host('a')
  b = cluster.host('b')
  c = cluster.host('c')
  await startCounter(a.host, { engine: 'runc', name: 'web', address, mac: '00:16:3e:00:00:50' })
}

afterEach(async () => {
  await cluster.down()
})

/** The view of a migration on a host, once it is as wanted. */
async function view(host: FerryHost, id: string, as: (view: MigrationView) => boolean): Promise<MigrationView> {
  let last: MigrationView | undefined
  for (let tries = 0; tries < 200; tries++) {
    last = (await host.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (last !== undefined && as(last)) return last
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`on ${host.name} migration ${id} is ${JSON.stringify(last)}`)
}

const ended = ({ outcome }: MigrationView) => outcome !== undefined

async function isAlive(client: Client): Promise<void> {
  await client.more()
  const seen = await client.finish()
  expect(seen.problem).toBeUndefined()
  expect(seen.outOfOrder).toBe(0)
}

/** The source has committed and waits for a witness that is held still. */
async function heldAtWitness(): Promise<Moving> {
  const moving = await movingHeld(a, 'web', b, c)
  await moving.until('witnessing')
  return moving
}

/** The target is prepared and the source is held still before it hears of it. */
async function heldBeforeDecision(): Promise<Moving> {
  const moving = await movingHeld(a, 'web', b)
  while (!b.log.some((line) => line.includes('"state":"prepared"'))) await new Promise((r) => setTimeout(r, 50))
  return moving
}

async function resolve(host: FerryHost, id: string, word: string): Promise<MigrationView> {
  // The other side has to have failed to answer before an operator may speak for it.
  for (let tries = 0; ; tries++) {
    const { exitCode, stdout, stderr } = await host.host.exec(['ferry', 'resolve', id, word, '--yes', '--json'], {
      check: false
    })
    if (exitCode === 0) return JSON.parse(stdout) as MigrationView
    if (!stderr.includes('NOT_IN_DOUBT') || tries === 60) throw new Error(stderr)
    await new Promise((r) => setTimeout(r, 500))
  }
}

test('the source dies for good after its COMMIT: the target learns it from a witness, and the client goes on', async () => {
  await set({ count: 1, policy: 'require' })
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const moving = await heldAtWitness()
  await cluster.lab.cut('b')
  await letGo(c.host)
  await view(a, moving.id, ({ state }) => state === 'committed' || state === 'deliveringAgain')
  await a.host.kill()
  await cluster.lab.heal('b')
  expect(await view(b, moving.id, ended)).toMatchObject({ outcome: 'moved' })
  expect(await b.host.pids('counter')).toHaveLength(1)
  await isAlive(client)
})

test('no witness, and the source is gone before it decided: an operator lets the target run, and is told what that risks', async () => {
  await set({ count: 0 })
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const moving = await heldBeforeDecision()
  await a.host.kill()
  // On a host that has no part in it as well.
  for (const on of [b, c]) {
    const warned = await on.host.exec(['ferry', 'resolve', moving.id, '--run-here'], { check: false })
    expect(warned.exitCode).toBe(2)
    expect(warned.stderr).toContain('two copies run at once')
    expect((await view(b, moving.id, () => true)).outcome).toBeUndefined()
  }
  await resolve(c, moving.id, '--run-here')
  expect(await view(b, moving.id, ended)).toMatchObject({ outcome: 'moved' })
  const { halves } = await b.json<ReceiptView>('receipt', moving.id)
  const entries = halves.flatMap((half) => half.entries.map((entry) => Buffer.from(entry, 'base64').toString()))
  expect(entries.find((entry) => entry.includes('"resolved"'))).toContain('"by":"root@c"')
  await isAlive(client)
  // The source comes back after all, with an empty memory: it is told who runs the container.
  await a.host.boot()
  await a.start()
  expect((await view(a, moving.id, ended)).problem).toMatchObject({ code: 'RESOLVED_ELSEWHERE' })
  expect(await b.host.pids('counter')).toHaveLength(1)
  expect(await a.host.pids('counter')).toEqual([])
})

test('the operator discards instead: nothing of it stays on the target, and a source that comes back alive is told and runs on', async () => {
  await set({ count: 0 })
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const moving = await heldBeforeDecision()
  await cluster.lab.cut('a')
  await resolve(b, moving.id, '--discard')
  expect(await view(b, moving.id, ended)).toMatchObject({ outcome: 'rolled-back' })
  expect(await b.host.pids('counter')).toEqual([])
  expect(await leftovers(b.host, 'web')).toEqual([])
  await cluster.lab.heal('a')
  await letGo(a.host)
  expect(await view(a, moving.id, ended)).toMatchObject({ outcome: 'rolled-back' })
  await isAlive(client)
})

test('the target is gone for good after COMMIT: an operator takes the container back, and the target that returns discards', async () => {
  await set({ count: 1, policy: 'require' })
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const pids = await a.host.pids('counter')
  const moving = await heldAtWitness()
  await b.host.kill()
  await letGo(c.host)
  await resolve(a, moving.id, '--run-here')
  expect(await view(a, moving.id, ended)).toMatchObject({ outcome: 'rolled-back' })
  expect(await a.host.pids('counter')).toEqual(pids)
  await isAlive(client)
  await b.host.boot()
  await b.start()
  expect(await view(b, moving.id, ended)).toMatchObject({ outcome: 'rolled-back' })
  expect(await b.host.pids('counter')).toEqual([])
  expect(await a.host.pids('counter')).toEqual(pids)
})

test('taken back by an operator while the target was cut off: it comes back with its copy, the source is away, and a witness tells it to discard', async () => {
  await set({ count: 1, policy: 'require' })
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const pids = await a.host.pids('counter')
  const moving = await heldAtWitness()
  await cluster.lab.cut('b')
  await letGo(c.host)
  await view(a, moving.id, ({ state }) => state === 'committed' || state === 'deliveringAgain')
  await resolve(a, moving.id, '--run-here')
  expect(await view(a, moving.id, ended)).toMatchObject({ outcome: 'rolled-back', warnings: [] })
  await cluster.lab.cut('a')
  await cluster.lab.heal('b')
  expect(await view(b, moving.id, ended)).toMatchObject({ outcome: 'rolled-back' })
  expect(await b.host.pids('counter')).toEqual([])
  await cluster.lab.heal('a')
  expect(await a.host.pids('counter')).toEqual(pids)
  await isAlive(client)
})

test('where witnesses are required and too few are there, the migration is refused before anything is frozen', async () => {
  await set({ count: 2, policy: 'require' })
  const { view: end } = await (await Moving.start(a, 'web', 'b')).end()
  expect(end).toMatchObject({ outcome: 'refused', problem: { code: 'WITNESSES_MISSING', host: 'a' } })
  expect(end.phases.map(({ phase }) => phase)).not.toContain('final-dump')
  expect(await leftovers(b.host, 'web')).toEqual([])
})
