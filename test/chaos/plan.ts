// What a run is going to be: which container moves where, and what goes wrong when. It depends on seed and number alone.
import { randomOf, type Random } from './random.ts'

export const ENGINES = ['runc', 'crun', 'lxc'] as const
export type EngineName = (typeof ENGINES)[number]
export type Side = 'source' | 'target'

export const FAULTS = [
  'none',
  'kill-source',
  'kill-target',
  'kill-both',
  'criu-dump',
  'criu-restore',
  'hook',
  'thaw-source',
  'thaw-target',
  'cut-source',
  'cut-target',
  'lossy-link',
  'power-source',
  'power-target',
  'power-both',
  'disk-source',
  'disk-target',
  'stall-source',
  'stall-target',
  'second-move',
  'opposite-move',
  'repeated'
] as const
export type FaultName = (typeof FAULTS)[number]

/** A state of one side's machine, and how long after it was entered. */
export interface Moment {
  readonly side: Side
  readonly state: string
  readonly delayMs: number
}

export interface Fault {
  readonly name: FaultName
  readonly at: Moment
  /** Until it is healed. */
  readonly forMs: number
}

export interface Plan {
  readonly run: number
  readonly engine: EngineName
  readonly source: 'a' | 'b'
  /** The container catches SIGCONT, so that its restore freezes from CRIU's hook. */
  readonly catchesSigcont: boolean
  readonly faults: readonly Fault[]
  /** Afterwards it is moved once more, with nothing going wrong. */
  readonly movesOn: boolean
}

export interface Choice {
  readonly engines: readonly [EngineName, ...EngineName[]]
  /** In every run, instead of the one that was drawn. */
  readonly only?: FaultName
}

/** Instead of a state: as soon as the move was asked for. */
export const AT_ONCE = 'asked'

type States = readonly [string, ...string[]]

const SOURCE_STATES: States = [
  'offering',
  'preflighting',
  'preDumping',
  'finalDumping',
  'streaming',
  'restoring',
  'recordingCommit',
  'committed',
  'retiring'
]
const TARGET_STATES: States = [
  'reserved',
  'comparing',
  'receiving',
  'restoring',
  'recordingPrepared',
  'prepared',
  'seeing',
  'recordingActivating',
  'activating',
  'adopting'
]

export function planOf(seed: number, run: number, choice: Choice): Plan {
  const random = randomOf(seed, run)
  const engine = random.pick(choice.engines)
  const source = random.pick<'a' | 'b'>(['a', 'b'])
  const catches = random.chance(0.25)
  const drawn = [random.pick(FAULTS), random.pick(FAULTS)] as const
  const several = random.chance(0.15)
  const names: FaultName[] = [choice.only ?? drawn[0]]
  if (several && names[0] !== 'none' && drawn[1] !== 'none' && drawn[1] !== names[0]) names.push(drawn[1])
  const faults = names.filter((name) => name !== 'none').map((name) => faultOf(name, random))
  const movesOn = random.chance(0.2)
  return { run, engine, source, catchesSigcont: catches || names.includes('hook'), faults, movesOn }
}

function faultOf(name: FaultName, random: Random): Fault {
  return { name, at: momentOf(name, random), forMs: random.between(100, 2500) }
}

function momentOf(name: FaultName, random: Random): Moment {
  const delayMs = random.chance(0.5) ? 0 : random.between(1, 120)
  const side = random.pick<Side>(['source', 'target'])
  const any = { side, state: random.pick(side === 'source' ? SOURCE_STATES : TARGET_STATES), delayMs }
  switch (name) {
    case 'criu-dump':
      return { side: 'source', state: 'finalDumping', delayMs: random.between(0, 20) }
    case 'criu-restore':
      return { side: 'target', state: 'restoring', delayMs: random.between(0, 50) }
    case 'hook':
      return { side: 'target', state: 'restoring', delayMs: random.between(0, 8) }
    case 'thaw-source':
      return { side: 'source', state: random.pick(['streaming', 'restoring', 'committed']), delayMs }
    case 'thaw-target':
      return { side: 'target', state: random.pick(['recordingPrepared', 'prepared']), delayMs }
    case 'second-move':
    case 'opposite-move':
      return random.chance(0.5) ? { side: 'source', state: AT_ONCE, delayMs } : any
    default:
      return any
  }
}

export function describeMoment({ side, state, delayMs }: Moment): string {
  return `${side} ${state}${delayMs === 0 ? '' : ` +${String(delayMs)} ms`}`
}
