import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ReceiptView } from '../../protocols/operator/views.ts'
import { operatorClient } from '../../src/api/client.ts'
import { serveOperatorApi } from '../../src/api/server.ts'
import { joinCopies } from '../../src/receipt/copies.ts'
import { mergeHalves } from '../../src/receipt/merge.ts'
import { FakeService } from './cli-service.ts'
import { images, migration, Pair, twoHosts, type Hosts } from './receipt-hosts.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const log = { debug: () => undefined, error: () => undefined }

describe('ferry receipt', () => {
  let hosts: Hosts
  let folder: string
  let socket: string
  let service: FakeService
  let api: { close(): Promise<void> }

  beforeAll(async () => {
    hosts = await twoHosts()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-receipt-'))
    socket = join(folder, 'ferry.sock')
    service = new FakeService()
    api = await serveOperatorApi({ socket, service, log, host: 'host-a' })
  })
  afterEach(async () => {
    await api.close()
    await rm(folder, { recursive: true })
  })

  function ferry(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const options = { env: { ...process.env, FERRY_SOCKET: socket }, timeout: 20_000 }
    return new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], options, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err })
      })
    })
  }

  function viewOf(pair: Pair, sides: readonly ('a' | 'b')[] = ['a', 'b']): ReceiptView {
    const base64 = (half: readonly Uint8Array[]): string[] => half.map((entry) => Buffer.from(entry).toString('base64'))
    const [a, b] = pair.halves
    const all = {
      a: { host: 'host-a', peerId: hosts.a.peer, entries: base64(a) },
      b: { host: 'host-b', peerId: hosts.b.peer, entries: base64(b) }
    }
    return { id: migration, halves: sides.map((side) => all[side]), missing: [] }
  }

  async function file(name: string, view: ReceiptView): Promise<string> {
    await writeFile(join(folder, name), JSON.stringify(view))
    return join(folder, name)
  }

  it('comes through the API as the service gives it', async () => {
    service.receipts = viewOf(new Pair(hosts).moved())
    expect(await operatorClient(socket).receipt(migration, AbortSignal.timeout(5000))).toEqual(service.receipts)
  })

  it('prints both halves in one table, no entry before what it had heard of', async () => {
    service.receipts = viewOf(new Pair(hosts, { skewMs: -60_000 }).moved())
    const { code, out } = await ferry('receipt', migration)
    expect(code).toBe(0)
    const kinds = out
      .split('\n')
      .slice(2)
      .map((line) => line.split(/\s{2,}/)[3])
    expect(kinds.filter((kind) => kind !== '' && kind !== undefined)).toEqual(
      'offer accepted preflight preflight frozen dumped received prepared commit activating resumed acked retired'.split(
        ' '
      )
    )
    expect(out).toMatch(/host-b +target 4 +activating +source 4/)
    expect(out).toContain('images=aaaaaaaaaaaa… imageBytes=976.6 KiB')
    expect((await ferry('receipt', 'show', migration)).out).toBe(out)
  })

  it('shows what it has where a host does not answer, and says why the rest is missing', async () => {
    const pair = new Pair(hosts).moved()
    const problem = { code: 'PEER_UNREACHABLE', host: 'host-b', what: 'no connection', remedy: 'start it' }
    service.receipts = { ...viewOf(pair, ['a']), missing: [problem] }
    const shown = await ferry('receipt', migration)
    expect([shown.code, shown.out.includes('retired'), shown.err.includes('PEER_UNREACHABLE')]).toEqual([0, true, true])
    const verified = await ferry('receipt', 'verify', migration)
    expect([verified.code, verified.out.includes('not proved:')]).toEqual([1, true])
    expect(verified.out).toContain('RECEIPT_MISSING')
  })

  it('steers no terminal with what a host signed', async () => {
    const pair = new Pair(hosts).offered()
    const evil = Buffer.from(
      Buffer.from(pair.halves[0][0] ?? '')
        .toString()
        .replace('host-a', '\u001b[2J')
    )
    service.receipts = {
      ...viewOf(pair),
      halves: [{ host: '\u001b[2J', peerId: hosts.a.peer, entries: [evil.toString('base64')] }]
    }
    for (const args of [
      ['receipt', migration],
      ['receipt', 'verify', migration]
    ]) {
      const { out, err } = await ferry(...args)
      expect(out + err).not.toContain('\u001b')
    }
  })

  it('proves a move, and says by whose keys', async () => {
    service.receipts = viewOf(new Pair(hosts).moved())
    const { code, out } = await ferry('receipt', 'verify', migration)
    expect(code).toBe(0)
    expect(out).toContain('proved: runc:web never ran twice at one time')
    expect(out).toContain(`source  host-a  signed by ${hosts.a.peer}`)
    const json = JSON.parse((await ferry('receipt', 'verify', migration, '--json')).out) as object
    expect(json).toMatchObject({
      ok: true,
      verdict: 'proved',
      runs: [
        { host: 'host-a', until: { kind: 'frozen' } },
        { host: 'host-b', from: { kind: 'activating' } }
      ]
    })
  })

  it('does not take the receipt of other hosts, or of another migration, from the daemon', async () => {
    service.receipts = viewOf(new Pair(await twoHosts()).moved())
    expect((await ferry('receipt', 'verify', migration)).out).toContain('which is not a peer of this migration')
    service.receipts = viewOf(new Pair(hosts, { migration: '0zzzzzzzzzzzzzzzzzzz' }).moved())
    expect((await ferry('receipt', 'verify', migration)).code).toBe(1)
  })

  it('verifies exported files without a daemon', async () => {
    service.receipts = viewOf(new Pair(hosts).moved())
    const whole = join(folder, 'whole.json')
    expect((await ferry('receipt', 'show', migration, '--export', whole)).code).toBe(0)
    expect(JSON.parse(await readFile(whole, 'utf8'))).toEqual(service.receipts)
    const pair = new Pair(hosts).moved()
    const a = await file('a.json', viewOf(pair, ['a']))
    const b = await file('b.json', viewOf(pair, ['b']))
    await api.close()
    expect((await ferry('receipt', 'verify', whole)).code).toBe(0)
    expect((await ferry('receipt', 'verify', b, a)).out).toContain('proved:')
    expect((await ferry('receipt', 'verify', a)).out).toContain('not proved:')
    expect((await ferry('receipt', 'verify', a, a)).out).toContain('not proved:')
    const none = await ferry('receipt', 'verify', join(folder, 'none.json'), a)
    expect([none.code, none.err.includes('RECEIPT_FILE')]).toEqual([2, true])
    api = await serveOperatorApi({ socket, service, log, host: 'host-a' })
  })

  it('finds out a host that gave two people two halves', async () => {
    const honest = new Pair(hosts).moved()
    const other = new Pair(hosts).moved()
    const early = viewOf(new Pair(hosts).prepared())
    const whole = await file('whole.json', viewOf(honest))
    expect((await ferry('receipt', 'verify', whole, await file('early.json', early))).code, 'an earlier copy').toBe(0)
    const fork = new Pair(hosts).committed()
    fork.target.note('hand-back', {})
    const told = await file('told.json', viewOf(fork, ['b']))
    expect((await ferry('receipt', 'verify', whole, told)).out).toContain('RECEIPT_FORKED')
    expect(joinCopies([...honest.halves, ...other.halves]).findings, 'the same bytes again').toEqual([])
  })

  it('lists entries that wait for each other all the same', () => {
    const pair = new Pair(hosts).offered()
    const fork = new Pair(hosts).offered()
    fork.target.note('received', images)
    const merged = mergeHalves([...pair.source.entries].reverse(), [...fork.target.entries].reverse())
    expect(merged.length).toBe(pair.source.entries.length + fork.target.entries.length)
  })
})
