// Bad input and faults that can be known before the freeze: a clear error, and the container never stood still.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CheckView, MigrationView, Problem } from '../../protocols/operator/views.ts'
import { createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter, startProgram } from './containers.ts'

let cluster: Cluster
let a: FerryHost
let b: FerryHost
let pids: number[]

beforeAll(async () => {
  cluster = await createCluster({ name: 'refuse' })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, { engine: 'runc', name: 'web', address: '10.77.0.130', mac: '00:16:3e:00:00:30' })
  pids = await a.host.pids('counter')
})
afterAll(async () => {
  await cluster.down()
})

async function refused(...args: string[]): Promise<Problem> {
  const { exitCode, stdout, stderr } = await a.ferry(...args, '--json')
  expect(exitCode, stdout).not.toBe(0)
  const said = JSON.parse((stdout.trim() || stderr.trim()).split('\n').at(-1) ?? '') as
    { problem: Problem } | (MigrationView & { problem: Problem })
  expect(await a.host.pids('counter')).toEqual(pids)
  expect(said.problem.what).not.toBe('')
  expect(said.problem.remedy).not.toBe('')
  return said.problem
}

/** Writes the config anew and restarts the daemon. */
async function reconfigured(host: FerryHost, change: Record<string, unknown>): Promise<Record<string, unknown>> {
  const old = JSON.parse((await host.host.readFile('/etc/ferry/ferry.json')).toString()) as Record<string, unknown>
  await host.stop()
  await host.configure({ ...old, ...change })
  await host.start()
  await cluster.connected()
  return old
}

describe('a move is refused', () => {
  test('for a container that does not exist, naming those that do', async () => {
    const problem = await refused('move', 'nobody', '--to', 'b')
    expect(problem).toMatchObject({ code: 'UNKNOWN_CONTAINER', host: 'a' })
    expect(problem.why).toContain('web')
  })

  test('for a peer that nobody knows, naming those known', async () => {
    const problem = await refused('move', 'web', '--to', 'nowhere')
    expect(problem.code).toBe('UNKNOWN_PEER')
    expect(JSON.stringify(problem)).toContain('b')
  })

  test('to the host itself', async () => {
    expect(await refused('move', 'web', '--to', 'a')).toMatchObject({ code: 'MOVE_TO_SELF' })
  })

  test('to a peer that is not reachable', async () => {
    await b.stop()
    const problem = await refused('move', 'web', '--to', 'b')
    await b.start()
    await cluster.connected()
    expect(problem.code).toMatch(/^(PEER_UNREACHABLE|LINK_LOST|PEER_TIMEOUT)$/)
  })

  test('when the target lacks memory or disk', async () => {
    const old = await reconfigured(b, { memoryReserveBytes: 2 ** 50 })
    expect(await refused('move', 'web', '--to', 'b')).toMatchObject({ code: 'NOT_ENOUGH_MEMORY', host: 'b' })
    await reconfigured(b, { memoryReserveBytes: old.memoryReserveBytes ?? 0, diskReserveBytes: 2 ** 50 })
    expect(await refused('move', 'web', '--to', 'b')).toMatchObject({ code: 'NOT_ENOUGH_DISK', host: 'b' })
    await reconfigured(b, { diskReserveBytes: 0 })
  })

  test('when the engine is missing on the target', async () => {
    await b.host.exec(['mv', '/usr/sbin/runc', '/usr/sbin/runc.away'])
    const problem = await refused('move', 'web', '--to', 'b')
    await b.host.exec(['mv', '/usr/sbin/runc.away', '/usr/sbin/runc'])
    expect(problem).toMatchObject({ code: 'ENGINE_MISSING', host: 'b' })
  })

  test.each(['a', 'b'])('when CRIU is too old on %s', async (name) => {
    const host = cluster.host(name)
    await host.host.writeFile('/usr/local/bin/old-criu', '#!/bin/sh\necho "Version: 3.17.1"\n', 0o755)
    await reconfigured(host, { criu: '/usr/local/bin/old-criu' })
    const problem = await refused('move', 'web', '--to', 'b')
    await reconfigured(host, { criu: '/usr/sbin/criu' })
    expect(problem.code).toBe('CRIU_TOO_OLD_FOR_KERNEL')
    expect(problem.what + (problem.why ?? '')).toContain('3.17.1')
  })

  test('for a container that uses io_uring, before it is frozen', async () => {
    const uring = await startProgram(a.host, 'ring', 'uring')
    const problem = await refused('move', 'ring', '--to', 'b')
    expect(problem).toMatchObject({ code: 'UNDUMPABLE_DESCRIPTOR', host: 'a' })
    expect(await a.host.pids('uring')).toEqual(uring)
    expect(await a.json<MigrationView[]>('migrations')).not.toContainEqual(
      expect.objectContaining({ container: 'ring' })
    )
  })

  test('and ferry check says the same without moving anything', async () => {
    const check = await a.json<CheckView>('check', 'ring', '--to', 'b')
    expect(check.ok).toBe(false)
    expect(check.findings).toContainEqual(expect.objectContaining({ level: 'blocker', code: 'UNDUMPABLE_DESCRIPTOR' }))
    const good = await a.json<CheckView>('check', 'web', '--to', 'b')
    expect(good).toMatchObject({ ok: true, container: 'web', source: 'a', target: 'b' })
    const { stdout, exitCode } = await a.ferry('check', 'ring', '--to', 'b')
    expect(exitCode).toBe(3)
    expect(stdout).toContain('io_uring')
  })
})

test('a second move of the same container is refused while the first is under way', async () => {
  await reconfigured(a, { rateBps: 50_000 })
  const first = await a.host.spawn(['ferry', 'move', 'web', '--to', 'b', '--json'])
  const lines = first.lines[Symbol.asyncIterator]()
  const started = await lines.next()
  const { id } = JSON.parse(started.value as string) as MigrationView
  expect(await refused('move', 'web', '--to', 'b')).toMatchObject({ code: 'MIGRATION_UNDER_WAY' })
  await a.json('cancel', id)
  await first.exited
  expect(await a.host.pids('counter')).toEqual(pids)
})
