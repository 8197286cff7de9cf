// Runs one simulation after the other, each in a process of its own so that their memory can be told apart, and prints the table.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import type { Measured } from './simulate.ts'

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '10,100,1000' }, seed: { type: 'string', default: '1' } }
})
const HEAP_MIB = 12_000
const flags = [
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
  // Half the time would go into small collections otherwise.
  '--max-semi-space-size=64',
  `--max-old-space-size=${HEAP_MIB}`
]

const measured: Measured[] = []
for (const nodes of values.nodes.split(',')) {
  const program = new URL('./simulate.ts', import.meta.url).pathname
  const { stdout, status } = spawnSync(process.execPath, [...flags, program, nodes, values.seed], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 20
  })
  if (status !== 0) throw new Error(`the simulation of ${nodes} nodes failed with status ${status}`)
  measured.push(JSON.parse(stdout) as Measured)
}

const rows: readonly (readonly [string, (one: Measured) => string])[] = [
  ['nodes', (one) => String(one.nodes)],
  ['a change is known to 50 %', (one) => `${one.news.half.toFixed(2)} s`],
  ['… to 99 %', (one) => `${one.news.most.toFixed(2)} s`],
  ['… to all', (one) => `${one.news.all.toFixed(2)} s`],
  ['idle, a node sends', (one) => rate(one.idle.sentPerSecond)],
  ['idle, a node receives', (one) => rate(one.idle.receivedPerSecond)],
  [
    '… both, in a minute',
    (one) => `${((60 * (one.idle.sentPerSecond + one.idle.receivedPerSecond)) / 1024).toFixed(1)} KiB`
  ],
  ['idle, exchanges a second', (one) => one.idle.exchangesPerSecond.toFixed(2)],
  ['idle, signatures checked a second', (one) => one.idle.signaturesPerSecond.toFixed(2)],
  ['memory of one node’s map', (one) => `${(one.nodeBytes / 2 ** 20).toFixed(2)} MiB`],
  [
    'all nodes started at once know all',
    (one) => `${one.start.seconds.toFixed(1)} s, ${(one.start.bytesPerNode / 2 ** 20).toFixed(1)} MiB each`
  ],
  ['two halves agree after a cut', (one) => `${one.heal.rounds.toFixed(1)} rounds`],
  [
    'the simulation itself',
    (one) => `${one.self.seconds.toFixed(0)} s, ${(one.self.residentBytes / 2 ** 30).toFixed(1)} GiB`
  ]
]
for (const [index, [what, of]] of rows.entries()) {
  console.log(`| ${what} | ${measured.map(of).join(' | ')} |`)
  if (index === 0) console.log(`| --- | ${measured.map(() => '--- |').join(' ')}`)
}

function rate(bytesPerSecond: number): string {
  return `${bytesPerSecond.toFixed(0)} B/s`
}
