import { describe, expect, test } from 'vitest'
import { encodeFrame } from '../../protocols/bulk/index.ts'
import { chunk } from '../../src/transfer/chunk.ts'
import { PayloadDigest, digesting, type DataSource } from '../../src/transfer/digest.ts'
import { decodeFrames, encodeFrames, fromFrames, toFrames } from '../../src/transfer/framing.ts'
import { idleTimeout } from '../../src/transfer/idle-timeout.ts'
import { progress } from '../../src/transfer/progress.ts'
import { rateLimit } from '../../src/transfer/rate-limit.ts'

async function* of<T>(...items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}
async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
const bytes = (size: number, value = 1) => new Uint8Array(size).fill(value)
const never = new AbortController().signal

/** A payload as it is on the wire. */
async function wire(source: DataSource): Promise<Uint8Array[]> {
  const digest = new PayloadDigest()
  const frames = encodeFrames(toFrames(digest)(digesting(digest)(source)))
  return (await all(frames)).map((frame) => frame.subarray())
}
const read = (pieces: Uint8Array[]): DataSource => fromFrames(new PayloadDigest())(decodeFrames(of(...pieces)))

test('chunk cuts what is too large and leaves the rest alone', async () => {
  const sizes = (await all(chunk(4)(of(bytes(3), bytes(10))))).map((data) => data.byteLength)
  expect(sizes).toEqual([3, 4, 4, 2])
})

test('progress tells the sum so far', async () => {
  const seen: number[] = []
  await all(progress((sum) => seen.push(sum))(of(bytes(3), bytes(4))))
  expect(seen).toEqual([3, 7])
})

test('rateLimit keeps the average, and gives credit for a second of silence at most', async () => {
  let now = 0
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      now += ms
      return Promise.resolve()
    }
  }
  await all(rateLimit(1000, never, clock)(of(bytes(500), bytes(500), bytes(500))))
  expect(now).toBe(1000)
})

test('idleTimeout ends a source that has fallen silent', async () => {
  async function* silent() {
    yield 1
    await new Promise(() => {})
  }
  await expect(all(idleTimeout(20)(silent()))).rejects.toMatchObject({ details: { code: 'TRANSFER_STALLED' } })
  expect(await all(idleTimeout(1000)(of(1, 2)))).toEqual([1, 2])
})

describe('framing', () => {
  test('gives back what went in, however the wire cuts it', async () => {
    const wired = Buffer.concat(await wire(of(bytes(10, 1), bytes(70_000, 2))))
    const pieces = Array.from({ length: Math.ceil(wired.length / 777) }, (_, n) =>
      wired.subarray(n * 777, n * 777 + 777)
    )
    const got = Buffer.concat(await all(read(pieces)))
    expect(got.equals(Buffer.concat([bytes(10, 1), bytes(70_000, 2)]))).toBe(true)
  })

  test('a stream cut at any byte is TRANSFER_TRUNCATED', async () => {
    const wired = Buffer.concat(await wire(of(bytes(20))))
    for (let length = 0; length < wired.length; length++) {
      await expect(all(read([wired.subarray(0, length)]))).rejects.toMatchObject({
        details: { code: 'TRANSFER_TRUNCATED' }
      })
    }
  })

  test('a byte of the payload that was changed on the way is TRANSFER_CORRUPT', async () => {
    const wired = Buffer.concat(await wire(of(bytes(20))))
    wired[10] = 99
    await expect(all(read([wired]))).rejects.toMatchObject({ details: { code: 'TRANSFER_CORRUPT' } })
  })

  test('a frame that announces too much is refused before it is kept', async () => {
    await expect(all(read([Uint8Array.of(0xff, 0xff, 0xff, 0x7f)]))).rejects.toMatchObject({
      details: { code: 'MESSAGE_TOO_LARGE' }
    })
  })

  test('a source that fails tells the other side why', async () => {
    async function* failing() {
      yield await Promise.resolve(bytes(3))
      throw new Error('the disk is gone')
    }
    const sent: Uint8Array[] = []
    const sending = (async () => {
      for await (const frame of encodeFrames(toFrames(new PayloadDigest())(failing()))) sent.push(frame.subarray())
    })()
    await expect(sending).rejects.toThrow('the disk is gone')
    await expect(all(read(sent))).rejects.toMatchObject({
      details: { code: 'TRANSFER_PEER_FAILED' },
      peer: { why: 'the disk is gone' }
    })
  })

  test('garbage is a ProtocolError', async () => {
    const garbage = encodeFrame({ data: bytes(5) })
      .subarray()
      .fill(0xee)
    await expect(all(read([Uint8Array.of(garbage.length), garbage]))).rejects.toMatchObject({ name: 'ProtocolError' })
  })
})
