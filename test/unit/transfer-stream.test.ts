import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { WINDOW_BYTES } from '../../src/mesh/muxer.ts'
import { duplexOf } from '../../src/transfer/libp2p-stream.ts'
import { longEnough, pair, type Pair } from './transfer-pair.ts'

const MIB = 1024 * 1024

describe('a libp2p stream as source and sink', () => {
  let nodes: Pair
  beforeAll(async () => {
    nodes = await pair()
  })
  afterAll(() => nodes.stop())

  test('a reader that stops reading stops the sender, and gets everything when it goes on', async () => {
    const { near, far } = await nodes.stream()
    const total = 128 * MIB
    let given = 0
    const sending = duplexOf(near, longEnough()).sink(
      (async function* () {
        for (; given < total; given += 256 * 1024) yield new Uint8Array(256 * 1024).fill(given / (256 * 1024))
      })()
    )
    const reader = duplexOf(far, longEnough()).source[Symbol.asyncIterator]()
    const first = await reader.next()
    let got = first.done === true ? 0 : first.value.byteLength

    // Wait until the sender has come to a stand, whenever that is.
    for (let before = -1; before !== given;) {
      before = given
      await sleep(300)
    }
    // The window, what the reader holds, what kernel and muxer hold.
    expect(given).toBeLessThan(WINDOW_BYTES * 2 + 16 * MIB)
    expect(near.writeBufferLength).toBeLessThanOrEqual(256 * 1024)
    expect(far.readBufferLength).toBeLessThanOrEqual(WINDOW_BYTES)

    while (got < total) {
      const next = await reader.next()
      if (next.done === true) break
      got += next.value.byteLength
    }
    await sending
    expect(got).toBe(total)
    near.abort(new Error('done'))
  }, 60_000)

  test('what was sent before a reset arrives, then the reader learns of the reset', async () => {
    const { near, far } = await nodes.stream()
    await duplexOf(near, longEnough()).sink([Buffer.from('last words')])
    near.abort(new Error('gone'))
    await sleep(50)
    let text = ''
    const reading = (async () => {
      for await (const chunk of duplexOf(far, longEnough()).source) text += Buffer.from(chunk.subarray()).toString()
    })()
    await expect(reading).rejects.toMatchObject({ details: { code: 'TRANSFER_BROKEN' } })
    expect(text).toBe('last words')
  })

  test('what was sent before an orderly close arrives, then the source ends', async () => {
    const { near, far } = await nodes.stream()
    await duplexOf(near, longEnough()).sink([new Uint8Array(3 * MIB)])
    await near.close()
    let bytes = 0
    for await (const chunk of duplexOf(far, longEnough()).source) bytes += chunk.byteLength
    expect(bytes).toBe(3 * MIB)
    await far.close()
  })

  test('an abort ends a waiting reader and a waiting sender', async () => {
    const { near, far } = await nodes.stream()
    const ended = new AbortController()
    const sending = duplexOf(near, ended.signal).sink(
      (async function* () {
        while (true) yield new Uint8Array(MIB)
      })()
    )
    const reading = duplexOf(near, ended.signal).source[Symbol.asyncIterator]().next()
    setTimeout(() => ended.abort(new Error('no longer')), 100)
    await expect(reading).rejects.toThrow('no longer')
    await expect(sending).rejects.toThrow('no longer')
    far.abort(new Error('done'))
  })
})
