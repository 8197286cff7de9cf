// Records a real `ferry move` on a terminal of its own and draws it as docs/move.svg: npm run picture
import { writeFile } from 'node:fs/promises'
import { createCluster } from '../migration/cluster.ts'
import { startCounter } from '../migration/containers.ts'
import { screensOf, textOf, type Line } from './screen.ts'
import { svgOf } from './svg.ts'

const COLUMNS = 100
const ROWS = 30
const MEMORY_MIB = 96
/** Slow enough that the transfer can be watched. */
const RATE_BPS = 24 * 1024 * 1024
const COMMAND = 'ferry move web --to b'

async function record(): Promise<string> {
  const cluster = await createCluster({ name: 'picture', config: { rateBps: RATE_BPS } })
  try {
    const a = cluster.host('a').host
    await startCounter(a, {
      engine: 'lxc',
      name: 'web',
      address: '10.77.0.100',
      mac: '00:16:3e:00:00:64',
      memoryMiB: MEMORY_MIB
    })
    const session = `stty cols ${String(COLUMNS)} rows ${String(ROWS)}; printf '\\033[1mroot@a:~#\\033[0m ${COMMAND}\\n'; ${COMMAND}`
    const { stdout } = await a.exec(['script', '-qec', session, '/dev/null'], {
      env: { TERM: 'xterm-256color' },
      timeoutMs: 120_000
    })
    return stdout
  } finally {
    await cluster.down()
  }
}

/** The middle one of the redraws while the images travel that say how fast. */
function telling(screens: readonly Line[][]): Line[] {
  const found = screens.filter((screen) => /> stream /.test(textOf(screen)) && /\/s$/m.test(textOf(screen)))
  const middle = found[Math.floor(found.length / 2)]
  if (middle !== undefined) return middle
  throw new Error(`the recording shows no transfer under way; its last screen:\n${textOf(screens.at(-1) ?? [])}`)
}

const recording = await record()
const screens = screensOf(recording, COLUMNS)
const last = screens.at(-1) ?? []
if (!textOf(last).includes('moved:')) throw new Error(`the container was not moved:\n${textOf(last)}`)
const panels = [
  { caption: 'while its memory is on its way', lines: telling(screens) },
  { caption: 'when it runs on the other host', lines: last }
]
await writeFile(new URL('../../docs/move.svg', import.meta.url), svgOf('ferry move', panels, COLUMNS))
process.stdout.write(`${textOf(last)}\ndocs/move.svg is drawn\n`)
