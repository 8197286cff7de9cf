// A whole host loses power in the middle of a migration and comes back with its disk: no stale copy runs, then or ever, whatever starts at boot.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MigrationView } from '../../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { CriuHold } from './criu-hold.ts'
import { holdDaemon, letGo } from './held-daemon.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

let cluster: Cluster
let a: FerryHost
let b: FerryHost

beforeAll(async () => {
  // Slow enough that the container stands frozen while the test does its work.
  cluster = await createCluster({ name: 'power', config: { rateBps: 16_000_000 } })
  a = cluster.host('a')
  b = cluster.host('b')
})
afterAll(async () => {
  await cluster.down()
})

/** A unit of the operator's own that starts the container's bundle at boot, wherever it lies, if there is one. */
async function installUnit(host: FerryHost, engine: string, name: string): Promise<void> {
  await host.host.writeFile(
    '/usr/local/sbin/container-unit',
    `#!/bin/sh
for bundle in /srv/${name} /var/lib/ferry/containers/${name}; do
  [ -e $bundle/config.json ] || continue
  mkdir -p /run/netns; ip netns add ${name}
  cd $bundle && ${engine} run -d --bundle $bundle ${name} </dev/null >/dev/null 2>/run/container-unit.log
done
`,
    0o755
  )
}

/** The units of Debian's lxc, lxc.service and an enabled lxc@NAME.service for each container, and the operator's own. */
async function startsAtBoot(host: FerryHost): Promise<void> {
  await host.host.exec(
    [
      'sh',
      '-c',
      `lxc-autostart
       for config in /var/lib/lxc/*/config; do
         [ ! -e "$config" ] || lxc-start -n "$(basename "$(dirname "$config")")" </dev/null >/dev/null 2>&1
       done
       [ ! -e /usr/local/sbin/container-unit ] || container-unit`
    ],
    { check: false }
  )
}

/** The power is back, and whatever a host starts by itself has started, before ferry has; `first` is done to the disk before anything starts. */
async function powerBack(host: FerryHost, first?: () => Promise<void>): Promise<void> {
  await host.host.boot()
  await first?.()
  await startsAtBoot(host)
  expect(await host.host.pids('counter'), 'started at boot').toEqual([])
  await host.start()
  await cluster.connected()
}

async function ended(host: FerryHost, id: string): Promise<MigrationView> {
  for (let tries = 0; tries < 150; tries++) {
    const view = (await host.json<MigrationView[]>('migrations')).find((migration) => migration.id === id)
    if (view?.outcome !== undefined) return view
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`migration ${id} does not end on ${host.name}`)
}

/** A move whose target is prepared and whose source stands still: it has not decided, and asks nobody. */
async function undecided(container: string): Promise<Moving> {
  const hold = await CriuHold.set(b, 'post-restore')
  const moving = await Moving.start(a, container, 'b')
  await hold.reached(moving)
  await holdDaemon(a.host)
  await hold.lift()
  for (let tries = 0; tries < 600; tries++) {
    if (b.log.some((line) => line.includes(moving.id) && line.includes('"state":"prepared"'))) return moving
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the target is not prepared within 30 s')
}

/** The target is held where its ACTIVATING record is on disk and the container does not run yet: at its port. */
async function holdAtPort(host: FerryHost): Promise<void> {
  await host.host.writeFile(
    '/usr/local/sbin/ip',
    `#!/bin/sh
case " $* " in *' -batch '*)
  lines=$(cat)
  case $lines in *'master br0'*) : > /run/held; while [ -e /run/held ]; do sleep 0.05; done ;; esac
  printf '%s\\n' "$lines" | /usr/sbin/ip "$@"; exit ;;
esac
exec /usr/sbin/ip "$@"
`,
    0o755
  )
}

async function held(host: FerryHost): Promise<void> {
  await host.host.exec(['sh', '-c', 'while [ ! -e /run/held ]; do sleep 0.02; done'])
}

/** Taken away from disks of hosts that may be without power at the moment. */
async function noHold(host: FerryHost): Promise<void> {
  await host.host.exec(['rm', '-f', '/usr/local/sbin/ip'])
}

describe.each(['runc', 'crun', 'lxc'] as const)('of a %s container', (engine) => {
  const number = { runc: '80', crun: '82', lxc: '81' }[engine]
  const address = `10.77.0.1${number}`
  const home = (name: string) => (engine === 'lxc' ? `/var/lib/lxc/${name}` : `/srv/${name}`)
  const arrived = (name: string) => (engine === 'lxc' ? `/var/lib/lxc/${name}` : `/var/lib/ferry/containers/${name}`)
  let name: string
  let made = 0
  const config = engine === 'lxc' ? 'config' : 'config.json'
  let before: number[]
  let configured: Buffer
  let client: Client

  beforeEach(async () => {
    name = `pw${engine}${String(++made)}`
    await startCounter(a.host, { engine, name, address, mac: `00:16:3e:00:00:${number}`, memoryMiB: 48 })
    if (engine !== 'lxc') for (const host of [a, b]) await installUnit(host, engine, name)
    if (engine === 'lxc') await a.host.exec(['sh', '-c', `echo 'lxc.start.auto = 1' >> ${home(name)}/config`])
    configured = await a.host.readFile(`${home(name)}/${config}`)
    before = await a.host.pids('counter')
    for (let tries = 0; ; tries++) {
      try {
        client = await Client.connect(cluster.lab.client, address)
        break
      } catch (error) {
        if (tries === 20) throw error
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
    await client.more()
  })
  afterEach(async () => {
    for (const { host } of [a, b]) {
      const remove = engine === 'lxc' ? `lxc-stop -k -n ${name}` : `${engine} delete -f ${name}; ip netns del ${name}`
      await host.exec([
        'sh',
        '-c',
        `{ ${remove}; rm -f /usr/local/sbin/container-unit; } 2>/dev/null; rm -rf ${home(name)} ${arrived(name)}`
      ])
      // A runtime is done with a process that has ended; who reaps it is the host's init.
      await expect.poll(() => host.pids('counter'), { timeout: 10_000 }).toEqual([])
    }
  })

  async function livesOn(): Promise<void> {
    await client.more()
    const seen = await client.finish()
    expect(seen.problem).toBeUndefined()
    expect(seen.outOfOrder).toBe(0)
  }

  /** It runs nowhere, and its disk is where it is said to be. */
  async function isLost(where: FerryHost, folder: string): Promise<void> {
    expect(await a.host.pids('counter')).toEqual([])
    expect(await b.host.pids('counter')).toEqual([])
    const { exitCode } = await where.host.exec(['test', '-x', `${folder}/rootfs/bin/counter`], { check: false })
    expect(exitCode, `${folder}/rootfs on ${where.name}`).toBe(0)
  }

  /** It is set up as it was before the move, to the last byte. */
  async function isAsBefore(): Promise<void> {
    expect((await a.host.readFile(`${home(name)}/${config}`)).toString()).toBe(configured.toString())
    expect((await a.host.exec(['ls', home(name)])).stdout.split('\n').filter(Boolean)).toEqual([config, 'rootfs'])
  }

  /** A runtime that has started a container returns before the program has its name. */
  async function runs(host: FerryHost, what: string): Promise<void> {
    await expect.poll(() => host.host.pids('counter'), { message: what, timeout: 10_000 }).toHaveLength(1)
  }

  /** What starts containers at boot starts it there: nothing is set aside any more. */
  async function starts(host: FerryHost): Promise<void> {
    await startsAtBoot(host)
    await runs(host, `started on ${host.name}`)
  }

  test('the source, while it streams: lost with the power, and said so; its disk is kept', async () => {
    const moving = await Moving.start(a, name, 'b')
    await moving.until('streaming')
    const { id } = moving
    await a.host.kill()
    await powerBack(a)
    expect(await ended(a, id)).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CONTAINER_LOST', host: 'a' } })
    expect(await ended(b, id)).toMatchObject({ outcome: 'rolled-back' })
    await isLost(a, home(name))
    expect(await leftovers(b.host, name)).toEqual([])
    await isAsBefore()
    await starts(a)
  })

  test('the source, with a target that is prepared: the target never runs what was not decided', async () => {
    const moving = await undecided(name)
    expect(await b.host.pids('counter')).toHaveLength(1)
    const { id } = moving
    await a.host.kill()
    await powerBack(a)
    expect(await ended(a, id)).toMatchObject({ outcome: 'rolled-back', problem: { code: 'CONTAINER_LOST', host: 'a' } })
    expect(await ended(b, id)).toMatchObject({ outcome: 'rolled-back' })
    await isLost(a, home(name))
    expect(await leftovers(b.host, name)).toEqual([])
  })

  test('the source, after COMMIT: the target runs it and the client goes on', async () => {
    await holdAtPort(b)
    const moving = await Moving.start(a, name, 'b')
    await held(b)
    const { id } = moving
    await a.host.kill()
    await noHold(b)
    await b.host.exec(['rm', '/run/held'])
    await livesOn()
    await powerBack(a)
    expect(await ended(a, id)).toMatchObject({ outcome: 'moved' })
    expect(await ended(b, id)).toMatchObject({ outcome: 'moved' })
    expect(await a.host.pids('counter')).toEqual([])
    expect(await b.host.pids('counter')).toHaveLength(1)
    expect(await leftovers(a.host, name)).toEqual([])
    await b.host.kill()
    await b.host.boot()
    await starts(b)
    await b.start()
    await cluster.connected()
  })

  test('the source, after COMMIT, and a supervisor makes the bundle whole again: that copy is killed, said and signed', async () => {
    await a.host.exec(['cp', `${home(name)}/${config}`, '/srv/kept'])
    await holdAtPort(b)
    const moving = await Moving.start(a, name, 'b')
    await held(b)
    const { id } = moving
    await a.host.kill()
    await noHold(b)
    await b.host.exec(['rm', '/run/held'])
    await livesOn()
    await a.host.boot()
    await a.host.exec(['cp', '/srv/kept', `${home(name)}/${config}`])
    await startsAtBoot(a)
    await runs(a, 'a second copy runs')
    await a.start()
    await cluster.connected()
    expect(await ended(a, id)).toMatchObject({ outcome: 'moved', problem: { code: 'STALE_COPY', host: 'a' } })
    expect(await a.host.pids('counter')).toEqual([])
    expect(await b.host.pids('counter')).toHaveLength(1)
    expect(await leftovers(a.host, name)).toEqual([])
    await startsAtBoot(a)
    expect(await a.host.pids('counter'), 'nor is there anything to start later').toEqual([])
    const receipt = await a.ferry('receipt', 'verify', id)
    expect(receipt.exitCode).toBe(1)
    expect(receipt.stdout).toMatch(/^not proved: .*running out of turn/)
    expect(receipt.stdout).toContain('RECEIPT_UNHELD')
  })

  test.each([
    { disk: 'as it was written', torn: false },
    { disk: 'with the mark of what it staged torn', torn: true }
  ])(
    'the target, prepared and undecided, its disk $disk: the same processes run on at the source',
    async ({ torn }) => {
      const moving = await undecided(name)
      await b.host.kill()
      await letGo(a.host)
      const mark = `${arrived(name)}/.ferry.json`
      await powerBack(b, async () => {
        if (torn) await b.host.exec(['sh', '-ec', `test -s ${mark}; : > ${mark}`])
      })
      const { id } = moving
      expect(await ended(a, id)).toMatchObject({ outcome: 'rolled-back' })
      await livesOn()
      expect(await ended(b, id)).toMatchObject({ outcome: 'rolled-back' })
      expect(await a.host.pids('counter')).toEqual(before)
      expect(await b.host.pids('counter')).toEqual([])
      expect(await leftovers(b.host, name)).toEqual([])
      await isAsBefore()
    }
  )

  test('the target, after ACTIVATING: lost with its power, never run again at the source; its disk is kept', async () => {
    await holdAtPort(b)
    const moving = await Moving.start(a, name, 'b')
    await held(b)
    await b.host.kill()
    await b.host.boot()
    await noHold(b)
    await startsAtBoot(b)
    expect(await b.host.pids('counter'), 'started at boot').toEqual([])
    await b.start()
    await cluster.connected()
    expect((await moving.end()).view).toMatchObject({ outcome: 'moved' })
    expect(await ended(b, moving.id)).toMatchObject({
      outcome: 'moved',
      problem: { code: 'CONTAINER_LOST', host: 'b' }
    })
    await isLost(b, arrived(name))
    expect(await leftovers(a.host, name)).toEqual([])
    await starts(b)
  })
})
