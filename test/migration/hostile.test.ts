// A member of the mesh that means harm gets nothing outside the staging folder, and a stranger gets nothing at all.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ContainerView, MigrationView, Problem } from '../../protocols/operator/views.ts'
import type { LabHost, LabProcess } from '../lab/lab.ts'
import { createCluster, type Cluster, type FerryHost } from './cluster.ts'
import { startCounter } from './containers.ts'
import { EagerClient } from './eager.ts'
import type { Deed } from './hostile-peer.ts'
import { leftovers } from './leftovers.ts'
import { Moving } from './moving.ts'

interface Said {
  readonly peerId?: string
  /** The other side reset the stream or did not let it in. */
  readonly broken?: string
  readonly facts?: string
  readonly accepted?: unknown
  readonly ack?: unknown
  readonly report?: unknown
  readonly refused?: { readonly problems: readonly Problem[] }
  /** The last frame of a bulk stream. */
  readonly end?: { readonly problem?: Problem }
  readonly digest?: string
}

class Mallory {
  readonly #process: LabProcess
  readonly #lines: AsyncIterator<string>
  peerId = ''

  private constructor(process: LabProcess) {
    this.#process = process
    this.#lines = process.lines[Symbol.asyncIterator]()
  }

  static async start(on: LabHost, key: string, victim: FerryHost): Promise<Mallory> {
    const address = `/ip4/${victim.host.address}/tcp/4860/p2p/${victim.peerId}`
    const mallory = new Mallory(
      await on.spawn([
        '/opt/ferry/node_modules/node/bin/node',
        '--experimental-transform-types',
        '/opt/ferry/test/migration/hostile-peer.ts',
        key,
        address
      ])
    )
    mallory.peerId = (await mallory.#said()).peerId ?? ''
    return mallory
  }

  async perform(deed: Deed): Promise<Said> {
    this.#process.write(`${JSON.stringify(deed)}\n`)
    return this.#said()
  }

  request(migration: string, body: Record<string, unknown>): Promise<Said> {
    return this.perform({ do: 'request', request: { migration, ...body } })
  }

  async end(): Promise<void> {
    await this.#process.kill('SIGKILL')
  }

  async #said(): Promise<Said> {
    const line = await Promise.race([this.#lines.next(), sleep(60_000, undefined, { ref: false })])
    if (line === undefined) throw new Error('the hostile peer says nothing for a minute')
    if (line.done === true) throw new Error(`the hostile peer has ended: ${(await this.#process.exited).stderr}`)
    return JSON.parse(line.value) as Said
  }
}

const web = { engine: 'runc', name: 'web', address: '10.77.0.150', mac: '00:16:3e:00:00:50' } as const
let cluster: Cluster
let a: FerryHost
let b: FerryHost
let mallory: Mallory
let migrations = 0

beforeAll(async () => {
  cluster = await createCluster({ name: 'hostile' })
  a = cluster.host('a')
  b = cluster.host('b')
  await startCounter(a.host, web)
  mallory = await Mallory.start(cluster.lab.client, '/root/mallory.key', b)
  const old = JSON.parse((await b.host.readFile('/etc/ferry/ferry.json')).toString()) as Record<string, unknown>
  await b.stop()
  await b.configure({ ...old, trustedPeers: [mallory.peerId] })
  await b.start()
  await cluster.connected()
  await b.host.exec(['sh', '-c', 'mkdir -p /etc/cron.d; touch /run/before; sleep 0.02'])
})
afterAll(async () => {
  await cluster.down()
})

const open = new Set<string>()
afterEach(async () => {
  // One that a test left standing would hold the name against the next.
  for (const id of open) await mallory.request(id, { decision: { verdict: 'ABORT', epoch: 1, reason: 'X: done' } })
  open.clear()
})

async function logged(host: FerryHost, words: string): Promise<void> {
  for (let tries = 0; tries < 50 && !host.log.some((line) => line.includes(words)); tries++) await sleep(100)
  expect(host.log.filter((line) => line.includes(words))).not.toEqual([])
}

function newId(): string {
  return `hostile${String(++migrations).padStart(6, '0')}`
}

interface Plan {
  readonly name?: string
  readonly cgroup?: string
  readonly config?: Record<string, unknown>
  readonly linux?: Record<string, unknown>
  readonly netns?: unknown
}

/** A description that a target would take, but for what is asked for. */
function spec({ name = 'malice', cgroup = '/malice', config = {}, linux = {}, netns }: Plan = {}): string {
  const namespaces = ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type }))
  return JSON.stringify({
    version: 1,
    name,
    cgroup,
    config: {
      ociVersion: '1.0.2',
      process: { terminal: false, user: { uid: 0, gid: 0 }, args: ['/malice'], cwd: '/' },
      root: { path: 'rootfs' },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: { cgroupsPath: cgroup, namespaces, ...linux },
      ...config
    },
    ...(netns === undefined ? {} : { netns })
  })
}

function offer(change: Record<string, unknown> = {}): Record<string, unknown> {
  const modest = {
    container: 'malice',
    engine: 'runc',
    sourceName: 'mallory',
    epoch: 1,
    memoryBytes: 1000,
    rootfsBytes: 1000
  }
  return { offer: { ...modest, spec: spec(), checkOnly: false, catchesSigcont: false, ...change } }
}

/** A migration as far as an honest source gets it before it sends anything. */
async function admitted(): Promise<string> {
  const id = newId()
  open.add(id)
  expect(await mallory.request(id, offer())).toHaveProperty('accepted')
  const { facts = '' } = await mallory.perform({ do: 'facts' })
  expect(await mallory.request(id, { preflight: { facts } })).toMatchObject({ report: { findings: [] } })
  return id
}

async function abort(id: string): Promise<void> {
  expect(await mallory.request(id, { decision: { verdict: 'ABORT', epoch: 1, reason: 'X: done' } })).toHaveProperty(
    'ack'
  )
}

async function nothingOfIt(): Promise<void> {
  expect(await leftovers(b.host, 'malice')).toEqual([])
  const places = '/etc /usr /root /srv /home /opt /tmp /run/netns /run/runc /var'
  const { stdout } = await b.host.exec([
    'sh',
    '-c',
    `find ${places} -xdev -newer /run/before -not -path '/var/lib/ferry*' 2>/dev/null; find / -xdev -name '*malice*' 2>/dev/null; true`
  ])
  expect(stdout).toBe('')
}

describe('an offer is refused, and the reason is said,', () => {
  test.each<[string, Plan, string]>([
    ['whose description names a path', { name: '../../etc/cron.d/malice', cgroup: '/malice' }, 'BAD_SPEC'],
    ['whose description is of another container', { name: 'malice2', cgroup: '/malice2' }, 'BAD_SPEC'],
    [
      'whose network namespace names a path',
      { netns: { name: '../../etc/malice', network: { ports: [], routes: [], sysctls: {} } } },
      'BAD_SPEC'
    ],
    ["whose cgroup is a service's", { cgroup: '/system.slice/ssh.service' }, 'BAD_SPEC'],
    ['whose cgroup leads up', { cgroup: '/../../malice' }, 'BAD_SPEC'],
    [
      'with hooks',
      { config: { hooks: { prestart: [{ path: '/bin/sh', args: ['sh', '-c', 'touch /etc/malice'] }] } } },
      'HOOKS_REFUSED'
    ],
    [
      'with a folder of the host',
      { config: { mounts: [{ destination: '/host', type: 'bind', source: '/etc', options: ['rbind'] }] } },
      'HOST_PATH_REFUSED'
    ],
    [
      'with a disk of the host',
      { config: { mounts: [{ destination: '/host', type: 'ext4', source: '/dev/vda' }] } },
      'MOUNT_REFUSED'
    ],
    [
      'with a device of the host',
      { linux: { devices: [{ path: '/dev/mem', type: 'b', major: 254, minor: 0 }] } },
      'DEVICE_REFUSED'
    ],
    [
      "in the host's process namespace",
      { linux: { namespaces: [{ type: 'mount' }, { type: 'network' }, { type: 'pid', path: '/proc/1/ns/pid' }] } },
      'NAMESPACE_REFUSED'
    ]
  ])('%s', async (_, plan, code) => {
    const { refused } = await mallory.request(newId(), offer({ spec: spec(plan) }))
    expect(refused?.problems[0]).toMatchObject({ code, host: 'b' })
    expect(refused?.problems[0]?.remedy).not.toBe('')
    await nothingOfIt()
  })

  test.each<[string, string, Record<string, unknown>]>([
    ['Offer.container', newId(), offer({ container: '../../etc/cron.d/malice' })],
    ['Offer.engine', newId(), offer({ engine: '../bin/sh' })],
    ['Offer.sourceName', newId(), offer({ sourceName: '../malice' })],
    ['Offer.spec', newId(), offer({ spec: 'malice' })],
    ['Request.migration', '../../../etc/malice', offer()]
  ])('whose %s can mean something else, in the log', async (field, id, body) => {
    const { broken } = await mallory.request(id, body)
    expect(broken).toBeDefined()
    await logged(b, `The field ${field} is not valid`)
    await nothingOfIt()
  })
})

describe('a transfer is refused, and the migration is over,', () => {
  const file = (name: string, text: string, size = text.length) => ({ name, text, size })

  test.each<[string, Omit<Deed & { do: 'images' }, 'do' | 'migration'>, RegExp]>([
    [
      'of an image that leads up',
      { files: [file('../../../../../../etc/cron.d/malice', 'x')], end: 'good' },
      /INVALID_FIELD/
    ],
    ['of an image with an absolute name', { files: [file('/etc/cron.d/malice', 'x')], end: 'good' }, /INVALID_FIELD/],
    ['that is cut short', { files: [file('pages-1.img', 'half', 8)], end: 'none' }, /TRANSFER_TRUNCATED/],
    ['whose digest is wrong', { files: [file('pages-1.img', 'pages')], end: 'wrong' }, /TRANSFER_CORRUPT/],
    ['of more than was offered', { files: [file('pages-1.img', '', 2 ** 40)], end: 'good' }, /TRANSFER_REFUSED/],
    ['of more than was announced', { files: [file('pages-1.img', 'pages', 2)], end: 'good' }, /TRANSFER_REFUSED/],
    ['of the same file twice', { files: [file('a.img', 'x'), file('a.img', 'y')], end: 'good' }, /TRANSFER_REFUSED/]
  ])('%s', async (_, deed, code) => {
    const id = await admitted()
    await mallory.perform({ do: 'images', migration: id, ...deed })
    const { refused } = await mallory.request(id, { restore: { imagesDigest: '00'.repeat(32), neighbours: '' } })
    expect(refused?.problems[0]?.code).toMatch(code)
    expect(refused?.problems[0]?.remedy).not.toBe('')
    await nothingOfIt()
  })
})

test('a COMMIT before the target was prepared is refused, and nothing runs', async () => {
  const id = await admitted()
  const { refused } = await mallory.request(id, { decision: { verdict: 'COMMIT', epoch: 1, reason: '' } })
  expect(refused?.problems[0]).toMatchObject({ code: 'OUT_OF_ORDER', host: 'b' })
  expect((await b.json<ContainerView[]>('ls')).filter(({ name }) => name === 'malice')).toEqual([])
  await abort(id)
  await nothingOfIt()
})

test('a restore before anything was sent is refused', async () => {
  const id = await admitted()
  const { refused } = await mallory.request(id, {
    restore: { imagesDigest: '00'.repeat(32), neighbours: '{"neighbours":[],"stopped":[]}' }
  })
  expect(refused?.problems[0]).toMatchObject({ code: 'INCOMPLETE', host: 'b' })
  await nothingOfIt()
})

test('a member that goes away leaves nothing', async () => {
  await admitted()
  await mallory.end()
  open.clear()
  await nothingOfIt()
  mallory = await Mallory.start(cluster.lab.client, '/root/mallory.key', b)
})

test("of others' migrations a member learns and decides nothing; the honest move goes through", async () => {
  const old = JSON.parse((await a.host.readFile('/etc/ferry/ferry.json')).toString()) as Record<string, unknown>
  await a.stop()
  await a.configure({ ...old, rateBps: 500_000 })
  await a.start()
  await cluster.connected()
  const client = await EagerClient.connect(cluster.lab.client, web.address)
  const moving = await Moving.start(a, 'web', 'b')
  await moving.until('preDumping')
  const requests: Record<string, unknown>[] = [
    { decision: { verdict: 'ABORT', epoch: 1, reason: 'X: mine' } },
    { decision: { verdict: 'COMMIT', epoch: 1, reason: '' } },
    { restore: { imagesDigest: '00'.repeat(32), neighbours: '' } },
    { preflight: { facts: '{}' } },
    { handBack: { epoch: 1 } },
    { ask: {} },
    { logs: {} }
  ]
  const meddle = async () => {
    for (const request of requests) {
      const { refused } = await mallory.request(moving.id, request)
      expect(refused?.problems[0], JSON.stringify(request)).toMatchObject({ code: 'UNKNOWN_MIGRATION', host: 'b' })
    }
    const files = [{ name: 'pages-1.img', text: 'x', size: 1 }]
    expect(await mallory.perform({ do: 'images', migration: moving.id, files, end: 'good' })).toHaveProperty('broken')
  }
  await meddle()
  const again = await mallory.request(moving.id, offer())
  expect(again.refused?.problems[0]).toMatchObject({ code: 'DUPLICATE_OFFER' })
  const { view } = await moving.end()
  expect(view.problem).toBeUndefined()
  expect(view).toMatchObject({ outcome: 'moved' } satisfies Partial<MigrationView>)
  await meddle()
  expect((await client.settled()).outOfOrder).toBe(0)
  await client.end()
  expect(await b.host.pids('counter')).toHaveLength(1)
})

test('a stranger can open no protocol', async () => {
  const stranger = await Mallory.start(cluster.lab.client, '/root/stranger.key', b)
  expect(stranger.peerId).not.toBe(mallory.peerId)
  const deeds: Deed[] = [
    { do: 'facts' },
    { do: 'request', request: { migration: newId(), ...offer() } },
    { do: 'images', migration: newId(), files: [], end: 'good' }
  ]
  for (const deed of deeds) expect(await stranger.perform(deed)).toHaveProperty('broken')
  await stranger.end()
  await logged(b, `${stranger.peerId} is not trusted here`)
})
