// Three hosts: a command typed on one is done on another, whoever asked may die, and operators may do what their key was granted.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  AuditEntry,
  CheckView,
  ContainerView,
  Gathered,
  InvitationView,
  LogView,
  MigrationView,
  PeerView
} from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from '../migration/cluster.ts'
import { startCounter, startProgram } from '../migration/containers.ts'
import { Moving } from '../migration/moving.ts'
import { eventually, parsed, said, type Said } from './saying.ts'

const address = '10.77.0.150'
let cluster: Cluster
let a: FerryHost
let b: FerryHost
let c: FerryHost

beforeAll(async () => {
  // Slow enough that the asking daemon dies half-way.
  cluster = await createCluster({ name: 'routing', hosts: ['a', 'b', 'c'], config: { rateBps: 16_000_000 } })
  a = cluster.host('a')
  b = cluster.host('b')
  c = cluster.host('c')
  const mac = '00:16:3e:00:00:50'
  await startCounter(b.host, { engine: 'runc', name: 'web', address, mac, memoryMiB: 32 })
})
afterAll(async () => {
  await cluster.down()
})

async function ended(on: FerryHost, id: string): Promise<MigrationView> {
  for (let tries = 0; tries < 200; tries++) {
    const view = (await on.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (view?.outcome !== undefined) return view
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new Error(`migration ${id} does not end on ${on.name}`)
}

async function whole(client: Client): Promise<void> {
  await client.more()
  const seen = await client.finish()
  expect(seen.problem).toBeUndefined()
  expect(seen.outOfOrder).toBe(0)
}

describe('a command typed on a host that has no part in it', () => {
  test('moves a container of another host, and the death of the asking daemon does not disturb the migration', async () => {
    const client = await Client.connect(cluster.lab.client, address)
    await client.more()
    const moving = await Moving.start(a, 'web', 'c')
    await moving.until('streaming')
    await a.stop('SIGKILL')
    const view = await ended(b, moving.id)
    expect(view).toMatchObject({ outcome: 'moved', source: 'b', target: 'c' })
    await whole(client)
    expect(await b.host.pids('counter')).toEqual([])
    expect(await c.host.pids('counter')).toHaveLength(1)
    await a.start()
    await cluster.connected()
  })

  test('streams the progress back to its end, with logs and receipt by the id alone', async () => {
    const client = await Client.connect(cluster.lab.client, address)
    await client.more()
    const moving = await Moving.start(a, 'web', 'b')
    const { view, exitCode } = await moving.end()
    expect(view).toMatchObject({ outcome: 'moved', source: 'c', target: 'b' })
    expect(exitCode).toBe(0)
    await whole(client)
    const logs = await said<LogView>(a, 'logs', moving.id)
    expect(logs.answer?.logs.map(({ host, name }) => `${host} ${name}`).sort()).toEqual(['b restore.log', 'c dump.log'])
    expect((await a.ferry('receipt', 'verify', moving.id)).exitCode).toBe(0)
  })

  test('cancels by the id', async () => {
    const pids = await b.host.pids('counter')
    const moving = await Moving.start(a, 'web', 'c')
    await moving.until('streaming')
    expect((await c.ferry('cancel', moving.id)).exitCode).toBe(0)
    expect((await moving.end()).view.outcome).toBe('rolled-back')
    expect(await b.host.pids('counter')).toEqual(pids)
  })

  test('is written down on the host that did it, with who asked through which host', async () => {
    const audit = await b.json<AuditEntry[]>('audit')
    expect(audit).toContainEqual(
      expect.objectContaining({ who: 'root@a', via: 'a', method: 'move', event: 'accepted', host: 'b' })
    )
    expect(audit).toContainEqual(
      expect.objectContaining({ who: 'root@a', via: 'a', method: 'containers', event: 'viewed', host: 'b' })
    )
    const all = (await said<Gathered<AuditEntry>>(c, 'audit', '--all')).answer
    expect(all?.missing).toEqual([])
    expect(new Set(all?.found.map(({ host }) => host))).toEqual(new Set(['a', 'b', 'c']))
    expect((await b.host.exec(['stat', '-c', '%a', '/var/lib/ferry/audit.log'])).stdout.trim()).toBe('600')
  })

  test('is refused with a clear error where the container is there already', async () => {
    expect((await said(a, 'move', 'web', '--to', 'b')).problem).toMatchObject({ code: 'MOVE_TO_SELF', host: 'b' })
  })
})

describe('names', () => {
  test('that two hosts have are refused everywhere, with the way to say which', async () => {
    await startProgram(a.host, 'twin', 'sigcont')
    await startProgram(b.host, 'twin', 'sigcont')
    for (const on of [a, b, c]) {
      // Who has one itself gives the others three seconds to say so; of whom it was heard before it need not be said again.
      await eventually(
        () => said<Gathered<ContainerView>>(on, 'ls', '--all'),
        ({ answer }) => answer?.found.filter(({ name }) => name === 'twin').length === 2
      )
      const { problem, exitCode } = await said(on, 'check', 'twin', '--to', 'c')
      expect(problem).toMatchObject({ code: 'AMBIGUOUS_CONTAINER', host: on.name })
      expect(problem?.remedy).toContain('a/twin')
      expect(problem?.remedy).toContain('b/runc:twin'.replace('runc:', ''))
      expect(exitCode).toBe(2)
    }
    expect((await said<CheckView>(c, 'check', 'b/twin', '--to', 'a')).answer).toMatchObject({
      source: 'b',
      target: 'a'
    })
    expect((await said<CheckView>(a, 'check', 'b/runc:web', '--to', 'c')).answer).toMatchObject({ source: 'b' })
  })

  test('of the whole mesh are listed by any host', async () => {
    const all = (await said<Gathered<ContainerView>>(c, 'ls', '--all')).answer
    expect(all?.missing).toEqual([])
    expect(all?.found.map(({ host, name }) => `${host}/${name}`)).toEqual(['a/twin', 'b/twin', 'b/web'])
    const migrations = (await said<Gathered<MigrationView>>(a, 'migrations', '--all')).answer
    expect(migrations?.found.map(({ outcome }) => outcome)).toEqual(['moved', 'moved', 'rolled-back'])
  })
})

test('in a partition no command crosses: who can be asked answers, who can not is named', async () => {
  await cluster.lab.cut('b')
  // Before that one is asked in vain, and who moves something there waits for an answer.
  await eventually(
    () => c.json<PeerView[]>('peers'),
    (peers) => peers.some(({ name, state }) => name === 'b' && state === 'unreachable')
  )
  const all = await eventually(
    () => said<Gathered<ContainerView>>(c, 'ls', '--all'),
    ({ answer }) => (answer?.missing.length ?? 0) > 0
  )
  expect(all.exitCode).not.toBe(0)
  expect(all.answer?.found.map(({ host, name }) => `${host}/${name}`)).toEqual(['a/twin'])
  expect(all.answer?.missing).toMatchObject([{ code: 'PEER_UNREACHABLE', what: "b can't be asked" }])
  for (const name of ['b/web', 'web']) {
    const { problem } = await said(c, 'move', name, '--to', 'a')
    expect(problem?.code).toBe('PEER_UNREACHABLE')
    expect(problem?.what).toContain('b, which has the container')
    expect(problem?.why).toContain('its last sign of life was at')
  }
  await cluster.lab.heal('b')
  await cluster.connected()
  expect((await said<Gathered<ContainerView>>(c, 'ls', '--all')).answer?.missing).toEqual([])
})

test('two who move it at one moment, on two hosts that do not have it, get one migration and one clear refusal', async () => {
  const client = await Client.connect(cluster.lab.client, address)
  await client.more()
  const both = await Promise.all([
    said<MigrationView>(a, 'move', 'web', '--to', 'c'),
    said<MigrationView>(c, 'move', 'web', '--to', 'a')
  ])
  const [moved] = both.filter(({ answer }) => answer !== undefined)
  const [refused] = both.filter(({ problem }) => problem !== undefined)
  expect(moved?.answer).toMatchObject({ outcome: 'moved', source: 'b' })
  expect(refused?.problem).toMatchObject({ code: 'MIGRATION_UNDER_WAY' })
  // Who comes a little later may type it where the container is arriving by then, which says so itself.
  expect(['b', moved?.answer?.target]).toContain(refused?.problem?.host)
  expect(refused?.problem?.why).toContain(moved?.answer?.id)
  await whole(client)
  const counters = await Promise.all([a, b, c].map(({ host }) => host.pids('counter')))
  expect(counters.flat()).toHaveLength(1)
  expect((await said<MigrationView>(b, 'move', 'web', '--to', 'b')).answer).toMatchObject({
    outcome: 'moved',
    target: 'b'
  })
})

describe('an operator', () => {
  const keyFile = '/root/operator.key'
  let id: string
  let at: string

  async function operator<T>(...args: string[]): Promise<Said<T>> {
    const argv = ['ferry', '--as', keyFile, '--at', at, ...args, '--json']
    return parsed(await a.host.exec(argv, { check: false, timeoutMs: 180_000 }))
  }

  beforeAll(async () => {
    await a.ferry('init')
    for (const host of [b, c]) {
      const { token } = await a.json<InvitationView>('invite')
      expect((await host.ferry('join', token)).stderr).toBe('')
    }
    await cluster.connected()
    id = (await a.json<{ peerId: string }>('operator', 'new', keyFile)).peerId
    at = `/ip4/${a.host.address}/tcp/4860/p2p/${a.peerId}`
  })

  test('without a grant is let in nowhere', async () => {
    expect((await operator('ls')).problem?.code).toBe('PEER_REFUSED')
  })

  test('who may view sees the whole mesh, and may move nothing', async () => {
    expect((await c.ferry('grant', id, 'view')).exitCode).toBe(0)
    const seen = await eventually(
      () => operator<Gathered<ContainerView>>('ls', '--all'),
      ({ answer }) => answer?.missing.length === 0
    )
    expect(seen.answer?.found.map(({ host, name }) => `${host}/${name}`)).toContain('b/web')
    const { problem } = await operator('move', 'web', '--to', 'c')
    expect(problem).toMatchObject({ code: 'NOT_ALLOWED' })
    expect(problem?.why).toContain('move')
    expect(problem?.remedy).toContain(`ferry grant ${id} move`)
    expect(await b.host.pids('counter')).toHaveLength(1)
    const audit = (await said<Gathered<AuditEntry>>(c, 'audit', '--all')).answer?.found
    expect(audit).toContainEqual(
      expect.objectContaining({ who: id, method: 'move', event: 'refused', code: 'NOT_ALLOWED' })
    )
  })

  test('who may move does, through a host that has no part in it', async () => {
    await c.ferry('grant', id, 'move')
    const client = await Client.connect(cluster.lab.client, address)
    await client.more()
    const { answer } = await eventually(
      () => operator<MigrationView>('move', 'web', '--to', 'c'),
      ({ problem }) => problem?.code !== 'NOT_ALLOWED'
    )
    expect(answer).toMatchObject({ outcome: 'moved', source: 'b', target: 'c' })
    await whole(client)
    const audit = await b.json<AuditEntry[]>('audit')
    expect(audit).toContainEqual(
      expect.objectContaining({ who: id, via: 'a', method: 'move', event: 'begun', migration: answer?.id })
    )
    expect((await operator('expel', 'b')).problem?.code).toBe('NOT_ALLOWED')
  })

  test('whose grants are revoked is cut off', async () => {
    await b.ferry('revoke', id)
    const { problem } = await eventually(
      () => operator('ls'),
      ({ problem }) => problem?.code === 'PEER_REFUSED'
    )
    expect(problem?.code).toBe('PEER_REFUSED')
  })
})
