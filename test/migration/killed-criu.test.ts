// CRIU is killed in the middle of its work: the container runs, once, its client's connection lives, and nothing is left of the attempt.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter, type CounterOptions } from './containers.ts'
import { CriuHold, type Instant } from './criu-hold.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'
import { PatientClient } from './patient-client.ts'
import { strays } from './strays.ts'

let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  cluster = await createCluster({ name: 'killcriu' })
  a = cluster.host('a')
  b = cluster.host('b')
})
afterAll(async () => {
  await cluster.down()
})

/** Pids with the moment each began, in clock ticks: a restored process of the same pid began later. */
async function processes(host: FerryHost, comm = 'counter'): Promise<string[]> {
  const pids = await host.host.pids(comm)
  const stats = await Promise.all(
    pids.map(async (pid) => (await host.host.readFile(`/proc/${String(pid)}/stat`)).toString())
  )
  return stats.map((stat) => `${stat.split(' ')[0] ?? ''} ${stat.split(') ')[1]?.split(' ')[19] ?? ''}`)
}

async function kill(host: FerryHost, ...pids: number[]): Promise<void> {
  await host.host.exec(['kill', '-KILL', ...pids.map(String)])
}

/** A view of the migration on a host, once it has an outcome there. */
async function ended(host: FerryHost, id: string): Promise<MigrationView> {
  for (let tries = 0; tries < 100; tries++) {
    const view = (await host.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (view?.outcome !== undefined) return view
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`migration ${id} does not end on ${host.name}`)
}

/** What the receipts of both hosts say: the copy on the target never ran, or it did and was killed for it. */
async function receiptSays(id: string, what: 'proved' | 'RECEIPT_UNHELD'): Promise<void> {
  const { exitCode, stdout } = await a.ferry('receipt', 'verify', id)
  if (what === 'proved') expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^proved: /)])
  else
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/^not proved: .*running out of turn[^]*RECEIPT_UNHELD/)
    ])
}

/** The same processes run there and nowhere else, and nothing is left of the attempt. */
async function runsOnAtSource(name: string, comm: string, before: readonly string[]): Promise<void> {
  // These wait until nobody is at work any more.
  expect(await strays(a.host, await a.host.pids(comm))).toEqual([])
  expect(await leftovers(b.host, name)).toEqual([])
  expect(await processes(a, comm)).toEqual(before)
  expect(await processes(b, comm)).toEqual([])
}

/** Waits for the first bytes of memory in the images, and kills CRIU then: itself and before all others, or CRIU could be done meanwhile. */
const killAtFirstPages = `use strict; use warnings;
setpriority 0, 0, -20;
select undef, undef, undef, 0.001 until grep { -s } glob '/var/lib/ferry/migrations/*/images/pages-1.img';
my $killed = 0;
for my $path (glob '/proc/[0-9]*/comm') {
  open(my $file, '<', $path) or next; (readline($file) // '') eq "criu\n" or next;
  my ($pid) = $path =~ /([0-9]+)/; $killed += kill 'KILL', $pid;
}
$killed or die "no criu\n"`

const containers: readonly CounterOptions[] = [
  { engine: 'runc', name: 'krunc', address: '10.77.0.160', mac: '00:16:3e:00:00:60' },
  { engine: 'crun', name: 'kcrun', address: '10.77.0.161', mac: '00:16:3e:00:00:61' },
  { engine: 'lxc', name: 'klxc', address: '10.77.0.162', mac: '00:16:3e:00:00:62' }
]

describe.each(containers)('of a $engine container', (container) => {
  let before: string[]
  let hold: CriuHold

  beforeAll(async () => {
    await startCounter(a.host, container)
  })
  afterAll(async () => {
    const { engine, name } = container
    await a.host.exec(engine === 'lxc' ? ['lxc-stop', '-k', '-n', name] : [engine, 'delete', '-f', name])
  })
  beforeEach(async () => {
    before = await processes(a)
    expect(before).toHaveLength(1)
  })
  afterEach(async () => {
    await hold.lift()
    await runsOnAtSource(container.name, 'counter', before)
  })

  /**
   * While CRIU dumps it holds the tasks by ptrace, and has thawed their cgroup; killed, it lets them go at once, with sockets in repair mode. Nobody can be
   * in between. A request that was in a socket unread, because it came just before the freeze, is then asked for in vain (EPERM), and a
   * server that closes its connection for that has closed it. So the client here asks when nothing is under way, and once while all is frozen:
   * what comes then is not in the socket but kept, and is delivered after the sockets are put right.
   */
  describe('during the dump', () => {
    let client: PatientClient
    let last: number
    beforeEach(async () => {
      client = await PatientClient.connect(cluster.lab.client, container.address)
      last = await client.ask()
    })
    afterEach(async () => {
      expect(await client.ask()).toBe(last + 1)
      await client.end()
    })

    test('alone: the move is rolled back', async () => {
      hold = await CriuHold.set(a, 'post-dump')
      const moving = await Moving.start(a, container.name, 'b')
      const criu = await hold.reached(moving)
      const answer = client.ask()
      await kill(a, criu)
      await hold.lift()
      expect((await moving.end()).view).toMatchObject({
        outcome: 'rolled-back',
        problem: { code: 'CRIU_DUMP_FAILED', host: 'a' }
      })
      expect(await answer).toBe(++last)
    })

    test('after the daemon: the next daemon puts the sockets right', async () => {
      hold = await CriuHold.set(a, 'post-dump')
      const moving = await Moving.start(a, container.name, 'b')
      const criu = await hold.reached(moving)
      const answer = client.ask()
      await a.stop('SIGKILL')
      await kill(a, criu)
      await hold.lift()
      await a.start()
      await cluster.connected()
      expect(await ended(a, moving.id)).toMatchObject({ outcome: 'rolled-back' })
      expect(await ended(b, moving.id)).toMatchObject({ outcome: 'rolled-back' })
      last = await answer
    })

    test('by the next daemon, where it outlives the one that started it', async () => {
      hold = await CriuHold.set(a, 'post-dump')
      const moving = await Moving.start(a, container.name, 'b')
      await hold.reached(moving)
      const answer = client.ask()
      await a.stop('SIGKILL')
      await a.start()
      await cluster.connected()
      expect(await ended(a, moving.id)).toMatchObject({ outcome: 'rolled-back' })
      last = await answer
    })
  })

  describe('during the restore', () => {
    let client: Client
    beforeEach(async () => {
      client = await Client.connect(cluster.lab.client, container.address)
      await client.more()
    })
    afterEach(async () => {
      await client.more()
      const seen = await client.finish()
      expect(seen.problem).toBeUndefined()
      expect(seen.outOfOrder).toBe(0)
    })

    test.each<Instant>(['post-restore', 'pre-resume'])('at %s: the source goes on', async (instant) => {
      hold = await CriuHold.set(b, instant)
      const moving = await Moving.start(a, container.name, 'b')
      await kill(b, await hold.reached(moving))
      await hold.lift()
      expect((await moving.end()).view).toMatchObject({
        outcome: 'rolled-back',
        problem: { code: 'CRIU_RESTORE_FAILED', host: 'b' }
      })
      await receiptSays(moving.id, 'proved')
    })

    test.each<Instant>(['post-restore', 'pre-resume'])(
      'at %s, and the daemon with it: the next daemon removes what there is',
      async (instant) => {
        hold = await CriuHold.set(b, instant)
        const moving = await Moving.start(a, container.name, 'b')
        const criu = await hold.reached(moving)
        await b.stop('SIGKILL')
        await kill(b, criu)
        await hold.lift()
        expect((await moving.end()).view.outcome).toBe('rolled-back')
        await b.start()
        await cluster.connected()
        expect(await ended(b, moving.id)).toMatchObject({ outcome: 'rolled-back' })
        await receiptSays(moving.id, 'proved')
      }
    )

    test('by the next daemon, where it outlives the one that started it', async () => {
      hold = await CriuHold.set(b, 'post-restore')
      const moving = await Moving.start(a, container.name, 'b')
      await hold.reached(moving)
      await b.stop('SIGKILL')
      expect((await moving.end()).view.outcome).toBe('rolled-back')
      await b.start()
      await cluster.connected()
      expect(await ended(b, moving.id)).toMatchObject({ outcome: 'rolled-back' })
      await receiptSays(moving.id, 'proved')
    })
  })
})

/** Memory is read by code that CRIU puts into the tasks. */
test('CRIU is killed while its code is in the tasks: they go on where they were', async () => {
  const container = { engine: 'runc', name: 'kpages', address: '10.77.0.164', mac: '00:16:3e:00:00:64' } as const
  await startCounter(a.host, { ...container, memoryMiB: 256 })
  await PatientClient.untilItListens(cluster.lab.client, container.address)
  const before = await processes(a)
  const client = await PatientClient.connect(cluster.lab.client, container.address)
  expect(await client.ask()).toBe(1)
  const killing = a.host.exec(['perl', '-e', killAtFirstPages])
  const moving = await Moving.start(a, container.name, 'b')
  await killing
  expect((await moving.end()).view).toMatchObject({
    outcome: 'rolled-back',
    problem: { code: 'CRIU_DUMP_FAILED', host: 'a' }
  })
  expect(await client.ask()).toBe(2)
  await client.end()
  await runsOnAtSource(container.name, 'counter', before)
  await a.host.exec(['runc', 'delete', '-f', container.name])
})

/** CRIU's work is done, or all but done, and ferry has not frozen the tree yet. */
describe('between restore and freeze', () => {
  const container = { engine: 'runc', program: 'ledger', name: 'kfrozen', address: '10.77.0.163' } as const
  let before: string[]
  let client: PatientClient
  let next = 0
  let hold: CriuHold

  const append = async () => {
    const answer = await client.say(String(++next))
    expect(answer).toMatch(new RegExp(`^${String(next)} ${String(next)} `))
  }

  beforeAll(async () => {
    await startCounter(a.host, { ...container, mac: '00:16:3e:00:00:63' })
    client = await PatientClient.connect(cluster.lab.client, container.address)
  })
  afterAll(async () => {
    await client.end()
    await a.host.exec(['runc', 'delete', '-f', container.name])
  })
  beforeEach(async () => {
    before = await processes(a, 'ledger')
    expect(before).toHaveLength(1)
    await append()
  })
  afterEach(async () => {
    await hold.lift()
    await append()
    await runsOnAtSource(container.name, 'ledger', before)
  })

  test('the runtime is killed: the stopped tree goes with it, the source goes on', async () => {
    hold = await CriuHold.set(b, 'ended')
    const moving = await Moving.start(a, container.name, 'b')
    const runtime = await hold.reached(moving)
    expect(await b.host.pids('criu')).toEqual([])
    const answer = append()
    await kill(b, runtime)
    expect((await moving.end()).view).toMatchObject({
      outcome: 'rolled-back',
      problem: { code: 'CRIU_RESTORE_FAILED', host: 'b' }
    })
    await answer
    await receiptSays(moving.id, 'proved')
  })

  test('the daemon is killed: the next one removes the stopped tree and ends the runtime', async () => {
    hold = await CriuHold.set(b, 'ended')
    const moving = await Moving.start(a, container.name, 'b')
    await hold.reached(moving)
    const answer = append()
    await b.stop('SIGKILL')
    expect((await moving.end()).view.outcome).toBe('rolled-back')
    await answer
    await b.start()
    await cluster.connected()
    expect(await ended(b, moving.id)).toMatchObject({ outcome: 'rolled-back' })
    await receiptSays(moving.id, 'proved')
  })

  describe('by the hook', () => {
    beforeAll(async () => {
      expect(await client.say('catch')).toBe('catch')
    })
    afterEach(async () => {
      const [, , , , continued] = (await client.say('state')).split(' ')
      expect(continued).toBe('0')
    })

    test('the hook is killed: CRIU lets the tree run, and it is killed before it gets a port', async () => {
      hold = await CriuHold.set(b, 'hook')
      const moving = await Moving.start(a, container.name, 'b')
      const hook = await hold.reached(moving)
      const answer = append()
      await kill(b, hook)
      expect((await moving.end()).view).toMatchObject({
        outcome: 'rolled-back',
        problem: { code: 'NOT_FROZEN', host: 'b' }
      })
      await answer
      await receiptSays(moving.id, 'RECEIPT_UNHELD')
    })

    test('CRIU is killed while its hook is at work: it lets the tree run, and that is signed', async () => {
      hold = await CriuHold.set(b, 'hook')
      const moving = await Moving.start(a, container.name, 'b')
      await hold.reached(moving)
      const answer = append()
      await kill(b, ...(await b.host.pids('criu')))
      expect((await moving.end()).view).toMatchObject({
        outcome: 'rolled-back',
        problem: { code: 'CRIU_RESTORE_FAILED', host: 'b' }
      })
      await answer
      await receiptSays(moving.id, 'RECEIPT_UNHELD')
    })

    test.each(['hook', 'CRIU'])(
      'the daemon is killed, then the %s: both copies run, the next daemon kills its own, says so and signs it',
      async (killed) => {
        hold = await CriuHold.set(b, 'hook')
        const moving = await Moving.start(a, container.name, 'b')
        const hook = await hold.reached(moving)
        const answer = append()
        await b.stop('SIGKILL')
        if (killed === 'CRIU') await kill(b, ...(await b.host.pids('criu')))
        await kill(b, hook)
        expect((await moving.end()).view.outcome).toBe('rolled-back')
        await answer
        expect(await processes(b, 'ledger'), 'a second copy runs').toHaveLength(1)
        await b.start()
        await cluster.connected()
        const { outcome, warnings } = await ended(b, moving.id)
        expect(outcome).toBe('rolled-back')
        expect(warnings.map(({ code }) => code)).toContain('NOT_FROZEN')
        await receiptSays(moving.id, 'RECEIPT_UNHELD')
      }
    )

    test('the daemon alone is killed: its hook freezes the tree, which never ran', async () => {
      hold = await CriuHold.set(b, 'hook')
      const moving = await Moving.start(a, container.name, 'b')
      await hold.reached(moving)
      const answer = append()
      await b.stop('SIGKILL')
      await hold.lift()
      expect((await moving.end()).view.outcome).toBe('rolled-back')
      await answer
      await b.start()
      await cluster.connected()
      expect(await ended(b, moving.id)).toMatchObject({ outcome: 'rolled-back' })
      await receiptSays(moving.id, 'proved')
    })
  })
})
