import { beforeAll, describe, expect, it } from 'vitest'
import { decodeEntry, encodeBody, entryOf, type EntryBody } from '../../src/receipt/entry.ts'
import type { ReceiptError } from '../../src/receipt/receipt-error.ts'
import { Receipt } from '../../src/receipt/receipt.ts'
import { isSigned, signedEntry } from '../../src/receipt/signature.ts'
import { images, Pair, twoHosts, type Hosts } from './receipt-hosts.ts'

const fails = (code: string): Error =>
  expect.objectContaining<Partial<ReceiptError>>({
    details: expect.objectContaining({ code }) as ReceiptError['details']
  }) as Error

describe('a receipt', () => {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await twoHosts()
  })

  function reopened(pair: Pair, stored = pair.halves[0]): Receipt {
    const { migration, epoch, container, engine, host, other, role } = pair.source.entries[0]?.body as EntryBody
    return new Receipt(hosts.a, { migration, epoch, container, engine, host, other, role }, stored)
  }

  it('reads back what it signed, by the same key', () => {
    const pair = new Pair(hosts).moved()
    for (const entry of [...pair.source.entries, ...pair.target.entries]) {
      const read = decodeEntry(entry.bytes)
      expect(read.body).toEqual(entry.body)
      expect(read.hash).toBe(entry.hash)
      expect(isSigned(read)).toBe(true)
    }
    const commit = pair.source.entries.find(({ body }) => body.kind === 'commit')
    expect(signedEntry(commit?.bytes ?? new Uint8Array(), hosts.a.peer).body.kind).toBe('commit')
    expect(() => signedEntry(commit?.bytes ?? new Uint8Array(), hosts.b.peer)).toThrow(/not signed by/)
  })

  it('says nothing that is not on disk, and goes on after a crash from what is', () => {
    const pair = new Pair(hosts)
    expect(pair.source.latest).toBeUndefined()
    const offer = pair.source.note('offer', {})
    expect(pair.source.latest).toBeUndefined()
    expect(pair.source.pending().map(({ seq }) => seq)).toEqual([0])
    pair.source.written(0)
    expect(pair.source.latest).toEqual(offer.bytes)
    expect(pair.source.pending()).toEqual([])
    pair.source.note('frozen', { frozenAt: pair.now })
    const after = reopened(pair, [offer.bytes])
    expect(after.note('abort', {}).body).toMatchObject({ seq: 1, prev: offer.hash })
  })

  it('puts on record once what a restarted daemon does again', () => {
    const pair = new Pair(hosts).committed()
    const first = pair.source.once('commit', {})
    expect(reopened(pair).once('commit', {}).hash).toBe(first.hash)
    expect(pair.source.entries.filter(({ body }) => body.kind === 'commit').length).toBe(1)
  })

  it('names the entry of the other side that it heard last, also after a restart', () => {
    const pair = new Pair(hosts).prepared()
    const told = pair.target.entries.at(-1)
    const commit = pair.source.note('commit', {})
    expect(commit.body.heard).toEqual({ seq: told?.body.seq, hash: told?.hash })
    expect(reopened(pair).note('acked', {}).body.heard).toEqual(commit.body.heard)
  })

  it('lets a message that was overtaken change nothing', () => {
    const pair = new Pair(hosts).prepared()
    pair.source.heard(pair.target.entries[0]?.bytes ?? new Uint8Array())
    expect(pair.source.note('commit', {}).body.heard?.seq).toBe(pair.target.entries.length - 1)
  })

  it('takes back a decision whose write failed and that does not stand', () => {
    const pair = new Pair(hosts).prepared()
    pair.source.note('commit', {})
    pair.source.once('abort', { code: 'JOURNAL_UNAVAILABLE' })
    const kinds = pair.source.entries.map(({ body }) => body.kind)
    expect(kinds.slice(-2)).toEqual(['dumped', 'abort'])
    expect(() => reopened(pair)).not.toThrow()
  })

  it('tells nobody a decision whose write failed, whatever was written since', () => {
    const pair = new Pair(hosts).prepared()
    pair.source.once('abort', {})
    pair.source.pending()
    pair.source.pending()
    expect(pair.source.newest(['abort', 'taken-back'])).toBeUndefined()
    const abort = pair.source.once('abort', {})
    for (const { seq } of pair.source.pending()) pair.source.written(seq)
    expect(pair.source.newest(['abort', 'taken-back'])).toEqual(abort.bytes)
  })

  it('gives no other write the entry of a decision whose write failed', () => {
    const pair = new Pair(hosts).prepared()
    const written = (): (string | undefined)[] => pair.source.pending().map(({ bytes }) => decodeEntry(bytes).body.kind)
    pair.source.once('commit', {})
    expect(written(), 'the write of the decision').toEqual(['commit'])
    expect(written(), 'the write of a record in between').toEqual([])
    pair.source.once('commit', {})
    expect(written(), 'the second try').toEqual(['commit'])
    pair.source.once('abort', {})
    expect(written()).toEqual(['abort'])
    pair.source.note('resumed', { resumedAt: pair.now })
    expect(written(), 'what was built on it').toEqual(['abort', 'resumed'])
  })

  it('never signs the opposite of what is on disk', () => {
    const pair = new Pair(hosts).committed()
    expect(() => pair.source.note('abort', {})).toThrow(fails('RECEIPT_FORKED'))
    pair.target.note('hand-back', {})
    pair.target.written(99)
    expect(() => pair.target.once('activating', {})).toThrow(fails('RECEIPT_FORKED'))
  })

  describe('does not hear', () => {
    const hears = (pair: Pair, bytes: Uint8Array | undefined, code: string): void => {
      expect(() => {
        pair.source.heard(bytes ?? new Uint8Array())
      }).toThrow(fails(code))
      expect(pair.source.note('frozen', { frozenAt: pair.now }).body.heard, 'nothing of it is kept').toBeUndefined()
    }
    const offered = (): Pair => {
      const pair = new Pair(hosts)
      pair.source.note('offer', {})
      pair.toTarget()
      pair.target.note('accepted', {})
      return pair
    }

    it('an entry with another signature', () => {
      const pair = offered()
      const { body, signed } = pair.target.note('received', images)
      hears(pair, entryOf(body, signed, hosts.a.sign(signed)).bytes, 'RECEIPT_SIGNATURE')
    })

    it('a signature of the right key over something else', () => {
      const pair = offered()
      const [first] = pair.target.entries
      const { body, signed } = pair.target.note('received', images)
      hears(pair, entryOf(body, signed, first?.signature ?? new Uint8Array()).bytes, 'RECEIPT_SIGNATURE')
    })

    it('an entry that names another signer', async () => {
      const pair = offered()
      const stranger = new Pair({ a: hosts.a, b: (await twoHosts()).b })
      stranger.target.note('accepted', {})
      hears(pair, stranger.target.entries[0]?.bytes, 'RECEIPT_SUBJECT')
    })

    it('its own entries, sent back', () => {
      const pair = offered()
      hears(pair, pair.source.entries[0]?.bytes, 'RECEIPT_SUBJECT')
    })

    it.each([{ migration: '0zzzzzzzzzzzzzzzzzzz' }, { epoch: 2 }])('an entry of another migration: %j', (options) => {
      const pair = offered()
      const earlier = new Pair(hosts, options)
      earlier.target.note('accepted', {})
      hears(pair, earlier.target.entries[0]?.bytes, 'RECEIPT_SUBJECT')
    })

    it('a second entry of one number', () => {
      const pair = new Pair(hosts).prepared()
      const other = new Pair(hosts).prepared()
      const twin = other.target.entries.at(-1)
      expect(() => {
        pair.source.heard(twin?.bytes ?? new Uint8Array())
      }).not.toThrow()
      const fork = new Pair(hosts, { skewMs: 5 }).prepared().target.entries.at(-1)
      expect(() => {
        pair.source.heard(fork?.bytes ?? new Uint8Array())
      }).toThrow(fails('RECEIPT_FORKED'))
    })

    it('an entry that does not follow the one heard before', () => {
      const pair = new Pair(hosts).prepared()
      const fork = new Pair(hosts, { skewMs: 5 }).committed()
      fork.target.note('activating', {})
      expect(() => {
        pair.source.heard(fork.target.entries.at(-1)?.bytes ?? new Uint8Array())
      }).toThrow(fails('RECEIPT_CHAIN'))
    })

    it('an entry that names one of this side that this side never made', () => {
      const pair = offered()
      const { body } = pair.target.note('received', images)
      const line = encodeBody({ ...body, heard: { seq: 7, hash: 'b'.repeat(64) } })
      hears(pair, entryOf(body, line, hosts.b.sign(line)).bytes, 'RECEIPT_FORKED')
    })
  })

  describe('refuses bytes that are', () => {
    const line = (change: (text: string) => string): Buffer => {
      const pair = new Pair(hosts)
      const entry = pair.source.note('offer', {})
      return Buffer.from(change(Buffer.from(entry.bytes).toString()))
    }
    it.each<[string, (text: string) => string]>([
      ['nothing', () => ''],
      ['no JSON', (text) => `x${text}`],
      ['without a signature', (text) => text.split('\n')[0] ?? ''],
      ['with half a signature', (text) => text.slice(0, -4)],
      ['with something behind the signature', (text) => `${text}\n`],
      ['in another order of keys', (text) => text.replace(/"v":1,("migration":"[^"]*"),/, '$1,"v":1,')],
      ['with spaces', (text) => text.replace(',', ', ')],
      ['with an escape that is not needed', (text) => text.replace('"runc"', '"\\u0072unc"')],
      ['with a key too many', (text) => text.replace('{"v":1', '{"x":1,"v":1')],
      ['with a key twice', (text) => text.replace('{"v":1', '{"v":1,"v":1')],
      ['of another version', (text) => text.replace('{"v":1', '{"v":2')],
      ['of a kind that there is not', (text) => text.replace('"offer"', '"constructor"')],
      ["of the other side's kind", (text) => text.replace('"offer"', '"accepted"')],
      ['with data that the kind does not have', (text) => text.replace('"data":{}', '"data":{"x":1}')],
      ['with a terminal sequence for a name', (text) => text.replace('"host-a"', '"\\u001b[2J"')],
      ['behind a byte order mark', (text) => `\ufeff${text}`],
      ['too long', (text) => text.replace('"web"', `"${'w'.repeat(5000)}"`)]
    ])('%s', (_, change) => {
      expect(() => decodeEntry(line(change))).toThrow(fails('RECEIPT_MALFORMED'))
    })

    it('not UTF-8', () => {
      const bytes = line((text) => text)
      bytes.writeUInt8(0xff, 40)
      expect(() => decodeEntry(bytes)).toThrow(fails('RECEIPT_MALFORMED'))
    })
  })
})
