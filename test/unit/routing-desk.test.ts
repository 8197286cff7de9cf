import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditLog } from '../../src/node/audit.ts'
import type { Caller, LocalRoot, MemberRoot, Operator } from '../../src/node/routing/caller.ts'
import { Desk, type HostService } from '../../src/node/routing/desk.ts'
import { noCordon, noMesh } from './routing-parts.ts'
import { FakeService, view } from './cli-service.ts'

const id = 'm0123456789abcdef'
const root: LocalRoot = { kind: 'local-root', who: 'root@b' }
const member: MemberRoot = { kind: 'member-root', who: 'root@a', via: 'a' }
const operator: Operator = {
  kind: 'operator',
  who: '12D3KooWkey',
  label: 'me@desk',
  via: 'a',
  roles: new Set(['admin'])
}

describe('the desk of a host', () => {
  let folder: string
  let audit: AuditLog
  let service: FakeService
  let desk: Desk
  let deskWith: (more: Partial<HostService>) => Desk
  let now: number
  let decidedBy: string[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-desk-'))
    now = Date.parse('2026-01-01T00:00:00Z')
    audit = await AuditLog.open({ folder, host: 'b', now: () => now })
    service = new FakeService()
    service.present = [view({ id })]
    decidedBy = []
    const resolve = (request: { id: string; how: 'run-here' | 'discard'; by: string }) => {
      decidedBy.push(request.by)
      return service.resolve(request, AbortSignal.timeout(1000))
    }
    deskWith = (more) =>
      new Desk({
        name: 'b',
        service: Object.assign(Object.create(service) as FakeService, { resolve, ...more }),
        mesh: noMesh,
        cordon: noCordon,
        hosts: () => [],
        audit,
        log: { error: () => undefined },
        now: () => now
      })
    desk = deskWith({})
  })
  afterEach(async () => {
    await audit.close()
    await rm(folder, { recursive: true })
  })

  async function ask(caller: Caller, method: string, args: unknown = {}): Promise<unknown> {
    const answers: unknown[] = []
    for await (const answer of desk.execute(caller, method, args, AbortSignal.timeout(5000))) answers.push(answer)
    return answers[0]
  }

  async function lines(): Promise<object[]> {
    return (await audit.read(1000)).map(({ who, method, event, code, omitted }) => ({
      who,
      method,
      event,
      ...(code === undefined ? {} : { code }),
      ...(omitted === undefined ? {} : { omitted })
    }))
  }

  it("writes down what a member's root looks at, once a minute and with the number left out", async () => {
    for (let times = 0; times < 5; times++) await ask(member, 'containers')
    await ask(member, 'peers')
    await ask(root, 'containers')
    expect(await lines()).toEqual([
      { who: 'root@a', method: 'containers', event: 'viewed' },
      { who: 'root@a', method: 'peers', event: 'viewed' }
    ])
    now += 60_000
    await ask(member, 'containers')
    expect((await lines()).at(-1)).toEqual({ who: 'root@a', method: 'containers', event: 'viewed', omitted: 4 })
  })

  it('writes down each migration whose receipt somebody looked at, and of ids that are made up one line', async () => {
    const other = 'm0123456789abcde0'
    service.present = [view({ id }), view({ id: other })]
    desk = deskWith({
      receipt: async (of, signal) => {
        await service.migration(of, signal)
        return service.receipts
      }
    })
    for (const one of [id, other, id]) await ask(member, 'receipt', { id: one })
    for (let times = 0; times < 20; times++) {
      await expect(ask(member, 'receipt', { id: `m01234567890${String(1000 + times)}` })).rejects.toThrow()
    }
    const seen = (await audit.read(1000)).map(({ event, arguments: { id: of } }) => [event, of])
    expect(seen).toEqual([
      ['viewed', id],
      ['viewed', other],
      ['viewed', 'm012345678901000']
    ])
    now += 60_000
    await ask(member, 'receipt', { id })
    expect((await lines()).at(-1)).toMatchObject({ event: 'viewed', omitted: 1 })
  })

  it('has who reads the audit log in what it answers', async () => {
    expect(await ask(member, 'audit', { entries: 5 })).toMatchObject([
      { who: 'root@a', method: 'audit', event: 'viewed' }
    ])
    await ask(member, 'audit', { entries: 500 })
    expect(await lines()).toHaveLength(2)
  })

  it('refuses to cancel what is not there, and has it beside what changed nothing', async () => {
    for (const caller of [root, member, operator]) {
      await expect(ask(caller, 'cancel', { id: 'm0123456789abcde1' })).rejects.toThrow()
    }
    expect((await lines()).map((one) => 'event' in one && one.event)).toEqual(['refused', 'refused', 'refused'])
    expect(await readFile(join(folder, 'audit.log'), 'utf8')).toBe('')
  })

  it('has failures of one asker beyond ten a minute elsewhere than what was done, and each on disk', async () => {
    desk = deskWith({ cancel: () => Promise.reject(new Error('it can not be cancelled')) })
    for (let times = 0; times < 15; times++) await expect(ask(operator, 'cancel', { id })).rejects.toThrow()
    await expect(ask(member, 'cancel', { id })).rejects.toThrow()
    await ask(operator, 'move', { container: 'web', to: 'c' })
    const done = (await readFile(join(folder, 'audit.log'), 'utf8')).trim().split('\n')
    expect(done.filter((line) => line.includes('"cancel"') && line.includes(operator.who))).toHaveLength(20)
    expect(done.filter((line) => line.includes('"cancel"') && line.includes('root@a'))).toHaveLength(2)
    expect(done.at(-1)).toContain('"begun"')
    expect(await lines()).toHaveLength(34)
  })

  it('takes 120 changes of one asker in a minute, and of this host as many as it likes', async () => {
    for (let times = 0; times < 120; times++) await ask(member, 'uncordon')
    await expect(ask(member, 'uncordon')).rejects.toMatchObject({ problem: { code: 'TOO_MANY_COMMANDS' } })
    await ask(operator, 'uncordon')
    for (let times = 0; times < 130; times++) await ask(root, 'uncordon')
    now += 60_000
    await ask(member, 'uncordon')
  })

  it('writes down every refused command that would have changed something', async () => {
    for (let times = 0; times < 100; times++) {
      await expect(ask(member, 'expel', { peer: `p${String(times)}` })).rejects.toMatchObject({
        problem: { code: 'NOT_ALLOWED' }
      })
    }
    expect(await lines()).toHaveLength(100)
    expect((await audit.read(1000)).at(-1)).toMatchObject({ event: 'refused', arguments: { peer: 'p99' } })
  })

  it('counts refused looks beyond 30 a minute', async () => {
    const nobody = { ...operator, roles: new Set<string>() }
    for (let times = 0; times < 35; times++) await expect(ask(nobody, 'containers')).rejects.toThrow()
    expect(await lines()).toHaveLength(30)
    now += 60_000
    await expect(ask(nobody, 'containers')).rejects.toThrow()
    expect((await lines()).at(-1)).toMatchObject({ event: 'refused', code: 'NOT_ALLOWED', omitted: 5 })
  })

  it('says of a move that it has begun, and of what ends with its answer that it is done', async () => {
    await ask(root, 'move', { container: 'web', to: 'c' })
    await ask(root, 'repair')
    expect(await lines()).toEqual([
      { who: 'root@b', method: 'move', event: 'accepted' },
      { who: 'root@b', method: 'move', event: 'begun' },
      { who: 'root@b', method: 'repair', event: 'accepted' },
      { who: 'root@b', method: 'repair', event: 'done' }
    ])
  })

  it('has it on record who decided, and not which host they decided about', async () => {
    for (const caller of [root, member, operator]) {
      service.present = [view({ id })]
      await ask(caller, 'resolve', { id, how: 'discard' })
    }
    expect(decidedBy).toEqual(['root@b', 'root@a', '12D3KooWkey'])
  })
})
