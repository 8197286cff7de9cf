// What real migrations sign, however they end, proves that the container ran on one host at a time.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReceiptView } from '../../protocols/operator/views.ts'
import { createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter, startProgram } from './containers.ts'
import { buryDaemon, letGo, movingHeld } from './held-daemon.ts'
import { Moving } from './moving.ts'

let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  cluster = await createCluster({ name: 'receipt', config: { limits: { peerTimeoutMs: 60_000 } } })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, { engine: 'runc', name: 'web', address: '10.77.0.160', mac: '00:16:3e:00:00:60' })
})
afterAll(async () => {
  await cluster.down()
})

interface Verified {
  readonly verdict: string
  readonly findings: readonly { readonly code: string; readonly what: string }[]
  readonly runs: readonly {
    readonly host: string
    readonly from?: { readonly kind: string }
    readonly until?: { readonly kind: string }
  }[]
}

/** Asked until both sides have ended: the target's last entry may come after the source's end. */
async function verified(host: FerryHost, id: string): Promise<Verified> {
  let last: Verified | undefined
  for (let tries = 0; tries < 100; tries++) {
    last = await host.json<Verified>('receipt', 'verify', id)
    if (!last.findings.some(({ code }) => ['RECEIPT_OPEN', 'RECEIPT_MISSING'].includes(code))) return last
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`the receipt of ${id} on ${host.name} stays open: ${JSON.stringify(last?.findings)}`)
}

function spans({ runs }: Verified): string[] {
  return runs.map(({ host, from, until }) => `${host}: ${from?.kind ?? 'before'} to ${until?.kind ?? 'now'}`)
}

async function proved(id: string, expected: readonly string[]): Promise<void> {
  for (const host of [a, b]) {
    const result = await verified(host, id)
    expect(result.findings.filter(({ code }) => code !== 'RECEIPT_CLOCK')).toEqual([])
    expect(result.verdict).toBe('proved')
    expect(spans(result)).toEqual(expected)
  }
}

async function targetPrepared(): Promise<Moving> {
  const moving = await movingHeld(a, 'web', b)
  while (!b.log.some((line) => line.includes(moving.id) && line.includes('"state":"prepared"'))) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return moving
}

test('rolled back with the target prepared, both daemons killed in between', async () => {
  const moving = await targetPrepared()
  await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')])
  await Promise.all([a, b].map(({ host }) => buryDaemon(host)))
  await Promise.all([a.start(), b.start()])
  await cluster.connected()
  await proved(moving.id, ['a: before to frozen', 'a: abort to now'])
})

test('handed back, since the restored tree was killed before the decision', async () => {
  const moving = await targetPrepared()
  const [pid] = await b.host.pids('counter')
  await b.host.exec([
    'sh',
    '-ec',
    `group="/sys/fs/cgroup$(sed -n s/^0:://p /proc/${String(pid)}/cgroup)"; echo 1 > "$group/cgroup.kill"
     while grep -q 'populated 1' "$group/cgroup.events"; do sleep 0.02; done`
  ])
  await letGo(a.host)
  expect((await moving.end()).view.outcome).toBe('rolled-back')
  await proved(moving.id, ['a: before to frozen', 'a: taken-back to now'])
  await b.settled()
})

test('refused: the target never had anything to run', async () => {
  await startProgram(b.host, 'web', 'sigcont')
  const { view } = await (await Moving.start(a, 'a/web', 'b')).end()
  await b.host.exec(['sh', '-c', 'runc delete -f web; rm -rf /srv/web'])
  expect(view).toMatchObject({ outcome: 'refused', problem: { code: 'NAME_TAKEN', host: 'b' } })
  await proved(view.id, ['a: before to now'])
})

test('moved: also proved from exported files, and not when one of them was changed or its host is silent', async () => {
  const moving = await Moving.start(a, 'web', 'b')
  const { view } = await moving.end()
  expect(view.outcome).toBe('moved')
  await proved(view.id, ['a: before to frozen', 'b: activating to now'])
  const shown = (await a.ferry('receipt', view.id)).stdout
  for (const kind of ['frozen', 'prepared', 'commit', 'activating', 'resumed', 'retired']) expect(shown).toContain(kind)
  const roots = [...shown.matchAll(/rootfs=(\S+)/g)].map(([, digest]) => digest)
  expect(roots).toHaveLength(2)
  expect(new Set(roots).size, 'what was sent and what arrived').toBe(1)

  await a.ferry('receipt', 'show', view.id, '--export', '/tmp/a.json')
  await b.ferry('receipt', 'show', view.id, '--export', '/tmp/b.json')
  const fromB = JSON.parse((await b.host.exec(['cat', '/tmp/b.json'])).stdout) as ReceiptView
  await b.stop()
  expect((await a.ferry('receipt', 'verify', view.id)).stdout).toContain('not proved:')
  await a.host.writeFile('/tmp/b.json', JSON.stringify(fromB))
  await a.stop()
  expect((await a.ferry('receipt', 'verify', '/tmp/a.json', '/tmp/b.json')).exitCode).toBe(0)
  const half = fromB.halves[0]?.entries ?? []
  await a.host.writeFile('/tmp/b.json', JSON.stringify({ ...fromB, halves: [{ entries: half.slice(0, 3) }] }))
  await a.host.writeFile('/tmp/a.json', JSON.stringify({ ...fromB, halves: fromB.halves.slice(1) }))
  expect((await a.ferry('receipt', 'verify', '/tmp/a.json', '/tmp/b.json')).stdout).toContain('RECEIPT_CUT_SHORT')
})
