import { afterAll, describe, expect, test } from 'vitest'
import { boundsOf, makeModel, type Bounds, type Model } from './model.ts'
import { mutations } from './mutations.ts'
import { CUTS, boundsText, outcomeText, traceText } from './report.ts'
import { explore, type Outcome } from './search.ts'
import { COMMITTED_AND_GONE, COMMITTED_AND_WITNESSED, TAKEN_BACK_AND_UNTOLD } from './starts.ts'
import { Dec } from './world.ts'

const SCOPES: readonly Bounds[] = [
  boundsOf({ crashes: 3, faults: 3 }),
  boundsOf({ crashes: 2, faults: 2, power: true }),
  boundsOf({ crashes: 1, faults: 1, migrations: 2 }),
  boundsOf({ migrations: 2, witnesses: 1 }),
  boundsOf({ crashes: 1, faults: 1, power: true, gone: true }),
  boundsOf({ crashes: 1, faults: 1, power: true, gone: true, words: true }),
  boundsOf({ crashes: 1, faults: 1, power: true, gone: true, witnesses: 1 }),
  boundsOf({ crashes: 1, faults: 1, power: true, gone: true, witnesses: 1, require: true }),
  boundsOf({ crashes: 1, faults: 1, gone: true, witnesses: 1, words: true }),
  boundsOf({ crashes: 1, faults: 1, gone: true, witnesses: 2 }),
  boundsOf({ faults: 1, witnesses: 1, require: true, refusing: true, words: true }),
  boundsOf({ crashes: 1, faults: 2, power: true, hands: 1 })
]

function explored(model: Model): Outcome {
  const began = performance.now()
  const outcome = explore(model)
  console.log(outcomeText(model, outcome, (performance.now() - began) / 1000))
  return outcome
}

describe('source, target and witnesses, every interleaving', () => {
  const reached: Outcome[] = []
  console.log(CUTS.map((cut) => `cut: ${cut}`).join('\n'))

  test.each(SCOPES.map((bounds) => ({ bounds, scope: boundsText(bounds) })))(
    'no copy is lost, none runs twice, both sides end alike: $scope',
    ({ bounds }) => {
      const outcome = explored(makeModel(bounds))
      reached.push(outcome)
      expect(outcome.violation === undefined ? 'no violation' : traceText(outcome.violation)).toBe('no violation')
      expect(outcome.complete).toBe(true)
    }
  )

  test('both machines reach every state they have', () => {
    const never = reached.reduce<readonly string[]>(
      (missing, { unreached }) => missing.filter((state) => unreached.includes(state)),
      reached[0]?.unreached ?? ['no exploration']
    )
    // 'starting' decides at once and is never waited in.
    expect(never).toEqual(['source.starting', 'target.starting'])
  })
})

describe('a decision of an earlier migration changes nothing', () => {
  test.each([
    { by: 'its epoch, whatever it is addressed to', wrong: { decisionsOfAnyMigration: true } },
    { by: 'the id of its migration, whatever its epoch', wrong: { epochIsReused: true } }
  ])('kept out by $by', ({ wrong }) => {
    const outcome = explored(makeModel(boundsOf({ migrations: 2 }), wrong))
    expect(outcome.violation).toBeUndefined()
    expect(outcome.complete).toBe(true)
  })
})

describe('the source committed and is gone for good, the target is prepared', () => {
  const ends = ['owner', 'handedBack', 'discarded']
  const endsOf = ({ unreached }: Outcome) => ends.filter((state) => !unreached.includes(`target.${state}`))

  test('with a witness that holds the COMMIT the target runs the container by itself', () => {
    const start = { ...COMMITTED_AND_GONE, w1Dec1: Dec.commit }
    const outcome = explored(makeModel(boundsOf({ witnesses: 1 }), {}, { start }))
    expect(outcome.violation).toBeUndefined()
    expect(endsOf(outcome)).toEqual(['owner'])
  })

  test('with a witness that holds nothing it waits', () => {
    const outcome = explored(makeModel(boundsOf({ witnesses: 1 }), {}, { start: COMMITTED_AND_GONE }))
    expect(outcome.violation).toBeUndefined()
    expect(endsOf(outcome)).toEqual([])
  })

  test('an operator ends it as he says', () => {
    const outcome = explored(makeModel(boundsOf({ words: true }), {}, { start: COMMITTED_AND_GONE }))
    expect(outcome.violation).toBeUndefined()
    expect(endsOf(outcome)).toEqual(['owner', 'handedBack'])
  })
})

describe('two witnesses hold the COMMIT, and an operator takes the container back at the source', () => {
  const witnesses = 2
  const words = true

  test.each([
    { when: 'before he has said so', start: COMMITTED_AND_WITNESSED, bounds: boundsOf({ witnesses, words }) },
    {
      when: 'on record, and the source dies before they hear of it',
      start: TAKEN_BACK_AND_UNTOLD,
      bounds: boundsOf({ crashes: 1, faults: 1, witnesses, words })
    }
  ])('no target that comes back is told COMMIT: $when', ({ start, bounds }) => {
    const outcome = explored(makeModel(bounds, {}, { start }))
    expect(outcome.violation === undefined ? 'no violation' : traceText(outcome.violation)).toBe('no violation')
    expect(outcome.complete).toBe(true)
  })

  test('where the only one can not be told, two copies run: that is what the warning says', () => {
    const start = { ...TAKEN_BACK_AND_UNTOLD, w2Dec1: Dec.none }
    const model = makeModel(boundsOf({ faults: 1, witnesses: 1, words }), {}, { start, portsMayMeet: true })
    expect(explored(model).violation?.rule).toBe('two copies run')
  })
})

describe('an operator who says what is not true breaks a rule, without any other fault', () => {
  const bounds = boundsOf({ words: true })

  test.each([
    { falseWord: 'run at the source', rule: 'two copies run' },
    { falseWord: 'run at the target', rule: 'two copies run' },
    { falseWord: 'discard at the source', rule: 'no copy can run: the source gave its tree away early' }
  ] as const)('$falseWord: $rule', ({ falseWord, rule }) => {
    const { violation } = explored(makeModel(bounds, {}, { falseWord, portsMayMeet: true }))
    expect(violation?.rule).toBe(rule)
  })
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
