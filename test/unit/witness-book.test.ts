import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Decision, type Response } from '../../protocols/migration/index.ts'
import { openJournal, type Journal } from '../../src/journal/journal.ts'
import { WitnessBook } from '../../src/node/witness-book.ts'
import { Receipt } from '../../src/receipt/receipt.ts'
import { signerOf, type Signer } from '../../src/receipt/signature.ts'

describe('a witness', () => {
  let folder: string
  let journal: Journal
  let book: WitnessBook
  let source: Signer
  let other: Signer
  let target: Signer
  let clock = 0

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-witness-'))
    journal = await openJournal(folder)
    book = new WitnessBook({ name: 'host-c', journal, now: () => (clock += 1000) })
    const keys = await Promise.all([1, 2, 3].map(() => generateKeyPair('Ed25519')))
    const [a, b, c] = keys.map(signerOf)
    if (a === undefined || b === undefined || c === undefined) throw new Error('no keys')
    source = a
    other = b
    target = c
  })
  afterEach(async () => {
    await journal.close()
    await rm(folder, { recursive: true })
  })

  const idOf = (number: number) => `m${String(number).padStart(15, '0')}`

  /** The first statement of a migration, and the one after it. */
  function statements(id: string, by: Signer): { commit: Uint8Array; takenBack: Uint8Array } {
    const subject = { migration: id, epoch: 1, container: 'web', engine: 'runc', host: 'host-a', other: target.peer }
    const receipt = new Receipt(by, { ...subject, role: 'source' })
    return { commit: receipt.note('commit', {}).bytes, takenBack: receipt.note('taken-back', {}).bytes }
  }

  const kept = async (id: string, by = source) => verdictOf(await book.tell(target.peer, id, by.peer))

  it('keeps what comes when it is full, and lets go of the oldest of the same source only', async () => {
    const small = new WitnessBook({ name: 'host-c', journal, now: () => (clock += 1000) }, 3)
    const first = idOf(0)
    await small.keep(other.peer, first, statements(first, other).commit)
    for (const number of [1, 2, 3, 4]) {
      const id = idOf(number)
      expect(await small.keep(source.peer, id, statements(id, source).commit)).toEqual({ ack: {} })
    }
    expect(await kept(first, other)).toBe('COMMIT')
    expect(await kept(idOf(1))).toBe('NOT_WITNESSED')
    for (const number of [2, 3, 4]) expect(await kept(idOf(number))).toBe('COMMIT')
  })

  it('has room for what replaces a statement: none goes for it', async () => {
    const small = new WitnessBook({ name: 'host-c', journal, now: () => (clock += 1000) }, 2)
    const first = statements(idOf(1), source)
    await small.keep(source.peer, idOf(1), first.commit)
    await small.keep(source.peer, idOf(2), statements(idOf(2), source).commit)
    await small.keep(source.peer, idOf(2), statements(idOf(2), source).takenBack)
    await small.keep(source.peer, idOf(1), first.takenBack)
    await small.keep(source.peer, idOf(1), first.commit)
    expect([await kept(idOf(1)), await kept(idOf(2))]).toEqual(['ABORT', 'ABORT'])
  })

  it('forgets at the word of the source that gave it, and of nobody else', async () => {
    const id = idOf(1)
    await book.keep(source.peer, id, statements(id, source).commit)
    for (const stranger of [other.peer, target.peer]) {
      expect((await book.release(stranger, id)).refused?.problems[0]?.code).toBe('BAD_STATEMENT')
    }
    expect(await kept(id)).toBe('COMMIT')
    expect(await book.release(source.peer, id)).toEqual({ ack: {} })
    expect(await kept(id)).toBe('NOT_WITNESSED')
    expect(await book.release(source.peer, id)).toEqual({ ack: {} })
  })
})

function verdictOf({ decision, refused }: Response): string {
  return decision === undefined ? (refused?.problems[0]?.code ?? '') : (Decision.Verdict[decision.verdict] ?? '')
}
