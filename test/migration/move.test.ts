import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ContainerView, MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster } from './cluster.ts'
import { startCounter } from './containers.ts'
import { leftovers } from './leftovers.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ name: 'move' })
})
afterAll(async () => {
  await cluster.down()
})

describe.each([
  { engine: 'runc', address: '10.77.0.110', mac: '00:16:3e:00:00:10' },
  { engine: 'crun', address: '10.77.0.111', mac: '00:16:3e:00:00:11' },
  { engine: 'lxc', address: '10.77.0.112', mac: '00:16:3e:00:00:12' }
] as const)('a $engine container', ({ engine, address, mac }) => {
  const name = `web-${engine}`

  test('moves there and back with its memory and its open TCP connection', async () => {
    const a = cluster.host('a')
    const b = cluster.host('b')
    await startCounter(a.host, { engine, name, address, mac })
    const client = await Client.connect(cluster.lab.client, address)
    await client.more()

    const there = await a.json<MigrationView>('move', name, '--to', 'b')
    expect(there.problem).toBeUndefined()
    expect(there).toMatchObject({ outcome: 'moved', source: 'a', target: 'b', engine })
    await client.more()
    expect(await b.host.pids('counter')).toHaveLength(1)
    expect(await a.host.pids('counter')).toHaveLength(0)
    await b.settled()
    expect(await b.json<ContainerView[]>('ls')).toContainEqual(
      expect.objectContaining({ engine, name, state: 'running', host: 'b' })
    )
    expect((await a.json<ContainerView[]>('ls')).filter((c) => c.name === name)).toEqual([])

    const back = await b.json<MigrationView>('move', name, '--to', 'a')
    expect(back.problem).toBeUndefined()
    expect(back).toMatchObject({ outcome: 'moved', source: 'b', target: 'a' })
    await client.more()
    expect(await a.host.pids('counter')).toHaveLength(1)
    expect(await b.host.pids('counter')).toHaveLength(0)

    const seen = await client.finish()
    expect(seen.problem).toBeUndefined()
    expect(seen.outOfOrder).toBe(0)
    expect(seen.last - seen.first + 1).toBe(seen.answers)
    expect(await leftovers(b.host, name)).toEqual([])
  })

  test('is an ordinary container of the engine after it', async () => {
    const { host } = cluster.host('a')
    const stop =
      engine === 'lxc'
        ? ['lxc-stop', '-k', '-n', name]
        : ['sh', '-c', `${engine} kill ${name} KILL; sleep 1; ${engine} delete -f ${name}`]
    await host.exec(stop)
    await expect.poll(() => host.pids('counter'), { timeout: 10_000 }).toEqual([])
  })
})
