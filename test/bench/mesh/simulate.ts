// One simulation: `simulate.ts NODES SEED`, with the figures as JSON on stdout.
import { encodeGossipRequest, tagOf, type Item } from '../../../protocols/gossip/index.ts'
import { defaultSettings } from '../../../src/mesh/gossip/index.ts'
import { signAdvert, signPulse } from '../../../src/mesh/gossip/signatures.ts'
import { checkOnce } from './check-once.ts'
import { sampleBody } from './sample-advert.ts'
import { SimulatedMesh, makeIdentity } from './simulated-mesh.ts'

export interface Measured {
  readonly nodes: number
  /** Seconds from the change to the moment when that share of the nodes knows it; the mean of several. */
  readonly news: { readonly half: number; readonly most: number; readonly all: number }
  readonly idle: {
    readonly sentPerSecond: number
    readonly receivedPerSecond: number
    readonly exchangesPerSecond: number
    readonly signaturesPerSecond: number
  }
  /** Heap and buffers of an engine that holds so many adverts, every one with memory of its own. */
  readonly nodeBytes: number
  readonly start: { readonly seconds: number; readonly bytesPerNode: number }
  readonly heal: { readonly rounds: number }
  readonly self: { readonly seconds: number; readonly residentBytes: number }
}

const CHANGES = 5
/** As long as it takes every node to pulse once. */
const IDLE_MS = Math.max(
  60_000,
  Math.min(defaultSettings.maxPulseMs, defaultSettings.pulseMsPerNode * Number(process.argv[2]))
)
const SETTLE_MS = 30_000
const ROUND_MS = 5_000

const nodes = Number(process.argv[2])
const seed = Number(process.argv[3])
const began = performance.now()
const nodeBytes = await memoryOfOne(nodes)
const checks = checkOnce()
const mesh = new SimulatedMesh({ nodes, seed, checks })
const say = (what: string): void =>
  console.error(`${nodes} nodes, ${((performance.now() - began) / 1000).toFixed(0)} s: ${what}`)

say('starting')
mesh.start()
await until(() => mesh.nodes.every(({ gossip }) => gossip.size === nodes) && mesh.agrees())
const start = { seconds: mesh.time.nowMs() / 1000, bytesPerNode: total('sent') / nodes }

say('settling')
await mesh.time.run(mesh.time.nowMs() + SETTLE_MS)
say('idle')
mesh.clearTraffic()
const asked = checks.checked.asked
await mesh.time.run(mesh.time.nowMs() + IDLE_MS)
const perNodeSecond = nodes * (IDLE_MS / 1000)
const idle = {
  sentPerSecond: total('sent') / perNodeSecond,
  receivedPerSecond: total('received') / perNodeSecond,
  exchangesPerSecond: total('exchanges') / perNodeSecond,
  signaturesPerSecond: (checks.checked.asked - asked) / perNodeSecond
}

say('news')
const news = { half: 0, most: 0, all: 0 }
for (let change = 0; change < CHANGES; change++) {
  const node = mesh.nodes[Math.floor(mesh.random() * nodes)]
  if (node === undefined) continue
  const changedAt = mesh.time.nowMs()
  node.publish({ maintenance: { reason: `reason ${change}` } })
  const knowing = (): number =>
    mesh.nodes.filter(({ gossip }) => gossip.get(node.peer)?.body.maintenance?.reason === `reason ${change}`).length
  for (const [name, share] of [
    ['half', 0.5],
    ['most', 0.99],
    ['all', 1]
  ] as const) {
    await until(() => knowing() >= share * nodes, 10)
    news[name] += (mesh.time.nowMs() - changedAt) / 1000 / CHANGES
  }
}

say('two halves')
mesh.partition((a, b) => a.number % 2 !== b.number % 2)
const changed = mesh.nodes.slice(0, Math.max(2, nodes / 10))
for (const node of changed) node.publish({ cordoned: true })
await mesh.time.run(mesh.time.nowMs() + 60_000)
mesh.heal()
const healedAt = mesh.time.nowMs()
await until(
  () => mesh.agrees() && mesh.nodes.every(({ gossip }) => changed.every(({ peer }) => gossip.get(peer)?.body.cordoned))
)
const heal = { rounds: (mesh.time.nowMs() - healedAt) / ROUND_MS }
const self = { seconds: (performance.now() - began) / 1000, residentBytes: process.memoryUsage().rss }
mesh.stop()
const measured: Measured = { nodes, news, idle, nodeBytes, start, heal, self }
console.log(JSON.stringify(measured))

function total(of: 'sent' | 'received' | 'exchanges'): number {
  return mesh.nodes.reduce((sum, { traffic }) => sum + traffic[of], 0)
}

/** Asked ten times a simulated second unless told otherwise: with many nodes the question costs more than the event. */
async function until(done: () => boolean, everyMs = 100): Promise<void> {
  let askedAt = -Infinity
  const sometimes = (): boolean => {
    if (mesh.time.nowMs() - askedAt < everyMs) return false
    askedAt = mesh.time.nowMs()
    return done()
  }
  if (!(await mesh.time.run(mesh.time.nowMs() + 600_000, sometimes)))
    throw new Error('it did not come about in ten minutes')
}

/** An engine is given that many adverts and pulses by a peer, all of them through its codec and with their own signatures. */
async function memoryOfOne(count: number): Promise<number> {
  const alone = new SimulatedMesh({ nodes: 2, seed })
  const [node, other] = alone.nodes
  if (node === undefined || other === undefined) throw new Error('two nodes were asked for')
  const before = await used()
  for (let number = 0; number < count; number++) {
    const items = await introduction(number)
    const transfer = { items, records: [], wants: new Uint8Array(), offers: new Uint8Array(), boot: 1, upTo: 0 }
    await alone.time.run(alone.time.nowMs() + 1_000)
    await node.gossip.receive(other.peer, encodeGossipRequest({ transfer }))
  }
  const bytes = (await used()) - before
  if (node.gossip.size !== count) throw new Error(`${node.gossip.size} adverts were kept of ${count}`)
  alone.stop()
  return bytes
}

async function introduction(number: number): Promise<Item[]> {
  const { peer, sign } = makeIdentity()
  const advert = await signAdvert({ peer, seq: 1, issuedAt: 1, ttl: 3600 }, sampleBody(number), sign)
  const figures = { ttl: 3600, memoryFree: 2 ** 36, diskFree: 2 ** 40, load: 150 }
  const pulse = await signPulse({ tag: Buffer.from(tagOf(peer), 'hex'), seq: 1, beat: 2, ...figures }, sign)
  const { payload, signature } = advert
  return [
    { payload, signature, pulse: false, age: 0 },
    { ...pulse, pulse: true, age: 0 }
  ]
}

async function used(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
