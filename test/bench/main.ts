// `npm run bench -- NAME [OPTIONS]`: measures, and prints a table. A bench is a program of its own, named here.
import { spawnSync } from 'node:child_process'

/** The generated codecs need more of TypeScript than node strips. */
const FLAGS = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning']

const BENCHES: Readonly<Record<string, { readonly program: string; readonly says: string }>> = {
  mesh: {
    program: './mesh/bench.ts',
    says: 'gossip with 10, 100 and 1,000 nodes in one process: speed of news, idle traffic, memory, healing'
  },
  'mesh-libp2p': {
    program: './mesh/libp2p.ts',
    says: 'gossip between real libp2p nodes in one process: bytes on the wire for one exchange, memory per node'
  }
}

const [name = '', ...options] = process.argv.slice(2)
const bench = BENCHES[name]
if (bench === undefined) {
  console.log('usage: npm run bench -- NAME')
  for (const [known, { says }] of Object.entries(BENCHES)) console.log(`  ${known.padEnd(12)} ${says}`)
  process.exitCode = name === '' ? 0 : 2
} else {
  const program = new URL(bench.program, import.meta.url).pathname
  const { status } = spawnSync(process.execPath, [...FLAGS, program, ...options], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
