// The source's disk takes nothing any more: what can still be taken back does not wait for it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillDisk, freeDisk, makeDisk } from '../lab/state-disk.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { atGate, openGate, shutGate } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

const address = '10.77.0.150'
const DOWNTIME_MS = 20_000
const EVERY_MS = 50
let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  cluster = await createCluster({
    name: 'fulldisk',
    config: { limits: { downtimeMs: DOWNTIME_MS } },
    prepare: (lab) => makeDisk(lab.host('a'))
  })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, { engine: 'runc', name: 'web', address, mac: '00:16:3e:00:00:50', memoryMiB: 8 })
})
afterAll(async () => {
  await cluster.down()
})

test('full just before the COMMIT: the same processes run on at the source while it still is', async () => {
  const pids = await a.host.pids('counter')
  const client = await Client.connect(cluster.lab.client, address, 8000, EVERY_MS)
  await client.more()
  await shutGate(b.host)
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('restoring')
  await atGate(b.host)
  await fillDisk(a.host)
  await openGate(b.host)
  await moving.until('recordingCommit')

  // As many answers as take longer than a container may stand still.
  await client.more(Math.ceil((1.25 * DOWNTIME_MS) / EVERY_MS))
  expect(await a.host.pids('counter')).toEqual(pids)
  expect(await b.host.pids('counter')).toEqual([])

  await freeDisk(a.host)
  const { view } = await moving.end()
  expect(view).toMatchObject({ outcome: 'rolled-back', problem: { code: 'JOURNAL_UNAVAILABLE', host: 'a' } })
  const seen = await client.finish()
  expect(seen.problem).toBeUndefined()
  expect(seen.outOfOrder).toBe(0)
  expect(await leftovers(b.host, 'web')).toEqual([])
  const receipt = await a.ferry('receipt', moving.id)
  expect(receipt.exitCode, receipt.stdout + receipt.stderr).toBe(0)
})
