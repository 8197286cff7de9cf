// The million, as a table in Markdown. Ends with status 1 for anything that should not be.
import { parseArgs } from 'node:util'
import { decoders } from './decoders.ts'
import { handlers } from './handlers.ts'
import { runLive } from './live.ts'
import { excess, type Memory } from './memory.ts'
import { runFuzz } from './run.ts'
import { makeScene } from './scene.ts'
import type { Written } from './written.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    /** Inputs over real streams. */
    streams: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' }
  }
})
const seed = Number(values.seed)
const wrong: string[] = []

await inProcess(Number(values.inputs))
await overStreams(Number(values.streams))
for (const what of wrong) console.error(`wrong: ${what}`)
if (wrong.length > 0) process.exitCode = 1

async function inProcess(inputs: number): Promise<void> {
  if (inputs === 0) return
  const scene = await makeScene()
  try {
    const fed = await handlers(scene)
    const result = await runFuzz([...(await decoders()), ...fed.all], fed.honest, { inputs, seed })
    await fed.close()
    console.log('| bytes given to | inputs | of their form | acted on | slowest |\n| --- | ---: | ---: | ---: | ---: |')
    for (const { name, decoded, acted, slowestMs, ...target } of result.targets) {
      console.log(
        `| ${name} | ${target.inputs} | ${decoded} | ${acted === 0 ? '' : acted} | ${slowestMs.toFixed(0)} ms |`
      )
    }
    const { warm, end } = result.memory
    console.log(
      `\n${result.inputs} inputs (${mib(result.bytes)}, seed ${seed}) in ${result.seconds.toFixed(0)} s; ` +
        `the honest member had ${result.honest} exchanges, and all went well. ${memoryWords(warm, end)} ` +
        writtenWords(await scene.written())
    )
    wrong.push(...excess(warm, end))
  } finally {
    await scene.end()
  }
}

async function overStreams(inputs: number): Promise<void> {
  if (inputs === 0) return
  const began = performance.now()
  const { protocols, honest, replies, pestered, ...live } = await runLive({ inputs, seed })
  console.log('\n| over real streams | streams | not opened | answered |\n| --- | ---: | ---: | ---: |')
  for (const [name, { streams, refused, answered }] of Object.entries(protocols)) {
    console.log(`| ${name} | ${streams} | ${refused} | ${answered} |`)
  }
  console.log(
    `\n${((performance.now() - began) / 1000).toFixed(0)} s, ${live.connections} connections, ${live.migrations} migrations begun, ` +
      `${live.headers} headers of bulk streams taken; the hostile member answered ${replies.asked} questions, of which ` +
      `${replies.taken} answers could be read; ${live.trespasses} streams of the operator beyond its protocol were answered; the victim ended ${pestered.ended} of ${pestered.streams} ` +
      `streams on which a good question was followed by 16 MiB or by nothing. ` +
      `The honest member had ${honest.answers} rounds of questions and commands, ${honest.failures.length} failed, the slowest ` +
      `took ${honest.slowestMs.toFixed(0)} ms; its last advert was ${honest.advertKnown ? '' : 'not '}known. ` +
      `${memoryWords(live.memory.warm, live.memory.end)} ${writtenWords(live.written)}`
  )
  wrong.push(...excess(live.memory.warm, live.memory.end), ...honest.failures)
  if (!honest.advertKnown) wrong.push("the honest member's advert was lost")
  if (pestered.ended < pestered.streams) wrong.push('streams were kept that had no use any more')
  if (live.trespasses > 0) wrong.push('an operator was answered on a protocol for members')
}

function memoryWords(warm: Memory, end: Memory): string {
  return (
    `Memory after the first tenth and at the end: held ${mib(warm.heldBytes)} and ${mib(end.heldBytes)}, ` +
    `resident ${mib(warm.residentBytes)} and ${mib(end.residentBytes)}.`
  )
}

function writtenWords({ bytes, strays }: Written): string {
  wrong.push(...strays.map((name) => `stray file: ${name}`))
  const each = Object.entries(bytes).map(([what, size]) => `${what} ${(size / 1024).toFixed(0)} KiB`)
  return `On the disk: ${each.join(', ')}; stray files: ${strays.length === 0 ? 'none' : strays.join(' ')}.`
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}
