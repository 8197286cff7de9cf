import { afterAll, describe, expect, test } from 'vitest'
import { makeModel, type Bounds } from './model.ts'
import { mutations } from './mutations.ts'
import { CUTS, boundsText, outcomeText, traceText } from './report.ts'
import { explore } from './search.ts'

const SCOPES: readonly Bounds[] = [
  { crashes: 3, faults: 3, migrations: 1, power: false, maxStates: 3_000_000 },
  { crashes: 2, faults: 2, migrations: 1, power: true, maxStates: 3_000_000 },
  { crashes: 1, faults: 1, migrations: 2, power: false, maxStates: 3_000_000 }
]

describe('source and target, every interleaving', () => {
  console.log(CUTS.map((cut) => `cut: ${cut}`).join('\n'))

  test.each(SCOPES)(
    'no copy is lost, none runs twice, both sides end alike: $crashes crashes, power $power, $migrations migrations',
    (bounds) => {
      const model = makeModel(bounds)
      const began = performance.now()
      const outcome = explore(model)
      console.log(outcomeText(model, outcome, (performance.now() - began) / 1000))
      expect(outcome.violation === undefined ? 'no violation' : traceText(outcome.violation)).toBe('no violation')
      expect(outcome.complete).toBe(true)
      // 'starting' decides at once and is never waited in.
      if (bounds.migrations === 1) expect(outcome.unreached).toEqual(['source.starting', 'target.starting'])
    }
  )
})

test('with an epoch for each migration the epoch alone keeps old decisions out, whatever they are addressed to', () => {
  const bounds: Bounds = { crashes: 0, faults: 0, migrations: 2, power: false, maxStates: 400_000 }
  const outcome = explore(makeModel(bounds, { decisionsOfAnyMigration: true }, { ownEpochs: true }))
  expect(outcome.violation).toBeUndefined()
  expect(outcome.complete).toBe(true)
})

describe('the model can fail', () => {
  const caught: string[] = []

  afterAll(() => {
    console.log(`${String(caught.length)} of ${String(mutations.length)} seeded mutations caught\n${caught.join('\n')}`)
  })

  test.each(mutations)('caught: $name', ({ name, where, bounds, model }) => {
    const { violation, states } = explore(model())
    expect(violation, `${name} (${where}) passed ${boundsText(bounds)}`).toBeDefined()
    caught.push(`${where}: ${name} -> ${violation?.rule ?? ''} (${String(states)} states)`)
  })
})
