// Every engine against the real runtimes: there, back, undone, and what a peer may not ask for.
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CheckpointPaths, EngineName, Inspection, RestoredTree, Staged } from '../src/engines/engine.ts'
import type { Finding, ProblemDetails } from '../src/host/problem.ts'
import { createLab, removeLab } from './lab/index.ts'
import type { Lab, LabHost } from './lab/lab.ts'

const LAB = 'engines'
const NAME = 'web'
const MAC = '00:16:3e:00:00:21'
const ADDRESS = '10.77.0.90'
const STATE = '/var/lib/ferry-test'

let lab: Lab
let a: LabHost
let b: LabHost

beforeAll(async () => {
  lab = await createLab({ name: LAB, kind: 'ns', hosts: ['a', 'b'] })
  a = lab.host('a')
  b = lab.host('b')
}, 300_000)

afterAll(async () => {
  await removeLab(LAB)
})

type Outcome = { readonly value?: unknown; readonly problem?: ProblemDetails }

async function attempt(host: LabHost, engine: EngineName, call: string, ...args: unknown[]): Promise<Outcome> {
  const input = JSON.stringify({ engine, call, args })
  // Debian's own node does not run TypeScript.
  const { stdout } = await host.exec(['/opt/ferry/node_modules/.bin/node', '/opt/ferry/test/lab/engine-driver.ts'], {
    input,
    timeoutMs: 120_000
  })
  return JSON.parse(stdout) as Outcome
}

async function call<T = void>(host: LabHost, engine: EngineName, name: string, ...args: unknown[]): Promise<T> {
  const { value, problem } = await attempt(host, engine, name, ...args)
  if (problem !== undefined) throw new Error(`${engine}.${name}: ${JSON.stringify(problem)}`)
  return value as T
}

/** The host's root as this machine sees it. */
function rootOf(host: LabHost): string {
  if (!('init' in host) || typeof host.init !== 'number') throw new TypeError(`${host.name} is no namespace host`)
  return `/proc/${String(host.init)}/root`
}

async function copy(from: LabHost, folder: string, to: LabHost, target: string): Promise<void> {
  await mkdir(join(rootOf(to), target), { recursive: true })
  await cp(join(rootOf(from), folder), join(rootOf(to), target), { recursive: true, verbatimSymlinks: true })
}

async function script(host: LabHost, text: string): Promise<string> {
  return (await host.exec(['sh', '-ec', text])).stdout
}

/** What the container answers, over a connection of its own; its counter begins at 1. */
async function count(): Promise<number> {
  // Nobody announces the address here: asking for it again tells the segment where it is.
  const ask = `ip neigh flush to ${ADDRESS}; printf 'x\\n' | nc -w 30 -N ${ADDRESS} 8000`
  const { stdout } = await lab.client.exec(['sh', '-c', ask])
  return Number(stdout)
}

async function makeOci(engine: 'runc' | 'crun'): Promise<void> {
  await script(
    a,
    `mkdir -p /srv/web/rootfs/bin /srv/web/rootfs/proc /srv/web/rootfs/dev /srv/web/rootfs/sys /run/netns; cp /usr/local/bin/counter /srv/web/rootfs/bin/
     ip netns add web; ip link add vweb type veth peer name eth0 netns web address ${MAC}; ip -n web link set lo up; ip -n web link set eth0 up
     ip -n web addr add ${ADDRESS}/24 dev eth0; ip -n web addr add fd77::90/64 dev eth0 nodad; ip -n web route add default via 10.77.0.1; ip link set vweb up master br0
     cd /srv/web; ${engine} spec`
  )
  const path = '/srv/web/config.json'
  const config = JSON.parse((await a.readFile(path)).toString()) as {
    process: { args: string[]; terminal: boolean }
    linux: { namespaces: { type: string; path?: string }[]; cgroupsPath?: string }
  }
  config.process = { ...config.process, args: ['/bin/counter'], terminal: false }
  config.linux.cgroupsPath = `/${NAME}`
  config.linux.namespaces = config.linux.namespaces.map((namespace) =>
    namespace.type === 'network' ? { type: 'network', path: '/run/netns/web' } : namespace
  )
  await a.writeFile(path, JSON.stringify(config))
  await script(a, `${engine} run -d --bundle /srv/web ${NAME} < /dev/null > /dev/null 2>&1`)
}

async function makeLxc(): Promise<void> {
  const home = `/var/lib/lxc/${NAME}`
  await script(
    a,
    `mkdir -p ${home}/rootfs/bin ${home}/rootfs/proc ${home}/rootfs/sys ${home}/rootfs/dev/pts; cp /usr/local/bin/counter ${home}/rootfs/bin/`
  )
  await a.writeFile(
    `${home}/config`,
    `lxc.uts.name = ${NAME}
lxc.rootfs.path = dir:${home}/rootfs
lxc.init.cmd = /bin/counter
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.name = eth0
lxc.net.0.flags = up
lxc.net.0.hwaddr = ${MAC}
lxc.net.0.ipv4.address = ${ADDRESS}/24
lxc.console.path = none
lxc.tty.max = 2
lxc.mount.auto = proc:mixed sys:ro
lxc.start.auto = 1
`
  )
  await script(a, `lxc-start -n ${NAME}`)
}

const make: Record<EngineName, () => Promise<void>> = {
  runc: () => makeOci('runc'),
  crun: () => makeOci('crun'),
  lxc: makeLxc
}

async function removeContainer(host: LabHost, engine: EngineName): Promise<void> {
  await host.exec(
    [
      'sh',
      '-c',
      engine === 'lxc' ? `timeout 10 lxc-stop -k -n ${NAME}` : `${engine} delete -f ${NAME}; ip netns del web`
    ],
    { check: false }
  )
  await host.exec(['rm', '-rf', `/var/lib/lxc/${NAME}`, '/srv/web', STATE])
}

async function folders(host: LabHost): Promise<CheckpointPaths> {
  const paths = { images: `${STATE}/images`, work: `${STATE}/work` }
  await script(host, `rm -rf ${paths.images} ${paths.work}; mkdir -p ${paths.images} ${paths.work}`)
  return paths
}

/** What a migration could leave on a host. */
async function traces(host: LabHost): Promise<string> {
  return script(
    host,
    `ls -A ${STATE}/containers /var/lib/lxc /run/netns /run/runc /run/crun 2>/dev/null | grep -v '^$\\|:$\\|^.empty-directory$' || true
     find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d -name '*${NAME}*'; ip -o link | grep -c veth || true; pgrep -l 'criu|counter|lxc' || true; grep -c cgyard /proc/self/mountinfo || true`
  )
}

interface Move {
  readonly source: LabHost
  readonly target: LabHost
  readonly container: Inspection
  readonly staged: Staged
  readonly from: CheckpointPaths
  readonly to: CheckpointPaths
}

function options(migration: string) {
  return { migration, bridges: {}, bundles: `${STATE}/containers` }
}

/** As far as the dump: the source is frozen, its port off; images and rootfs are on the target. */
async function dumped(engine: EngineName, migration: string, source: LabHost, target: LabHost): Promise<Move> {
  const container = await call<Inspection>(source, engine, 'inspect', NAME)
  expect(container.findings).toEqual([])
  expect(await call<Finding[]>(target, engine, 'examine', container.spec, options(migration))).toEqual([])
  const staged = await call<Staged>(target, engine, 'stage', container.spec, options(migration))
  await copy(source, container.rootfs, target, staged.rootfs)
  const [from, to] = await Promise.all([folders(source), folders(target)])
  await call(
    source,
    engine,
    'detach',
    container.ports.map((port) => port.outer)
  )
  await call(source, engine, 'freeze', container.cgroup)
  await call(source, engine, 'dump', container, from)
  expect(await call<boolean>(source, engine, 'isFrozen', container.cgroup)).toBe(true)
  await copy(source, from.images, target, to.images)
  await call(target, engine, 'prepareRestore', staged)
  return { source, target, container, staged, from, to }
}

async function restored(move: Move, how: 'stop' | 'hook'): Promise<RestoredTree> {
  const { target, staged, to } = move
  const tree = await call<RestoredTree>(target, staged.engine, 'restore', staged, to, how)
  if (how === 'stop') await call(target, staged.engine, 'freezeStopped', tree.cgroup, [])
  expect(await call<boolean>(target, staged.engine, 'isFrozen', tree.cgroup)).toBe(true)
  return tree
}

async function finish({ source, target, container, staged }: Move, tree: RestoredTree): Promise<void> {
  const { engine } = staged
  await call(target, engine, 'attach', tree.ports)
  await call(target, engine, 'thaw', tree.cgroup)
  const retained = `${STATE}/retained/${staged.staging.slice(-4)}`
  // A daemon that was killed in between does each of them again.
  for (let time = 0; time < 2; time++) {
    await call(source, engine, 'retire', container, retained)
    await call(target, engine, 'adopt', staged)
  }
}

async function rollBack({ source, target, container, staged, from }: Move): Promise<void> {
  const { engine } = staged
  for (let time = 0; time < 2; time++) {
    await call(target, engine, 'discard', staged)
    await call(source, engine, 'undoDump', container, from)
  }
  await call(source, engine, 'attach', container.ports)
  await call(source, engine, 'thaw', container.cgroup)
}

describe.each(['runc', 'crun', 'lxc'] as const)('%s', (engine) => {
  let clean: readonly string[]

  beforeAll(async () => {
    clean = await Promise.all([traces(a), traces(b)])
    await make[engine]()
  }, 300_000)

  afterAll(async () => {
    await removeContainer(a, engine)
    await removeContainer(b, engine)
  })

  test('a container that exists is found, and one that does not is said to be unknown', async () => {
    expect(await call(a, engine, 'discover')).toMatchObject([{ engine, name: NAME, state: 'running' }])
    expect((await attempt(a, engine, 'inspect', 'nobody')).problem?.code).toBe('UNKNOWN_CONTAINER')
  })

  test('a rollback after the restore lets the same processes run on and leaves nothing on the target', async () => {
    const before = await count()
    const move = await dumped(engine, 'mig1', a, b)
    await restored(move, 'stop')
    await rollBack(move)
    expect((await call<Inspection>(a, engine, 'inspect', NAME)).initPid).toBe(move.container.initPid)
    expect(await count()).toBe(before + 1)
    expect(await traces(b)).toBe(clean[1])
  }, 300_000)

  test('a rollback before the restore leaves nothing on the target either', async () => {
    const move = await dumped(engine, 'mig2', a, b)
    await rollBack(move)
    expect(await traces(b)).toBe(clean[1])
  }, 300_000)

  test('it moves with its memory, its addresses and its names, and back', async () => {
    const before = await count()
    const there = await dumped(engine, 'mig3', a, b)
    await finish(there, await restored(there, 'stop'))
    expect(await count()).toBe(before + 1)
    const arrived = await call<Inspection>(b, engine, 'inspect', NAME)
    expect(arrived.ports.map(({ mac, addresses, bridge }) => ({ mac, addresses, bridge }))).toEqual(
      there.container.ports.map(({ mac, addresses, bridge }) => ({ mac, addresses, bridge }))
    )
    expect(await traces(a)).toBe(clean[0])

    const back = await dumped(engine, 'mig4', b, a)
    await finish(back, await restored(back, 'hook'))
    expect(await count()).toBe(before + 2)
    expect(await traces(b)).toBe(clean[1])
  }, 300_000)

  test('a name that is taken is said before anything is written', async () => {
    const { spec } = await call<Inspection>(a, engine, 'inspect', NAME)
    const findings = await call<Finding[]>(a, engine, 'examine', spec, options('mig5'))
    expect(findings.map((finding) => finding.code)).toContain('NAME_TAKEN')
  })

  test('images that are cut short end in an error, not in a restore that hangs or fills the disk', async () => {
    const move = await dumped(engine, 'mig6', a, b)
    await script(b, `for file in ${move.to.images}/pages-*.img; do : > $file; done`)
    const { problem } = await attempt(b, engine, 'restore', move.staged, move.to, 'stop')
    expect(problem?.code).toBe('CRIU_RESTORE_FAILED')
    await rollBack(move)
    expect(await traces(b)).toBe(clean[1])
  }, 300_000)
})

describe('a network namespace of which only the file is there, as where its `ip` was ended halfway', () => {
  let clean: string

  beforeAll(async () => {
    clean = await traces(b)
    await makeOci('runc')
  }, 300_000)

  afterAll(async () => {
    await removeContainer(a, 'runc')
    await removeContainer(b, 'runc')
  })

  test('goes with the rest of the migration that made it', async () => {
    const { spec } = await call<Inspection>(a, 'runc', 'inspect', NAME)
    const staged = await call<Staged>(b, 'runc', 'stage', spec, options('mig7'))
    await call(b, 'runc', 'prepareRestore', staged)
    await script(b, `umount /run/netns/${NAME}`)
    await call(b, 'runc', 'discard', staged)
    expect(await traces(b)).toBe(clean)
  })

  test('is said before anything is written where nobody knows whose it is', async () => {
    const { spec } = await call<Inspection>(a, 'runc', 'inspect', NAME)
    await script(b, `touch /run/netns/${NAME}`)
    const findings = await call<Finding[]>(b, 'runc', 'examine', spec, options('mig8'))
    await script(b, `ip netns del ${NAME}`)
    expect(findings.map(({ code }) => code)).toEqual(['NETNS_TAKEN'])
    expect(await traces(b)).toBe(clean)
  })
})
