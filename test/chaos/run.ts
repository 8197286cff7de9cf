// One run: a ledger moves, its client goes on asking, something goes wrong, everything heals; then all that was promised is looked at.
import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationView } from '../../protocols/operator/views.ts'
import { turns } from './beats.ts'
import type { Chaos } from './chaos.ts'
import type { ChaosHost } from './chaos-host.ts'
import type { ClientEvent, Seen } from './client.ts'
import { inflict, type Harm } from './faults.ts'
import { diskLog, isFrozen, pidsOn, type Ledger } from './ledger.ts'
import type { FaultName, Plan } from './plan.ts'
import { doctors, receipts } from './own-word.ts'
import { Repeater } from './repeater.ts'
import { residue } from './residue.ts'
import { criuLetGo, mayBeSaid, maySeeTwo, ranOutOfTurn, verdictOf, type End, type Told } from './verdict.ts'

export interface RunResult {
  readonly plan: Plan
  readonly end: End | 'stuck'
  /** The container's memory went with its host's power. */
  readonly lost: boolean
  readonly harms: readonly Harm[]
  readonly seconds: number
  readonly longestGapMs: number
  /** What the source says it was given up for. */
  readonly problems: readonly string[]
  readonly violations: readonly string[]
}

const BROKE = "the client's connection broke"
/** Both sides have to have come to an end by then. */
const END_MS = 90_000
/** TCP of the client's host tries again after a pause that doubles with each try. */
const ANSWER_MS = 60_000

export async function perform(chaos: Chaos, plan: Plan): Promise<RunResult> {
  const begin = performance.now()
  const ledger = await chaos.place(plan.engine, plan.source)
  const source = chaos.host(plan.source)
  const target = chaos.host(plan.source === 'a' ? 'b' : 'a')
  const first = await chaos.client.connect(ledger.address)
  await chaos.client.say(plan.catchesSigcont ? 'catch' : 'ignore')
  const before = new Set((await all(chaos.hosts)).flat().map(({ id }) => id))
  for (const host of chaos.hosts) {
    host.forget()
    host.imp.watch(ledger.name, first.beatAddress)
  }
  const powerCut = new Set<'source' | 'target'>()
  const harms = await migrate(chaos, plan, ledger, source, target, powerCut)
  await chaos.heal()
  for (const role of powerCut) chaos.powerLost((role === 'source' ? source : target).name as 'a' | 'b')

  const { told, ended } = await ends(source, target, before)
  await Promise.all(chaos.hosts.map((host) => host.imp.ask('unwatch')))
  const handedBack = chaos.hosts.some(({ states }) =>
    states.some(({ state }) => state === 'handedBack' || state === 'recordingTakeBack')
  )
  const verdict = verdictOf({ source: plan.source, told, handedBack, powerCut })
  const violations = [...verdict.violations]
  if (!ended)
    violations.push(
      `it does not end: ${JSON.stringify(told.map(({ id, bySource, byTarget }) => [id, bySource?.state, byTarget?.state]))}`
    )

  if (plan.faults.length === 0 && verdict.end !== 'moved')
    violations.push(
      `nothing went wrong, and it was not moved: ${JSON.stringify(told.map(({ bySource }) => bySource?.problem))}`
    )

  chaos.moved(plan.engine, verdict.moves)
  const owner = chaos.host(verdict.owner)
  const copies = await Promise.all(chaos.hosts.map((host) => pidsOn(host, ledger)))
  const running = copies.flat().length
  const lost = (verdict.mayBeLost || (criuLetGo(plan) && verdict.moves === 0)) && running === 0
  const seen = lost ? await chaos.client.drop() : await heard(chaos, plan, ledger, violations)
  const [pid] = await pidsOn(owner, ledger)
  if (!lost) {
    chaos.settled(plan.engine, verdict.owner)
    if (running !== 1 || pid === undefined) {
      violations.push(
        `${String(running)} processes of it, on a: ${String(copies[0]?.length)}, on b: ${String(copies[1]?.length)}; it belongs on ${owner.name}`
      )
    } else if (await isFrozen(owner, ledger)) violations.push('it is frozen')
  }
  const moves = told.filter(({ bySource }) => bySource?.outcome === 'moved').length
  const inTurn = turns(chaos.host('a').beats, chaos.host('b').beats)
  if (!maySeeTwo(plan) && ranOutOfTurn(inTurn, moves))
    violations.push(`copies ran in turn on ${inTurn.join(', ')} with ${String(moves)} moves`)
  violations.push(...(await residue(chaos.hosts, owner.name, ledger)))
  violations.push(...(await doctors(chaos.hosts)))
  violations.push(...(await receipts(source, told, { turns: inTurn, moves, mayBeSaid: mayBeSaid(plan) })))
  if (lost) {
    await chaos.revive(ledger, verdict.owner)
    violations.push(...(await goesOn(chaos, ledger, seen)))
    await finished(chaos, violations)
  }
  violations.push(...seen.wrong)
  if (pid !== undefined && !lost) violations.push(...gaps(await diskLog(owner, pid), seen.acknowledged))
  if (plan.movesOn && violations.length === 0) await chaos.moveCleanly(ledger, verdict.owner)
  return {
    plan,
    end: ended ? verdict.end : 'stuck',
    lost,
    harms,
    seconds: Math.round((performance.now() - begin) / 100) / 10,
    longestGapMs: seen.longestGapMs,
    problems: told.flatMap(({ bySource }) => (bySource?.problem === undefined ? [] : [bySource.problem.code])),
    violations
  }
}

/** The move and its faults, until both are over. */
async function migrate(
  chaos: Chaos,
  plan: Plan,
  ledger: Ledger,
  source: ChaosHost,
  target: ChaosHost,
  powerCut: Set<'source' | 'target'>
): Promise<Harm[]> {
  const over = new AbortController()
  const repeats = plan.faults.some(({ name }) => name === 'repeated')
  const scene = {
    lab: chaos.cluster.lab,
    ledger,
    source,
    target,
    epoch: chaos.epochOf(plan.engine) + 1,
    ...(repeats ? { repeater: await Repeater.start(source, target) } : {}),
    over: over.signal
  }
  const faults = plan.faults.map(async (fault) => {
    const harm = await inflict(fault, scene)
    if (harm === 'done') for (const role of powerOf(fault.name)) powerCut.add(role)
    return harm
  })
  const moving = move(source, ledger, target)
  const endedAtSource = Promise.any(
    ['moved', 'rolledBack'].map((state) => source.reaches('source', state, over.signal))
  )
  // Refused before it became a migration, or its daemon is gone: what the faults do is waited for all the same.
  const told = await moving
  if (told === 'under way')
    await Promise.race([endedAtSource, sleep(END_MS, undefined, { ref: false }), Promise.all(faults)])
  // A fault may have its moment at the other side's end, or a moment after it.
  await sleep(200)
  over.abort()
  endedAtSource.catch(() => undefined)
  const harms = await Promise.all(faults)
  await scene.repeater?.end()
  return harms
}

function powerOf(fault: FaultName): readonly ('source' | 'target')[] {
  switch (fault) {
    case 'power-source':
      return ['source']
    case 'power-target':
      return ['target']
    case 'power-both':
      return ['source', 'target']
    default:
      return []
  }
}

async function move(source: ChaosHost, ledger: Ledger, target: ChaosHost): Promise<'under way' | 'refused'> {
  try {
    await source.api.move({ container: ledger.name, to: target.name }, AbortSignal.timeout(30_000))
    return 'under way'
  } catch (error) {
    // Its daemon was killed, or another move came first.
    if (error instanceof Error && (error.name === 'OperatorError' || !source.isOn)) return 'refused'
    throw error
  }
}

async function all(hosts: readonly ChaosHost[]): Promise<(readonly MigrationView[])[]> {
  return Promise.all(hosts.map((host) => host.migrations()))
}

/** What both hosts say of this run's migrations, once each has an outcome, or when the time is up. */
async function ends(
  source: ChaosHost,
  target: ChaosHost,
  before: ReadonlySet<string>
): Promise<{ told: Told[]; ended: boolean }> {
  for (const end = Date.now() + END_MS; ; await sleep(100)) {
    const views = (await all([source, target])).flat().filter(({ id }) => !before.has(id))
    const ended = views.every(({ outcome }) => outcome !== undefined)
    if (!ended && Date.now() < end) continue
    const ids = [...new Set(views.map(({ id }) => id))]
    const of = (id: string, role: 'source' | 'target') => views.find((view) => view.id === id && view.role === role)
    const told = ids.map((id) => {
      const bySource = of(id, 'source')
      const byTarget = of(id, 'target')
      return { id, ...(bySource === undefined ? {} : { bySource }), ...(byTarget === undefined ? {} : { byTarget }) }
    })
    return { told, ended }
  }
}

/** As `finished`; a connection that may break for what the run did is made anew. */
async function heard(chaos: Chaos, plan: Plan, ledger: Ledger, violations: string[]): Promise<Seen> {
  if (!criuLetGo(plan)) return finished(chaos, violations)
  const found: string[] = []
  const seen = await finished(chaos, found)
  if (!found.some((line) => line.startsWith(BROKE))) {
    violations.push(...found)
    return seen
  }
  violations.push(...(await goesOn(chaos, ledger, seen)), ...seen.wrong)
  const then = await finished(chaos, violations)
  return { ...then, longestGapMs: Math.max(seen.longestGapMs, then.longestGapMs) }
}

/** A new connection finds what was acknowledged, and at most the request that was under way. */
async function goesOn(chaos: Chaos, ledger: Ledger, { acknowledged, inFlight }: Seen): Promise<string[]> {
  const { count } = await chaos.client.connect(ledger.address)
  return count === acknowledged || (inFlight && count === acknowledged + 1)
    ? []
    : [`it goes on with ${String(count)} entries; ${String(acknowledged)} were acknowledged`]
}

/** The client's last answers: its connection lives, and memory and disk hold what it was told. */
async function finished(chaos: Chaos, violations: string[]): Promise<Seen> {
  const event = await chaos.client.finish(ANSWER_MS)
  if (event === undefined) {
    violations.push(`the client has had no answer for ${String(ANSWER_MS / 1000)} s`)
    return chaos.client.drop()
  }
  if (event.event === 'broken') violations.push(`${BROKE}: ${event.problem}`)
  if (event.event === 'finished') violations.push(...checked(event))
  if (event.event === 'broken' || event.event === 'finished') return event
  throw new Error(`unexpected: ${event.event}`)
}

function checked({ check, acknowledged }: ClientEvent & { event: 'finished' }): string[] {
  const [, count, hash, diskCount, diskHash] = check.split(' ')
  const wrong: string[] = []
  if (Number(count) !== acknowledged)
    wrong.push(`${String(count)} entries in memory, ${String(acknowledged)} acknowledged`)
  if (diskCount !== count || diskHash !== hash) wrong.push(`memory and disk differ: ${check}`)
  return wrong
}

function gaps(log: readonly number[], acknowledged: number): string[] {
  const wrong = log.findIndex((number, index) => number !== index + 1)
  if (wrong >= 0) return [`entry ${String(wrong + 1)} of the log on disk is ${String(log[wrong])}`]
  return log.length === acknowledged
    ? []
    : [`${String(log.length)} entries on disk, ${String(acknowledged)} acknowledged`]
}
