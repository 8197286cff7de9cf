import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditLog } from '../../src/node/audit.ts'
import type { Caller, LocalRoot, MemberRoot, Operator } from '../../src/node/routing/caller.ts'
import { Desk } from '../../src/node/routing/desk.ts'
import { noCordon, noMesh } from './routing-parts.ts'
import { FakeService } from './cli-service.ts'

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
  let now: number
  let decidedBy: string[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-desk-'))
    now = Date.parse('2026-01-01T00:00:00Z')
    audit = await AuditLog.open({ folder, host: 'b', now: () => now })
    service = new FakeService()
    decidedBy = []
    const resolve = (request: { id: string; how: 'run-here' | 'discard'; by: string }) => {
      decidedBy.push(request.by)
      return service.resolve(request, AbortSignal.timeout(1000))
    }
    desk = new Desk({
      name: 'b',
      service: Object.assign(Object.create(service) as FakeService, { resolve }),
      mesh: noMesh,
      cordon: noCordon,
      hosts: () => [],
      audit,
      log: { error: () => undefined },
      now: () => now
    })
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
    for (const caller of [root, member, operator]) await ask(caller, 'resolve', { id, how: 'discard' })
    expect(decidedBy).toEqual(['root@b', 'root@a', '12D3KooWkey'])
  })
})
