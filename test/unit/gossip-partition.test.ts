import { describe, expect, test } from 'vitest'
import { checkOnce } from '../bench/mesh/check-once.ts'
import { SimulatedMesh, type SimulatedNode } from '../bench/mesh/simulated-mesh.ts'

// What docs/gossip.md states: after a partition has healed, all views are equal within so many rounds.
const ROUND_MS = 5_000
const STATED_ROUNDS = { withoutLoss: 3, withTenthLost: 8 }
const NODES = 40

const half = (node: SimulatedNode): number => node.number % 2

async function healed(seed: number, loss: number): Promise<{ mesh: SimulatedMesh; rounds: number; sides: boolean[] }> {
  const mesh = new SimulatedMesh({ nodes: NODES, seed, loss, checks: checkOnce() })
  mesh.start()
  await mesh.time.run(120_000, () => mesh.nodes.every(({ gossip }) => gossip.view().length === NODES) && mesh.agrees())
  mesh.partition((a, b) => half(a) !== half(b))
  for (const node of mesh.nodes) {
    if (node.number % 3 === 0) node.publish({ cordoned: true })
    if (node.number < 8) await node.records.add([Buffer.from(`a record made by ${node.number}`)])
  }
  await mesh.time.run(mesh.time.nowMs() + 120_000)
  const sides = [0, 1].map((side) => mesh.agrees(mesh.nodes.filter((node) => half(node) === side)))
  const apart = !mesh.agrees()
  mesh.heal()
  const began = mesh.time.nowMs()
  const done = await mesh.time.run(began + 300_000, () => mesh.agrees())
  mesh.stop()
  return { mesh, rounds: done ? (mesh.time.nowMs() - began) / ROUND_MS : Infinity, sides: [...sides, apart] }
}

describe('two halves that changed apart', () => {
  test.each([1, 2, 3])('go on by themselves and agree within the stated rounds after it (seed %i)', async (seed) => {
    const { mesh, rounds, sides } = await healed(seed, 0)
    expect(sides).toEqual([true, true, true])
    expect(rounds).toBeLessThanOrEqual(STATED_ROUNDS.withoutLoss)
    for (const { gossip, records } of mesh.nodes) {
      expect(records.ids().length).toBe(8)
      expect(gossip.view().filter(({ body }) => body.cordoned).length).toBe(Math.ceil(NODES / 3))
    }
  })

  test.each([4, 5, 6])('agree although every tenth message is lost (seed %i)', async (seed) => {
    const { rounds } = await healed(seed, 0.1)
    expect(rounds).toBeLessThanOrEqual(STATED_ROUNDS.withTenthLost)
  })
})
