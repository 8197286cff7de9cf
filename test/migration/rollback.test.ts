// One rollback at each phase: the same processes run on at the source, the client loses nothing, the target keeps nothing.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LogView, MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter, startProgram } from './containers.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

const address = '10.77.0.120'
let cluster: Cluster
let a: FerryHost
let b: FerryHost
let pids: number[]
let client: Client

beforeAll(async () => {
  cluster = await createCluster({ name: 'rollb' })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, { engine: 'runc', name: 'web', address, mac: '00:16:3e:00:00:20', memoryMiB: 48 })
  pids = await a.host.pids('counter')
})
afterAll(async () => {
  await cluster.down()
})

beforeEach(async () => {
  client = await Client.connect(cluster.lab.client, address)
  await client.more()
})

/** After every rollback: the same processes, the connection, and nothing on the target. */
afterEach(async () => {
  await client.more()
  const seen = await client.finish()
  expect(seen.problem).toBeUndefined()
  expect(seen.outOfOrder).toBe(0)
  expect(await a.host.pids('counter')).toEqual(pids)
  expect(await b.host.pids('counter')).toEqual([])
  expect(await leftovers(b.host, 'web')).toEqual([])
})

async function restart(
  host: FerryHost,
  config: Record<string, unknown>,
  env: Record<string, string> = {}
): Promise<void> {
  await host.stop()
  const old = JSON.parse((await host.host.readFile('/etc/ferry/ferry.json')).toString()) as Record<string, unknown>
  const { rateBps: _, limits: __, ...rest } = old
  await host.configure({ ...rest, ...config })
  await host.start(env)
  await cluster.connected()
}

describe('a rollback keeps the processes', () => {
  test('at the offer: the target has the name already', async () => {
    await startProgram(b.host, 'web', 'sigcont')
    const { view, exitCode } = await (await Moving.start(a, 'a/web', 'b')).end()
    await b.host.exec(['sh', '-c', 'runc delete -f web; rm -rf /srv/web'])
    expect(view).toMatchObject({ outcome: 'refused', problem: { code: 'NAME_TAKEN', host: 'b' } })
    expect(exitCode).not.toBe(0)
  })

  test('at the preflight: CRIU is missing on the target', async () => {
    await b.host.exec(['mv', '/usr/sbin/criu', '/usr/sbin/criu.away'])
    await restart(b, {})
    const { view } = await (await Moving.start(a, 'web', 'b')).end()
    await b.host.exec(['mv', '/usr/sbin/criu.away', '/usr/sbin/criu'])
    await restart(b, {})
    expect(view).toMatchObject({ outcome: 'refused', problem: { code: 'CRIU_MISSING' } })
  })

  test('at the pre-dump: an operator cancels', async () => {
    await restart(a, { rateBps: 100_000 })
    const moving = await Moving.start(a, 'web', 'b')
    await moving.until('preDumping')
    await a.json('cancel', moving.id)
    const { view, exitCode } = await moving.end()
    expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CANCELLED' } })
    expect(exitCode).toBe(1)
  })

  test('at the final dump: CRIU fails', async () => {
    // CRIU's own fault point 1, FI_DUMP_EARLY (criu/include/fault-injection.h).
    await restart(a, {}, { CRIU_FAULT: '1' })
    const { view } = await (await Moving.start(a, 'web', 'b')).end()
    await restart(a, {})
    expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CRIU_DUMP_FAILED', host: 'a' } })
  })

  test('at the stream: the target daemon is killed', async () => {
    await restart(a, { rateBps: 8_000_000 })
    const moving = await Moving.start(a, 'web', 'b')
    await moving.until('streaming')
    await b.stop('SIGKILL')
    const { view } = await moving.end()
    await b.start()
    await cluster.connected()
    expect(view).toMatchObject({ outcome: 'rolled-back' })
  })

  test('at the stream: the downtime limit runs out', async () => {
    await restart(a, { rateBps: 8_000_000, limits: { downtimeMs: 1500 } })
    const { view } = await (await Moving.start(a, 'web', 'b')).end()
    expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'DOWNTIME_LIMIT', host: 'a' } })
  })

  test('at the restore: CRIU fails, and ferry logs names the line', async () => {
    await restart(a, {})
    // Fault point 6, FI_POST_RESTORE.
    await restart(b, {}, { CRIU_FAULT: '6' })
    const { view } = await (await Moving.start(a, 'web', 'b')).end()
    await restart(b, {})
    expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CRIU_RESTORE_FAILED', host: 'b' } })
    const logs = await a.json<LogView>('logs', view.id)
    expect(logs.missing).toEqual([])
    expect(logs.logs.map(({ host, name }) => `${host} ${name}`)).toEqual(['a dump.log', 'b restore.log'])
    expect(logs.diagnosis).toMatchObject({ host: 'b', log: 'restore.log' })
    const { stdout } = await a.ferry('logs', view.id)
    expect(stdout).toContain(logs.diagnosis?.line)
    expect(stdout).toContain(logs.diagnosis?.remedy)
  })

  test('at SIGTERM of the source daemon, before it exits', async () => {
    await restart(a, { rateBps: 8_000_000 })
    const moving = await Moving.start(a, 'web', 'b')
    await moving.until('streaming')
    const ended = await a.stop('SIGTERM')
    expect(ended?.exitCode).toBe(0)
    await client.more()
    await a.start()
    await cluster.connected()
    const [last] = (await a.json<MigrationView[]>('migrations')).slice(-1)
    expect(last).toMatchObject({ outcome: 'rolled-back', problem: { code: 'SHUTTING_DOWN' } })
    await restart(a, {})
  })
})
