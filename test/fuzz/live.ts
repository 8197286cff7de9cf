// The same inputs over real streams: a node of the mesh, a hostile member that opens stream after stream, and an honest one.
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import pino from 'pino'
import { BULK_PROTOCOLS } from '../../protocols/bulk/index.ts'
import { GOSSIP_PROTOCOL } from '../../protocols/gossip/index.ts'
import { HELLO_PROTOCOL } from '../../protocols/hello/index.ts'
import { RECORDS_PROTOCOL } from '../../protocols/membership/index.ts'
import { MIGRATION_PROTOCOL } from '../../protocols/migration/index.ts'
import { AddressFile } from '../../src/mesh/address-file.ts'
import { loadOrCreateKey } from '../../src/mesh/key-file.ts'
import { createNode } from '../../src/mesh/libp2p-node.ts'
import { createMesh, type Mesh, type MeshOptions } from '../../src/mesh/mesh.ts'
import { Roster } from '../../src/mesh/roster/roster.ts'
import { receiveFrames } from '../../src/transfer/frames.ts'
import { receiveImages } from '../../src/transfer/images.ts'
import { seededRandom } from '../bench/mesh/seeded-random.ts'
import { FRAMES, HEADERS, HELLOS, REQUESTS, gossipCorpus, membershipCorpus } from './corpus.ts'
import { mutated, type Random } from './mutate.ts'

export interface LiveResult {
  readonly streams: number
  /** Streams that the node did not take: too many at once, or while a connection was made anew. */
  readonly refused: number
  readonly reconnected: number
  readonly honest: { readonly answers: number; readonly failures: number; readonly slowestMs: number }
  /** Bytes of images that were sent as they should be, or nearly: all of them inside the folder for them. */
  readonly writtenBytes: number
  readonly strayFiles: readonly string[]
  readonly memory: { readonly earlyBytes: number; readonly mostBytes: number }
}

const MIGRATION = '0123456789abcdef'
const MAX_IMAGE_BYTES = 1024 * 1024
const AT_ONCE = 8
/** Milliseconds that the hostile peer waits for a stream and for what comes on it. */
const PATIENCE_MS = 5_000

export async function runLive({
  inputs,
  seed
}: {
  readonly inputs: number
  readonly seed: number
}): Promise<LiveResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-fuzz-live-'))
  const images = join(folder, 'images')
  await mkdir(images, { mode: 0o700 })
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })]
  try {
    const node = await victim(folder, images)
    ends.push(() => node.stop())
    const honest = await member(folder, 'honest', { bootstrap: [...node.self.addresses] })
    ends.push(() => honest.stop())
    const before = new Set(await readdir(folder, { recursive: true }))
    const key = await loadOrCreateKey(join(folder, 'hostile.key'))
    before.add('hostile.key')
    const hostile = await createNode({
      privateKey: key,
      listen: [],
      announce: [],
      isMember: () => true,
      onStranger: () => undefined
    })
    ends.push(() => Promise.resolve(hostile.stop()))
    await hostile.start()

    const asking = askOnAndOn(honest, node.self.peerId)
    ends.push(asking.stop)
    const attack = new Attack(hostile, node.self.addresses[0] ?? '', await corpora(), seededRandom(seed))
    await attack.run(inputs)
    const answered = await asking.stop()
    const files = await readdir(folder, { recursive: true })
    const inside = files.filter((name) => name.startsWith('images/'))
    const sizes = await Promise.all(inside.map(async (name) => (await stat(join(folder, name))).size))
    return {
      ...attack.counts,
      honest: answered,
      writtenBytes: sizes.reduce((sum, size) => sum + size, 0),
      strayFiles: files.filter((name) => !before.has(name) && !name.startsWith('images/')),
      memory: attack.memory
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function member(folder: string, name: string, options: Partial<MeshOptions>): Promise<Mesh> {
  return createMesh({
    privateKeyFile: join(folder, `${name}.key`),
    name,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    trustedPeers: 'any',
    facts: async () => '{}',
    ferryVersion: '0.1.0',
    log: pino({ level: 'silent' }),
    onRequest: async () => ({ ack: {} }),
    onBulk: async () => {},
    ...options
  })
}

/** Takes images and frames of any migration, which no daemon would. */
async function victim(folder: string, images: string): Promise<Mesh> {
  const log = pino({ level: 'silent' })
  const files = join(folder, 'mesh')
  const roster = await Roster.open({ folder: files, log, now: () => Date.now() })
  const addresses = await AddressFile.open(files, log)
  return member(folder, 'victim', {
    membership: { roster, addresses },
    onBulk: async (_, kind, _header, stream, signal) => {
      if (kind === 'images')
        await receiveImages({ stream, into: images, maxBytes: MAX_IMAGE_BYTES, signal, idleMs: 2_000 })
      else if (kind === 'frames') {
        const frames = receiveFrames({ stream, maxBytes: 64 * 1024, signal })[Symbol.asyncIterator]()
        while ((await frames.next()).done !== true);
      } else stream.abort(new Error('no root file systems here'))
    }
  })
}

function askOnAndOn(
  honest: Mesh,
  peerId: string
): { stop: () => Promise<{ answers: number; failures: number; slowestMs: number }> } {
  const count = { answers: 0, failures: 0, slowestMs: 0 }
  const stopping = new AbortController()
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const began = performance.now()
      try {
        await honest.request(peerId, { migration: MIGRATION, ask: {} }, AbortSignal.timeout(20_000))
        count.answers++
      } catch {
        count.failures++
      }
      count.slowestMs = Math.max(count.slowestMs, performance.now() - began)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const working = work()
  return {
    stop: async () => {
      stopping.abort()
      await working
      return count
    }
  }
}

interface Corpus {
  readonly protocol: string
  readonly messages: readonly Uint8Array[]
  /** What is sent before, unspoilt. */
  readonly before?: readonly Uint8Array[]
}

async function corpora(): Promise<Corpus[]> {
  const talk = await gossipCorpus()
  const members = await membershipCorpus()
  return [
    { protocol: HELLO_PROTOCOL, messages: HELLOS },
    { protocol: MIGRATION_PROTOCOL, messages: REQUESTS },
    { protocol: GOSSIP_PROTOCOL, messages: talk.requests },
    { protocol: RECORDS_PROTOCOL, messages: members.recordsRequests },
    ...Object.values(BULK_PROTOCOLS).flatMap((protocol) => [
      { protocol, messages: HEADERS },
      { protocol, messages: FRAMES, before: HEADERS.slice(0, 1) }
    ])
  ]
}

class Attack {
  readonly counts = { streams: 0, refused: 0, reconnected: 0 }
  readonly memory = { earlyBytes: 0, mostBytes: 0 }
  readonly #node: Libp2p
  readonly #address: string
  readonly #corpora: readonly Corpus[]
  readonly #random: Random

  constructor(node: Libp2p, address: string, corpora: readonly Corpus[], random: Random) {
    this.#node = node
    this.#address = address
    this.#corpora = corpora
    this.#random = random
  }

  async run(inputs: number): Promise<void> {
    let left = inputs
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        await this.#one()
        const { rss } = process.memoryUsage()
        if (left > inputs * 0.8) this.memory.earlyBytes = Math.max(this.memory.earlyBytes, rss)
        this.memory.mostBytes = Math.max(this.memory.mostBytes, rss)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  async #one(): Promise<void> {
    const corpus = this.#corpora[Math.floor(this.#random() * this.#corpora.length)]
    if (corpus === undefined) return
    const bytes = mutated(corpus.messages, this.#random)
    // Mostly as a message, so that it is read; now and then without or with a wrong length.
    const framed =
      this.#random() < 0.85 ? lengthPrefixed.encode.single(bytes, { maxDataLength: 2 ** 22 }).subarray() : bytes
    this.counts.streams++
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const stream = await (await this.#connection(signal)).newStream(corpus.protocol, { signal })
      try {
        for (const message of corpus.before ?? []) stream.send(lengthPrefixed.encode.single(message))
        stream.send(framed)
        // Half of them are left without an end, as a peer that was cut off leaves them.
        if (this.#random() < 0.5) await stream.close({ signal })
        else stream.abort(new Error('gone'))
      } catch (error) {
        stream.abort(error instanceof Error ? error : new Error(String(error)))
      }
    } catch {
      this.counts.refused++
    }
  }

  async #connection(signal: AbortSignal) {
    const open = this.#node.getConnections().find(({ status }) => status === 'open')
    if (open !== undefined) return open
    this.counts.reconnected++
    return this.#node.dial(multiaddr(this.#address), { signal })
  }
}
