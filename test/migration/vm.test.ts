// The true host: stock kernel, systemd as pid 1, ferry as its own unit. What works in a namespace but not here does not work.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ContainerView, MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster } from './cluster.ts'
import { startCounter } from './containers.ts'

const UP_TIMEOUT_MS = 1_200_000
const MOVE_TIMEOUT_MS = 1_200_000
const address = '10.77.0.150'
let cluster: Cluster

beforeAll(async () => {
  cluster = await createCluster({
    name: 'vmmove',
    kind: 'vm',
    // Emulated hosts are some fifteen times slower than real ones.
    config: { limits: { downtimeMs: 300_000, peerTimeoutMs: 120_000, transferIdleMs: 120_000 } }
  })
}, UP_TIMEOUT_MS)
afterAll(async () => {
  await cluster.down()
}, 120_000)

test(
  'an LXC container moves between two such hosts with its memory and its open TCP connection',
  { timeout: MOVE_TIMEOUT_MS },
  async () => {
    const a = cluster.host('a')
    const b = cluster.host('b')
    await startCounter(a.host, { engine: 'lxc', name: 'web', address, mac: '00:16:3e:00:00:50' })
    const client = await Client.connect(cluster.lab.client, address, 8000, 50)
    await client.more()

    const view = await a.json<MigrationView>('move', 'web', '--to', 'b')
    expect(view.problem).toBeUndefined()
    expect(view).toMatchObject({ outcome: 'moved', engine: 'lxc', source: 'a', target: 'b' })
    await client.more()
    expect(await b.host.pids('counter')).toHaveLength(1)
    expect(await a.host.pids('counter')).toHaveLength(0)
    await b.settled()
    expect(await b.json<ContainerView[]>('ls')).toContainEqual(
      expect.objectContaining({ name: 'web', state: 'running' })
    )

    // The unit's end is not the container's.
    await b.stop()
    await b.start()
    await client.more()
    expect(await b.host.pids('counter')).toHaveLength(1)

    const seen = await client.finish()
    expect(seen.problem).toBeUndefined()
    expect(seen.outOfOrder).toBe(0)
  }
)
