// What operators say with `ferry resolve` when the other side does not answer, and whether it is true.
import { activating, handedBack } from './facts.ts'
import type { Emit, Model } from './model.ts'
import { sourceHears } from './source-side.ts'
import { targetHears } from './target-side.ts'
import { WITNESSES, commitAtWitness } from './witness-wire.ts'
import { Ask, Dec, Gone, Ghost, Say, Tree, Word, of, type World } from './world.ts'

const EVENTS = [
  ['RESOLVE_RUN', Word.run, 'run'],
  ['RESOLVE_DISCARD', Word.discard, 'discard']
] as const

export function wordSteps(model: Model, world: World, emit: Emit): void {
  if (!model.bounds.words) return
  if (world.sUp === 1 && world.sMig !== 0) sourceWords(model, world, emit)
  if (world.tUp === 1 && world.tMig !== 0) targetWords(model, world, emit)
}

function sourceWords(model: Model, world: World, emit: Emit): void {
  for (const [type, word, says] of EVENTS) {
    if (model.source.send(world.sMachine, { type }) === world.sMachine) continue
    // Refused where there is nothing to run.
    if (word === Word.run && world.sTree === Tree.none) continue
    const isTrue = word === Word.run ? sourceMayRun(model, world) : sourceMayDiscard(world)
    if (!isTrue && model.falseWord !== `${says} at the source`) continue
    const next = { ...world, sWord: word }
    sourceHears(model, next, { type })
    // An operator comes at last, but only where nobody else can: otherwise nothing may depend on it.
    const onlyHe = world.tGone !== 0 || (model.bounds.refusing && model.bounds.require)
    emit(next, `an operator says ${says} at the source`, onlyHe ? 'free' : 'operator')
  }
}

function targetWords(model: Model, world: World, emit: Emit): void {
  for (const [type, word, says] of EVENTS) {
    if (model.target.send(world.tMachine, { type }) === world.tMachine) continue
    if (word === Word.run && world.tTree === Tree.none) continue
    const isTrue = word === Word.discard || targetMayRun(model, world)
    if (!isTrue && model.falseWord !== `${says} at the target`) continue
    const next = { ...world, tWord: word }
    targetHears(model, next, { type })
    emit(next, `an operator says ${says} at the target`, world.sGone === 0 ? 'operator' : 'free')
  }
}

/**
 * The target never ran it and never will: it has nothing to run, or was not told and now can only be told ABORT. What witnesses hold
 * is replaced before anything runs here, so that it counts only for a target that can ask them meanwhile.
 */
function sourceMayRun(model: Model, world: World): boolean {
  const id = world.sMig
  if (activating(world, id)) return false
  if (world.tTree === Tree.none || handedBack(world, id)) return true
  if (world.tTree !== Tree.frozen || world.tWord === Word.run) return false
  const { name } = model.target.at(world.tMachine)
  const onItsWay = (of(world, 'asks', id) & Ask.commit) !== 0 || (of(world, 'says', id) & Say.isCommit) !== 0
  if (onItsWay) return false
  if (world.tUp === 0) return true
  const inDoubt = name === 'prepared' || name === 'askingAgain'
  return inDoubt && !WITNESSES.some((witness) => commitAtWitness(world, witness, id))
}

/** The target runs it, or would as soon as it starts; or there is nothing here to give away. */
function sourceMayDiscard(world: World): boolean {
  return activating(world, world.sMig) || world.sTree === Tree.none
}

/** A COMMIT may stand, and nobody has looked since whether the tree is held. */
const UNLOOKED = ['recordingCommit', 'uncertain', 'recordingAbort']

/** The source never runs it again: it is gone and had not let it run on, or its COMMIT was seen there with a tree that is held. */
function targetMayRun(model: Model, world: World): boolean {
  const id = world.tMig
  const decision = of(world, 'sDec', id)
  if (world.sWord === Word.run || of(world, 'sTook', id) === 1 || world.sGhost === Ghost.takenBack) return false
  const unlooked = world.sUp === 1 && world.sMig === id && UNLOOKED.includes(model.source.at(world.sMachine).name)
  if (world.sTree === Tree.running || unlooked) return false
  return decision === Dec.commit || (world.sGone === Gone.held && decision === Dec.none && world.sGhost !== Ghost.abort)
}
