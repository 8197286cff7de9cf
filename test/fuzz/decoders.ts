// Every decoder and parser that bytes of a peer are given to.
import * as bulk from '../../protocols/bulk/index.ts'
import { invalidField } from '../../protocols/fields.ts'
import * as command from '../../protocols/command/index.ts'
import * as gossip from '../../protocols/gossip/index.ts'
import * as hello from '../../protocols/hello/index.ts'
import * as membership from '../../protocols/membership/index.ts'
import * as migration from '../../protocols/migration/index.ts'
import { parseLxcSpec } from '../../src/engines/lxc-spec.ts'
import { parseOciSpec } from '../../src/engines/oci-spec.ts'
import { parseTokenWord, tokenWord } from '../../src/mesh/join/token.ts'
import { read } from '../../src/mesh/segment/packet.ts'
import { parseHandOver } from '../../src/node/hand-over.ts'
import { parseFacts } from '../../src/node/peer-facts.ts'
import { decodeEntry } from '../../src/receipt/entry.ts'
import { PayloadDigest } from '../../src/transfer/digest.ts'
import { decodeFrames, fromFrames } from '../../src/transfer/framing.ts'
import * as corpus from './corpus.ts'
import { newIdentity } from './identity.ts'
import { decoder, type Target } from './target.ts'

export async function decoders(): Promise<Target[]> {
  const { peer, ...identity } = await newIdentity()
  const offered = { id: '0123456789abcdef', container: 'web', epoch: 3 }
  const entries = corpus.receiptEntries(identity.signer, offered, peer)
  const requests = corpus.requestsOf(offered, entries[0] ?? new Uint8Array(), peer)
  const talk = await corpus.gossipCorpus({ peer, ...identity })
  const members = await corpus.membershipCorpus()
  const words = members.tokens.map((bytes) => Buffer.from(tokenWord(membership.decodeToken(bytes))))
  const asked = corpus.commandRequests({ target: peer, operator: peer }, 1_800_000_000_000)
  const commands = asked.map((request) =>
    command.encodeCommand({ request: Uint8Array.from(request), signature: new Uint8Array(64) })
  )
  return [
    decoder('hello', corpus.HELLOS, 6, hello.decodeHello),
    decoder('migration request', requests, 8, migration.decodeRequest),
    decoder('migration response', corpus.RESPONSES, 6, migration.decodeResponse),
    decoder('bulk header', corpus.headersOf(offered.id), 5, bulk.decodeHeader),
    decoder('bulk frame', corpus.FRAMES, 5, bulk.decodeFrame),
    decoder('bulk stream', [await corpus.payloadStream()], 4, readStream),
    decoder('facts of a peer', corpus.FACTS, 4, (bytes) => parseFacts(text(bytes))),
    decoder('spec of LXC', corpus.LXC_SPECS, 3, (bytes) => parseLxcSpec(text(bytes))),
    decoder('spec of runc', corpus.OCI_SPECS, 3, (bytes) => parseOciSpec(text(bytes))),
    decoder('hand-over', corpus.HAND_OVERS, 3, (bytes) => parseHandOver(text(bytes))),
    decoder('receipt entry', entries, 4, decodeEntry),
    decoder('command', commands, 6, command.decodeCommand),
    decoder('command request', asked, 6, command.decodeRequest),
    decoder('command answer', corpus.ANSWERS, 4, command.decodeAnswer),
    decoder('gossip request', talk.requests, 6, gossip.decodeGossipRequest),
    decoder('gossip reply', talk.replies, 6, gossip.decodeGossipReply),
    decoder('advert', talk.adverts, 4, gossip.decodeAdvert),
    decoder('pulse', talk.pulses, 4, gossip.decodePulse),
    decoder('advert body', talk.bodies, 3, gossip.parseBody),
    decoder('membership record', members.records, 6, membership.decodeRecord),
    decoder('invitation', members.tokens, 2, membership.decodeToken),
    decoder('invitation word', words, 2, (bytes) => parseTokenWord(text(bytes))),
    decoder('join request', members.joinRequests, 4, membership.decodeJoinRequest),
    decoder('join answer', members.joinAnswers, 4, membership.decodeJoinAnswer),
    decoder('records request', members.recordsRequests, 4, membership.decodeRecordsRequest),
    decoder('records answer', members.recordsAnswers, 4, membership.decodeRecordsAnswer),
    decoder('multicast DNS packet', corpus.packets(peer), 4, hear)
  ]
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

/** Whatever comes by on the segment, most of which is not for ferry. */
function hear(bytes: Uint8Array): void {
  const heard = read(Buffer.from(bytes))
  if (heard === undefined) throw invalidField('packet', 'it is not meant for ferry')
  if (heard.kind === 'question') return
  const { peerId, addresses } = heard
  if (!membership.PEER_ID.test(peerId) || addresses.length > membership.MAX_ADDRESSES) {
    throw new TypeError('more was heard than a packet may say')
  }
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
