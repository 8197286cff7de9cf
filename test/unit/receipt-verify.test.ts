import { beforeAll, describe, expect, it } from 'vitest'
import { decodeEntry, encodeBody, entryOf, type EntryBody } from '../../src/receipt/entry.ts'
import type { Receipt } from '../../src/receipt/receipt.ts'
import { verifyReceipts, type Verification } from '../../src/receipt/verify.ts'
import { images, Pair, signedAnew, twoHosts, type Hosts } from './receipt-hosts.ts'

type Halves = [Uint8Array[], Uint8Array[]]

const at = '2026-01-01T00:00:09.000Z'

function violations({ findings }: Verification): string[] {
  return findings.filter(({ level }) => level === 'violation').map(({ code }) => code)
}

function codes({ findings }: Verification): string[] {
  return findings.map(({ level, code }) => `${level} ${code}`)
}

describe('both halves of a receipt', () => {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await twoHosts()
  })

  const endings: readonly (readonly [string, (pair: Pair) => Pair])[] = [
    ['a move', (pair) => pair.moved()],
    ['a hand-back', (pair) => pair.handedBack()],
    ['a rollback', (pair) => pair.rolledBack()]
  ]

  describe('prove that no two copies ran', () => {
    it.each(endings)('in %s', (_, ended) => {
      const [a, b] = ended(new Pair(hosts)).halves
      const result = verifyReceipts(a, b)
      expect(codes(result)).toEqual([])
      expect(result).toMatchObject({ ok: true, verdict: 'proved', container: 'runc:web' })
      expect(result.parties).toEqual([
        { role: 'source', host: 'host-a', peer: hosts.a.peer },
        { role: 'target', host: 'host-b', peer: hosts.b.peer }
      ])
      expect(result.proof.length).toBeGreaterThan(2)
      expect(verifyReceipts(b, a), 'in whichever order they are given').toEqual(result)
    })

    it('in a move: each host could run it on its side of the hand-over and no longer', () => {
      const result = verifyReceipts(...new Pair(hosts).moved().halves)
      const spans = result.runs.map(({ host, from, until }) => [host, from?.body.kind, until?.body.kind])
      expect(spans).toEqual([
        ['host-a', undefined, 'frozen'],
        ['host-b', 'activating', undefined]
      ])
    })

    it('in a refused move, by the word of the source alone: nothing was dumped', () => {
      const pair = new Pair(hosts).offered()
      pair.source.note('abort', { code: 'CPU_FEATURES_MISSING' })
      const result = verifyReceipts(pair.halves[0], [])
      expect(result.verdict).toBe('proved')
      expect(codes(result)).toEqual(['note RECEIPT_MISSING'])
    })

    it('in a move that the target refused at once', () => {
      const pair = new Pair(hosts)
      pair.source.note('offer', {})
      pair.target.note('discarded', {})
      pair.source.note('abort', { code: 'NAME_TAKEN' })
      expect(codes(verifyReceipts(...pair.halves))).toEqual([])
      pair.target.note('accepted', {})
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_ORDER'])
    })

    it('whatever the clocks say, and tell by how much they are wrong', () => {
      const result = verifyReceipts(...new Pair(hosts, { skewMs: -60_000 }).moved().halves)
      expect(result.verdict).toBe('proved')
      expect(codes(result)).toEqual(['note RECEIPT_CLOCK'])
      expect(result.findings[0]?.what).toMatch(/clock of host-a was at least 59\d{3} ms ahead of the clock of host-b/)
    })
  })

  describe('prove nothing', () => {
    it.each(endings)('in %s of which the end is missing on either side', (_, ended) => {
      const [a, b] = ended(new Pair(hosts)).halves
      for (let kept = 0; kept < a.length; kept++) expect(verifyReceipts(a.slice(0, kept), b).ok).toBe(false)
      for (let kept = 0; kept < b.length; kept++) expect(verifyReceipts(a, b.slice(0, kept)).ok).toBe(false)
    })

    it('while the migration is under way', () => {
      const result = verifyReceipts(...new Pair(hosts).committed().halves)
      expect(result).toMatchObject({ verdict: 'unproved', proof: [] })
      expect(codes(result)).toEqual(['gap RECEIPT_OPEN', 'gap RECEIPT_OPEN'])
    })

    it('where one host is silent', () => {
      const [a, b] = new Pair(hosts).moved().halves
      expect(codes(verifyReceipts(a, []))).toEqual(['gap RECEIPT_MISSING'])
      expect(codes(verifyReceipts([], b))).toEqual(['gap RECEIPT_MISSING'])
      expect(codes(verifyReceipts([], []))).toEqual(['gap RECEIPT_MISSING', 'gap RECEIPT_MISSING'])
    })

    it.each([
      ['after its COMMIT', (pair: Pair) => pair.committed(), 'source'],
      ['before anything was decided', (pair: Pair) => pair.prepared(), 'target']
    ] as const)('where a host itself saw a copy run %s', (when, until, side) => {
      const pair = until(new Pair(hosts))
      const saw = { code: 'THAWED_BEHIND', seenAt: at, heldAt: '2026-01-01T00:00:08.000Z' }
      pair[side].note('ran-unheld', saw)
      if (side === 'source') {
        pair.target.note('activating', {})
        pair.target.note('resumed', { resumedAt: at })
        pair.toSource()
        pair.source.note('acked', {})
        pair.source.note('retired', {})
      } else {
        pair.source.note('abort', {})
        pair.source.note('resumed', { resumedAt: at })
        pair.target.note('discarded', {})
      }
      const result = verifyReceipts(...pair.halves)
      expect(result).toMatchObject({ ok: false, verdict: 'unproved', proof: [] })
      expect(codes(result)).toEqual(['gap RECEIPT_UNHELD'])
      for (const words of [pair[side].entries[0]?.body.host ?? '', when, at, saw.heldAt])
        expect(result.findings[0]?.what).toContain(words)
    })

    it('where a host does not know since when the copy had run', () => {
      const pair = new Pair(hosts).prepared()
      pair.target.note('ran-unheld', { code: 'NOT_FROZEN', seenAt: at })
      expect(verifyReceipts(...pair.halves).findings.map(({ what }) => what)).toContainEqual(
        expect.stringContaining('nothing says since when')
      )
    })

    it.each([
      ['ran-unheld', { code: 'NOT_FROZEN', seenAt: at }, 'RECEIPT_UNHELD'],
      ['may-have-run', { seenAt: at }, 'RECEIPT_UNSEEN']
    ] as const)(
      'where a restarted target signs %s, and what it had received was not on disk yet',
      (kind, saw, code) => {
        const pair = new Pair(hosts).offered()
        pair.source.note('frozen', { frozenAt: at })
        pair.source.note('dumped', images)
        pair.source.note('abort', { code: 'LINK_LOST' })
        pair.source.note('resumed', { resumedAt: at })
        pair.target.note(kind, saw)
        pair.target.note('discarded', {})
        const result = verifyReceipts(...pair.halves)
        expect(result).toMatchObject({ ok: false, verdict: 'unproved', proof: [] })
        expect(codes(result)).toEqual([`gap ${code}`])
        expect(result.findings[0]?.what).toContain(at)
      }
    )

    it('where an operator said that the target runs it, and the source was never heard', () => {
      const pair = new Pair(hosts).prepared()
      pair.target.note('resolved', { word: 'run-here', by: 'root' })
      pair.target.note('activating', {})
      pair.target.note('resumed', { resumedAt: at })
      const result = verifyReceipts([], pair.halves[1])
      expect(codes(result)).toEqual(['gap RECEIPT_MISSING', 'gap RECEIPT_RESOLVED'])
      expect(result.verdict).toBe('unproved')
    })

    it('where an operator let the source run it again, and the target was never heard', () => {
      const pair = new Pair(hosts).committed()
      pair.source.note('resolved', { word: 'run-here', by: 'root', why: 'host-b burnt down' })
      pair.source.note('taken-back', {})
      pair.source.note('resumed', { resumedAt: at })
      const result = verifyReceipts(pair.halves[0], [])
      expect(codes(result)).toEqual(['gap RECEIPT_RESOLVED', 'gap RECEIPT_MISSING'])
      expect(result.findings[0]?.what).toContain('host-b burnt down')
    })
  })

  it('prove a rollback to a host that lost its power meanwhile, and a move to one', () => {
    const back = new Pair(hosts).prepared()
    back.source.note('abort', {})
    back.source.note('lost', {})
    back.toTarget()
    back.target.note('discarded', {})
    expect(verifyReceipts(...back.halves)).toMatchObject({ verdict: 'proved', findings: [] })
    const moved = new Pair(hosts).committed()
    moved.target.note('activating', {})
    moved.target.note('lost', {})
    moved.toSource()
    moved.source.note('acked', {})
    moved.source.note('retired', {})
    expect(verifyReceipts(...moved.halves)).toMatchObject({ verdict: 'proved', findings: [] })
  })

  it('leave it to the word of an operator who let the target run, where the source never thawed', () => {
    const pair = new Pair(hosts).prepared()
    pair.target.note('resolved', { word: 'run-here', by: 'root' })
    pair.target.note('activating', {})
    pair.target.note('resumed', { resumedAt: at })
    pair.source.note('abort', {})
    pair.source.note('lost', {})
    const result = verifyReceipts(...pair.halves)
    expect(result.verdict).toBe('unproved')
    expect(codes(result)).toEqual(['gap RECEIPT_OVERLAP', 'gap RECEIPT_RESOLVED'])
  })

  describe('show two copies', () => {
    it('where an operator let the target run what the source took back', () => {
      const pair = new Pair(hosts).prepared()
      pair.source.note('abort', {})
      pair.source.note('resumed', { resumedAt: at })
      pair.target.note('resolved', { word: 'run-here', by: 'root' })
      pair.target.note('activating', {})
      pair.target.note('resumed', { resumedAt: at })
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_OVERLAP'])
    })

    it('where an operator let the source run what the target had activated', () => {
      const pair = new Pair(hosts).committed()
      pair.target.note('activating', {})
      pair.target.note('resumed', { resumedAt: at })
      pair.source.note('resolved', { word: 'run-here', by: 'root' })
      pair.source.note('taken-back', {})
      pair.source.note('resumed', { resumedAt: at })
      expect(violations(verifyReceipts(...pair.halves))).toContain('RECEIPT_OVERLAP')
    })

    it('where the target activated while the source had it run again', () => {
      const pair = new Pair(hosts).prepared()
      pair.target.note('activating', {})
      pair.target.note('resumed', { resumedAt: at })
      pair.source.note('abort', {})
      pair.source.note('resumed', { resumedAt: at })
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_UNHEARD', 'RECEIPT_OVERLAP'])
    })
  })

  describe('are refused when', () => {
    const forged = (halves: Halves): string[] => {
      const result = verifyReceipts(...halves)
      expect(result.ok).toBe(false)
      expect(result.proof).toEqual([])
      return violations(result)
    }

    it.each(endings)('any entry of %s is left out', (_, ended) => {
      const halves = ended(new Pair(hosts)).halves
      for (const side of [0, 1] as const) {
        // The last ones are missing ends, above.
        for (let gone = 0; gone < halves[side].length - 1; gone++) {
          const changed = structuredClone(halves)
          changed[side].splice(gone, 1)
          expect(forged(changed)).toEqual(['RECEIPT_CHAIN'])
        }
      }
    })

    it.each(endings)('any two neighbours of %s change places, or one is there twice', (_, ended) => {
      const halves = ended(new Pair(hosts)).halves
      for (const side of [0, 1] as const) {
        for (let n = 0; n + 1 < halves[side].length; n++) {
          const half = halves[side]
          const swapped = half.map((bytes, k) => (k === n ? half[n + 1] : k === n + 1 ? half[n] : bytes) ?? bytes)
          const doubled = half.flatMap((bytes, k) => (k === n ? [bytes, bytes] : [bytes]))
          expect(forged(side === 0 ? [swapped, halves[1]] : [halves[0], swapped])).toEqual(['RECEIPT_CHAIN'])
          expect(forged(side === 0 ? [doubled, halves[1]] : [halves[0], doubled])).toEqual(['RECEIPT_CHAIN'])
        }
      }
    })

    it('any one bit of an entry changes', () => {
      const halves = new Pair(hosts).moved().halves
      const half = halves[0]
      for (const [n, bytes] of half.entries()) {
        for (let byte = n % 7; byte < bytes.byteLength; byte += 7) {
          const changed = half.map((entry, k) => {
            if (k !== n) return entry
            const copy = Buffer.from(entry)
            copy.writeUInt8(copy.readUInt8(byte) ^ (1 << (byte % 8)), byte)
            return copy
          })
          expect(forged([changed, halves[1]]).length).toBe(1)
        }
      }
    })

    it('an entry says something else under its old signature', () => {
      const [a, b] = new Pair(hosts).moved().halves
      const changed = a.map((bytes) => Buffer.from(Buffer.from(bytes).toString().replace('"at":"2026', '"at":"2025')))
      expect(forged([changed, b])).toEqual(['RECEIPT_SIGNATURE'])
    })

    it("a half is signed by somebody else's key in the name of its host", async () => {
      const stranger = (await twoHosts()).a
      const pair = new Pair(hosts).moved()
      const changed = pair.target.entries.map(({ body, signed }) => entryOf(body, signed, stranger.sign(signed)).bytes)
      expect(forged([pair.halves[0], changed])).toEqual(['RECEIPT_SIGNATURE'])
    })

    it('a half is a whole one of another pair of hosts', async () => {
      const [, b] = new Pair(await twoHosts()).moved().halves
      expect(forged([new Pair(hosts).moved().halves[0], b])).toEqual(['RECEIPT_SUBJECT'])
    })

    it('a half is of another migration of the same hosts', () => {
      const [a] = new Pair(hosts).moved().halves
      const [, b] = new Pair(hosts, { migration: '0zzzzzzzzzzzzzzzzzzz', epoch: 2 }).moved().halves
      expect(forged([a, b])).toEqual(['RECEIPT_SUBJECT', 'RECEIPT_SUBJECT'])
    })

    it('one of another migration is put in among its entries', () => {
      const [a, b] = new Pair(hosts).moved().halves
      const [, later] = new Pair(hosts, { migration: '0zzzzzzzzzzzzzzzzzzz', epoch: 2 }).moved().halves
      expect(forged([a, [...b.slice(0, 3), ...later.slice(3)]])).toEqual(['RECEIPT_SUBJECT'])
    })

    it('one half is given twice', () => {
      const [a, b] = new Pair(hosts).moved().halves
      expect(forged([a, a])).toContain('RECEIPT_SUBJECT')
      expect(forged([b, b])).toContain('RECEIPT_SUBJECT')
    })

    it("one host's entries stand in the other's half", () => {
      const [a, b] = new Pair(hosts).moved().halves
      expect(forged([[...a, ...b], b])).toEqual(['RECEIPT_SUBJECT'])
    })

    it('they are of other hosts or another migration than was asked for', () => {
      const [a, b] = new Pair(hosts).moved().halves
      const peers = [hosts.a.peer, hosts.b.peer]
      const { migration } = decodeEntry(a[0] ?? new Uint8Array()).body
      expect(verifyReceipts(a, b, { migration, peers }).ok).toBe(true)
      expect(violations(verifyReceipts(a, b, { migration: 'x', peers }))).toEqual([
        'RECEIPT_SUBJECT',
        'RECEIPT_SUBJECT'
      ])
      expect(violations(verifyReceipts(a, b, { peers: [hosts.a.peer] }))).toEqual(['RECEIPT_SUBJECT'])
    })

    it('they are garbage', () => {
      const [a] = new Pair(hosts).moved().halves
      expect(forged([a, [Buffer.from('hello')]])).toEqual(['RECEIPT_MALFORMED'])
      expect(forged([a, Array.from({ length: 1000 }, () => new Uint8Array())])).toEqual(['RECEIPT_MALFORMED'])
    })
  })

  describe('refuse what a host signed falsely about itself, where the other half or the rules show it', () => {
    const resigned = (
      ended: Pair,
      side: 'source' | 'target',
      change: (bodies: EntryBody[]) => EntryBody[]
    ): string[] => {
      const [a, b] = ended.halves
      const { entries }: Receipt = ended[side]
      const half = signedAnew(side === 'source' ? hosts.a : hosts.b, entries, change)
      const result = side === 'source' ? verifyReceipts(half, b) : verifyReceipts(a, half)
      expect(result.verdict).toBe('violated')
      return violations(result)
    }
    const without =
      (...gone: string[]) =>
      (bodies: EntryBody[]): EntryBody[] =>
        bodies.filter(({ kind }) => !gone.includes(kind))

    it('a target that leaves out that it activated, once the source has heard of it', () => {
      expect(resigned(new Pair(hosts).moved(), 'target', without('activating', 'resumed'))).toEqual([
        'RECEIPT_CUT_SHORT'
      ])
    })

    it('a target that says afterwards that it discarded', () => {
      const lie = (bodies: EntryBody[]): EntryBody[] =>
        without('activating')(bodies).map((body) =>
          body.kind === 'resumed' ? { ...body, kind: 'discarded', data: {} } : body
        )
      expect(resigned(new Pair(hosts).moved(), 'target', lie)).toEqual(['RECEIPT_CUT_SHORT'])
    })

    it('a source that says afterwards that it had aborted', () => {
      const lie = (bodies: EntryBody[]): EntryBody[] =>
        without(
          'acked',
          'retired'
        )(bodies).map((body) => (body.kind === 'commit' ? { ...body, kind: 'abort', data: {} } : body))
      expect(resigned(new Pair(hosts).moved(), 'source', lie)).toEqual(['RECEIPT_FORKED'])
    })

    it('a source that leaves out its freeze', () => {
      expect(resigned(new Pair(hosts).moved(), 'source', without('frozen'))).toContain('RECEIPT_FORKED')
    })

    it('a commit by a source that had not heard prepared', () => {
      const pair = new Pair(hosts).offered()
      pair.source.note('frozen', { frozenAt: at })
      pair.source.note('dumped', images)
      pair.toTarget()
      pair.target.note('received', images)
      pair.target.note('prepared', { frozenAt: at })
      pair.source.note('commit', {})
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_UNHEARD'])
    })

    it('an activation by a target that had not heard commit', () => {
      const pair = new Pair(hosts).prepared()
      pair.source.note('commit', {})
      pair.target.note('activating', {})
      pair.target.note('resumed', { resumedAt: at })
      pair.toSource()
      pair.source.note('acked', {})
      pair.source.note('retired', {})
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_UNHEARD'])
    })

    it('a source that takes back what was not handed back', () => {
      const pair = new Pair(hosts).committed()
      pair.source.note('taken-back', {})
      pair.source.note('resumed', { resumedAt: at })
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_UNHEARD'])
    })

    it('a source that thaws after COMMIT, or twice, or after it retired', () => {
      const thaw = (pair: Pair): string[] => {
        pair.source.note('resumed', { resumedAt: at })
        return violations(verifyReceipts(...pair.halves))
      }
      expect(thaw(new Pair(hosts).committed())).toEqual(['RECEIPT_ORDER'])
      expect(thaw(new Pair(hosts).rolledBack())).toEqual(['RECEIPT_ORDER'])
      expect(thaw(new Pair(hosts).moved())).toContain('RECEIPT_ORDER')
    })

    it('a target that thaws twice, or what it gave back or never activated', () => {
      const thaw = (pair: Pair): string[] => {
        pair.target.note('resumed', { resumedAt: at })
        return violations(verifyReceipts(...pair.halves))
      }
      expect(thaw(new Pair(hosts).moved())).toEqual(['RECEIPT_ORDER'])
      expect(thaw(new Pair(hosts).handedBack())).toContain('RECEIPT_ORDER')
      expect(thaw(new Pair(hosts).rolledBack())).toContain('RECEIPT_ORDER')
      expect(thaw(new Pair(hosts).committed())).toEqual(['RECEIPT_ORDER'])
    })

    it.each([
      { images: 'b'.repeat(64) },
      { imageBytes: 999_999 },
      { rootfs: 'b'.repeat(64) },
      { rootfsBytes: 2_999_999 }
    ])('what arrived is not what was sent: %j', (other) => {
      const lie = (bodies: EntryBody[]): EntryBody[] =>
        bodies.map((body) => (body.kind === 'received' ? { ...body, data: { ...images, ...other } } : body))
      const pair = new Pair(hosts).offered()
      pair.source.note('frozen', { frozenAt: at })
      pair.source.note('dumped', images)
      pair.toTarget()
      pair.target.note('received', images)
      expect(resigned(pair, 'target', lie)).toEqual(['RECEIPT_DIGEST'])
    })

    it('nothing is compared that an older ferry on one side did not sign', () => {
      const { rootfs: _, rootfsBytes: __, ...older } = images
      const pair = new Pair(hosts).offered()
      pair.source.note('frozen', { frozenAt: at })
      pair.source.note('dumped', images)
      pair.toTarget()
      pair.target.note('received', older)
      pair.toSource()
      expect(violations(verifyReceipts(...pair.halves))).toEqual([])
    })

    it('a host that signed commit and abort both, or activating and hand-back', () => {
      const both = (bodies: EntryBody[]): EntryBody[] =>
        bodies.flatMap((body): EntryBody[] =>
          body.kind === 'commit' ? [body, { ...body, kind: 'abort', data: {} }] : [body]
        )
      expect(resigned(new Pair(hosts).committed(), 'source', both)).toContain('RECEIPT_ORDER')
      const back = (bodies: EntryBody[]): EntryBody[] =>
        bodies.flatMap((body): EntryBody[] =>
          body.kind === 'activating' ? [body, { ...body, kind: 'hand-back', data: {} }] : [body]
        )
      const pair = new Pair(hosts).committed()
      pair.target.note('activating', {})
      expect(resigned(pair, 'target', back)).toEqual(['RECEIPT_ORDER', 'RECEIPT_ORDER'])
    })

    it('an ack that no activation was heard for, and a target that prepared what it had not heard of', () => {
      const pair = new Pair(hosts).committed()
      pair.target.note('activating', {})
      pair.target.note('resumed', { resumedAt: at })
      pair.source.note('acked', {})
      pair.source.note('retired', {})
      expect(violations(verifyReceipts(...pair.halves))).toEqual(['RECEIPT_UNHEARD'])
      const early = new Pair(hosts).offered()
      early.source.note('frozen', { frozenAt: at })
      early.source.note('dumped', images)
      early.target.note('received', images)
      early.target.note('prepared', { frozenAt: at })
      expect(violations(verifyReceipts(...early.halves))).toEqual(['RECEIPT_UNHEARD'])
    })

    it('a target that ran it before it had heard of the freeze', () => {
      const pair = new Pair(hosts).offered()
      pair.target.note('received', images)
      pair.target.note('prepared', { frozenAt: at })
      pair.target.note('activating', {})
      pair.source.note('frozen', { frozenAt: at })
      pair.source.note('dumped', images)
      pair.source.note('commit', {})
      expect(violations(verifyReceipts(...pair.halves))).toContain('RECEIPT_OVERLAP')
    })

    it('a host that leaves a number out, or names a wrong hash before, under its own signature', () => {
      const [a, b] = new Pair(hosts).offered().halves
      const last = decodeEntry(b.at(-1) ?? new Uint8Array()).body
      for (const wrong of [{ seq: last.seq + 1 }, { prev: 'c'.repeat(64) }, { prev: '' }]) {
        const line = encodeBody({ ...last, ...wrong })
        const forged = entryOf(last, line, hosts.b.sign(line)).bytes
        expect(violations(verifyReceipts(a, [...b.slice(0, -1), forged]))).toEqual(['RECEIPT_CHAIN'])
      }
    })

    it('a host that has heard two entries of one number', () => {
      const lie = (bodies: EntryBody[]): EntryBody[] =>
        bodies.map((body) =>
          body.kind === 'resumed' && body.heard !== undefined
            ? { ...body, heard: { seq: body.heard.seq, hash: 'd'.repeat(64) } }
            : body
        )
      expect(resigned(new Pair(hosts).moved(), 'target', lie)).toEqual(['RECEIPT_CHAIN'])
    })

    it('a host that is its own other side', () => {
      const pair = new Pair({ a: hosts.a, b: hosts.a })
      pair.source.note('offer', {})
      expect(violations(verifyReceipts(pair.halves[0], []))).toEqual(['RECEIPT_SUBJECT'])
    })

    it('two sources', () => {
      const [a] = new Pair(hosts).offered().halves
      const [b] = new Pair({ a: hosts.b, b: hosts.a }).offered().halves
      expect(verifyReceipts(a, b).findings.map(({ what }) => what)).toEqual(['both halves are of the source'])
    })

    it('a host that heard more and then less', () => {
      const lie = (bodies: EntryBody[]): EntryBody[] =>
        bodies.map((body) => {
          if (body.kind !== 'resumed') return body
          const { heard: _forgotten, ...rest } = body
          return rest
        })
      expect(resigned(new Pair(hosts).moved(), 'target', lie)).toEqual(['RECEIPT_CHAIN'])
    })
  })
})
