// One migration per container at a time, anywhere: who comes second is told so, and nothing is lost.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MigrationView, Problem } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { openGate, shutGate } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

const web = { name: 'lockweb', address: '10.77.0.170', mac: '00:16:3e:00:00:70', memoryMiB: 32 } as const
const db = { name: 'lockdb', address: '10.77.0.171', mac: '00:16:3e:00:00:71', memoryMiB: 32 } as const
let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  // Slow enough that two moves that are asked for together are under way together.
  cluster = await createCluster({ name: 'locks', config: { rateBps: 16_000_000 } })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, { engine: 'runc', ...web })
})
afterAll(async () => {
  await cluster.down()
})

/** What a move was refused for; it must have been. */
async function refusal(from: FerryHost, container: string, to: string): Promise<Problem> {
  const { exitCode, stdout, stderr } = await from.ferry('move', container, '--to', to, '--json')
  expect(exitCode, stdout).not.toBe(0)
  const said = JSON.parse((stdout.trim() || stderr.trim()).split('\n').at(-1) ?? '') as { problem: Problem }
  expect(said.problem.remedy).not.toBe('')
  return said.problem
}

async function connected(address: string): Promise<Client> {
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  return client
}

async function seenBy(client: Client): Promise<void> {
  await client.more()
  const seen = await client.finish()
  expect(seen.problem).toBeUndefined()
  expect(seen.outOfOrder).toBe(0)
}

/** Every migration of the container that this host knows, in the order of their beginning. */
async function migrations(host: FerryHost, container: string): Promise<MigrationView[]> {
  return (await host.json<MigrationView[]>('migrations')).filter((view) => view.container === container)
}

describe('two operators who move the same container', () => {
  test('at the same moment get one migration, and one is told of the other', async () => {
    const client = await connected(web.address)
    // Whichever of the two commands comes later, it finds the migration under way.
    await shutGate(b.host)
    const both = [1, 2].map(() => a.ferry('move', web.name, '--to', 'b', '--json'))
    await Promise.race(both)
    await openGate(b.host)
    const ended = await Promise.all(both)
    await seenBy(client)
    const [moved, refused] = ended.toSorted((x, y) => x.exitCode - y.exitCode)
    const view = JSON.parse(moved?.stdout.trim().split('\n').at(-1) ?? '') as MigrationView
    expect(view.outcome).toBe('moved')
    expect(refused?.exitCode).not.toBe(0)
    const { problem } = JSON.parse(refused?.stderr.trim() ?? '') as { problem: Problem }
    expect(problem).toMatchObject({ code: 'MIGRATION_UNDER_WAY', host: 'a' })
    expect(problem.why).toContain(view.id)
    expect(await migrations(a, web.name)).toHaveLength(1)
    expect(await a.host.pids('counter')).toEqual([])
    expect(await b.host.pids('counter')).toHaveLength(1)
    expect((await b.json<MigrationView>('move', web.name, '--to', 'a')).outcome).toBe('moved')
  })

  test('one of them at the host where it only arrives, are told of the migration that is under way', async () => {
    const client = await connected(web.address)
    // Or it could have arrived before the last of the commands is there.
    await shutGate(b.host)
    const moving = await Moving.start(a, web.name, 'b')
    for (const state of ['preDumping', 'streaming', 'restoring']) {
      await moving.until(state)
      const problem = await refusal(b, web.name, 'a')
      expect(problem).toMatchObject({ code: 'MIGRATION_UNDER_WAY', host: 'b' })
      expect(problem.why).toContain(moving.id)
    }
    await openGate(b.host)
    expect((await moving.end()).view.outcome).toBe('moved')
    await seenBy(client)
    expect((await b.json<MigrationView>('move', web.name, '--to', 'a')).outcome).toBe('moved')
  })
})

test('a container that has left can come back only when the host it left has done with it', async () => {
  const client = await connected(web.address)
  // The old host is held where it removes what it had.
  await a.host.writeFile(
    '/usr/local/sbin/runc',
    `#!/bin/sh
case " $* " in *' delete '*) while [ -e /usr/local/sbin/runc ]; do sleep 0.05; done ;; esac
exec /usr/sbin/runc "$@"
`,
    0o755
  )
  const moving = await Moving.start(a, web.name, 'b')
  await moving.until('retiring')
  const problem = await refusal(b, web.name, 'a')
  expect(problem).toMatchObject({ code: 'MIGRATION_UNDER_WAY', host: 'a' })
  expect(problem.why).toContain(moving.id)
  await a.host.exec(['rm', '/usr/local/sbin/runc'])
  expect((await moving.end()).view.outcome).toBe('moved')
  expect((await b.json<MigrationView>('move', web.name, '--to', 'a')).outcome).toBe('moved')
  await seenBy(client)
  expect(await leftovers(b.host, web.name)).toEqual([])
})

test.each(['a', 'its peer id'])('a move to the host itself, named by %s, is refused', async (reference) => {
  const problem = await refusal(a, web.name, reference === 'a' ? 'a' : a.peerId)
  expect(problem).toMatchObject({ code: 'MOVE_TO_SELF', host: 'a' })
  expect((await a.json<MigrationView[]>('migrations')).every(({ outcome }) => outcome !== undefined)).toBe(true)
})

test('two containers pass each other', async () => {
  await startCounter(b.host, { engine: 'runc', ...db })
  const clients = await Promise.all([connected(web.address), connected(db.address)])
  const views = await Promise.all([
    a.json<MigrationView>('move', web.name, '--to', 'b'),
    b.json<MigrationView>('move', db.name, '--to', 'a')
  ])
  expect(views.map(({ outcome, problem }) => ({ outcome, problem }))).toEqual([
    { outcome: 'moved', problem: undefined },
    { outcome: 'moved', problem: undefined }
  ])
  for (const client of clients) await seenBy(client)
  expect(await a.host.pids('counter')).toHaveLength(1)
  expect(await b.host.pids('counter')).toHaveLength(1)
  expect(await leftovers(a.host, web.name)).toEqual([])
  expect(await leftovers(b.host, db.name)).toEqual([])
})

test('two containers of one name can not: both stay, and both operators are told why', async () => {
  const there = { name: 'locktwin', address: '10.77.0.172', mac: '00:16:3e:00:00:72' } as const
  const here = { name: 'locktwin', address: '10.77.0.173', mac: '00:16:3e:00:00:73' } as const
  await startCounter(a.host, { engine: 'runc', ...here })
  await startCounter(b.host, { engine: 'runc', ...there })
  const before = [await a.host.pids('counter'), await b.host.pids('counter')]
  const clients = await Promise.all([connected(here.address), connected(there.address)])
  expect(await refusal(a, 'locktwin', 'b')).toMatchObject({ code: 'AMBIGUOUS_CONTAINER' })
  const problems = await Promise.all([refusal(a, 'a/locktwin', 'b'), refusal(b, 'b/locktwin', 'a')])
  for (const { code } of problems) expect(code).toMatch(/^(MIGRATION_UNDER_WAY|NAME_TAKEN)$/)
  for (const client of clients) await seenBy(client)
  expect([await a.host.pids('counter'), await b.host.pids('counter')]).toEqual(before)
})
