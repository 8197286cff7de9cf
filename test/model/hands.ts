// Somebody with root thaws a frozen tree behind ferry's back. Where ferry watches and has to kill it, both are one step: the
// instant in between is nobody's to prevent.
import { committed } from './facts.ts'
import { faulty, mayFault, type Emit, type Model } from './model.ts'
import { sourceEffect } from './source-side.ts'
import { Ghost, Hand, IDS, Lost, Tree, of, type World } from './world.ts'

/** COMMIT stands and may have been told: what runs here is killed. */
const SOURCE_KILLS = ['witnessing', 'witnessingAgain', 'committed', 'deliveringAgain', 'retiring', 'retiringAgain']
/** It knows COMMIT and has seen its tree whole: a tree that runs a little early is let run, so that it is not lost. */
const TARGET_LETS = ['recordingAgain', 'activating', 'activatingAgain']

export function handSteps(model: Model, world: World, emit: Emit): void {
  if (world.hands >= model.bounds.hands || !mayFault(model, world)) return
  const counted = { ...faulty(world), hands: world.hands + 1 }
  if (world.sTree === Tree.frozen) thawsSource(model, counted, emit)
  if (world.tTree === Tree.frozen) thawsTarget(model, counted, emit)
}

function thawsSource(model: Model, world: World, emit: Emit): void {
  const running = { ...world, sTree: Tree.running }
  const thawed = "somebody thaws the source's tree"
  if (world.sUp === 0) {
    const unwatched = IDS.some((id) => committed(world, id))
    emit(
      { ...running, sHand: unwatched ? Hand.unwatched : Hand.beforeLook },
      `${thawed} while its daemon is dead`,
      'fault'
    )
    return
  }
  const { name } = model.source.at(world.sMachine)
  if (SOURCE_KILLS.includes(name) && !model.wrong.thawedSourceIsPassedOver) {
    emit({ ...world, sTree: Tree.none, sKilled: 1 }, `${thawed}, ferry kills it`, 'fault')
    return
  }
  const looked = sourceEffect(world) === 'decideCommit' && world.sPc > 0
  const later = looked || IDS.some((id) => committed(world, id))
  emit({ ...running, sHand: later ? Hand.unseen : Hand.beforeLook }, thawed, 'fault')
}

function thawsTarget(model: Model, world: World, emit: Emit): void {
  const running = { ...world, tTree: Tree.running }
  const thawed = "somebody thaws the target's tree"
  if (world.tUp === 0) {
    emit({ ...running, tHand: Hand.unwatched }, `${thawed} while its daemon is dead`, 'fault')
    return
  }
  const { name } = model.target.at(world.tMachine)
  const owner = IDS.some((id) => of(world, 'tAct', id) === 1)
  // Up to the moment in which the record is begun it is killed, and HAND-BACK is written instead.
  const claiming =
    TARGET_LETS.includes(name) || (name === 'recordingActivating' && (world.tPc > 0 || world.tGhost !== Ghost.none))
  if (owner || (claiming && !model.wrong.thawedTargetIsKilledLate)) {
    emit({ ...running, tHand: owner ? Hand.none : Hand.early }, thawed, 'fault')
  } else if (model.wrong.thawedTargetIsPassedOver) {
    emit({ ...running, tHand: Hand.passedOver }, thawed, 'fault')
  } else {
    emit({ ...world, tTree: Tree.none, tLost: Lost.early, tHand: Hand.killed }, `${thawed}, ferry kills it`, 'fault')
  }
}
