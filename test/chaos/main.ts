// `npm run chaos`: real migrations with real faults, and after each the check that nothing was lost and nothing ran twice.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Chaos } from './chaos.ts'
import { ENGINES, FAULTS, planOf, type Choice, type EngineName, type FaultName } from './plan.ts'
import { faultsOf, histogram, lineOf } from './report.ts'
import { perform, type RunResult } from './run.ts'

const HELP = `npm run chaos -- [--runs N] [--seed S] [--from K] [--engine runc,crun,lxc] [--only FAULT] [--lab NAME] [--logs FOLDER] [--keep]

Runs K to K+N-1 (default: 1 to 20) of seed S (default 1). Seed and number of a run give its engine, its direction, its faults and their
moments: the same seed gives the same faults, whichever runs went before. What the machine's timing adds is not repeated.
Faults: ${FAULTS.join(', ')}.
With --logs both daemons' logs of every run with a violation, or with a client that waited very long, are kept in a folder, and --keep leaves the lab as the first such run left it.
Exit code 1 when a run found a container lost, doubled, or something left behind.
`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
    engine: { type: 'string', default: ENGINES.join(',') },
    only: { type: 'string' },
    lab: { type: 'string', default: 'chaos' },
    logs: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})

/** What faults and TCP's back-off together seldom take. */
const SLOW_MS = 12_000

function whole(name: 'runs' | 'seed' | 'from'): number {
  const number = Number(values[name])
  if (!Number.isSafeInteger(number) || number < 0)
    throw new Error(`--${name} takes a whole number, not ${values[name]}`)
  return number
}

function choice(): Choice {
  const engines = values.engine.split(',').map((name): EngineName => {
    const found = ENGINES.find((engine) => engine === name)
    if (found === undefined) throw new Error(`--engine takes some of ${ENGINES.join(',')}, not ${name}`)
    return found
  })
  const only = FAULTS.find((fault): fault is FaultName => fault === values.only)
  if (values.only !== undefined && only === undefined) throw new Error(`--only takes one of ${FAULTS.join(', ')}`)
  const [first = 'runc', ...others] = engines
  return { engines: [first, ...others], ...(only === undefined ? {} : { only }) }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function keepLogs(chaos: Chaos, folder: string, run: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { name, lines } of chaos.hosts)
    await writeFile(join(folder, `run-${String(run)}-${name}.log`), lines.join('\n') + '\n')
}

async function main(): Promise<boolean> {
  const [runs, seed, from, chosen] = [whole('runs'), whole('seed'), whole('from'), choice()]
  const results: RunResult[] = []
  let broken = 0
  let chaos = await Chaos.up(values.lab)
  try {
    for (let run = from; run < from + runs; run++) {
      const plan = planOf(seed, run, chosen)
      const repeat = [
        `--seed ${String(seed)} --from ${String(run)} --runs 1 --engine ${values.engine}`,
        ...(values.only === undefined ? [] : [`--only ${values.only}`])
      ].join(' ')
      let failed: string[] = []
      try {
        const result = await perform(chaos, plan)
        results.push(result)
        say(lineOf(result))
        failed = [...result.violations]
        if (failed.length === 0 && result.longestGapMs > SLOW_MS && values.logs !== undefined)
          await keepLogs(chaos, values.logs, run)
      } catch (error) {
        failed = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
        say(`${String(run).padStart(4)} ${plan.engine} ${faultsOf(plan)} VIOLATION`)
      }
      if (failed.length === 0) continue
      broken++
      for (const line of failed) say(`     ! ${line}`)
      say(`     to repeat: npm run chaos -- ${repeat}`)
      if (values.logs !== undefined) await keepLogs(chaos, values.logs, run)
      // What still runs in the lab would keep this process as well.
      if (values.keep) process.exit(1)
      await chaos.down()
      chaos = await Chaos.up(values.lab)
    }
  } finally {
    await chaos.down()
  }
  say(`\n${histogram(results)}\n`)
  say(`${String(runs)} runs of seed ${String(seed)}: ${String(broken)} with violations`)
  return broken === 0
}

if (values.help) say(HELP)
else process.exitCode = (await main()) ? 0 : 1
