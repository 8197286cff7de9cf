import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, symlink, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Frame } from '../../protocols/bulk/pb/message.ts'
import { receiveImages, sendImages } from '../../src/transfer/images.ts'
import { receiveFrames, sendFrames } from '../../src/transfer/frames.ts'
import { longEnough, pair, type Pair } from './transfer-pair.ts'

let nodes: Pair
let base: string
let from: string
let into: string

beforeAll(async () => {
  nodes = await pair()
})
afterAll(() => nodes.stop())
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'ferry-test-images-'))
  from = join(base, 'from')
  into = join(base, 'into')
  await mkdir(from)
  await mkdir(into, { mode: 0o700 })
})
afterEach(() => rm(base, { recursive: true }))

const receive = (stream: Stream, maxBytes = 1e9) => receiveImages({ stream, into, maxBytes, signal: longEnough() })
const codeOf = (result: PromiseSettledResult<unknown>): unknown =>
  result.status === 'rejected' ? (result.reason as { details?: { code?: string } }).details?.code : result.status

/** What a peer that keeps no rule would send. */
async function sendRaw(stream: Stream, frames: readonly Partial<Frame>[], close = true): Promise<void> {
  for (const frame of frames) stream.send(lengthPrefixed.encode.single(Frame.encode(frame)))
  if (close) await stream.close()
}

describe('the images of a checkpoint', () => {
  test('arrive byte for byte, and both sides name the same digest', async () => {
    const pages = randomBytes(5_000_000)
    await writeFile(join(from, 'pages-1.img'), pages)
    await writeFile(join(from, 'empty.img'), '')
    await symlink('../elsewhere', join(from, 'parent'))
    const { near, far } = await nodes.stream()
    const [sent, received] = await Promise.all([
      sendImages({ stream: near, folder: from, signal: longEnough() }),
      receive(far)
    ])
    expect(sent).toEqual(received)
    expect(sent.bytes).toBe(5_000_000)
    expect((await readdir(into)).sort()).toEqual(['empty.img', 'pages-1.img'])
    expect(await readFile(join(into, 'pages-1.img'))).toEqual(pages)
  })

  test.each([
    ['a path upwards', [{ file: { name: '../x', size: 1 } }], 'INVALID_FIELD'],
    ['an absolute path', [{ file: { name: '/tmp/ferry-test-x', size: 1 } }], 'INVALID_FIELD'],
    ['a dot file', [{ file: { name: '.x', size: 1 } }], 'INVALID_FIELD'],
    [
      'a file twice',
      [{ file: { name: 'a', size: 1 } }, { data: new Uint8Array(1) }, { file: { name: 'a', size: 1 } }],
      'TRANSFER_REFUSED'
    ],
    ['more than announced', [{ file: { name: 'a', size: 1 } }, { data: new Uint8Array(2) }], 'TRANSFER_REFUSED'],
    ['less than announced', [{ file: { name: 'a', size: 2 } }, { file: { name: 'b', size: 0 } }], 'TRANSFER_REFUSED'],
    ['more than is allowed', [{ file: { name: 'a', size: 2000 } }], 'TRANSFER_REFUSED'],
    ['data of no file', [{ data: new Uint8Array(1) }], 'TRANSFER_REFUSED'],
    ['no end', [{ file: { name: 'a', size: 1 } }, { data: new Uint8Array(1) }], 'TRANSFER_TRUNCATED'],
    [
      'a digest of something else',
      [
        { file: { name: 'a', size: 1 } },
        { data: new Uint8Array(1) },
        { end: { bytes: 1, sha256: createHash('sha256').update('else').digest() } }
      ],
      'TRANSFER_CORRUPT'
    ]
  ])('a peer that sends %s is refused, and nothing outside the folder is touched', async (_, frames, code) => {
    await writeFile(join(base, 'bystander'), 'as it was')
    const { near, far } = await nodes.stream()
    const [, received] = await Promise.allSettled([sendRaw(near, frames), receive(far, 1000)])
    expect(codeOf(received)).toBe(code)
    expect((await readdir(base)).sort()).toEqual(['bystander', 'from', 'into'])
    expect(await readFile(join(base, 'bystander'), 'utf8')).toBe('as it was')
    expect(existsSync('/tmp/ferry-test-x')).toBe(false)
  })

  test('a link that waits in the folder under the name of an image is not followed', async () => {
    await writeFile(join(base, 'bystander'), 'as it was')
    await symlink(join(base, 'bystander'), join(into, 'a.img'))
    await writeFile(join(from, 'a.img'), 'x')
    const { near, far } = await nodes.stream()
    const [sent, received] = await Promise.allSettled([
      sendImages({ stream: near, folder: from, signal: longEnough() }),
      receive(far)
    ])
    expect(codeOf(received)).toBe('TRANSFER_REFUSED')
    expect(codeOf(sent)).toBe('TRANSFER_PEER_FAILED')
    expect(await readFile(join(base, 'bystander'), 'utf8')).toBe('as it was')
  })

  test('the sender learns why the target gave up, in the middle of a large file', async () => {
    await writeFile(join(from, 'pages-1.img'), Buffer.alloc(80_000_000))
    const { near, far } = await nodes.stream()
    const [sent] = await Promise.allSettled([
      sendImages({ stream: near, folder: from, signal: longEnough() }),
      receive(far, 1000)
    ])
    expect(sent).toMatchObject({
      reason: { details: { code: 'TRANSFER_PEER_FAILED' }, peer: { code: 'TRANSFER_REFUSED' } }
    })
  })

  test('a stream that is cut ends both sides with an error', async () => {
    await writeFile(join(from, 'pages-1.img'), Buffer.alloc(80_000_000))
    const { near, far } = await nodes.stream()
    const cut = new AbortController()
    const [sent, received] = await Promise.allSettled([
      sendImages({ stream: near, folder: from, signal: cut.signal, onProgress: () => cut.abort(new Error('cut')) }),
      receive(far)
    ])
    expect(codeOf(sent)).toBe('TRANSFER_ABORTED')
    expect(['TRANSFER_BROKEN', 'TRANSFER_PEER_FAILED', 'TRANSFER_TRUNCATED']).toContain(codeOf(received))
  })

  test('a folder that others can write is not received into', async () => {
    await rm(into, { recursive: true })
    await mkdir(into)
    const { chmod } = await import('node:fs/promises')
    await chmod(into, 0o777)
    const { near, far } = await nodes.stream()
    const [, received] = await Promise.allSettled([
      sendImages({ stream: near, folder: from, signal: longEnough() }),
      receive(far)
    ])
    expect(codeOf(received)).toBe('FOLDER_UNSAFE')
  })
})

describe('held network frames', () => {
  async function* frames(...sizes: number[]) {
    for (const size of sizes) yield new Uint8Array(size).fill(size)
  }

  test('arrive in order, each as it was', async () => {
    const { near, far } = await nodes.stream()
    const sending = sendFrames({ stream: near, frames: frames(60, 1514, 65_000), signal: longEnough() })
    const sizes: number[] = []
    for await (const frame of receiveFrames({ stream: far, maxBytes: 1e6, signal: longEnough() })) {
      expect(frame.every((byte) => byte === frame.byteLength % 256)).toBe(true)
      sizes.push(frame.byteLength)
    }
    expect(sizes).toEqual([60, 1514, 65_000])
    expect(await sending).toEqual({ frames: 3, dropped: 0 })
  })

  test('beyond the bound they are dropped and counted, and the sender goes on', async () => {
    const { near, far } = await nodes.stream()
    const sending = sendFrames({ stream: near, frames: frames(1000, 1000, 1000, 80_000), signal: longEnough() })
    let count: unknown
    const got: number[] = []
    const arriving = receiveFrames({ stream: far, maxBytes: 2000, signal: longEnough(), onEnd: (c) => (count = c) })
    for await (const frame of arriving) got.push(frame.byteLength)
    expect(got).toEqual([1000, 1000])
    expect(count).toEqual({ frames: 2, dropped: 1 })
    expect(await sending).toEqual({ frames: 3, dropped: 1 })
  })
})
