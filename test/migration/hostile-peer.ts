// A member of the mesh that means harm: it speaks ferry's protocols with none of its checks. hostile-peer.ts KEYFILE ADDRESS [NAME]
// Each line of JSON on stdin is something to do, and is answered with a line of JSON.
import { createInterface } from 'node:readline'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { loadOrCreateKey } from '../../src/mesh/key-file.ts'
import { createNode } from '../../src/mesh/libp2p-node.ts'
import { pause, readMessage, sendMessage } from '../../src/mesh/message-stream.ts'
import { PayloadDigest } from '../../src/transfer/digest.ts'
import { decodeFrames, endOf } from '../../src/transfer/framing.ts'
import { duplexOf } from '../../src/transfer/libp2p-stream.ts'
import { BULK_PROTOCOLS, fileDigestInput, type BulkKind, type Frame } from '../../protocols/bulk/index.ts'
import { Frame as RawFrame, Header } from '../../protocols/bulk/pb/message.ts'
import { HELLO_PROTOCOL, decodeHello, encodeHello } from '../../protocols/hello/index.ts'
import { MIGRATION_PROTOCOL, decodeResponse } from '../../protocols/migration/index.ts'
import { Request } from '../../protocols/migration/pb/message.ts'

export type Deed =
  | { readonly do: 'facts' }
  /** Digests in hex. */
  | { readonly do: 'request'; readonly request: Record<string, unknown> }
  | {
      readonly do: 'images'
      readonly migration: string
      readonly files: readonly { readonly name: string; readonly size: number; readonly text: string }[]
      /** How it ends: as it should, without the last frame, with a digest that is not theirs. */
      readonly end: 'good' | 'none' | 'wrong'
    }

const PATIENCE_MS = 10_000
const [keyFile = '', address = '', name = 'mallory'] = process.argv.slice(2)
const node = await createNode({
  privateKey: await loadOrCreateKey(keyFile),
  listen: [],
  announce: [],
  isMember: () => true,
  onStranger: () => undefined
})
const hello = encodeHello({ name, ferryVersion: '0.0.0', probe: false, facts: '{}' })
await node.handle(HELLO_PROTOCOL, (stream) => void answerHello(stream))
await node.start()

async function answerHello(stream: Stream): Promise<void> {
  const asked = decodeHello(await readMessage(stream, 100_000, limit()))
  sendMessage(stream, encodeHello({ name, ferryVersion: '0.0.0', probe: asked.probe, facts: asked.probe ? '' : '{}' }))
  await stream.close()
}

function limit(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS)
}

async function open(protocol: string): Promise<Stream> {
  const connection = node.getConnections()[0] ?? (await node.dial(multiaddr(address), { signal: limit() }))
  return connection.newStream(protocol, { signal: limit() })
}

/** The target's own facts, which no comparison can find fault with. */
async function facts(): Promise<unknown> {
  const stream = await open(HELLO_PROTOCOL)
  sendMessage(stream, hello)
  const [answer] = await Promise.all([readMessage(stream, 100_000, limit()), stream.close({ signal: limit() })])
  return { facts: decodeHello(answer).facts }
}

async function request(fields: Record<string, unknown>): Promise<unknown> {
  const text = JSON.stringify(fields)
  const bytes = Request.encode(
    JSON.parse(text, (key, value: unknown) =>
      key === 'imagesDigest' ? new Uint8Array(Buffer.from(String(value), 'hex')) : value
    ) as Request
  )
  const stream = await open(MIGRATION_PROTOCOL)
  sendMessage(stream, bytes)
  const [answer] = await Promise.all([readMessage(stream, 3_000_000, limit()), stream.close({ signal: limit() })])
  return decodeResponse(answer)
}

async function bulk(kind: BulkKind, migration: string): Promise<Stream> {
  const stream = await open(BULK_PROTOCOLS[kind])
  pause(stream)
  sendMessage(stream, Header.encode({ migration, round: 1, final: true }))
  return stream
}

async function images({ migration, files, end }: Deed & { do: 'images' }): Promise<unknown> {
  const stream = await bulk('images', migration)
  const { source, sink } = duplexOf(stream, limit())
  const digest = new PayloadDigest()
  const frames: Partial<Frame>[] = []
  for (const { name, size, text } of files) {
    digest.mark(fileDigestInput(name, size))
    frames.push({ file: { name, size } })
    if (text === '') continue
    const data = new Uint8Array(Buffer.from(text))
    digest.add(data)
    frames.push({ data })
  }
  if (end === 'good') frames.push({ end: endOf(digest) })
  if (end === 'wrong') frames.push({ end: { sha256: new Uint8Array(32), bytes: digest.bytes } })
  async function* encoded() {
    for (const frame of frames) yield lengthPrefixed.encode.single(RawFrame.encode(frame))
    await Promise.resolve()
  }
  const sending = Promise.resolve(sink(encoded()))
    .then(() => stream.close({ signal: limit() }))
    .catch((error: unknown) => error)
  for await (const frame of decodeFrames(source))
    if (frame.end !== undefined) return { end: frame.end, digest: Buffer.from(digest.sha256()).toString('hex') }
  throw new Error(`no answer: ${String(await sending)}`)
}

async function perform(deed: Deed): Promise<unknown> {
  switch (deed.do) {
    case 'facts':
      return facts()
    case 'request':
      return request(deed.request)
    case 'images':
      return images(deed)
  }
}

console.log(JSON.stringify({ peerId: node.peerId.toString() }))
for await (const line of createInterface({ input: process.stdin })) {
  const said = await perform(JSON.parse(line) as Deed).catch((error: unknown) => ({
    broken: error instanceof Error ? error.message : String(error)
  }))
  console.log(JSON.stringify(said))
}
await node.stop()
