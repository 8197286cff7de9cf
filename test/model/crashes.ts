// A daemon dies at any instant, with or without its host.
import { type Emit, type Model, mayFault } from './model.ts'
import { sourceEffect } from './source-side.ts'
import { targetEffect } from './target-side.ts'
import { Ghost, IDS, Say, Tree, of, put, type World } from './world.ts'

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
  if (!model.bounds.power) return
  if (world.sTree !== Tree.none) {
    const dark = world.sUp === 1 ? sourceDied(counted) : counted
    emit({ ...dark, sTree: Tree.none, sPort: 0, sLost: 1 }, 'the source host loses power', 'fault')
  }
  if (world.tTree !== Tree.none) {
    const dark = world.tUp === 1 ? targetDied(model, counted) : counted
    // Only with the right to run can it lose what nobody else has.
    const owned = IDS.some((id) => of(world, 'tAct', id) === 1) || world.tGhost === Ghost.activating
    emit({ ...dark, tTree: Tree.none, tPort: 0, tLost: owned ? 1 : 0 }, 'the target host loses power', 'fault')
  }
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
    sEnding: 0
  }
  for (const id of IDS) put(next, 'says', id, of(next, 'says', id) & TO_TARGET)
  return next
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
    tEnding: 0
  }
  for (const id of IDS) put(next, 'says', id, of(next, 'says', id) & ~TO_TARGET)
  // Requests that were being answered are answered by nobody now.
  return { ...next, tGot: 0, tPending: 0 }
}
