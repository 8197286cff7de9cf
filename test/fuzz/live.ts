// The same bytes over real streams: a hostile member and a hostile operator open stream after stream, and an honest member goes on.
import { noise } from '@chainsafe/libp2p-noise'
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Libp2p, Stream } from '@libp2p/interface'
import { tcp, type TCPSocketOptions } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { createLibp2p } from 'libp2p'
import { BULK_PROTOCOLS } from '../../protocols/bulk/index.ts'
import { COMMAND_DOMAIN, COMMAND_PROTOCOL, MAX_ANSWER_BYTES, encodeCommand } from '../../protocols/command/index.ts'
import * as pb from '../../protocols/command/pb/message.ts'
import { GOSSIP_PROTOCOL } from '../../protocols/gossip/index.ts'
import { HELLO_PROTOCOL, encodeHello } from '../../protocols/hello/index.ts'
import { JOIN_PROTOCOL, RECORDS_PROTOCOL } from '../../protocols/membership/index.ts'
import {
  MIGRATION_PROTOCOL,
  decodeResponse,
  encodeRequest,
  type Request,
  type Response
} from '../../protocols/migration/index.ts'
import { createNode } from '../../src/mesh/libp2p-node.ts'
import { readMessage } from '../../src/mesh/message-stream.ts'
import { memberCommand } from '../../src/node/routing/signed-command.ts'
import { seededRandom } from '../bench/mesh/seeded-random.ts'
import * as corpus from './corpus.ts'
import { askOnAndOn, type HonestCounts } from './honest.ts'
import type { Identity } from './identity.ts'
import { settledMemory, type Memory } from './memory.ts'
import { mutated, type Random } from './mutate.ts'
import { Offers } from './offers.ts'
import { makeScene, type Scene } from './scene.ts'
import type { Written } from './written.ts'

export interface ProtocolCounts {
  streams: number
  /** Not opened: too many at once, or while a connection was made anew, or not for whoever asked. */
  refused: number
  /** Those that were answered, so that a decoder had taken what came. */
  answered: number
}

export interface LiveResult {
  /** By protocol; of the operator, and of a stranger at the door, under names of their own. */
  readonly protocols: Readonly<Record<string, ProtocolCounts>>
  /** Streams of an operator on protocols that are not for it, and that were answered all the same. */
  readonly trespasses: number
  /** Streams on which a good question was followed by too much or by nothing, and those of them that the victim ended. */
  readonly pestered: { readonly streams: number; readonly ended: number }
  readonly connections: number
  /** Migrations that the hostile member had begun, to send about them. */
  readonly migrations: number
  /** Headers of bulk streams that a decoder took. */
  readonly headers: number
  /** What the hostile member answered to questions of the victim: those that the victim could read. */
  readonly replies: { readonly asked: number; readonly taken: number }
  readonly honest: HonestCounts
  readonly written: Written
  readonly memory: { readonly warm: Memory; readonly end: Memory }
}

const AT_ONCE = 8
/** Milliseconds that a hostile peer waits for a stream and for what comes on it. */
const PATIENCE_MS = 5_000
/** A bulk stream says nothing until its end; so long it is left open. */
const BULK_MS = 200
/** Streams for each knock at the door. */
const STREAMS_A_KNOCK = 25
/** Below the number after which an address is not listened to. */
const KNOCKS_AN_ADDRESS = 4
/** Share of the messages that have something behind them. */
const FOLLOWED = 0.1
/** Behind a good question, where the whole window of a stream is filled. */
const JUNK_BYTES = 16 * 2 ** 20
const JUNK = new Uint8Array(2 ** 20)
/** Milliseconds that the victim may take to open its door, and to end what is of no use any more. */
const END_MS = 60_000
const ASK_EVERY = 20
/** Share of the messages that are sent as they are. */
const UNSPOILT = 0.2
/** Messages about one migration before the next one is offered. */
const INPUTS_EACH = 10

export async function runLive({
  inputs,
  seed
}: {
  readonly inputs: number
  readonly seed: number
}): Promise<LiveResult> {
  const random = seededRandom(seed)
  const knocks: ProtocolCounts = { streams: 0, refused: 0, answered: 0 }
  const scene = await makeScene((addresses) =>
    knock(addresses[0] ?? '', { times: Math.ceil(inputs / STREAMS_A_KNOCK), random, count: knocks })
  )
  const ends: (() => Promise<unknown>)[] = [() => scene.end()]
  try {
    const member = await hostileNode(scene.hostile, random)
    ends.push(async () => member.stop())
    const operator = await hostileNode(scene.operator, random)
    ends.push(async () => operator.stop())
    const asking = askOnAndOn(scene)
    ends.push(asking.stop)
    const attack = await Attack.prepare(scene, member, operator, random)
    await attack.greet()
    await attack.run(Math.ceil(inputs / 10))
    const warm = await settledMemory()
    await attack.run(inputs - Math.ceil(inputs / 10))
    const pestered = await attack.pester()
    const end = await settledMemory()
    const honest = await asking.stop()
    const { counts, trespasses, connections, replies, migrations } = attack
    return {
      protocols: { ...counts, 'join (stranger)': knocks },
      trespasses,
      pestered,
      connections,
      migrations,
      headers: scene.victim.decoded.bulk,
      replies,
      honest,
      written: await scene.written(),
      memory: { warm, end }
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Listens nowhere; lets in whom it calls. What it answers is spoilt as well, but for most hellos, without which it is let go. */
async function hostileNode(identity: Identity, random: Random): Promise<Libp2p> {
  const node = await createNode({
    privateKey: identity.key,
    listen: [],
    announce: [],
    isMember: () => true,
    onStranger: () => undefined
  })
  const talk = await corpus.gossipCorpus(identity)
  const members = await corpus.membershipCorpus()
  const answers: Readonly<Record<string, readonly Uint8Array[]>> = {
    [HELLO_PROTOCOL]: corpus.HELLOS,
    [MIGRATION_PROTOCOL]: corpus.RESPONSES,
    [GOSSIP_PROTOCOL]: talk.replies,
    [RECORDS_PROTOCOL]: members.recordsAnswers,
    [COMMAND_PROTOCOL]: corpus.ANSWERS
  }
  const hello = encodeHello({ name: 'hostile', ferryVersion: '0.1.0', facts: '', probe: true })
  for (const [protocol, messages] of Object.entries(answers)) {
    await node.handle(protocol, (stream) => {
      const good = protocol === HELLO_PROTOCOL && random() < 0.9
      try {
        stream.send(framed(good ? hello : mutated(messages, random)))
        stream.close().catch((error: unknown) => {
          stream.abort(error instanceof Error ? error : new Error(String(error)))
        })
      } catch (error) {
        stream.abort(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }
  await node.start()
  return node
}

interface Source {
  /** In the table. */
  readonly name: string
  readonly protocol: string
  readonly node: Libp2p
  readonly messages: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** What is sent before, unspoilt. */
  readonly before?: () => Uint8Array
  /** Makes a message of what was spoilt. */
  readonly wrap?: (bytes: Uint8Array) => Promise<Uint8Array>
}

class Attack {
  readonly counts: Record<string, ProtocolCounts> = {}
  readonly replies = { asked: 0, taken: 0 }
  trespasses = 0
  connections = 0
  readonly #scene: Scene
  readonly #member: Libp2p
  readonly #operator: Libp2p
  readonly #random: Random
  readonly #offers: Offers
  #sources: readonly Source[] = []

  private constructor(scene: Scene, member: Libp2p, operator: Libp2p, random: Random) {
    this.#scene = scene
    this.#member = member
    this.#operator = operator
    this.#random = random
    this.#offers = new Offers(scene.victim, scene.hostile, (request) => this.#say(request))
  }

  static async prepare(scene: Scene, member: Libp2p, operator: Libp2p, random: Random): Promise<Attack> {
    const attack = new Attack(scene, member, operator, random)
    await attack.#offers.corpus()
    attack.#sources = await attack.#makeSources()
    return attack
  }

  get migrations(): number {
    return this.#offers.begun
  }

  async run(inputs: number): Promise<void> {
    let left = inputs
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        if (left % ASK_EVERY === 0) await this.#answerVictim()
        if (this.#random() < 0.01) await this.#trespass()
        await this.#one()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  async #makeSources(): Promise<Source[]> {
    const { victim, hostile, operator } = this.#scene
    const target = victim.identity.peer
    const talk = await corpus.gossipCorpus(hostile)
    const members = await corpus.membershipCorpus()
    const node = this.#member
    const command = { protocol: COMMAND_PROTOCOL }
    return [
      { name: 'hello', protocol: HELLO_PROTOCOL, node, messages: () => corpus.HELLOS },
      { name: 'migration', protocol: MIGRATION_PROTOCOL, node, messages: () => this.#migrationMessages() },
      { name: 'gossip', protocol: GOSSIP_PROTOCOL, node, messages: () => talk.requests },
      { name: 'records', protocol: RECORDS_PROTOCOL, node, messages: () => members.recordsRequests },
      { name: 'relay', protocol: RELAY_V2_HOP_CODEC, node, messages: () => corpus.hops(hostile.peer) },
      {
        name: 'command (member)',
        ...command,
        node,
        messages: () =>
          corpus
            .commandRequests({ target, operator: '' }, Date.now())
            .map((request) => encodeCommand({ request: Uint8Array.from(request), signature: new Uint8Array() }))
      },
      {
        name: 'command (operator)',
        ...command,
        node: this.#operator,
        messages: () => corpus.commandRequests({ target, operator: operator.peer }, Date.now()),
        wrap: async (bytes) => {
          const request = Uint8Array.from(bytes)
          const signature = new Uint8Array(await operator.sign(Buffer.concat([Buffer.from(COMMAND_DOMAIN), request])))
          // By hand: the encoder refuses what it is to be fed.
          return pb.Command.encode({ request, signature })
        }
      },
      ...Object.entries(BULK_PROTOCOLS).flatMap(([kind, protocol]): Source[] => [
        { name: `${kind} header`, protocol, node, messages: () => corpus.headersOf(this.#offers.id) },
        {
          name: kind,
          protocol,
          node,
          messages: () => corpus.FRAMES,
          before: () => corpus.headersOf(this.#offers.id)[0] ?? new Uint8Array()
        }
      ])
    ]
  }

  #migrationMessages(): Promise<readonly Uint8Array[]> {
    return this.#offers.corpus(INPUTS_EACH)
  }

  /** Each question as it should be, one after the other: whatever the dice say later, it was asked and could be answered. */
  async greet(): Promise<void> {
    for (const source of this.#questions()) await this.#send(source, ([message]) => message)
  }

  #questions(): readonly Source[] {
    const bulk = Object.values(BULK_PROTOCOLS)
    return this.#sources.filter(({ protocol }) => !bulk.includes(protocol))
  }

  async #one(): Promise<void> {
    const source = this.#sources[Math.floor(this.#random() * this.#sources.length)]
    if (source === undefined) return
    // Some are as they should be: what comes next then meets a node that has done something.
    const choose = (messages: readonly Uint8Array[]) =>
      this.#random() < UNSPOILT ? messages[Math.floor(this.#random() * messages.length)] : undefined
    await this.#send(source, choose, {
      patienceMs: PATIENCE_MS,
      // Mostly as a message, so that it is read; now and then without or with a wrong length.
      isFramed: this.#random() < 0.9,
      junkBytes: this.#random() < FOLLOWED ? Math.floor(this.#random() * JUNK.length) : 0,
      // Some are left without an end, as a peer that was cut off leaves them.
      isLeft: this.#random() < 0.2
    })
  }

  async #send(
    source: Source,
    choose: (messages: readonly Uint8Array[]) => Uint8Array | undefined,
    { patienceMs, isFramed, junkBytes, isLeft } = { patienceMs: END_MS, isFramed: true, junkBytes: 0, isLeft: false }
  ): Promise<void> {
    const count = (this.counts[source.name] ??= { streams: 0, refused: 0, answered: 0 })
    count.streams++
    let opened = false
    try {
      const messages = await source.messages()
      const message = choose(messages) ?? mutated(messages, this.#random)
      const bytes = source.wrap === undefined ? message : await source.wrap(message)
      const signal = AbortSignal.timeout(patienceMs)
      const stream = await (await this.#connection(source.node, signal)).newStream(source.protocol, { signal })
      opened = true
      try {
        if (source.before !== undefined) stream.send(framed(source.before()))
        stream.send(isFramed ? framed(bytes) : bytes)
        if (junkBytes > 0) stream.send(JUNK.subarray(0, junkBytes))
        if (isLeft) throw new Error('gone')
        const limit = source.before === undefined ? signal : AbortSignal.timeout(BULK_MS)
        await Promise.all([readMessage(stream, MAX_ANSWER_BYTES, limit), stream.close({ signal })])
        count.answered++
        stream.abort(new Error('the answer is enough'))
      } catch (error) {
        stream.abort(error instanceof Error ? error : new Error(String(error)))
      }
    } catch {
      if (!opened) count.refused++
    }
  }

  /**
   * On every protocol of question and answer a good question, and then too much or nothing. Resolves when the victim has ended all of
   * them, or has had time to.
   */
  async pester(): Promise<LiveResult['pestered']> {
    const ends = await Promise.all(
      this.#questions().flatMap((source) => [JUNK_BYTES, 0].map((bytes) => this.#pester(source, bytes)))
    )
    return { streams: ends.length, ended: ends.filter((ended) => ended).length }
  }

  async #pester(source: Source, junkBytes: number): Promise<boolean> {
    const [message = new Uint8Array()] = await source.messages()
    const bytes = source.wrap === undefined ? message : await source.wrap(message)
    const signal = AbortSignal.timeout(END_MS)
    const stream = await (await this.#connection(source.node, signal)).newStream(source.protocol, { signal })
    const ended = endOf(stream, signal)
    // The answer is read, so that the victim has nothing to wait for.
    stream.addEventListener('message', () => undefined)
    stream.send(framed(bytes))
    for (let sent = 0; sent < junkBytes && stream.status === 'open'; sent += JUNK.length) stream.send(JUNK)
    return ended
  }

  /** An operator tries what is for members only, with a message as it should be. */
  async #trespass(): Promise<void> {
    const sources = this.#sources.filter(({ protocol }) => protocol !== COMMAND_PROTOCOL)
    const source = sources[Math.floor(this.#random() * sources.length)]
    const [message] = (await source?.messages()) ?? []
    if (source === undefined || message === undefined) return
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const stream = await (await this.#connection(this.#operator, signal)).newStream(source.protocol, { signal })
      stream.send(framed(message))
      await Promise.all([readMessage(stream, MAX_ANSWER_BYTES, signal), stream.close({ signal })])
      this.trespasses++
    } catch {
      // What it should come to.
    }
  }

  /** The victim asks, and the hostile member's answers are what is spoilt. */
  async #answerVictim(): Promise<void> {
    const { victim, hostile } = this.#scene
    const { mesh, roster } = victim
    const to = hostile.peer
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const questions: readonly (() => Promise<unknown>)[] = [
      () => mesh.request(to, { migration: this.#offers.id, ask: {} }, signal),
      async () => {
        const command = memberCommand({ method: 'hosts', arguments: {}, target: to }, Date.now())
        for await (const answer of mesh.command(to, command, signal)) if (answer.refused !== undefined) break
      },
      async () => {
        const told = await mesh.spread(roster.ids().slice(0, 1), signal)
        if (!told.includes(to)) throw new Error('it was not told')
      }
    ]
    for (const question of questions) {
      this.replies.asked++
      try {
        await question()
        this.replies.taken++
      } catch {
        // Not one that could be read.
      }
    }
  }

  async #say(request: Request): Promise<Response> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const stream = await (await this.#connection(this.#member, signal)).newStream(MIGRATION_PROTOCOL, { signal })
    try {
      stream.send(framed(encodeRequest(request)))
      const [answer] = await Promise.all([readMessage(stream, MAX_ANSWER_BYTES, signal), stream.close({ signal })])
      return decodeResponse(answer)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  async #connection(node: Libp2p, signal: AbortSignal) {
    const open = node.getConnections().find(({ status }) => status === 'open')
    if (open !== undefined) return open
    this.connections++
    return node.dial(multiaddr(this.#scene.victim.mesh.self.addresses[0] ?? ''), { signal })
  }
}

/** Strangers at the door, which is open for somebody else: from address after address, as each is listened to a few times only. */
async function knock(
  address: string,
  { times, random, count }: { readonly times: number; readonly random: Random; readonly count: ProtocolCounts }
): Promise<void> {
  const { joinRequests } = await corpus.membershipCorpus()
  for (let host = 0; count.streams < times; host++) {
    const node = await strangerAt(`127.0.${1 + Math.floor(host / 250)}.${1 + (host % 250)}`)
    try {
      for (let knocks = 0; knocks < KNOCKS_AN_ADDRESS && count.streams < times; knocks++) {
        count.streams++
        let opened = false
        try {
          const opening = AbortSignal.timeout(END_MS)
          const connection = await node.dial(multiaddr(address), { signal: opening, force: true })
          const stream = await connection.newStream(JOIN_PROTOCOL, { signal: opening })
          opened = true
          const signal = AbortSignal.timeout(PATIENCE_MS)
          const good = random() < UNSPOILT ? joinRequests[0] : undefined
          const bytes = good ?? mutated(joinRequests, random)
          stream.send(random() < 0.9 ? framed(bytes) : bytes)
          if (random() < FOLLOWED) stream.send(JUNK)
          await Promise.all([readMessage(stream, MAX_ANSWER_BYTES, signal), stream.close({ signal })])
          count.answered++
        } catch {
          if (!opened) count.refused++
        }
      }
    } finally {
      await node.stop()
    }
  }
}

/** Somebody unknown, who calls from this address of the loopback network. */
function strangerAt(localAddress: string): Promise<Libp2p> {
  // Handed on to node:net, of whose options libp2p's type names but some.
  const dialOpts: TCPSocketOptions & { readonly localAddress: string } = { localAddress }
  return createLibp2p({
    addresses: { listen: [] },
    transports: [tcp({ dialOpts })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false }
  })
}

/** Whether the stream has ended when the signal aborts, if not before. */
function endOf(stream: Stream, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    stream.addEventListener('close', () => resolve(true))
    signal.addEventListener('abort', () => resolve(false))
  })
}

function framed(bytes: Uint8Array): Uint8Array {
  return lengthPrefixed.encode.single(bytes, { maxDataLength: 2 ** 22 }).subarray()
}
