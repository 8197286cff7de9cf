// Everything that bytes of a peer are given to, with the messages it expects.
import * as lengthPrefixed from 'it-length-prefixed'
import pino from 'pino'
import * as bulk from '../../protocols/bulk/index.ts'
import * as gossip from '../../protocols/gossip/index.ts'
import * as hello from '../../protocols/hello/index.ts'
import * as membership from '../../protocols/membership/index.ts'
import * as migration from '../../protocols/migration/index.ts'
import { Gossip } from '../../src/mesh/gossip/index.ts'
import { checkPulse, openAdvert, signAdvert } from '../../src/mesh/gossip/signatures.ts'
import { parseTokenWord, tokenWord } from '../../src/mesh/join/token.ts'
import { Roster } from '../../src/mesh/roster/roster.ts'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { parseLxcSpec } from '../../src/engines/lxc-spec.ts'
import { parseOciSpec } from '../../src/engines/oci-spec.ts'
import { parseHandOver } from '../../src/node/hand-over.ts'
import { parseFacts } from '../../src/node/peer-facts.ts'
import { decodeEntry } from '../../src/receipt/entry.ts'
import { decodeFrames, fromFrames } from '../../src/transfer/framing.ts'
import { PayloadDigest } from '../../src/transfer/digest.ts'
import { MemoryRecords } from '../bench/mesh/memory-records.ts'
import { sampleBody } from '../bench/mesh/sample-advert.ts'
import { makeIdentity } from '../bench/mesh/simulated-mesh.ts'
import * as corpus from './corpus.ts'
import {
  FACTS,
  FRAMES,
  HAND_OVERS,
  HEADERS,
  HELLOS,
  LXC_SPECS,
  OCI_SPECS,
  RECEIPT_ENTRIES,
  REQUESTS,
  RESPONSES
} from './corpus.ts'

export interface Target {
  readonly name: string
  readonly corpus: readonly Uint8Array[]
  /** Share of all inputs, in parts: handlers that keep state, sign or write are slower than decoders. */
  readonly weight: number
  /** Throws for what it refuses. */
  feed(bytes: Uint8Array): unknown
}

export interface Targets {
  readonly all: readonly Target[]
  /** A well-meant exchange with the node that is being fed; rejects when it does not go as it should. */
  readonly honest: () => Promise<void>
  readonly close: () => Promise<void>
}

/** @param folder an empty one, for the roster's files */
export async function makeTargets(folder: string): Promise<Targets> {
  const talk = await corpus.gossipCorpus()
  const members = await corpus.membershipCorpus()
  const node = await gossipNode()
  const silent = pino({ level: 'silent' })
  const roster = await Roster.open({ folder, log: silent, now: () => 1_800_000_000_000 })
  await roster.found({ mesh: 'a-mesh', host: 'host-a' }, await generateKeyPair('Ed25519'))
  const recordsBefore = roster.digest()
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
  const words = members.tokens.map((bytes) => Buffer.from(tokenWord(membership.decodeToken(bytes))))
  const all: Target[] = [
    { name: 'hello', corpus: HELLOS, weight: 6, feed: hello.decodeHello },
    { name: 'migration request', corpus: REQUESTS, weight: 10, feed: migration.decodeRequest },
    { name: 'migration response', corpus: RESPONSES, weight: 6, feed: migration.decodeResponse },
    { name: 'bulk header', corpus: HEADERS, weight: 6, feed: bulk.decodeHeader },
    { name: 'bulk frame', corpus: FRAMES, weight: 6, feed: bulk.decodeFrame },
    {
      name: 'bulk stream',
      corpus: [streamOf(FRAMES), ...FRAMES.map((frame) => streamOf([frame]))],
      weight: 6,
      feed: readStream
    },
    { name: 'facts of a peer', corpus: FACTS, weight: 4, feed: (bytes) => parseFacts(text(bytes)) },
    { name: 'spec of LXC', corpus: LXC_SPECS, weight: 4, feed: (bytes) => parseLxcSpec(text(bytes)) },
    { name: 'spec of runc', corpus: OCI_SPECS, weight: 4, feed: (bytes) => parseOciSpec(text(bytes)) },
    { name: 'hand-over', corpus: HAND_OVERS, weight: 4, feed: (bytes) => parseHandOver(text(bytes)) },
    { name: 'receipt entry', corpus: RECEIPT_ENTRIES, weight: 4, feed: decodeEntry },
    { name: 'gossip request', corpus: talk.requests, weight: 8, feed: gossip.decodeGossipRequest },
    { name: 'gossip reply', corpus: talk.replies, weight: 6, feed: gossip.decodeGossipReply },
    { name: 'advert', corpus: talk.adverts, weight: 6, feed: gossip.decodeAdvert },
    { name: 'pulse', corpus: talk.pulses, weight: 6, feed: gossip.decodePulse },
    { name: 'advert body', corpus: talk.bodies, weight: 4, feed: gossip.parseBody },
    {
      name: 'signed advert',
      corpus: talk.adverts,
      weight: 1,
      feed: (bytes) => openAdvert({ payload: new Uint8Array(bytes), signature: new Uint8Array(64) })
    },
    {
      name: 'signed pulse',
      corpus: talk.pulses,
      weight: 1,
      feed: (bytes) => checkPulse(node.peer, { payload: new Uint8Array(bytes), signature: new Uint8Array(64) })
    },
    { name: 'gossip handler', corpus: talk.requests, weight: 10, feed: node.feed },
    { name: 'membership record', corpus: members.records, weight: 6, feed: membership.decodeRecord },
    { name: 'invitation', corpus: members.tokens, weight: 3, feed: membership.decodeToken },
    { name: 'invitation word', corpus: words, weight: 3, feed: (bytes) => parseTokenWord(text(bytes)) },
    { name: 'join request', corpus: members.joinRequests, weight: 6, feed: membership.decodeJoinRequest },
    { name: 'join answer', corpus: members.joinAnswers, weight: 4, feed: membership.decodeJoinAnswer },
    { name: 'records request', corpus: members.recordsRequests, weight: 4, feed: membership.decodeRecordsRequest },
    { name: 'records answer', corpus: members.recordsAnswers, weight: 4, feed: membership.decodeRecordsAnswer },
    {
      name: 'roster',
      corpus: members.records,
      weight: 2,
      feed: async (bytes) => {
        await roster.add([bytes], node.peer)
        if (roster.digest() !== recordsBefore) throw new TypeError('the roster took a record that nobody signed')
      }
    }
  ]
  return { all, honest: node.honest, close: node.close }
}

/** A gossip node with a map, an honest peer and a hostile one; time goes on, so that limits of rate let inputs through. */
async function gossipNode() {
  const [self, honest, hostile] = [makeIdentity(), makeIdentity(), makeIdentity()]
  const members = new Set([self.peer, honest.peer, hostile.peer])
  const records = new MemoryRecords()
  let nowMs = 0
  let number = 0
  const node = new Gossip({
    self: self.peer,
    sign: self.sign,
    records,
    isMember: (peer) => members.has(peer),
    log: pino({ level: 'silent' }),
    clock: { nowMs: () => nowMs, wallMs: () => 1_800_000_000_000 + nowMs, after: () => () => undefined },
    transport: { peers: () => [], exchange: () => Promise.reject(new Error('nobody is there')) }
  })
  const empty = { items: [], records: [], wants: new Uint8Array(), offers: new Uint8Array(), boot: 1, upTo: 0 }
  return {
    peer: hostile.peer,
    feed: (bytes: Uint8Array): Promise<Uint8Array> => {
      nowMs += 100
      return node.receive(hostile.peer, bytes)
    },
    honest: async (): Promise<void> => {
      number++
      nowMs += 5_000
      const head = { peer: honest.peer, seq: number, issuedAt: nowMs, ttl: 3600 }
      const { payload, signature } = await signAdvert(head, sampleBody(number), honest.sign)
      const items = [{ payload, signature, pulse: false, age: 0 }]
      const reply = await node.receive(honest.peer, gossip.encodeGossipRequest({ transfer: { ...empty, items } }))
      const delivered = gossip.decodeGossipReply(reply).delivered
      if (delivered === undefined) throw new TypeError('the honest peer got no answer')
      if (node.get(honest.peer)?.body.name !== `host-${number}`)
        throw new TypeError("the honest peer's advert was lost")
      if (node.view().length > members.size) throw new TypeError('the map holds nodes that are no members')
      // What the records' limits are for is the roster's to say; here only their number counts.
      if (records.ids().length > 100_000) throw new TypeError('records without end')
    },
    close: async (): Promise<void> => node.stop()
  }
}

function streamOf(messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(messages.map((message) => lengthPrefixed.encode.single(message).subarray()))
}

/** As it arrives: in pieces that end anywhere. */
async function readStream(bytes: Uint8Array): Promise<void> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
  }
  let read = 0
  for await (const data of fromFrames(new PayloadDigest())(decodeFrames(pieces()))) read += data.byteLength
  if (read > bytes.length) throw new TypeError('more was read than was sent')
}
