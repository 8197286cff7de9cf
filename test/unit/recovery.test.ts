// A daemon that starts with a migration that it can't take up: the others go on, and that one is left as it is and reported.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Decision } from '../../protocols/migration/index.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { HostProblem } from '../../src/host/problem.ts'
import { openJournal, type Journal, type MigrationRecord } from '../../src/journal/journal.ts'
import { FerryNode } from '../../src/node/node.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { NodeParts } from '../../src/node/parts.ts'
import { signerOf } from '../../src/receipt/signature.ts'
import { nodeParts } from './node-parts.ts'

const signal = AbortSignal.timeout(120_000)
const peer = '12D3KooWSVBhVxkTkktnz5jxpPZxmd4WkPttRz84vDDJyNxfCww4'
const [BROKEN, WELL] = ['0000000broken', '000000000well'] as const
let folder: string
let journal: Journal
let node: FerryNode
let adopt: () => Promise<void>
let answer: Mesh['request']

/** A source that had offered, and frozen nothing. */
function record(id: string, more: Partial<MigrationRecord> = {}): MigrationRecord {
  const startedAt = '2026-01-01T00:00:00.000Z'
  const view = {
    id,
    container: id,
    engine: 'runc',
    source: 'a',
    target: 'b',
    role: 'source',
    state: 'offering',
    phases: [],
    startedAt,
    warnings: [],
    rootfsBytes: 0,
    imageBytes: 0,
    framesHeld: 0
  }
  const container = { name: id, engine: 'runc', ports: [], rootfs: '/', cgroup: `/${id}` }
  return {
    id,
    role: 'source',
    container: id,
    engine: 'runc',
    peer,
    peerName: 'b',
    epoch: 1,
    state: 'offering',
    view,
    data: { container, freezeBegan: false, witnesses: [] },
    startedAt,
    updatedAt: startedAt,
    ...more
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-recovery-'))
  journal = await openJournal(join(folder, 'journal'))
  answer = () => Promise.reject(new Error('nobody is there'))
  const engine: Partial<Engine> = {
    name: 'runc',
    version: () => Promise.resolve('1.3'),
    adopt: () => adopt(),
    undoDump: () => Promise.resolve()
  }
  const parts = nodeParts({
    name: 'a',
    folder,
    journal,
    signer: signerOf(await generateKeyPair('Ed25519')),
    runc: engine,
    mesh: {
      self: { peerId: '12D3KooWself', name: 'a', addresses: [] },
      onDisconnect: () => () => undefined,
      request: (...args) => answer(...args)
    }
  })
  node = new FerryNode(parts as unknown as NodeParts, () => undefined)
})
afterEach(async () => {
  await node.close()
  await journal.close()
  await rm(folder, { recursive: true })
})

async function endOf(id: string): Promise<string | undefined> {
  let outcome: string | undefined
  for await (const view of node.watch(id, signal)) outcome = view.outcome
  return outcome
}

it.each([
  { broken: 'a receipt that is not its own', more: {}, receipt: Uint8Array.of(1, 2, 3) },
  { broken: 'a record without its container', more: { data: {} } },
  { broken: 'a record without a view', more: { view: null, engine: 'podman' } },
  { broken: 'an engine that is not known', more: { engine: 'podman' } }
])('leaves alone what has $broken, and takes up the rest', async ({ more, receipt }) => {
  await journal.putMigration(record(BROKEN, more), receipt === undefined ? [] : [{ seq: 0, bytes: receipt }])
  await journal.claim(`runc/${BROKEN}`, BROKEN)
  await journal.putMigration(record(WELL))
  await journal.claim(`runc/${WELL}`, WELL)
  await node.recover()
  expect(await endOf(WELL)).toBe('rolled-back')

  const listed = (await node.migrations()).find(({ id }) => id === BROKEN)
  expect(listed).toMatchObject({ state: 'offering', problem: { code: 'NOT_TAKEN_UP', host: 'a' } })
  expect(listed?.outcome).toBeUndefined()
  expect((await node.doctor(signal)).findings).toContainEqual(
    expect.objectContaining({ code: 'NOT_TAKEN_UP', repairable: false })
  )
  expect(await journal.claims()).toEqual([{ container: `runc/${BROKEN}`, migration: BROKEN }])
  expect(await journal.decision(BROKEN)).toBeUndefined()
  await expect(node.cancel(BROKEN)).rejects.toMatchObject({ problem: { code: 'NOT_TAKEN_UP' } })
})

it('tells the other side nothing of what became of it', async () => {
  await journal.putMigration(record(BROKEN, { data: {} }))
  await node.recover()
  const answer = await node.handleRequest(peer, { migration: BROKEN, ask: {} }, signal)
  expect(answer.refused?.problems).toMatchObject([{ code: 'NOT_TAKEN_UP' }])
  expect(answer.decision).toBeUndefined()
})

it('what came here and can not be adopted yet is tried again, and meanwhile its source hears that it runs', async () => {
  const full = new HostProblem({ code: 'FILE_FAILED', what: 'config could not be written', remedy: 'Make room' })
  let tries = 0
  const answered = Promise.withResolvers<void>()
  adopt = async () => {
    if (++tries < 3) throw full
    await answered.promise
  }
  const offer = {
    container: WELL,
    engine: 'runc',
    epoch: 1,
    sourceName: 'b',
    spec: '{}',
    memoryBytes: 0,
    rootfsBytes: 0,
    catchesSigcont: false
  }
  const staged = { engine: 'runc', name: WELL, staging: '/none', rootfs: '/none', home: '/none', cgroup: '/none' }
  const arrived = record(WELL, { role: 'target', state: 'activating', data: { offer, staged, witnesses: [] } })
  await journal.putMigration(arrived)
  await journal.claim(`runc/${WELL}`, WELL)
  for (const mark of ['prepared', 'activating'] as const) await journal.mark(WELL, mark)
  await node.recover()

  const seen = node.watch(WELL, signal)
  for await (const view of seen) if (view.warnings.length > 0) break
  const commit = { migration: WELL, decision: { verdict: Decision.Verdict.COMMIT, epoch: 1, reason: '' } }
  expect(await node.handleRequest(peer, commit, signal)).toHaveProperty('ack')
  expect((await journal.migration(WELL))?.endedAt).toBeUndefined()
  answered.resolve()

  expect(await endOf(WELL)).toBe('moved')
  expect(tries).toBe(3)
  const view = (await node.migrations()).find(({ id }) => id === WELL)
  expect(view?.warnings).toMatchObject([{ code: 'NOT_ADOPTED', host: 'a', why: full.details.what }])
  expect(await journal.claims()).toEqual([])
})

it.each([
  { told: 'could not be told', isThere: false },
  { told: 'was told', isThere: true }
])('what was lost with the power of its host and whose target $told', async ({ isThere }) => {
  if (isThere) answer = () => Promise.resolve({ ack: {} })
  const container = { name: WELL, engine: 'runc', ports: [], rootfs: '/', home: '/none', cgroup: `/${WELL}` }
  await journal.putMigration(
    record(WELL, { state: 'restoring', data: { container, freezeBegan: true, witnesses: [] } })
  )
  await journal.claim(`runc/${WELL}`, WELL)
  await node.recover()
  expect(await endOf(WELL)).toBe('rolled-back')
  const problem = (await node.migrations()).find(({ id }) => id === WELL)?.problem
  expect(problem).toMatchObject({ code: 'CONTAINER_LOST', host: 'a' })
  // It may run there by an operator's word, and must not be started a second time here.
  if (isThere) expect(problem?.remedy).toMatch(/^start the container again/)
  else expect(problem?.remedy).toMatch(/^first see with ferry migrations on b, .* start the container again/)
})
