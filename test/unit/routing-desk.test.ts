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
    audit = await AuditLog.open({ path: join(folder, 'audit.log'), host: 'b', now: () => now })
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

  it('has it on record who decided, and not which host they decided about', async () => {
    for (const caller of [root, member, operator]) await ask(caller, 'resolve', { id, how: 'discard' })
    expect(decidedBy).toEqual(['root@b', 'root@a', '12D3KooWkey'])
  })
})
