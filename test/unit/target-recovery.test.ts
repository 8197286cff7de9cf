// A target's daemon that starts again: what it says and signs of the tree that an earlier one left.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Decision } from '../../protocols/migration/index.ts'
import type { Engine } from '../../src/engines/engine.ts'
import type { Unheld } from '../../src/engines/unheld.ts'
import { cgroupFolder, freeze, isFrozen, isPopulated, killAll, moveOut, removeTree } from '../../src/host/cgroup.ts'
import { identityOf } from '../../src/host/processes.ts'
import { openJournal, type Journal, type MigrationRecord } from '../../src/journal/journal.ts'
import { FerryNode } from '../../src/node/node.ts'
import type { NodeParts } from '../../src/node/parts.ts'
import { decodeEntry } from '../../src/receipt/entry.ts'
import { Receipt } from '../../src/receipt/receipt.ts'
import { signerOf, type Signer } from '../../src/receipt/signature.ts'
import { paperEngine } from '../fuzz/paper-engine.ts'
import { needs } from './needs.ts'
import { nodeParts } from './node-parts.ts'

const signal = AbortSignal.timeout(120_000)
const peer = '12D3KooWSVBhVxkTkktnz5jxpPZxmd4WkPttRz84vDDJyNxfCww4'
const id = '0abcdefghij123456789'
const startedAt = '2026-01-01T00:00:00.000Z'
const cgroup = `/ferry-target-${String(process.pid)}`
let folder: string
let journal: Journal
let signer: Signer
let unheld: Unheld | undefined
/** What was on disk when what is staged was removed. */
let signedBefore: string[] | undefined
let adopt: () => Promise<void>
let node: FerryNode

const kinds = async () => (await journal.receipts(id)).map((bytes) => decodeEntry(bytes).body.kind)

/** A target that had accepted, and what else its record says. */
async function left(state: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const receipt = new Receipt(signer, {
    migration: id,
    epoch: 1,
    container: 'web',
    engine: 'runc',
    host: 'b',
    other: peer,
    role: 'target'
  })
  receipt.note('accepted', {})
  const common = { id, container: 'web', engine: 'runc', role: 'target', state, startedAt } as const
  const staged = {
    engine: 'runc',
    name: 'web',
    staging: join(folder, `.ferry-${id}`),
    rootfs: join(folder, `.ferry-${id}/rootfs`),
    home: join(folder, 'web'),
    cgroup,
    spec: '{}',
    bridges: []
  }
  const offer = { container: 'web', engine: 'runc', epoch: 1, sourceName: 'a', spec: '{}', catchesSigcont: true }
  const view = {
    ...common,
    source: 'a',
    target: 'b',
    phases: [],
    warnings: [],
    rootfsBytes: 0,
    imageBytes: 0,
    framesHeld: 0
  }
  const record: MigrationRecord = {
    ...common,
    peer,
    peerName: 'a',
    epoch: 1,
    view,
    data: { offer: { ...offer, memoryBytes: 0, rootfsBytes: 0 }, witnesses: [], staged, ...more },
    updatedAt: startedAt
  }
  await journal.putMigration(
    record,
    receipt.entries.map(({ body, bytes }) => ({ seq: body.seq, bytes }))
  )
  await journal.claim('runc/web', id)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-target-'))
  journal = await openJournal(join(folder, 'journal'))
  signer = signerOf(await generateKeyPair('Ed25519'))
  unheld = undefined
  signedBefore = undefined
  adopt = () => Promise.resolve()
  const engine: Engine = {
    ...paperEngine,
    unheld: () => Promise.resolve(unheld),
    discard: async () => {
      signedBefore ??= await kinds()
    },
    adopt: () => adopt()
  }
  const parts = nodeParts({
    name: 'b',
    folder,
    journal,
    signer,
    runc: engine,
    mesh: {
      self: { peerId: signer.peer, name: 'b', addresses: [] },
      onDisconnect: () => () => undefined,
      resolve: () => peer,
      peers: () => [],
      request: (_, { handBack }) =>
        handBack === undefined ? Promise.reject(new Error('nobody is there')) : Promise.resolve({ ack: {} })
    }
  })
  node = new FerryNode(parts as unknown as NodeParts, () => undefined)
})
afterEach(async () => {
  await node.close()
  await journal.close()
  await rm(folder, { recursive: true })
})

async function recovered() {
  await node.recover()
  return ended()
}

async function ended() {
  let last
  for await (const view of node.watch(id, signal)) last = view
  return last
}

describe('in the middle of a restore', () => {
  it.each([
    ['ran', 'ran-unheld', 'NOT_FROZEN'],
    ['may-have-run', 'may-have-run', 'RESTORE_UNSEEN']
  ] as const)('a copy that %s is said, and signed before it is removed', async (what, kind, code) => {
    unheld = what
    await left('restoring')
    const view = await recovered()
    expect(view).toMatchObject({ outcome: 'rolled-back', warnings: [{ code, host: 'b' }] })
    expect(signedBefore).toEqual(['accepted', kind])
    expect(await kinds()).toEqual(['accepted', kind, 'discarded'])
  })

  it('one that never ran is removed, and nothing is said', async () => {
    await left('restoring')
    expect(await recovered()).toMatchObject({ outcome: 'rolled-back', warnings: [] })
    expect(await kinds()).toEqual(['accepted', 'discarded'])
  })
})

describe('a container that runs here, whose move is not written down as ended yet,', () => {
  beforeEach(async () => {
    await left('activating')
    for (const mark of ['prepared', 'activating'] as const) await journal.mark(id, mark)
  })

  async function adopting(): Promise<void> {
    await node.recover()
    for await (const { state } of node.watch(id, signal)) if (state === 'adopting') return
  }

  it('is moved on as soon as it is', async () => {
    const adopted = Promise.withResolvers<void>()
    adopt = () => adopted.promise
    await adopting()
    const said = node.move({ container: 'web', to: 'c' }, signal).catch((error: unknown) => error)
    adopted.resolve()
    // Nobody refuses it for its last move; this engine has no containers.
    expect(await said).toMatchObject({ problem: { code: 'UNKNOWN_CONTAINER' } })
    expect(await ended()).toMatchObject({ outcome: 'moved' })
  })

  it('is not waited for when that does not come off', async () => {
    adopt = () => Promise.reject(new Error('the disk is full'))
    await adopting()
    const said = await node.move({ container: 'web', to: 'c' }, signal).catch((error: unknown) => error)
    expect(said).toMatchObject({ problem: { code: 'MIGRATION_UNDER_WAY', host: 'b' } })
    adopt = () => Promise.resolve()
    expect(await ended()).toMatchObject({ outcome: 'moved' })
  })
})

const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  (path) => existsSync(`${path}/cgroup.procs`) && existsSync(`${path}/cgroup.controllers`)
)

describe('with processes in the cgroup of what it had restored', () => {
  needs(
    process.getuid?.() === 0 && mount !== undefined,
    'root and a cgroup v2 mount: run npm test as root, mount cgroup2 where there is none'
  )
  let pid: number

  beforeEach(async () => {
    process.env['FERRY_CGROUP_ROOT'] = mount
    mkdirSync(cgroupFolder(cgroup))
    pid = spawn('sleep', ['100'], { stdio: 'ignore' }).pid ?? 0
    await moveOut(pid, cgroup)
    await freeze(cgroup, signal)
  })
  afterEach(async () => {
    await killAll(cgroup, signal)
    await removeTree(cgroup, signal)
    delete process.env['FERRY_CGROUP_ROOT']
  })

  /** The record's tree has its first process, or one that had its pid before. */
  async function restored(isSame: boolean) {
    const init = await identityOf(pid)
    if (init === undefined) throw new Error('it is gone')
    return {
      tree: { initPid: pid, cgroup, ports: [], init: isSame ? init : { ...init, startTicks: init.startTicks - 1 } }
    }
  }

  it('it lets run what it had restored, after ACTIVATING', async () => {
    await left('activating', await restored(true))
    for (const mark of ['prepared', 'activating'] as const) await journal.mark(id, mark)
    const view = await recovered()
    expect(view).toMatchObject({ outcome: 'moved', state: 'owner' })
    expect(view?.problem).toBeUndefined()
    expect(await isFrozen(cgroup)).toBe(false)
    expect(await kinds()).toEqual(['accepted', 'resumed'])
  })

  it('what was started in its place since is not taken for it: the container is lost, and said and signed to be', async () => {
    await left('activating', await restored(false))
    for (const mark of ['prepared', 'activating'] as const) await journal.mark(id, mark)
    const view = await recovered()
    expect(view).toMatchObject({ outcome: 'moved', problem: { code: 'CONTAINER_LOST', host: 'b' } })
    expect(view?.problem?.what).toContain('started again')
    expect(await isPopulated(cgroup)).toBe(true)
    expect(await isFrozen(cgroup)).toBe(true)
    expect(await kinds()).toEqual(['accepted', 'lost'])
  })

  it('before ACTIVATING it hands back what it does not have any more', async () => {
    await left('prepared', await restored(false))
    await journal.mark(id, 'prepared')
    await node.recover()
    const decision = { verdict: Decision.Verdict.COMMIT, epoch: 1, reason: '' }
    await node.handleRequest(peer, { migration: id, decision }, signal)
    expect(await ended()).toMatchObject({ outcome: 'rolled-back', problem: { code: 'TREE_LOST' } })
    expect([...(await journal.marks(id))].sort()).toEqual(['hand-back', 'prepared'])
    expect(await kinds()).toEqual(['accepted', 'hand-back', 'discarded'])
  })
})
