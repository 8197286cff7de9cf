import pino from 'pino'
import { expect, it } from 'vitest'
import { parseConfig } from '../../config/load.ts'
import { Decision, type Request, type Response } from '../../protocols/migration/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import { operatorsWord } from '../../src/node/in-doubt.ts'
import { toProblem } from '../../src/node/problems.ts'
import { askWitnesses, giveToWitnesses, releaseWitnesses, replaceAtWitnesses } from '../../src/node/witnesses.ts'

const migration = '0123456789abcdef'
const statement = Uint8Array.of(1)
const ack: Response = { ack: {} }
const refusal: Response = {
  refused: { problems: [{ code: 'BAD_STATEMENT', host: 'host-d', what: 'it is none', why: '', remedy: 'see the log' }] }
}

type Peer = (request: Request, signal: AbortSignal) => Promise<Response>

/** A host with these peers as its witnesses; `asked` is told who was asked what. */
function hostWith(peers: Readonly<Record<string, Peer>>, witnesses = {}) {
  const asked: string[] = []
  const parts = {
    name: 'host-a',
    log: pino({ level: 'silent' }),
    config: parseConfig({ witnesses: { count: 1, policy: 'require', ...witnesses } }, 'a test'),
    mesh: {
      peers: () =>
        Object.keys(peers).map((name) => ({ name, peerId: `id-${name}`, addresses: [], state: 'connected' as const })),
      request: async (peerId: string, request: Request, signal: AbortSignal) => {
        const name = peerId.slice(3)
        asked.push(
          `${name}: ${Object.keys(request)
            .filter((key) => key !== 'migration')
            .join(' ')}`
        )
        const peer = peers[name]
        if (peer === undefined) throw new Error(`no ${name}`)
        return peer(request, signal)
      }
    }
  }
  return { parts, asked, witnesses: Object.keys(peers).map((name) => `id-${name}`) }
}

const silent: Peer = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('no answer'))
    })
  })

const telling =
  (seq: number): Peer =>
  () =>
    Promise.resolve({
      decision: { verdict: Decision.Verdict.COMMIT, epoch: 1, reason: '', receipt: Uint8Array.of(seq) }
    })

/** What a witness told, by its number. */
const accept = (bytes: Uint8Array) => ({ seq: bytes[0] ?? 0 })
const limit = () => AbortSignal.timeout(20_000)

it('a COMMIT that is taken back is replaced at every witness, and those that are not there are named', async () => {
  const { parts, asked, witnesses } = hostWith({
    'host-c': () => Promise.resolve(ack),
    'host-d': () => Promise.resolve(refusal),
    'host-e': silent,
    'host-f': () => Promise.resolve(ack)
  })
  const untold = await replaceAtWitnesses(parts, migration, witnesses, statement, limit())
  expect(untold).toEqual(['host-d', 'host-e'])
  expect(asked).toEqual(expect.arrayContaining(['host-c: witness', 'host-f: witness']))
})

it('the newest statement counts, whichever witness tells it first', async () => {
  for (const order of [
    ['old', 'new'],
    ['new', 'old']
  ]) {
    const peers = Object.fromEntries(order.map((name) => [name, telling(name === 'new' ? 9 : 5)]))
    const { parts, witnesses } = hostWith({ ...peers, 'host-e': silent })
    expect(await askWitnesses(parts, migration, 'id-source', witnesses, accept, limit())).toEqual({ seq: 9 })
  }
})

it('witnesses that hold nothing, or what nobody accepts, tell nothing', async () => {
  const { parts, witnesses } = hostWith({ 'host-c': () => Promise.resolve(refusal), 'host-d': telling(3) })
  const never = () => {
    throw new Error('not signed')
  }
  expect(await askWitnesses(parts, migration, 'id-source', witnesses, never, limit())).toBeUndefined()
})

it('a witness that refuses is told of, so that an operator may decide; one that then takes it is no reason any more', async () => {
  let refusals = 2
  const { parts, witnesses } = hostWith({ 'host-d': () => Promise.resolve(refusals-- > 0 ? refusal : ack) })
  const told: (Problem | undefined)[] = []
  const hear = (_: string, problem: Problem | undefined) => told.push(problem)
  expect(await giveToWitnesses(parts, migration, witnesses, statement, hear, limit())).toBe(1)
  expect(told.map((problem) => problem?.code)).toEqual(['BAD_STATEMENT', 'BAD_STATEMENT', undefined])
})

it('releases each witness once, and needs none of them to answer well', async () => {
  const { parts, asked, witnesses } = hostWith({
    'host-c': () => Promise.resolve(ack),
    'host-d': () => Promise.resolve(refusal)
  })
  await releaseWitnesses(parts, migration, witnesses)
  expect(asked).toEqual(['host-c: releaseWitness', 'host-d: releaseWitness'])
})

it("an operator's word is heard while witnesses do not answer, and not before one has failed to", () => {
  const doubt = {
    migration,
    host: 'host-a',
    other: 'host-b',
    asked: 'too few witnesses',
    state: 'witnessing',
    waiting: true,
    container: 'web',
    connected: false,
    hasTree: true
  }
  expect(() => operatorsWord('run-here', { ...doubt, silence: undefined })).toThrow(
    expect.objectContaining({ problem: expect.objectContaining({ code: 'NOT_IN_DOUBT' }) as unknown }) as Error
  )
  const silence = { code: 'PEER_UNREACHABLE', host: 'host-a', what: 'host-c is away', remedy: 'bring it back' }
  expect(operatorsWord('run-here', { ...doubt, silence }).why).toBe('too few witnesses did not answer: host-c is away')
})

it.each([
  ['PEER_TIMEOUT', 'NOT_IN_DOUBT'],
  ['JOURNAL_UNAVAILABLE', 'NOT_IN_DOUBT'],
  ['UNKNOWN_MIGRATION', 'RESOLVED'],
  ['NOT_TAKEN_UP', 'RESOLVED']
])("an operator's word against a connected host that said %s: %s", (code, expected) => {
  const word = () => {
    try {
      return operatorsWord('run-here', {
        migration,
        host: 'host-a',
        other: 'host-b',
        asked: 'host-b',
        state: 'telling',
        waiting: true,
        container: 'web',
        connected: true,
        silence: { code, host: 'host-b', what: 'something', remedy: 'nothing' },
        hasTree: true
      }).code
    } catch (error) {
      return toProblem('host-a', error).code
    }
  }
  expect(word()).toBe(expected)
})
