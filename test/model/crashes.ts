// A daemon dies at any instant, with or without its host.
import { activating, handedBack } from './facts.ts'
import { type Emit, type Model, mayFault } from './model.ts'
import { sourceEffect } from './source-side.ts'
import { QUESTIONS, targetEffect } from './target-side.ts'
import { forgetStored, forgetTells } from './witness-wire.ts'
import { Gone, Ghost, Hand, IDS, Lost, Say, Tree, Word, of, put, type World } from './world.ts'

const TO_TARGET = Say.isCommit | Say.isAbort | Say.handBackHeard

export function crashSteps(model: Model, world: World, emit: Emit): void {
  if (!mayFault(model, world) || world.crashes >= model.bounds.crashes) return
  const counted = { ...world, faults: world.faults + 1, crashes: world.crashes + 1 }
  if (world.sUp === 1) {
    const dead = sourceDied(counted)
    emit(dead, 'the source daemon is killed', 'fault')
    if (sourceEffect(world) === 'finalDump' && world.sPc === 3) {
      const running = world.sTree === Tree.frozen ? Tree.running : world.sTree
      emit({ ...dead, sTree: running }, 'the source daemon and its CRIU are killed, the tree runs', 'fault')
    }
  }
  if (world.tUp === 1) emit(targetDied(model, counted), 'the target daemon is killed', 'fault')
  if (model.bounds.gone && world.sGone === 0 && world.tGone === 0) {
    const running = world.sTree === Tree.running
    const gone = { ...darkSource(counted), sGone: running ? Gone.running : Gone.held }
    if (world.begun > 0) emit(gone, 'the source host is gone for good', 'fault')
    if (world.begun > 0) emit({ ...darkTarget(model, counted), tGone: 1 }, 'the target host is gone for good', 'fault')
  }
  if (!model.bounds.power) return
  if (world.sTree !== Tree.none) {
    emit(darkSource(counted), 'the source host loses power', 'fault')
  }
  if (world.tTree !== Tree.none) {
    emit(darkTarget(model, counted), 'the target host loses power', 'fault')
  }
}

function darkSource(world: World): World {
  const dark = world.sUp === 1 ? sourceDied(world) : world
  return { ...dark, sTree: Tree.none, sPort: 0, sLost: 1, sHand: Hand.none }
}

function darkTarget(model: Model, world: World): World {
  const dark = world.tUp === 1 ? targetDied(model, world) : world
  if (world.tTree === Tree.none) return dark
  // Only with the right to run can it lose what nobody else has.
  const owned = IDS.some((id) => activating(world, id))
  return { ...dark, tTree: Tree.none, tPort: 0, tLost: owned ? Lost.owned : Lost.early, tHand: Hand.none }
}

function sourceDied(world: World): World {
  const next = {
    ...world,
    sUp: 0,
    sMig: 0,
    sMachine: 0,
    sEffect: 0,
    sPc: 0,
    sCut: 0,
    sBegan: 0,
    sStarting: 0,
    sEnding: 0,
    sWord: world.sWord === Word.run && takenBack(world) ? Word.run : Word.none
  }
  for (const id of IDS) {
    put(next, 'says', id, of(next, 'says', id) & TO_TARGET)
    forgetStored(next, id)
  }
  return next
}

/** A word that is not on disk yet has to be said again. */
function takenBack(world: World): boolean {
  return IDS.some((id) => of(world, 'sTook', id) === 1) || world.sGhost === Ghost.takenBack
}

function wordThatStands(world: World): number {
  if (world.tWord === Word.run && IDS.some((id) => activating(world, id))) return Word.run
  return world.tWord === Word.discard && IDS.some((id) => handedBack(world, id)) ? Word.discard : Word.none
}

function targetDied(model: Model, world: World): World {
  const unknown = model.wrong.stagingIsNotRecorded && targetEffect(world) === 'reserve' && world.tPc === 1
  const staged = unknown ? { tStaged: 3 } : {}
  const next = {
    ...world,
    ...staged,
    tUp: 0,
    tMig: 0,
    tMachine: 0,
    tEffect: 0,
    tPc: 0,
    tCut: 0,
    tStarting: 0,
    tEnding: 0,
    tWord: wordThatStands(world),
    tHand: world.tHand === Hand.early ? Hand.unwatched : world.tHand === Hand.killed ? Hand.none : world.tHand
  }
  for (const id of IDS) {
    put(next, 'says', id, of(next, 'says', id) & ~TO_TARGET)
    put(next, 'asks', id, of(next, 'asks', id) & ~QUESTIONS)
    forgetTells(next, id)
  }
  // Requests that were being answered are answered by nobody now.
  return { ...next, tGot: 0, tPending: 0 }
}
