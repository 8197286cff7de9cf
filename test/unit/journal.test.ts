import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Level } from 'level'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openJournal, type Journal, type MigrationRecord, type ReceiptEntry } from '../../src/journal/journal.ts'
import { decodeRecord, encodeRecord } from '../../src/journal/record.ts'

function record(id: string, more: Partial<MigrationRecord> = {}): MigrationRecord {
  return {
    id,
    role: 'source',
    container: 'web',
    engine: 'runc',
    peer: '12D3KooWpeer',
    peerName: 'host-b',
    epoch: 1,
    state: 'offering',
    view: {},
    data: { freezeBegan: 5 },
    startedAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...more
  }
}

const unavailable = { details: { code: 'JOURNAL_UNAVAILABLE' } }

function entry(seq: number): ReceiptEntry {
  return { seq, bytes: Uint8Array.of(seq, 255) }
}

/**
 * The store's next write fails. Where it is on disk all the same, nobody sees it before the store is opened again: so it is after a
 * failed sync.
 */
function failNextWrite(outcome: 'not on disk' | 'on disk all the same'): void {
  const write: unknown = Reflect.get(Level.prototype, 'batch')
  const failing = async function (this: unknown, ...given: unknown[]) {
    if (outcome === 'on disk all the same' && typeof write === 'function' && this instanceof Level) {
      await Reflect.apply(write, this, given)
      const nothing = Readable.from([])
      Object.assign(this, { get: () => Promise.resolve(undefined), iterator: () => nothing })
    }
    throw new Error('no space left on device')
  }
  // Called without arguments it is another method, and that is the one the compiler sees.
  vi.spyOn(Level.prototype, 'batch').mockImplementationOnce(failing as never)
}

describe('the journal', () => {
  let folder: string
  let journal: Journal
  const warn = vi.fn<(details: object, message: string) => void>()

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-journal-'))
    journal = await openJournal(folder)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    warn.mockClear()
    await journal.close()
    await rm(folder, { recursive: true })
  })

  async function reopen(): Promise<void> {
    await journal.close()
    journal = await openJournal(folder)
  }

  it('still knows everything after it was closed and opened', async () => {
    await journal.putMigration(record('m1'))
    await journal.decide('m1', 'commit', 1)
    await journal.mark('m1', 'prepared')
    await journal.setEpoch('runc/web', 3)
    await journal.claim('runc/web', 'm1')
    await reopen()
    expect(await journal.migration('m1')).toEqual(record('m1'))
    expect(await journal.decision('m1')).toBe('commit')
    expect([...(await journal.marks('m1'))]).toEqual(['prepared'])
    expect(await journal.epochOf('runc/web')).toBe(3)
    expect(await journal.claim('runc/web', 'm2')).toBe('m1')
  })

  it('lets the first decision stand', async () => {
    expect(await journal.decide('m1', 'abort', 1)).toBe('abort')
    expect(await journal.decide('m1', 'commit', 1)).toBe('abort')
    await reopen()
    expect(await journal.decide('m1', 'commit', 1)).toBe('abort')
  })

  it('gives concurrent deciders one answer', async () => {
    const answers = await Promise.all([
      journal.decide('m1', 'commit', 1),
      journal.decide('m1', 'abort', 1),
      journal.decide('m1', 'commit', 1)
    ])
    expect(new Set(answers).size).toBe(1)
    expect(await journal.decision('m1')).toBe(answers[0])
  })

  it('lets a decision stand that reached the disk although its write failed, and a record before it', async () => {
    failNextWrite('not on disk')
    await expect(journal.putMigration(record('m1'))).rejects.toMatchObject(unavailable)
    failNextWrite('on disk all the same')
    await expect(journal.decide('m1', 'commit', 1)).rejects.toMatchObject(unavailable)
    expect(await journal.decision('m1'), 'as long as the store is not opened again').toBeUndefined()
    const told: string[] = []
    const stands = await journal.decide('m1', 'abort', 1, (decision) => {
      told.push(decision)
      return []
    })
    expect([stands, ...told]).toEqual(['commit', 'commit'])
    await reopen()
    expect(await journal.decision('m1')).toBe('commit')
  })

  it('answers whoever asks while the store is opened again', async () => {
    await journal.decide('m1', 'commit', 1)
    failNextWrite('not on disk')
    await expect(journal.decide('m2', 'commit', 1)).rejects.toThrow()
    let writing = true
    const written = journal.decide('m2', 'abort', 1).finally(() => (writing = false))
    const asked: Promise<unknown>[] = []
    while (writing) {
      asked.push(journal.decision('m1'), journal.migrations())
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await written).toBe('abort')
    const answers = await Promise.all(asked)
    expect(answers.length).toBeGreaterThan(4)
    for (let at = 0; at < answers.length; at += 2) expect(answers[at]).toBe('commit')
  })

  it('lets another decision be made where that of a failed write is not on disk', async () => {
    failNextWrite('not on disk')
    await expect(journal.decide('m1', 'commit', 1)).rejects.toMatchObject(unavailable)
    expect(await journal.decide('m1', 'abort', 1)).toBe('abort')
  })

  it('lets a mark stand that reached the disk although its write failed', async () => {
    failNextWrite('on disk all the same')
    await expect(journal.mark('m1', 'activating')).rejects.toMatchObject(unavailable)
    expect(await journal.mark('m1', 'hand-back')).toBe('activating')
    expect([...(await journal.marks('m1'))]).toEqual(['activating'])
  })

  it('never lets activating and hand-back stand both', async () => {
    const [first, second] = await Promise.all([journal.mark('m1', 'hand-back'), journal.mark('m1', 'activating')])
    expect(second).toBe(first)
    expect([...(await journal.marks('m1'))]).toEqual([first])
  })

  it('keeps the marks of migrations apart whose ids share a beginning', async () => {
    await journal.mark('m/1', 'prepared')
    expect((await journal.marks('m')).size).toBe(0)
  })

  it('lets one migration hold a container until it lets go', async () => {
    expect(await journal.claim('lxc/db', 'm1')).toBe('m1')
    expect(await journal.claim('lxc/db', 'm2')).toBe('m1')
    await journal.release('lxc/db', 'm2')
    expect(await journal.claim('lxc/db', 'm2')).toBe('m1')
    await journal.release('lxc/db', 'm1')
    expect(await journal.claim('lxc/db', 'm2')).toBe('m2')
  })

  it('forgets old ended migrations with their decisions, and no others', async () => {
    await journal.putMigration(record('old', { endedAt: '2026-01-01T00:01:00.000Z' }))
    await journal.putMigration(record('new', { endedAt: '2026-01-03T00:00:00.000Z' }))
    await journal.putMigration(record('open'))
    await journal.decide('old', 'commit', 1)
    expect(await journal.prune(new Date('2026-01-02T00:00:00.000Z'))).toEqual(['old'])
    expect((await journal.migrations()).map(({ id }) => id).sort()).toEqual(['new', 'open'])
    expect(await journal.decision('old')).toBeUndefined()
    expect((await journal.history()).map(({ id }) => id)).toEqual(['new'])
  })

  it('writes the entries of a receipt with the record that they speak of, and keeps their order', async () => {
    await journal.putMigration(record('m1'), [entry(0), entry(1)])
    await journal.mark('m1', 'prepared', () => [entry(2)])
    await journal.decide('m1', 'commit', 1, () => Array.from({ length: 10 }, (_, n) => entry(n + 3)))
    await journal.putMigration(record('m10'), [entry(99)])
    await reopen()
    expect((await journal.receipts('m1')).map((bytes) => bytes[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(await journal.receipts('m2')).toEqual([])
  })

  it('asks for the entry of the decision that stands, and writes it also where that stood before', async () => {
    await journal.decide('m1', 'commit', 1)
    const told: string[] = []
    const receipts = (stands: string): readonly ReceiptEntry[] => {
      told.push(stands)
      return [entry(0)]
    }
    expect(await journal.decide('m1', 'abort', 1, receipts)).toBe('commit')
    await journal.mark('m1', 'hand-back')
    expect(await journal.mark('m1', 'activating', receipts)).toBe('hand-back')
    expect(told).toEqual(['commit', 'hand-back'])
    expect((await journal.receipts('m1')).length).toBe(1)
  })

  it('has no decision on disk where the entry for it could not be made', async () => {
    const fails = (): never => {
      throw new Error('no entry')
    }
    await expect(journal.decide('m1', 'commit', 1, fails)).rejects.toThrow('no entry')
    expect(await journal.decision('m1')).toBeUndefined()
    expect(await journal.decide('m1', 'abort', 1)).toBe('abort')
  })

  it('forgets the receipt with its migration', async () => {
    await journal.putMigration(record('old', { endedAt: '2026-01-01T00:01:00.000Z' }), [entry(0), entry(1)])
    await journal.putMigration(record('older', { endedAt: '2026-01-03T00:00:00.000Z' }), [entry(0)])
    await journal.prune(new Date('2026-01-02T00:00:00.000Z'))
    expect(await journal.receipts('old')).toEqual([])
    expect((await journal.receipts('older')).length).toBe(1)
  })

  it('tells a second daemon that one runs already', async () => {
    await expect(openJournal(folder)).rejects.toMatchObject({ details: { code: 'DAEMON_ALREADY_RUNNING' } })
  })

  it('notices a byte that changed on disk, wherever the store put it', async () => {
    await journal.decide('m1', 'commit', 1)
    await journal.close()
    const flip = async (): Promise<void> => {
      for (const name of await readdir(folder)) {
        const bytes = await readFile(join(folder, name))
        const at = bytes.indexOf('"commit"')
        if (!/\.(log|ldb)$/.test(name) || at < 0) continue
        bytes.writeUInt8(bytes.readUInt8(at + 1) ^ 1, at + 1)
        await writeFile(join(folder, name), bytes)
      }
    }
    await flip()
    const damaged = { details: { code: 'JOURNAL_CORRUPT' } }
    await expect(openJournal(folder)).rejects.toMatchObject(damaged)
    await expect(openJournal(folder), 'also at the second try').rejects.toMatchObject(damaged)
    await rm(folder, { recursive: true })
    journal = await openJournal(folder)
    await journal.decide('m1', 'commit', 1)
    await reopen()
    await journal.close()
    await flip()
    await expect(openJournal(folder)).rejects.toMatchObject(damaged)
    await rm(folder, { recursive: true })
    journal = await openJournal(folder)
  })

  /** Closes the journal, lets its log be changed, and returns how it opens then. */
  async function changed(change: (log: Buffer) => Buffer): Promise<{ file: string; opens: Promise<Journal> }> {
    await journal.close()
    const name = (await readdir(folder)).find((each) => each.endsWith('.log'))
    const file = join(folder, name ?? 'no write-ahead log')
    await writeFile(file, change(await readFile(file)))
    return { file, opens: openJournal(folder, { log: { warn, error: () => undefined } }) }
  }
  it('takes a write that the end of the machine cut off for one that never was, and says so', async () => {
    await journal.decide('m1', 'commit', 1)
    await journal.decide('m2', 'commit', 1)
    let bytes = 0
    const { file, opens } = await changed((log) => {
      bytes = log.length - 5 - log.indexOf('decision/m2')
      return log.subarray(0, log.length - 5)
    })
    journal = await opens
    expect(await journal.decision('m1')).toBe('commit')
    expect(await journal.decision('m2')).toBeUndefined()
    expect(journal.dropped).toEqual([{ file, at: expect.any(Number) as number, bytes: expect.any(Number) as number }])
    expect(journal.dropped[0]?.bytes).toBeGreaterThan(bytes)
    expect(warn).toHaveBeenCalledExactlyOnceWith(journal.dropped[0], expect.stringContaining('cut off'))
  })

  it('takes zeros that nothing follows for the end, and says so', async () => {
    await journal.decide('m1', 'commit', 1)
    const { opens } = await changed((log) => Buffer.concat([log, Buffer.alloc(70_000)]))
    journal = await opens
    expect(await journal.decision('m1')).toBe('commit')
    expect(journal.dropped.map(({ bytes }) => bytes)).toEqual([70_000])
  })

  it.each([
    {
      damage: 'a decision that became zeros',
      change: (log: Buffer) => log.fill(0, log.indexOf('decision/m1') - 21, log.indexOf('decision/m2') - 21)
    },
    {
      damage: 'zeros in the place of all that was before the last block',
      change: (log: Buffer) => log.fill(0, 0, log.length - (log.length % 32_768))
    },
    {
      damage: 'a length that reaches beyond the end of the file',
      change: (log: Buffer) => {
        log.writeUInt16LE(Math.min(log.length + 10, 32_000), 4)
        return log
      }
    }
  ])('does not take $damage for a write that never was', async ({ change }) => {
    await journal.decide('m1', 'commit', 1)
    await journal.decide('m2', 'commit', 1)
    await journal.putMigration(record('m3', { data: { text: 'x'.repeat(40_000) } }))
    await journal.decide('m3', 'commit', 1)
    const { opens } = await changed(change)
    await expect(opens).rejects.toMatchObject({ details: { code: 'JOURNAL_CORRUPT' } })
    await rm(folder, { recursive: true })
    journal = await openJournal(folder)
  })

  it('says nothing of a log that is whole', async () => {
    await journal.decide('m1', 'commit', 1)
    const { opens } = await changed((log) => log)
    journal = await opens
    expect(journal.dropped).toEqual([])
    expect(warn).not.toHaveBeenCalled()
  })

  it('reads a write-ahead log of many blocks', async () => {
    const text = 'x'.repeat(50_000)
    for (const id of ['a', 'b', 'c', 'd']) await journal.putMigration(record(id, { data: { text } }))
    await reopen()
    expect((await journal.migrations()).length).toBe(4)
  })

  it('refuses a record of another key', () => {
    const bytes = encodeRecord('decision/m1', 7, { decision: 'commit' })
    expect(decodeRecord(folder, 'decision/m1', bytes)).toEqual({ sequence: 7, value: { decision: 'commit' } })
    expect(() => decodeRecord(folder, 'decision/m2', bytes)).toThrow(/decision\/m2.*CRC-32/)
  })
})
