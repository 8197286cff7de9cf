import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Answer, Request } from '../../protocols/command/index.ts'
import { AuditLog } from '../../src/node/audit.ts'
import { Commands } from '../../src/node/routing/commands.ts'
import { Once } from '../../src/node/routing/once.ts'
import { Desk } from '../../src/node/routing/desk.ts'
import { signedCommand } from '../../src/node/routing/signed-command.ts'
import { FakeService } from './cli-service.ts'
import { noCordon, noMesh } from './routing-parts.ts'

const id = 'm0123456789abcdef'

describe("an operator's command that a host refuses", () => {
  let folder: string
  let audit: AuditLog
  let service: FakeService
  let commands: Commands
  let key: PrivateKey
  let who: string
  let self: string
  let stopping: AbortController

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-commands-'))
    key = await generateKeyPair('Ed25519')
    who = peerIdFromPrivateKey(key).toString()
    self = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
    audit = await AuditLog.open({ folder, host: 'b', now: Date.now })
    service = new FakeService()
    stopping = new AbortController()
    const desk = new Desk({
      name: 'b',
      service,
      mesh: noMesh,
      cordon: noCordon,
      hosts: () => [],
      audit,
      log: { error: () => undefined },
      now: Date.now
    })
    commands = new Commands({
      name: 'b',
      mesh: {
        self: { peerId: self, name: 'b', addresses: [] },
        peers: () => [],
        command: () => {
          throw new Error('nothing is passed on')
        }
      },
      desk,
      isMember: () => false,
      rolesOf: () => new Set(['move']),
      now: Date.now
    })
  })
  afterEach(async () => {
    stopping.abort(new Error('the test is over'))
    await audit.close()
    await rm(folder, { recursive: true })
  })

  async function give(method: string, args: unknown, target = self): Promise<Answer[]> {
    const said = { method, arguments: args, target }
    const command = await signedCommand(said, { key, label: 'me', timeMs: Date.now() })
    const answers: Answer[] = []
    for await (const answer of commands.answer(who, command, stopping.signal)) answers.push(answer)
    return answers
  }

  it('as it is for a host that nobody knows is in the audit log', async () => {
    const stranger = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
    expect((await give('move', { container: 'web', to: 'c' }, stranger))[0]?.refused?.code).toBe('UNKNOWN_PEER')
    expect(await audit.read(10)).toMatchObject([
      {
        who,
        label: 'me',
        method: 'move',
        arguments: { container: 'web', to: 'c' },
        event: 'refused',
        code: 'UNKNOWN_PEER',
        target: stranger
      }
    ])
  })

  it('as there are too many is in the audit log', async () => {
    service.changes = [undefined]
    const watching = Array.from({ length: 16 }, () => give('watch', { id }))
    await vi.waitFor(() => {
      expect(service.watchers).toBe(16)
    }, 20_000)
    expect((await give('cancel', { id }))[0]?.refused?.code).toBe('TOO_MANY_COMMANDS')
    const refused = (await audit.read(100)).filter(({ event }) => event === 'refused')
    expect(refused).toMatchObject([{ who, method: 'cancel', arguments: { id }, code: 'TOO_MANY_COMMANDS' }])
    expect(refused[0]).not.toHaveProperty('target')
    stopping.abort(new Error('enough was watched'))
    await Promise.all(watching)
  })
})

describe('a signed command', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const request = (operator: string, nonce: number, timeMs = now): Request => ({
    method: 'move',
    arguments: '{}',
    target: 'b',
    operator,
    label: '',
    nonce: new Uint8Array(new Uint32Array([nonce]).buffer),
    timeMs
  })
  const problem = (code: string): unknown =>
    expect.objectContaining({ problem: expect.objectContaining({ code }) as unknown })

  it('is done once, and after the time in which it would be believed its operator has room again', () => {
    let at = now
    const once = new Once('b', () => at)
    once.take(request('one', 0), true)
    expect(() => {
      once.take(request('one', 0), true)
    }).toThrow(problem('REPEATED_COMMAND'))
    for (let nonce = 1; nonce < 5000; nonce++) once.take(request('one', nonce), true)
    expect(() => {
      once.take(request('one', 5000), true)
    }).toThrow(problem('TOO_MANY_COMMANDS'))
    at += 301_000
    once.take(request('one', 5001, at), true)
  })

  it('finds room whatever other operators gave or looked at', () => {
    const once = new Once('b', () => now)
    for (let nonce = 0; nonce < 60_000; nonce++) once.take(request('viewer', nonce), false)
    for (let nonce = 0; nonce < 5000; nonce++) once.take(request('mover', nonce), true)
    once.take(request('admin', 0), true)
  })
})
