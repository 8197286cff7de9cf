// A short series of what `npm run chaos` does at length; its seed is fixed, so that the faults are the same every time.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Chaos } from './chaos.ts'
import { planOf } from './plan.ts'
import { perform } from './run.ts'

const SEED = 15840
const CHOICE = { engines: ['runc', 'crun', 'lxc'] } as const
let chaos: Chaos

beforeAll(async () => {
  chaos = await Chaos.up('chaostst')
})
afterAll(async () => {
  await chaos.down()
})

test('the same seed and number give the same run, another seed another', () => {
  const plans = (seed: number) => Array.from({ length: 20 }, (_, index) => planOf(seed, index + 1, CHOICE))
  expect(plans(5)).toEqual(plans(5))
  expect(plans(5)).not.toEqual(plans(6))
  expect(planOf(5, 12, CHOICE)).toEqual(plans(5)[11])
})

for (let run = 1; run <= 12; run++) {
  const plan = planOf(SEED, run, CHOICE)
  const faults = plan.faults.map(({ name }) => name).join(' & ') || 'no fault'
  test(`run ${String(run)}, ${plan.engine}, ${faults}: not lost, not twice, nothing left`, async () => {
    expect((await perform(chaos, plan)).violations).toEqual([])
  })
}
