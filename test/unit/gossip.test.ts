import { afterEach, describe, expect, test } from 'vitest'
import type { GossipRequest, Item } from '../../protocols/gossip/index.ts'
import { decodeGossipReply, encodeGossipRequest, packStamped, tagOf } from '../../protocols/gossip/index.ts'
import { signAdvert, type OpenedAdvert } from '../../src/mesh/gossip/signatures.ts'
import { checkOnce } from '../bench/mesh/check-once.ts'
import { sampleBody, sampleVitals } from '../bench/mesh/sample-advert.ts'
import {
  SimulatedMesh,
  makeIdentity,
  type SimulatedMeshOptions,
  type SimulatedNode
} from '../bench/mesh/simulated-mesh.ts'

const ROUND_MS = 5_000
const meshes: SimulatedMesh[] = []

afterEach(() => {
  for (const mesh of meshes.splice(0)) mesh.stop()
})

function makeMesh(options: Partial<SimulatedMeshOptions> = {}): SimulatedMesh {
  const mesh = new SimulatedMesh({ nodes: 8, seed: 7, checks: checkOnce(), ...options })
  meshes.push(mesh)
  return mesh
}

async function started(options: Partial<SimulatedMeshOptions> = {}): Promise<SimulatedMesh> {
  const mesh = makeMesh(options)
  mesh.start()
  const complete = (): boolean => mesh.nodes.every(({ gossip }) => gossip.view().length === mesh.nodes.length)
  expect(await mesh.time.run(60_000, complete)).toBe(true)
  return mesh
}

function at(mesh: SimulatedMesh, number: number): SimulatedNode {
  const node = mesh.nodes[number]
  if (node === undefined) throw new Error(`no node ${number}`)
  return node
}

const rounds = (mesh: SimulatedMesh, count: number): number => mesh.time.nowMs() + count * ROUND_MS
const knowers = (mesh: SimulatedMesh, of: SimulatedNode): number =>
  mesh.nodes.filter(({ gossip }) => gossip.get(of.peer)?.body.cordoned === true).length

const empty = { items: [], records: [], wants: new Uint8Array(), offers: new Uint8Array(), boot: 1, upTo: 0 }
const itemOf = ({ payload, signature }: OpenedAdvert): Item => ({ payload, signature, pulse: false, age: 0 })
const carrying = (...items: Item[]): Uint8Array => encodeGossipRequest({ transfer: { ...empty, items } })

describe('the map', () => {
  test('every node knows every other, with what it can do and the age of that', async () => {
    const mesh = await started()
    await mesh.time.run(rounds(mesh, 4))
    const view = at(mesh, 3).gossip.view()
    expect(view.map(({ body }) => body.name).sort()).toEqual(mesh.nodes.map(({ number }) => `host-${number}`))
    for (const { stale, ageMs, ttlMs, vitals } of view) {
      expect(stale).toBe(false)
      expect(ageMs).toBeLessThan(ttlMs)
      expect(vitals).toBeDefined()
    }
  })

  test('a change reaches every node before the next round', async () => {
    const mesh = await started({ nodes: 40 })
    await mesh.time.run(rounds(mesh, 2))
    const changed = at(mesh, 0)
    const began = mesh.time.nowMs()
    changed.publish({ cordoned: true })
    expect(await mesh.time.run(began + ROUND_MS, () => knowers(mesh, changed) === mesh.nodes.length)).toBe(true)
  })

  test('a node that falls silent is shown as stale, then dropped, and nobody brings it back', async () => {
    const mesh = await started()
    const lost = at(mesh, 5)
    mesh.partition((a, b) => a === lost || b === lost)
    const others = mesh.nodes.filter((node) => node !== lost)
    const stale = (): boolean => others.every(({ gossip }) => gossip.get(lost.peer)?.stale === true)
    expect(await mesh.time.run(mesh.time.nowMs() + 600_000, stale)).toBe(true)
    const dropped = (): boolean => others.every(({ gossip }) => gossip.get(lost.peer) === undefined)
    expect(await mesh.time.run(mesh.time.nowMs() + 600_000, dropped)).toBe(true)
    const returned = (): boolean => others.some(({ gossip }) => gossip.get(lost.peer) !== undefined)
    expect(await mesh.time.run(rounds(mesh, 60), returned)).toBe(false)
    mesh.heal()
    expect(
      await mesh.time.run(rounds(mesh, 12), () => others.every(({ gossip }) => gossip.get(lost.peer)?.stale === false))
    ).toBe(true)
  })

  test('a node that was started again, with its clock set back, replaces what it said before', async () => {
    const mesh = await started({ nodes: 3 })
    const [reader, node] = [at(mesh, 0), at(mesh, 1)]
    const before = reader.gossip.get(node.peer)
    // What the others still have of an earlier run comes back as an offer with a higher stamp.
    const later = (before?.seq ?? 0) + 1_000_000
    await node.gossip.receive(
      reader.peer,
      encodeGossipRequest({ transfer: { ...empty, offers: packStamped([{ tag: tagOf(node.peer), stamp: later }]) } })
    )
    const replaced = (): boolean => (reader.gossip.get(node.peer)?.seq ?? 0) > later
    expect(await mesh.time.run(rounds(mesh, 4), replaced)).toBe(true)
  })

  test('an expelled node is forgotten at once', async () => {
    const expelled = new Set<string>()
    const mesh = await started({ isMember: (_, peer) => !expelled.has(peer) })
    const [node, out] = [at(mesh, 0), at(mesh, 1)]
    expelled.add(out.peer)
    node.gossip.membersChanged()
    expect(node.gossip.get(out.peer)).toBeUndefined()
    await expect(node.gossip.receive(out.peer, encodeGossipRequest({ transfer: empty }))).rejects.toThrow(
      'is no member'
    )
  })

  test('an advert that comes before the record of its node counts as soon as the record is there', async () => {
    const members = new Set<string>()
    const mesh = makeMesh({ nodes: 2, isMember: (_, peer) => members.has(peer) || peer === at(mesh, 1).peer })
    const { peer, sign } = makeIdentity()
    const advert = await signAdvert({ peer, seq: 5, issuedAt: 5, ttl: 60 }, sampleBody(9), sign)
    const { gossip } = at(mesh, 0)
    await gossip.receive(at(mesh, 1).peer, carrying(itemOf(advert)))
    expect(gossip.get(peer)).toBeUndefined()
    members.add(peer)
    gossip.membersChanged()
    expect(gossip.get(peer)?.body.name).toBe('host-9')
  })
})

describe('damping', () => {
  test('a node whose advert keeps changing says so a few times, and the newest in the end', async () => {
    const mesh = await started({ nodes: 3 })
    const [reader, node] = [at(mesh, 0), at(mesh, 1)]
    const seen = new Set<number>()
    reader.gossip.onChange((peers) => {
      if (peers.includes(node.peer)) seen.add(reader.gossip.get(node.peer)?.seq ?? 0)
    })
    for (let second = 0; second < 60; second++) {
      node.publish({ bridges: [`br${second}`] })
      await mesh.time.run(mesh.time.nowMs() + 1_000)
    }
    await mesh.time.run(mesh.time.nowMs() + 12_000)
    expect(seen.size).toBeLessThanOrEqual(12)
    expect(reader.gossip.get(node.peer)?.body.bridges).toEqual(['br59'])
  })

  test('a figure is reported early only when it is off by a tenth', async () => {
    const mesh = await started({ nodes: 3, settings: { minPulseMs: 600_000, maxPulseMs: 600_000 } })
    const [reader, node] = [at(mesh, 0), at(mesh, 1)]
    const vitals = sampleVitals(1)
    await mesh.time.run(mesh.time.nowMs() + 40_000)
    node.gossip.report({ ...vitals, memoryFreeBytes: Math.round(vitals.memoryFreeBytes * 0.95) })
    await mesh.time.run(rounds(mesh, 6))
    expect(reader.gossip.get(node.peer)?.vitals).toEqual(vitals)
    const less = { ...vitals, memoryFreeBytes: Math.round(vitals.memoryFreeBytes * 0.8) }
    node.gossip.report(less)
    await mesh.time.run(rounds(mesh, 6))
    expect(reader.gossip.get(node.peer)?.vitals).toEqual(less)
  })
})

describe('a peer that does not play fair', () => {
  test('cannot change a word of what another node signed, nor say it in its name', async () => {
    const mesh = await started()
    const [node, forger, victim] = [at(mesh, 0), at(mesh, 1), at(mesh, 2)]
    const { sign } = makeIdentity()
    const head = { peer: victim.peer, seq: 2 ** 47, issuedAt: 1, ttl: 600 }
    const forged = await signAdvert(head, sampleBody(2, { cordoned: true }), sign)
    await expect(node.gossip.receive(forger.peer, carrying(itemOf(forged)))).rejects.toThrow('signature')
    expect(node.gossip.get(victim.peer)?.body.cordoned).toBe(false)
    expect((await mesh.time.run(rounds(mesh, 4), () => false)) || mesh.agrees()).toBe(true)
  })

  test('with nonsense gets an error, and the node goes on with the others', async () => {
    const mesh = await started()
    const { gossip } = at(mesh, 0)
    const nonsense: GossipRequest[] = [{}, { transfer: { ...empty, wants: new Uint8Array(13) } }]
    expect(() => nonsense.map(encodeGossipRequest)).toThrow('Request.body')
    for (const bytes of [new Uint8Array(), Uint8Array.of(0x0a, 0xff), new Uint8Array(300_000)]) {
      await expect(gossip.receive(at(mesh, 1).peer, bytes)).rejects.toThrow()
    }
    const reply = await gossip.receive(at(mesh, 2).peer, encodeGossipRequest({ transfer: empty }))
    expect(decodeGossipReply(reply).delivered).toBeDefined()
  })

  test('that asks without end is refused, and another is not', async () => {
    const mesh = await started()
    const { gossip } = at(mesh, 0)
    const ask = (peer: string): Promise<Uint8Array> => gossip.receive(peer, encodeGossipRequest({ transfer: empty }))
    const answers = await Promise.allSettled(Array.from({ length: 1_000 }, () => ask(at(mesh, 1).peer)))
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(200)
    await expect(ask(at(mesh, 2).peer)).resolves.toBeInstanceOf(Uint8Array)
  })

  test('that signs a new advert every moment is passed on a few times only', async () => {
    const mesh = makeMesh({ nodes: 2, isMember: () => true })
    const { peer, sign } = makeIdentity()
    const { gossip } = at(mesh, 0)
    const seen: string[] = []
    gossip.onChange((peers) => seen.push(...peers))
    for (let seq = 1; seq <= 100; seq++) {
      const advert = await signAdvert({ peer, seq, issuedAt: 1, ttl: 60 }, sampleBody(3), sign)
      await gossip.receive(at(mesh, 1).peer, carrying(itemOf(advert)))
    }
    expect(seen.length).toBeLessThan(20)
  })

  test('cannot make a node remember more nodes than it has room for', async () => {
    const mesh = makeMesh({ nodes: 2, settings: { maxPeers: 10 } })
    const { gossip } = at(mesh, 0)
    for (let number = 0; number < 30; number++) {
      const { peer, sign } = makeIdentity()
      const advert = await signAdvert({ peer, seq: 1, issuedAt: 1, ttl: 60 }, sampleBody(number), sign)
      await gossip.receive(at(mesh, 1).peer, carrying(itemOf(advert)))
    }
    expect(gossip.view().length).toBe(10)
  })
})
