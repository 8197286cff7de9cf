// What a peer can keep open or have kept for it, on the streams of a member.
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  COMMAND_PROTOCOL,
  MAX_ANSWER_BYTES,
  decodeAnswer,
  encodeCommand,
  type Answer
} from '../../protocols/command/index.ts'
import { readMessage, sendMessage } from '../../src/mesh/message-stream.ts'
import { ferryMuxer } from '../../src/mesh/muxer.ts'
import { signedCommand } from '../../src/node/routing/signed-command.ts'
import { Hosts, type Host } from './mesh-hosts.ts'

const ANSWER_MS = 30_000
const JUNK = new Uint8Array(2 ** 20)

let hosts: Hosts
let host: Host
let key: PrivateKey
let node: Libp2p
let connection: Connection
/** The host's work for the command has begun, and has ended. */
let begun: Promise<unknown>
let working: Promise<unknown>

/** An operator who may look, connected with one host. */
beforeEach(async () => {
  hosts = await Hosts.create()
  const { promise, resolve } = Promise.withResolvers<unknown>()
  working = promise
  const beginning = Promise.withResolvers<unknown>()
  begun = beginning.promise
  host = await hosts.start('host-a', {
    onCommand: async function* (_, command, signal): AsyncGenerator<Answer> {
      beginning.resolve(undefined)
      signal.addEventListener('abort', resolve)
      if (Buffer.from(command.request).includes('doctor')) await promise
      yield { end: {} }
    }
  })
  await host.admin.init({ meshName: 'mesh' })
  key = await generateKeyPair('Ed25519')
  await host.admin.grant({ operator: peerIdFromPrivateKey(key).toString(), role: 'view' })
  node = await createLibp2p({
    privateKey: key,
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [ferryMuxer()],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false }
  })
  connection = await node.dial(multiaddr(host.mesh.self.addresses[0] ?? ''), { signal: AbortSignal.timeout(ANSWER_MS) })
})
afterEach(async () => {
  await node.stop()
  await hosts.end()
})

async function commanded(method: string): Promise<{ stream: Stream; ended: Promise<unknown> }> {
  const stream = await connection.newStream(COMMAND_PROTOCOL, { signal: AbortSignal.timeout(ANSWER_MS) })
  const ended = new Promise((resolve) => stream.addEventListener('close', ({ error }) => resolve(error)))
  const request = { method, arguments: {}, target: host.mesh.self.peerId }
  const command = await signedCommand(request, { key, label: 'somebody', timeMs: Date.now() })
  sendMessage(stream, encodeCommand(command))
  return { stream, ended }
}

describe('a stream for one command is ended by the host', () => {
  test('when more comes than the command, whose work ends with it', async () => {
    const { stream, ended } = await commanded('doctor')
    // What is there with the command itself ends the stream before there is any work.
    await begun
    for (let sent = 0; sent < 16 && stream.status === 'open'; sent++) stream.send(JUNK)
    expect(await ended).toBeInstanceOf(Error)
    await working
  })

  test('when more comes after the answer', async () => {
    const { stream, ended } = await commanded('hosts')
    const answer = await readMessage(stream, MAX_ANSWER_BYTES, AbortSignal.timeout(ANSWER_MS))
    expect(decodeAnswer(answer).end).toBeDefined()
    for (let sent = 0; sent < 16 && stream.status === 'open'; sent++) stream.send(JUNK)
    expect(await ended).toBeInstanceOf(Error)
  })

  test('when it was answered and the peer leaves it open', async () => {
    const { ended } = await commanded('hosts')
    expect(await ended).toBeInstanceOf(Error)
  })
})

test("an operator is not answered on libp2p's own protocols", async () => {
  for (const protocol of ['/ipfs/id/1.0.0', '/libp2p/circuit/relay/0.2.0/hop']) {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const answered = async (): Promise<unknown> => {
      const stream = await connection.newStream(protocol, { signal })
      // A relay is asked for a place; whoever identifies itself is asked nothing.
      sendMessage(stream, Uint8Array.of(0x08, 0))
      return readMessage(stream, MAX_ANSWER_BYTES, signal)
    }
    await expect(answered()).rejects.toThrow(/reset|closed/)
  }
  const { stream } = await commanded('hosts')
  const answer = await readMessage(stream, MAX_ANSWER_BYTES, AbortSignal.timeout(ANSWER_MS))
  expect(decodeAnswer(answer).end).toBeDefined()
})
