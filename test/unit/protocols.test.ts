import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as bulk from '../../protocols/bulk/index.ts'
import { Frame, Header } from '../../protocols/bulk/pb/message.ts'
import * as hello from '../../protocols/hello/index.ts'
import { Hello } from '../../protocols/hello/pb/message.ts'
import * as migration from '../../protocols/migration/index.ts'
import { ProtocolError } from '../../protocols/problem.ts'

const id = '0123456789abcdef'
const problem = { code: 'NO_SPACE', host: 'host-b', what: 'No space', why: '', remedy: 'Make some' }
const offer = {
  container: 'web',
  engine: 'runc',
  sourceName: 'host-a',
  epoch: 3,
  memoryBytes: 1e9,
  rootfsBytes: 5e12,
  spec: '{}',
  checkOnly: false,
  catchesSigcont: true
}
const end = { bytes: 5, sha256: new Uint8Array(32) }
const greeting = { name: 'host-a', ferryVersion: '0.1.0', facts: '{}', probe: false }

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof ProtocolError) return error.details.code
    throw error
  }
  return 'fine'
}

describe('messages', () => {
  test('come back as they were sent', () => {
    const request = { migration: id, offer }
    expect(migration.decodeRequest(migration.encodeRequest(request))).toEqual(request)
    const response = { report: { findings: [{ blocker: true, problem }] } }
    expect(migration.decodeResponse(migration.encodeResponse(response))).toEqual(response)
    expect(hello.decodeHello(hello.encodeHello(greeting))).toEqual(greeting)
    const header = { migration: id, round: 3, final: true }
    expect(bulk.decodeHeader(bulk.encodeHeader(header))).toEqual(header)
    for (const frame of [{ end }, { file: { name: 'pages-1.img', size: 7 } }, { data: new Uint8Array(300).fill(7) }]) {
      expect(bulk.decodeFrame(bulk.encodeFrame(frame))).toEqual(frame)
    }
  })

  test('a data frame is written as protons would write it', () => {
    for (const size of [1, 127, 128, bulk.MAX_DATA_BYTES]) {
      const data = new Uint8Array(size).fill(9)
      expect(Buffer.from(bulk.encodeFrame({ data }).subarray()).equals(Frame.encode({ data }))).toBe(true)
    }
    expect(Frame.encode({ data: new Uint8Array(bulk.MAX_DATA_BYTES) }).byteLength).toBeLessThanOrEqual(
      bulk.MAX_FRAME_BYTES
    )
  })

  test('a long sentence of a problem is cut, and costs nobody the message', () => {
    const long = { ...problem, why: 'ü'.repeat(10_000) }
    const { refused } = migration.decodeResponse(migration.encodeResponse({ refused: { problems: [long] } }))
    expect(refused?.problems[0]?.why).toMatch(/^ü{1000,}…$/)
  })

  test('a long log keeps its end', () => {
    const text = new Uint8Array(3e6).fill(1)
    text.fill(2, -10)
    const response = { logFiles: { files: [{ name: 'dump.log', text }] } }
    const { logFiles } = migration.decodeResponse(migration.encodeResponse(response))
    expect(logFiles?.files[0]?.text.byteLength).toBe(migration.MAX_LOG_BYTES)
    expect(logFiles?.files[0]?.text.at(-1)).toBe(2)
  })
})

describe('limits', () => {
  const request = (over: Partial<migration.Request>) => () =>
    migration.decodeRequest(migration.Request.encode({ migration: id, offer, ...over }))
  const frame = (over: Partial<Frame>) => () => bulk.decodeFrame(Frame.encode(over))
  const big = 'x'.repeat(300)

  test.each<[string, () => unknown]>([
    ['no migration id', request({ migration: '' })],
    ['a migration id with a slash', request({ migration: '../../../../etc' })],
    ['a container that reads as a path', request({ offer: { ...offer, container: '../web' } })],
    ['a container that reads as an option', request({ offer: { ...offer, container: '--web' } })],
    ['a long container name', request({ offer: { ...offer, container: big } })],
    ['an engine with a slash', request({ offer: { ...offer, engine: 'a/b' } })],
    ['a host name with a dot', request({ offer: { ...offer, sourceName: 'a.b' } })],
    ['a spec that is not JSON', request({ offer: { ...offer, spec: '{' } })],
    ['a spec of more than 1 MiB', request({ offer: { ...offer, spec: JSON.stringify(['x'.repeat(1024 * 1024)]) } })],
    ['two bodies', () => migration.encodeRequest({ migration: id, offer, ask: {} })],
    ['no body', () => migration.decodeRequest(migration.Request.encode({ migration: id }))],
    [
      'a digest of the wrong length',
      request({
        offer: undefined as never,
        restore: { imagesDigest: new Uint8Array(31), neighbours: '', witnesses: [] }
      })
    ],
    [
      'a long reason',
      () =>
        migration.encodeRequest({
          migration: id,
          decision: { verdict: migration.Decision.Verdict.ABORT, epoch: 1, reason: big.repeat(10) }
        })
    ],
    [
      'a log name with a path',
      () => migration.encodeResponse({ logFiles: { files: [{ name: '../dump.log', text: new Uint8Array() }] } })
    ],
    ['an image name with a path', frame({ file: { name: 'a/b', size: 1 } })],
    ['a long image name', frame({ file: { name: 'a'.repeat(129), size: 1 } })],
    ['an empty frame', frame({})],
    ['an empty data frame', frame({ data: new Uint8Array() })],
    ['an end without a digest', frame({ end: { ...end, sha256: new Uint8Array() } })],
    ['a header with a strange id', () => bulk.decodeHeader(Header.encode({ migration: 'A'.repeat(12) }))],
    ['a name with capitals', () => hello.decodeHello(Hello.encode({ ...greeting, name: 'Host' }))],
    ['facts that are no JSON', () => hello.decodeHello(Hello.encode({ ...greeting, facts: 'x' }))]
  ])('%s is INVALID_FIELD', (_, act) => {
    expect(codeOf(act)).toBe('INVALID_FIELD')
  })

  test('messages larger than the protocol allows are not looked at', () => {
    expect(codeOf(() => migration.decodeRequest(new Uint8Array(migration.MAX_MESSAGE_BYTES + 1)))).toBe(
      'MESSAGE_TOO_LARGE'
    )
    expect(codeOf(() => hello.decodeHello(new Uint8Array(hello.MAX_HELLO_BYTES + 1)))).toBe('MESSAGE_TOO_LARGE')
    expect(codeOf(() => bulk.decodeFrame(new Uint8Array(bulk.MAX_FRAME_BYTES + 1)))).toBe('MESSAGE_TOO_LARGE')
    expect(codeOf(() => bulk.decodeHeader(new Uint8Array(bulk.MAX_HEADER_BYTES + 1)))).toBe('MESSAGE_TOO_LARGE')
  })

  test('more findings than allowed are refused before they are kept', () => {
    const findings = Array.from({ length: 300 }, () => ({ blocker: false, problem }))
    const bytes = migration.Response.encode({ report: { findings } })
    expect(codeOf(() => migration.decodeResponse(bytes))).toBe('MALFORMED_MESSAGE')
  })
})

test('whatever bytes arrive, decoders answer with a message or a ProtocolError', () => {
  // A generator of its own, so that a failure can be had again.
  let state = 20261125
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const decoders = [
    migration.decodeRequest,
    migration.decodeResponse,
    hello.decodeHello,
    bulk.decodeHeader,
    bulk.decodeFrame
  ]
  const good = [
    migration.encodeRequest({ migration: id, offer }),
    migration.encodeResponse({ refused: { problems: [problem, problem] } }),
    hello.encodeHello(greeting),
    bulk.encodeHeader({ migration: id, round: 1, final: false }),
    bulk.encodeFrame({ end: { ...end, problem } }).subarray()
  ]
  const counts = new Map<string, number>()
  for (let n = 0; n < 20_000; n++) {
    const which = random(decoders.length)
    const start = good[random(4) === 0 ? random(good.length) : which] ?? new Uint8Array()
    const bytes = n % 3 === 0 ? Uint8Array.from({ length: random(60) }, () => random(256)) : Uint8Array.from(start)
    for (let change = random(4); change > 0 && bytes.length > 0; change--) bytes[random(bytes.length)] = random(256)
    const cut = random(5) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes
    const outcome = codeOf(() => decoders[which]?.(cut))
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual(['INVALID_FIELD', 'MALFORMED_MESSAGE', 'fine'])
}, 30_000)

test('the generated code is what its protobuf files say', () => {
  const protocols = join(import.meta.dirname, '../../protocols')
  const out = mkdtempSync(join(tmpdir(), 'ferry-test-protocols-'))
  try {
    execFileSync(join(protocols, 'generate'), [out], { stdio: 'pipe' })
    const made = readdirSync(out)
    expect(made).toEqual(['bulk', 'command', 'gossip', 'hello', 'membership', 'migration'])
    for (const protocol of made) {
      const file = join(protocol, 'pb/message.ts')
      expect(readFileSync(join(protocols, file), 'utf8')).toBe(readFileSync(join(out, file), 'utf8'))
    }
  } finally {
    rmSync(out, { recursive: true })
  }
}, 60_000)
