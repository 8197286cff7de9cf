// What an exploration is given: the two machines, how much may go wrong, and the mistakes that are seeded on purpose.
import type { AnyStateMachine } from 'xstate'
import { sourceMachine } from '../../machines/source.ts'
import { targetMachine } from '../../machines/target.ts'
import { MachineWalker } from './machine-walker.ts'
import type { World } from './world.ts'

export interface Bounds {
  /** Daemons killed, and power cuts where allowed, both sides together. */
  readonly crashes: number
  /** Every fault together: crashes, messages lost or delivered twice, effects and writes that fail, events at the target. */
  readonly faults: number
  /** One after the other, of the same container to the same host. */
  readonly migrations: 1 | 2
  /** A crash may also take the host: its trees are gone, its disk has what was synced. */
  readonly power: boolean
  /** Peers that keep the source's word. */
  readonly witnesses: 0 | 1 | 2
  /** The source goes on only once one of them has it; otherwise it goes on after a while all the same. */
  readonly require: boolean
  /** The witnesses take nothing, for ever. */
  readonly refusing: boolean
  /** One of the two hosts may go and never come back, its disk with it. */
  readonly gone: boolean
  /** Operators say what is true. */
  readonly words: boolean
  /** Times that somebody thaws a frozen tree; each is a fault. */
  readonly hands: number
  /** Gives up beyond this many states. */
  readonly maxStates: number
}

const LEAST: Bounds = {
  crashes: 0,
  faults: 0,
  migrations: 1,
  power: false,
  witnesses: 0,
  require: false,
  refusing: false,
  gone: false,
  words: false,
  hands: 0,
  maxStates: 3_000_000
}

/** Nothing goes wrong but what is named. */
export function boundsOf(named: Partial<Bounds>): Bounds {
  return { ...LEAST, ...named }
}

/** Mistakes in what surrounds the machines: ways in which src/node or the journal could be wrong. */
export interface Mistakes {
  readonly commitSaidBeforeSynced?: boolean
  readonly abortPresumedWhileUndecided?: boolean
  readonly decisionsOfAnyMigration?: boolean
  readonly lostAnswerIsAbort?: boolean
  readonly ackBeforeActivatingSynced?: boolean
  readonly handBackSaidBeforeSynced?: boolean
  readonly killBeforeAck?: boolean
  readonly recoveryForgetsDecision?: boolean
  readonly decisionIsOverwritten?: boolean
  readonly failedCommitIsUnrecorded?: boolean
  readonly decidesBeforeReopen?: boolean
  readonly askedWhileUncertain?: boolean
  readonly recoveryForgetsActivating?: boolean
  readonly recoveryForgetsPrepared?: boolean
  readonly recoveryForgetsFreeze?: boolean
  readonly startThawsFirst?: boolean
  readonly startKeepsClaims?: boolean
  readonly endedIsForgotten?: boolean
  readonly restoredIsNotFrozen?: boolean
  readonly lostTreeIsNotSeen?: boolean
  readonly portWithRestore?: boolean
  readonly undoForgetsPort?: boolean
  readonly askIsGivenUp?: boolean
  readonly stagingIsNotRecorded?: boolean
  readonly endIsWrittenOnce?: boolean
  readonly epochIsReused?: boolean
  readonly commitGivenBeforeSynced?: boolean
  readonly storedSaidBeforeSynced?: boolean
  readonly witnessSilenceIsAbort?: boolean
  readonly witnessOfAnyMigration?: boolean
  readonly firstWitnessIsBelieved?: boolean
  readonly askedBeforeLook?: boolean
  readonly askedWhileTakingBack?: boolean
  readonly commitAfterTakenBack?: boolean
  readonly handBackOnlyAfterTakenBack?: boolean
  readonly commitWithoutLook?: boolean
  readonly thawedSourceIsPassedOver?: boolean
  readonly thawedTargetIsPassedOver?: boolean
  readonly thawedTargetIsKilledLate?: boolean
}

export interface Model {
  readonly source: MachineWalker
  readonly target: MachineWalker
  readonly bounds: Bounds
  readonly wrong: Mistakes
  /** Epoch that a migration gives to the container. */
  readonly epochOf: (id: number) => number
  /** What the first world has otherwise than a fresh one. */
  readonly start: Partial<World>
  readonly portsMayMeet: boolean
  readonly falseWord: 'none' | 'run at the source' | 'discard at the source' | 'run at the target'
}

/** `free`: happens without any fault. `operator`: somebody starts a migration. `fault`: counted against the bounds. */
export type StepKind = 'free' | 'operator' | 'fault'
export type Emit = (next: World, label: string, kind: StepKind) => void

export interface Given {
  readonly source?: AnyStateMachine
  readonly target?: AnyStateMachine
  readonly start?: Partial<World>
  /** The one thing that operators say although it is not true. */
  readonly falseWord?: Model['falseWord']
  /** Goes on where the port is on both bridges, to show what comes of it. */
  readonly portsMayMeet?: boolean
}

export function makeModel(bounds: Bounds, wrong: Mistakes = {}, given: Given = {}): Model {
  return {
    source: new MachineWalker(given.source ?? sourceMachine),
    target: new MachineWalker(given.target ?? targetMachine),
    bounds,
    wrong,
    epochOf: (id) => (wrong.epochIsReused === true ? 1 : id),
    start: given.start ?? {},
    portsMayMeet: given.portsMayMeet ?? false,
    falseWord: given.falseWord ?? 'none'
  }
}

export function mayFault(model: Model, world: World): boolean {
  return world.faults < model.bounds.faults
}

/** A copy of the world with one more fault in it. */
export function faulty(world: World): World {
  return { ...world, faults: world.faults + 1 }
}
