import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HostView } from '../../protocols/operator/views.ts'
import { Cordon } from '../../src/node/cordon.ts'
import { checkAllowed, type Caller } from '../../src/node/routing/caller.ts'
import type { Reach } from '../../src/node/routing/reach.ts'
import { Router } from '../../src/node/routing/router.ts'

const at = Date.parse('2026-01-01T00:00:00.000Z')

describe('the cordon of a host', () => {
  let folder: string
  let changes: number
  let errors: number

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-cordon-'))
    changes = 0
    errors = 0
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  function open(): Promise<Cordon> {
    return Cordon.open({
      path: join(folder, 'cordon.json'),
      host: 'b',
      log: { error: () => void errors++ },
      now: () => at,
      changed: () => void changes++
    })
  }

  it('is not there at first: containers are taken', async () => {
    const cordon = await open()
    expect(cordon.refusal()).toBeUndefined()
    expect(cordon.standing).toEqual({ cordoned: false })
    expect(cordon.view).toEqual({ host: 'b', cordoned: false, maintenance: false })
  })

  it('refuses with its reason and how it is lifted, and still does after a restart', async () => {
    const said = await (await open()).set({ reason: 'a new disk', maintenance: false })
    expect(said).toEqual({
      host: 'b',
      cordoned: true,
      reason: 'a new disk',
      maintenance: false,
      since: '2026-01-01T00:00:00.000Z'
    })
    const again = await open()
    expect(again.view).toEqual(said)
    expect(again.standing).toEqual({ cordoned: true, cordonReason: 'a new disk' })
    expect(again.refusal()).toMatchObject({
      code: 'CORDONED',
      host: 'b',
      why: 'a new disk',
      remedy: expect.stringContaining('ferry uncordon b') as unknown
    })
    expect(changes).toBe(1)
  })

  it('for maintenance says that the host goes down, with a reason or without one', async () => {
    const cordon = await open()
    await cordon.set({ maintenance: true })
    expect(cordon.standing).toEqual({ cordoned: true, maintenance: '' })
    expect(cordon.refusal()?.what).toContain('about to go down')
    await cordon.set({ reason: 'new kernel', maintenance: true })
    expect((await open()).standing).toEqual({ cordoned: true, cordonReason: 'new kernel', maintenance: 'new kernel' })
  })

  it('is as it was said last', async () => {
    const cordon = await open()
    await Promise.all([
      cordon.set({ reason: 'one', maintenance: true }),
      cordon.lift(),
      cordon.set({ reason: 'two', maintenance: false })
    ])
    expect((await open()).standing).toEqual({ cordoned: true, cordonReason: 'two' })
  })

  it('is gone when it is lifted, also where there was none', async () => {
    const cordon = await open()
    await cordon.lift()
    await cordon.set({ maintenance: false })
    expect(await cordon.lift()).toMatchObject({ cordoned: false })
    expect((await open()).refusal()).toBeUndefined()
    expect(await readdir(folder)).toEqual([])
  })

  it('stays where its file can not be read, until it is lifted', async () => {
    await writeFile(join(folder, 'cordon.json'), '{"maintenance": tr')
    const cordon = await open()
    expect(errors).toBe(1)
    expect(cordon.refusal()).toMatchObject({
      code: 'CORDONED',
      why: expect.stringContaining('can not be read') as unknown
    })
    await cordon.lift()
    expect((await open()).refusal()).toBeUndefined()
  })

  it('that can not be written down does not count', async () => {
    const cordon = await open()
    await rm(folder, { recursive: true })
    await expect(cordon.set({ maintenance: false })).rejects.toMatchObject({
      problem: { code: 'CORDON_FILE', host: 'b' }
    })
    expect(cordon.refusal()).toBeUndefined()
    expect(changes).toBe(0)
  })
})

describe('cordon, asked on any host', () => {
  const hosts: HostView[] = [
    { name: 'a', peerId: 'id-a', state: 'self' },
    { name: 'b', peerId: 'id-b', state: 'connected' },
    { name: 'c', peerId: 'id-c', state: 'unreachable', problem: problem() },
    { name: 'd', peerId: 'id-d', state: 'connected' },
    { name: 'd', peerId: 'id-e', state: 'connected' }
  ]
  const signal = AbortSignal.timeout(120_000)
  let asked: unknown[]
  let router: Router

  beforeEach(() => {
    asked = []
    const reach: Reach = {
      name: 'a',
      self: () => 'id-a',
      hosts: async () => hosts,
      async *ask(peerId, method, args) {
        asked.push([peerId, method, args])
        yield { host: peerId, cordoned: method === 'cordon', maintenance: false }
      }
    }
    router = new Router(reach)
  })

  it('is done by the host that is named, and here where none is', async () => {
    await router.cordon({ host: 'b', reason: 'a new disk', maintenance: true }, signal)
    await router.cordon({ maintenance: false }, signal)
    expect(await router.uncordon({ host: 'id-b' }, signal)).toMatchObject({ host: 'id-b', cordoned: false })
    await router.uncordon({}, signal)
    expect(asked).toEqual([
      ['id-b', 'cordon', { reason: 'a new disk', maintenance: true }],
      ['id-a', 'cordon', { maintenance: false }],
      ['id-b', 'uncordon', {}],
      ['id-a', 'uncordon', {}]
    ])
  })

  it.each([
    ['nobody', 'UNKNOWN_PEER'],
    ['d', 'AMBIGUOUS_PEER'],
    ['c', 'PEER_UNREACHABLE']
  ])('of %s is refused with %s, and nobody is asked', async (host, code) => {
    await expect(router.cordon({ host, maintenance: false }, signal)).rejects.toMatchObject({ problem: { code } })
    await expect(router.uncordon({ host }, signal)).rejects.toMatchObject({ problem: { code } })
    expect(asked).toEqual([])
  })

  it.each(['cordon', 'uncordon'] as const)('needs the role admin (%s), or root of a member', (method) => {
    const operator = (role: string): Caller => ({ kind: 'operator', who: 'key', label: '', roles: new Set([role]) })
    expect(() => {
      checkAllowed('b', operator('move'), method)
    }).toThrow(/may not do/)
    checkAllowed('b', operator('admin'), method)
    checkAllowed('b', { kind: 'member-root', who: 'root@a', via: 'a' }, method)
  })

  function problem() {
    return { code: 'PEER_UNREACHABLE', host: 'c', what: 'c is away', remedy: 'start it' }
  }
})
