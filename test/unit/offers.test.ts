// Offers that come at the same moment: a network repeats one, or two sources mean the same name.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Request } from '../../protocols/migration/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { openJournal, type Journal } from '../../src/journal/journal.ts'
import type { Migration } from '../../src/node/node.ts'
import { PeerRequests } from '../../src/node/peer-requests.ts'
import { cordonProblem } from '../../src/node/cordon.ts'
import { signerOf } from '../../src/receipt/signature.ts'
import { facts } from './host-facts.ts'
import { nodeParts } from './node-parts.ts'

const signal = AbortSignal.timeout(120_000)
const [one, two] = ['0000000000one', '0000000000two'] as const
const source = '12D3KooWSVBhVxkTkktnz5jxpPZxmd4WkPttRz84vDDJyNxfCww4'
let folder: string
let journal: Journal
let requests: PeerRequests
let taken: Migration[]
let examined: number
let cordoned: Problem | undefined

/** An engine that looks at every container, takes its time, and refuses it for a reason of its own. */
const engine: Partial<Engine> = {
  name: 'runc',
  version: () => Promise.resolve('1.3'),
  examine: async () => {
    examined++
    await new Promise((resolve) => setTimeout(resolve, 50))
    return [{ level: 'blocker', code: 'NAME_TAKEN', what: 'it is here already', remedy: 'remove it' }]
  },
  discardStaging: () => Promise.resolve()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-offers-'))
  journal = await openJournal(join(folder, 'journal'))
  taken = []
  examined = 0
  cordoned = undefined
  const parts = {
    ...nodeParts({
      name: 'b',
      folder,
      journal,
      signer: signerOf(await generateKeyPair('Ed25519')),
      runc: engine,
      mesh: {
        self: { peerId: source, name: 'b', addresses: [] },
        request: () => Promise.reject(new Error('nobody is there'))
      }
    }),
    presentPeer: (peerId: string) => peerId,
    cordon: { standing: { cordoned: false }, refusal: () => cordoned },
    facts: async () => facts
  }
  requests = new PeerRequests(parts, {
    broken: () => undefined,
    find: (id) => taken.find((migration) => migration.id === id),
    add: (migration) => {
      taken.push(migration)
      migration.start()
    },
    closing: () => false
  })
})
afterEach(async () => {
  await Promise.all(taken.map(({ ended }) => ended))
  await journal.close()
  await rm(folder, { recursive: true })
})

function offer(migration: string, checkOnly = false): Request {
  return {
    migration,
    offer: {
      container: 'web',
      engine: 'runc',
      sourceName: 'a',
      epoch: 1,
      memoryBytes: 1,
      rootfsBytes: 1,
      spec: JSON.stringify({ name: 'web' }),
      checkOnly,
      catchesSigcont: false
    }
  }
}

/** Codes of the refusals, in alphabetical order. */
async function refusals(...offers: Request[]): Promise<(string | undefined)[]> {
  const answers = await Promise.all(offers.map((each) => requests.answer(source, each, signal)))
  return answers.map(({ refused }) => refused?.problems[0]?.code).sort()
}

it('an offer that comes twice at once begins one migration', async () => {
  expect(await refusals(offer(one), offer(one))).toEqual(['DUPLICATE_OFFER', 'NAME_TAKEN'])
  expect(taken).toHaveLength(1)
  expect(examined).toBe(1)
})

it('of two migrations that bring the same name one is looked at, and the other one told of it', async () => {
  expect(await refusals(offer(one), offer(two))).toEqual(['MIGRATION_UNDER_WAY', 'NAME_TAKEN'])
  expect(taken).toHaveLength(1)
  expect(examined).toBe(1)
})

const cordon = () => cordonProblem('b', 'b', { cordoned: true, cordonReason: 'a new disk' })

it('a cordoned host takes no offer, and says why', async () => {
  cordoned = cordon()
  const answer = await requests.answer(source, offer(one), signal)
  expect(answer.refused?.problems).toMatchObject([{ code: 'CORDONED', host: 'b', why: 'a new disk' }])
  expect([taken.length, examined]).toEqual([0, 0])
  cordoned = undefined
  expect(await refusals(offer(one))).toEqual(['NAME_TAKEN'])
})

it('what was under way when a host was cordoned is not refused for it', async () => {
  const begun = requests.answer(source, offer(one), signal)
  await vi.waitFor(() => {
    expect(taken).toHaveLength(1)
  }, 20_000)
  cordoned = cordon()
  expect(await refusals(offer(one))).toEqual(['DUPLICATE_OFFER'])
  expect((await begun).refused?.problems[0]?.code).toBe('NAME_TAKEN')
})

it('a check of a cordoned host shows that among what else stands in the way', async () => {
  cordoned = cordon()
  expect((await requests.answer(source, offer(one, true), signal)).accepted?.targetName).toBe('b')
  const preflight = { migration: one, preflight: { facts: JSON.stringify(facts) } }
  const { report } = await requests.answer(source, preflight, signal)
  const blockers = report?.findings.filter(({ blocker }) => blocker).map(({ problem }) => problem?.code)
  expect(blockers).toEqual(expect.arrayContaining(['CORDONED', 'NAME_TAKEN']))
})

it('that can not be written down leave no claim, once the disk takes something again', async () => {
  vi.spyOn(journal, 'putMigration').mockRejectedValueOnce(new Error('ENOSPC'))
  vi.spyOn(journal, 'release').mockRejectedValueOnce(new Error('ENOSPC')).mockRejectedValueOnce(new Error('ENOSPC'))
  expect((await requests.answer(source, offer(one), signal)).refused).toBeDefined()
  await vi.waitFor(async () => {
    expect(await journal.claim('runc/web', two)).toBe(two)
  }, 20_000)
})
