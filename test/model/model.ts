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
  /** Gives up beyond this many states. */
  readonly maxStates: number
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
}

export interface Model {
  readonly source: MachineWalker
  readonly target: MachineWalker
  readonly bounds: Bounds
  readonly wrong: Mistakes
  /** Epoch that a migration gives to the container. */
  readonly epochOf: (id: number) => number
}

/** `free`: happens without any fault. `operator`: somebody starts a migration. `fault`: counted against the bounds. */
export type StepKind = 'free' | 'operator' | 'fault'
export type Emit = (next: World, label: string, kind: StepKind) => void

export interface Given {
  readonly source?: AnyStateMachine
  readonly target?: AnyStateMachine
  /** Every migration has an epoch of its own. The nodes give it otherwise: one that ends at its source does not use the epoch up. */
  readonly ownEpochs?: boolean
}

export function makeModel(bounds: Bounds, wrong: Mistakes = {}, given: Given = {}): Model {
  return {
    source: new MachineWalker(given.source ?? sourceMachine),
    target: new MachineWalker(given.target ?? targetMachine),
    bounds,
    wrong,
    epochOf: (id) => (given.ownEpochs === true ? id : 1)
  }
}

export function mayFault(model: Model, world: World): boolean {
  return world.faults < model.bounds.faults
}

/** A copy of the world with one more fault in it. */
export function faulty(world: World): World {
  return { ...world, faults: world.faults + 1 }
}
