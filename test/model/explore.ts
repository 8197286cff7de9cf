// Explores as deep as it is told: node test/model/explore.ts --crashes N --faults N --migrations 1|2 --power --witnesses N --require --refusing --gone --words --hands N
import { parseArgs } from 'node:util'
import { boundsOf, makeModel } from './model.ts'
import { mutations } from './mutations.ts'
import { CUTS, outcomeText, traceText } from './report.ts'
import { explore } from './search.ts'

const { values } = parseArgs({
  options: {
    crashes: { type: 'string', default: '2' },
    faults: { type: 'string', default: '3' },
    migrations: { type: 'string', default: '1' },
    power: { type: 'boolean', default: false },
    witnesses: { type: 'string', default: '0' },
    require: { type: 'boolean', default: false },
    refusing: { type: 'boolean', default: false },
    gone: { type: 'boolean', default: false },
    words: { type: 'boolean', default: false },
    hands: { type: 'string', default: '0' },
    max: { type: 'string', default: '12000000' },
    /** Part of a mutation's name: explores that one and shows its trace. */
    mutation: { type: 'string' }
  }
})

function count(name: 'crashes' | 'faults' | 'witnesses' | 'hands' | 'max'): number {
  const number = Number(values[name])
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} takes a whole number, not ${values[name]}`)
  return number
}

const witnesses = count('witnesses')

const bounds = boundsOf({
  crashes: count('crashes'),
  faults: count('faults'),
  migrations: values.migrations === '2' ? (2 as const) : (1 as const),
  power: values.power,
  witnesses: witnesses === 1 || witnesses === 2 ? witnesses : 0,
  require: values.require,
  refusing: values.refusing,
  gone: values.gone,
  words: values.words,
  hands: count('hands'),
  maxStates: count('max')
})
const wanted = values.mutation
const mutation = wanted === undefined ? undefined : mutations.find(({ name }) => name.includes(wanted))
if (wanted !== undefined && mutation === undefined) throw new Error(`no mutation has "${wanted}" in its name`)

const model = mutation?.model() ?? makeModel(bounds)
const began = performance.now()
const outcome = explore(model)
console.log(outcomeText(model, outcome, (performance.now() - began) / 1000))
console.log(`states of the machines never reached: ${outcome.unreached.join(', ') || 'none'}`)
for (const cut of CUTS) console.log(`cut: ${cut}`)
if (outcome.violation !== undefined) {
  console.log(traceText(outcome.violation))
  process.exitCode = 1
}
