// Three hosts: one is cordoned from another, refuses what is to come, stays so over a restart, and takes containers again.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {
  AuditEntry,
  CheckView,
  ContainerView,
  CordonView,
  Gathered,
  InvitationView,
  MigrationView,
  PeerView
} from '../../protocols/operator/views.ts'
import { createCluster, type Cluster, type FerryHost } from '../migration/cluster.ts'
import { startCounter } from '../migration/containers.ts'
import { eventually, said } from './saying.ts'

let cluster: Cluster
let a: FerryHost
let b: FerryHost
let c: FerryHost

beforeAll(async () => {
  cluster = await createCluster({ name: 'cordon', hosts: ['a', 'b', 'c'] })
  a = cluster.host('a')
  b = cluster.host('b')
  c = cluster.host('c')
  await a.ferry('init')
  for (const host of [b, c]) {
    const { token } = await a.json<InvitationView>('invite')
    expect((await host.ferry('join', token)).stderr).toBe('')
  }
  await cluster.connected()
  await startCounter(a.host, {
    engine: 'runc',
    name: 'web',
    address: '10.77.0.151',
    mac: '00:16:3e:00:00:51',
    memoryMiB: 4
  })
})
afterAll(async () => {
  await cluster.down()
})

/** What a host's `ferry peers` says of b. */
async function seenBy(on: FerryHost): Promise<PeerView | undefined> {
  return (await on.json<PeerView[]>('peers')).find(({ name }) => name === 'b')
}

async function places(on: FerryHost): Promise<string[]> {
  const all = (await said<Gathered<ContainerView>>(on, 'ls', '--all')).answer
  return all?.found.map(({ host, name }) => `${host}/${name}`) ?? []
}

test('a cordon is typed on one host for another, and a third one shows it', async () => {
  const { answer } = await said<CordonView>(a, 'cordon', 'b', '--reason', 'a new disk', '--maintenance')
  expect(answer).toMatchObject({ host: 'b', cordoned: true, reason: 'a new disk', maintenance: true })
  expect(await seenBy(b)).toMatchObject({ state: 'self', cordoned: true, maintenance: 'a new disk' })
  const seen = await eventually(
    () => seenBy(c),
    (peer) => peer?.cordoned === true
  )
  expect(seen).toMatchObject({ cordoned: true, cordonReason: 'a new disk', maintenance: 'a new disk' })
  expect((await c.ferry('peers')).stdout).toContain('b takes no containers: a new disk')
  expect(await b.json<AuditEntry[]>('audit')).toContainEqual(
    expect.objectContaining({ who: 'root@a', via: 'a', method: 'cordon', event: 'done', host: 'b' })
  )
})

test('a move there is refused with the reason, and the container runs on where it is', async () => {
  const { problem, exitCode } = await said(c, 'move', 'web', '--to', 'b')
  expect(problem).toMatchObject({ code: 'CORDONED' })
  expect(problem?.why).toContain('a new disk')
  expect(problem?.remedy).toContain('ferry uncordon b')
  expect(exitCode).toBe(3)
  expect(await places(c)).toEqual(['a/web'])
})

test('it is cordoned still when its daemon was killed and started again', async () => {
  await b.stop('SIGKILL')
  await b.start()
  await cluster.connected()
  // b itself is asked, not what it advertised.
  const { answer, exitCode } = await said<CheckView>(a, 'check', 'web', '--to', 'b')
  expect(answer?.findings).toContainEqual(
    expect.objectContaining({ level: 'blocker', code: 'CORDONED', host: 'b', why: 'a new disk' })
  )
  expect(exitCode).toBe(3)
  expect(await seenBy(b)).toMatchObject({ cordoned: true })
})

test('uncordoned it takes the container', async () => {
  expect((await said<CordonView>(c, 'uncordon', 'b')).answer).toMatchObject({ host: 'b', cordoned: false })
  await eventually(
    () => seenBy(a),
    (peer) => peer?.cordoned === false
  )
  const { answer } = await said<MigrationView>(c, 'move', 'web', '--to', 'b')
  expect(answer).toMatchObject({ outcome: 'moved', source: 'a', target: 'b' })
  expect(await places(c)).toEqual(['b/web'])
})

test('what runs on a cordoned host moves away from it', async () => {
  expect((await said<CordonView>(b, 'cordon')).answer).toMatchObject({ host: 'b', cordoned: true, maintenance: false })
  const { answer } = await said<MigrationView>(a, 'move', 'web', '--to', 'c')
  expect(answer).toMatchObject({ outcome: 'moved', source: 'b', target: 'c' })
  expect(await places(a)).toEqual(['c/web'])
})
