// Leftovers made for real, one kind after the other: each is listed in words, repaired or left alone, and the next move works.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DoctorView, MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { atGate, buryDaemon, holdDaemon, letGo, movingHeld, openGate, shutGate } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

const web = '10.77.0.150'
let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  // A daemon that a test holds still must not be taken for one that is gone, nor its container for one that stood still too long.
  const limits = { peerTimeoutMs: 180_000, downtimeMs: 120_000 }
  // Slow enough that the container stands frozen while the test does its work.
  cluster = await createCluster({ name: 'doctor', config: { rateBps: 8_000_000, limits } })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, { engine: 'runc', name: 'web', address: web, mac: '00:16:3e:00:00:50', memoryMiB: 32 })
  await startCounter(a.host, { engine: 'lxc', name: 'box', address: '10.77.0.151', mac: '00:16:3e:00:00:51' })
})
afterAll(async () => {
  await cluster.down()
})

beforeEach(async () => {
  expect(codes(await a.json<DoctorView>('doctor'))).toEqual([])
  expect(codes(await b.json<DoctorView>('doctor'))).toEqual([])
})

function codes(view: DoctorView): string[] {
  return view.findings.map(({ code, repaired }) => `${repaired === undefined ? 'left' : 'repaired'} ${code}`).sort()
}

async function sh(host: FerryHost, script: string): Promise<string> {
  return (await host.host.exec(['sh', '-ec', script])).stdout.trim()
}

/** The target stands frozen and waits for the decision. */
async function prepared(host: FerryHost, id: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (host.log.some((line) => line.includes(id) && line.includes('"state":"prepared"'))) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${host.name} does not prepare migration ${id}`)
}

async function restart(host: FerryHost, meanwhile: () => Promise<unknown>): Promise<void> {
  await host.stop('SIGKILL')
  await buryDaemon(host.host)
  await meanwhile()
  await host.start()
}

/** A move that stands at its first round: nothing of the root file system gets into its staging folder on b. */
async function arriving(name: string): Promise<Moving> {
  await shutGate(b.host, 'rootfs')
  const moving = await Moving.start(a, name, 'b')
  await moving.until('preDumping')
  await atGate(b.host)
  return moving
}

/** While no daemon runs on b: whoever waited there for a dead one ends. */
async function noneArrives(): Promise<void> {
  await openGate(b.host)
  await sh(b, 'while pgrep -x rsync >/dev/null; do sleep 0.05; done')
}

/** A daemon removes work folders that its journal does not know, beside all else that it does as it starts. */
async function pruned(host: FerryHost): Promise<void> {
  await sh(host, 'while [ -n "$(ls -A /var/lib/ferry/migrations)" ]; do sleep 0.05; done')
}

async function ended(host: FerryHost, id: string): Promise<MigrationView> {
  for (let tries = 0; tries < 150; tries++) {
    const view = (await host.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (view?.outcome !== undefined) return view
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`migration ${id} does not end on ${host.name}`)
}

/** What a daemon of another version, or another moment, would have written. While none runs. */
async function rewrite(host: FerryHost, id: string, script: string): Promise<void> {
  const program = `import { openJournal } from '/opt/ferry/dist/src/journal/journal.js'
const journal = await openJournal('/var/lib/ferry/journal')
const record = await journal.migration('${id}')
const endedAt = new Date().toISOString()
${script}
await journal.close()`
  await host.host.writeFile('/tmp/rewrite.mjs', program)
  await host.host.exec(['node', '/tmp/rewrite.mjs'])
}

/** A migration of web that was cancelled while it was frozen: what the journal of `a` then says. */
async function aborted(): Promise<string> {
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('streaming')
  await a.json('cancel', moving.id)
  expect((await moving.end()).view.outcome).toBe('rolled-back')
  return moving.id
}

describe('what is under way is left alone', () => {
  test('a frozen tree on each side is not listed, and a repair touches nothing', async () => {
    const client = await Client.connect(cluster.lab.client, web)
    await client.more()
    await shutGate(b.host)
    const moving = await Moving.start(a, 'web', 'b')
    await moving.until('streaming')
    for (const host of [a, b]) {
      expect(codes(await host.json<DoctorView>('doctor'))).toEqual([])
      expect(codes(await host.json<DoctorView>('doctor', '--repair'))).toEqual([])
    }
    await moving.until('restoring')
    await atGate(b.host)
    await holdDaemon(a.host)
    await openGate(b.host)
    await prepared(b, moving.id)
    expect(codes(await b.json<DoctorView>('doctor', '--repair'))).toEqual([])
    await letGo(a.host)
    expect((await moving.end()).view.outcome).toBe('moved')
    await client.more()
    const seen = await client.finish()
    expect(seen.problem).toBeUndefined()
    expect(seen.outOfOrder).toBe(0)
    expect((await b.json<MigrationView>('move', 'web', '--to', 'a')).outcome).toBe('moved')
  })
})

describe('a journal that was moved aside', () => {
  const aside = 'mv /var/lib/ferry/journal /var/lib/ferry/journal.aside'
  const back = 'rm -r /var/lib/ferry/journal; mv /var/lib/ferry/journal.aside /var/lib/ferry/journal'

  test('what was only staged is removed, and the next move works', async () => {
    for (const name of ['web', 'box']) {
      const moving = name === 'web' ? await Moving.start(a, name, 'b') : await arriving(name)
      if (name === 'web') await moving.until('streaming')
      await restart(b, async () => {
        await noneArrives()
        await sh(b, aside)
      })
      await cluster.connected()
      await pruned(b)
      expect((await moving.end()).view.outcome).toBe('rolled-back')
      const view = await b.json<DoctorView>('doctor')
      expect(codes(view)).toEqual(['left STAGING_LEFT'])
      expect(view.findings[0]).toMatchObject({ host: 'b', repairable: true, why: 'the journal does not know it' })
      expect(view.findings[0]?.what).toContain(`was staged by migration ${moving.id}, which is not under way`)
      const { exitCode, stdout } = await b.ferry('doctor', '--repair')
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 })
      expect(stdout).toContain('repaired:')
      expect(await leftovers(b.host, name)).toEqual([])
      await restart(b, () => sh(b, back))
      await cluster.connected()
    }
    expect((await a.json<MigrationView>('move', 'box', '--to', 'b')).outcome).toBe('moved')
    expect((await b.json<MigrationView>('move', 'box', '--to', 'a')).outcome).toBe('moved')
  })

  test('trees that nobody can tell the right of are listed and stay as they are', async () => {
    const pids = await a.host.pids('counter')
    const moving = await movingHeld(a, 'web', b)
    await prepared(b, moving.id)
    const there = await b.host.pids('counter')
    await restart(b, () => sh(b, aside))
    await restart(a, () => sh(a, aside))
    for (const host of [a, b]) await pruned(host)
    for (const [host, wanted] of [
      [a, ['left START_PARKED', 'left TREE_UNKNOWN']],
      [b, ['left RESTORED_UNKNOWN']]
    ] as const) {
      expect(codes(await host.json<DoctorView>('doctor'))).toEqual(wanted)
      const view = await host.json<DoctorView>('doctor', '--repair')
      expect(codes(view)).toEqual(wanted)
      expect(view.findings.every(({ repairable }) => !repairable)).toBe(true)
      expect((await host.ferry('doctor')).exitCode).toBe(1)
    }
    expect(await a.host.pids('counter')).toEqual(pids)
    expect(await b.host.pids('counter')).toEqual(there)
    for (const host of [a, b]) expect(await sh(host, 'cat /sys/fs/cgroup/web/cgroup.freeze')).toBe('1')
    await restart(a, () => sh(a, back))
    await restart(b, () => sh(b, back))
    await cluster.connected()
    expect((await ended(a, moving.id)).outcome).toBe('rolled-back')
    expect((await ended(b, moving.id)).outcome).toBe('rolled-back')
    expect(await a.host.pids('counter')).toEqual(pids)
  })
})

test('a daemon that died between the staging folder and its record finds the folder again', async () => {
  const moving = await arriving('web')
  await restart(b, async () => {
    await noneArrives()
    await sh(b, `ls -d /var/lib/ferry/containers/.ferry-${moving.id}`)
    await rewrite(
      b,
      moving.id,
      'const { staged, ...data } = record.data; await journal.putMigration({ ...record, data })'
    )
  })
  await cluster.connected()
  await ended(b, moving.id)
  await moving.end()
  expect(await leftovers(b.host, 'web')).toEqual([])
})

test('what a migration restored that the journal calls discarded is killed, whichever the engine', async () => {
  for (const name of ['web', 'box']) {
    const moving = await movingHeld(a, name, b)
    await prepared(b, moving.id)
    expect(await b.host.pids('counter')).toHaveLength(1)
    await restart(b, () =>
      rewrite(b, moving.id, `await journal.putMigration({ ...record, state: 'discarded', endedAt })`)
    )
    const view = await b.json<DoctorView>('doctor')
    expect(codes(view)).toEqual(['left IMAGES_LEFT', 'left STAGING_LEFT'])
    expect(view.findings.map(({ why }) => why).join('\n')).toContain('the journal says that this host never runs')
    const repaired = await b.json<DoctorView>('doctor', '--repair')
    expect(repaired.findings.filter((finding) => finding.repaired === undefined)).toEqual([])
    expect(await b.host.pids('counter')).toEqual([])
    expect(await leftovers(b.host, name)).toEqual([])
    await letGo(a.host)
    expect((await moving.end()).view.outcome).toBe('rolled-back')
  }
})

test('what is left of a container that has moved away is killed, and it runs on where it went', async () => {
  const moving = await movingHeld(a, 'web', b)
  await prepared(b, moving.id)
  await restart(a, () =>
    rewrite(
      a,
      moving.id,
      `await journal.decide(record.id, 'commit', record.epoch)
await journal.putMigration({ ...record, state: 'moved', endedAt })`
    )
  )
  const view = await a.json<DoctorView>('doctor', '--repair')
  expect(view.findings.map(({ code }) => code)).toContain('TREE_LEFT')
  expect(view.findings.filter(({ repaired }) => repaired === undefined)).toEqual([])
  // The other container's monitor stays where it is.
  expect(await leftovers(a.host, 'web', /\/var\/lib\/lxc box/)).toEqual([])
  expect((await ended(b, moving.id)).outcome).toBe('moved')
  expect((await b.json<MigrationView>('move', 'web', '--to', 'a')).outcome).toBe('moved')
})

test('a container that stands frozen after an abort runs again, its client with it', async () => {
  const id = await aborted()
  const client = await Client.connect(cluster.lab.client, web)
  await client.more()
  await sh(a, 'echo 1 > /sys/fs/cgroup/web/cgroup.freeze; ip link set vweb master ferrypark0')
  const view = await a.json<DoctorView>('doctor')
  expect(codes(view)).toEqual(['left CONTAINER_FROZEN'])
  expect(view.findings[0]?.what).toBe('web stands frozen with its port vweb on ferrypark0, and no migration holds it')
  expect(view.findings[0]?.why).toContain(id)
  expect(codes(await a.json<DoctorView>('doctor', '--repair'))).toEqual(['repaired CONTAINER_FROZEN'])
  await client.more()
  expect((await client.finish()).problem).toBeUndefined()
})

test('a container that somebody paused with its port on its bridge is not thawed', async () => {
  await sh(a, 'runc pause web')
  const view = await a.json<DoctorView>('doctor', '--repair')
  expect(view.findings).toEqual([])
  expect(view.notes.join('\n')).toContain('web (cgroup /web) is frozen with its port on its bridge')
  expect(await sh(a, 'cat /sys/fs/cgroup/web/cgroup.freeze')).toBe('1')
  await sh(a, 'runc resume web')
})

test('sockets that a killed CRIU left in repair mode are sockets again', async () => {
  const client = await Client.connect(cluster.lab.client, web)
  await client.more()
  // Stopped, because a read that meets a socket in repair mode fails, and the server would close the connection.
  await sh(a, 'kill -STOP $(cat /sys/fs/cgroup/web/cgroup.procs)')
  const { stdout } = await a.host.exec(['perl', '-e', repairOn, ...(await a.host.pids('counter')).map(String)])
  expect(stdout).toBe('1\n')
  expect(codes(await a.json<DoctorView>('doctor'))).toEqual(['left SOCKETS_IN_REPAIR'])
  expect(codes(await a.json<DoctorView>('doctor', '--repair'))).toEqual(['repaired SOCKETS_IN_REPAIR'])
  await sh(a, 'kill -CONT $(cat /sys/fs/cgroup/web/cgroup.procs)')
  await client.more()
  expect((await client.finish()).problem).toBeUndefined()
})

test('whatever else an ended migration can leave is found and goes', async () => {
  const id = await aborted()
  const work = `/var/lib/ferry/migrations/${id}`
  await sh(
    b,
    `mkdir -p ${work}/images ${work}/work/.criu.cgyard.x/unified; echo pages > ${work}/images/pages-1.img
     mount -t cgroup2 none ${work}/work/.criu.cgyard.x/unified
     mkdir /sys/fs/cgroup/web; echo 1 > /sys/fs/cgroup/web/cgroup.freeze
     mkdir -p /run/runc/web; touch -d "$(stat -c %y ${work}/work/rsyncd.conf)" /run/runc/web
     cp /bin/sleep /tmp/criu
     CRIU_CONFIG_FILE=${work}/work/criu-restore.conf setsid /tmp/criu 1000 </dev/null >/dev/null 2>&1 &
     mkdir -p /tmp/ferry-rootfs-x; touch -d '2 hours ago' /tmp/ferry-rootfs-x
     until pgrep -x criu >/dev/null; do sleep 0.05; done`
  )
  const view = await b.json<DoctorView>('doctor')
  expect(codes(view)).toEqual(
    ['CGROUP_LEFT', 'IMAGES_LEFT', 'MOUNTS_LEFT', 'PROCESS_LEFT', 'STATE_LEFT'].map((code) => `left ${code}`)
  )
  const repaired = await b.ferry('doctor', '--repair')
  expect(repaired.stdout).toContain('5 things repaired, nothing is left')
  expect(repaired.exitCode).toBe(0)
  expect(await leftovers(b.host, 'web')).toEqual([])
  expect(await sh(b, 'cat /proc/mounts')).not.toContain('cgyard')
  expect(await b.host.pids('criu')).toEqual([])
  expect((await a.json<MigrationView>('move', 'web', '--to', 'b')).outcome).toBe('moved')
})

test('what stayed beside its old place when its container left goes when its retention ends', async () => {
  const beside = '/var/lib/lxc/.gone.ferry-retired-aaaaaaaaaaaaaaaaaaaa'
  await sh(b, `mkdir -p ${beside}/rootfs; echo old > ${beside}/rootfs/file`)
  await restart(b, async () => undefined)
  expect(await sh(b, `cat ${beside}/rootfs/file`)).toBe('old')
  const config = JSON.parse((await b.host.readFile('/etc/ferry/ferry.json')).toString()) as Record<string, unknown>
  await restart(b, () => b.configure({ ...config, retentionHours: 0 }))
  await cluster.connected()
  for (let tries = 0; tries < 50 && (await sh(b, 'ls -A /var/lib/lxc')).includes('.gone'); tries++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await sh(b, 'ls -A /var/lib/lxc')).not.toContain('.gone')
})

/** Arguments: pids. What a dump does to connections, and what a CRIU that is killed does not undo. */
const repairOn = `use strict; use warnings; my $count = 0;
for my $pid (@ARGV) {
  my $pidfd = syscall(434, $pid + 0, 0); next if $pidfd < 0;
  opendir(my $dir, "/proc/$pid/fd") or next;
  for my $fd (grep { /^\\d+$/ } readdir $dir) {
    next unless (readlink("/proc/$pid/fd/$fd") // '') =~ /^socket:/;
    my $mine = syscall(438, $pidfd, $fd + 0, 0); next if $mine < 0;
    open(my $sock, '+<&=', $mine) or next;
    setsockopt($sock, 6, 19, pack('i', 1)) and $count++;
  }
}
print "$count\\n";`
