import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runLive } from './live.ts'
import { runFuzz } from './run.ts'
import { makeTargets } from './targets.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    /** Inputs over real streams. */
    streams: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' }
  }
})
const seed = Number(values.seed)
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`

await inProcess(Number(values.inputs))
await overStreams(Number(values.streams))

async function inProcess(inputs: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-fuzz-'))
  try {
    const targets = await makeTargets(folder)
    const before = await contents(folder)
    const result = await runFuzz(targets, { inputs, seed })
    await targets.close()
    if ((await contents(folder)) !== before) throw new Error('a file was written')
    for (const { name, inputs: fed, taken, slowestMs } of result.targets) {
      console.log(
        `${name.padEnd(20)} ${String(fed).padStart(8)} inputs, ${String(taken).padStart(7)} taken, slowest ${slowestMs.toFixed(1)} ms`
      )
    }
    const { earlyBytes, mostBytes } = result.memory
    console.log(
      `${result.inputs} inputs (${mib(result.bytes)}) of seed ${seed} in ${result.seconds.toFixed(0)} s: no crash, no file ` +
        `written; ${result.honest} exchanges of the honest peer, all answered; resident memory ${mib(earlyBytes)} early, ` +
        `${mib(mostBytes)} at the most`
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function overStreams(inputs: number): Promise<void> {
  if (inputs === 0) return
  const began = performance.now()
  const { streams, refused, reconnected, honest, writtenBytes, strayFiles, memory } = await runLive({ inputs, seed })
  console.log(
    `${streams} streams in ${((performance.now() - began) / 1000).toFixed(0)} s, ${refused} of them not taken, ` +
      `${reconnected} connections; honest peer: ${honest.answers} answers, ${honest.failures} failures, slowest ` +
      `${honest.slowestMs.toFixed(0)} ms; ${writtenBytes} bytes in the folder for images, stray files: ` +
      `${strayFiles.join(' ') || 'none'}; resident memory ${mib(memory.earlyBytes)} early, ${mib(memory.mostBytes)} at the most`
  )
  if (honest.failures > 0 || strayFiles.length > 0) process.exitCode = 1
}

async function contents(path: string): Promise<string> {
  const names = (await readdir(path)).sort()
  const files = names.map(async (name) => `${name} ${(await readFile(join(path, name))).toString('hex')}`)
  return (await Promise.all(files)).join('\n')
}
