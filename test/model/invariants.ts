// What must hold in every state, and what an end is.
import { activating, committed, handedBack } from './facts.ts'
import type { Model } from './model.ts'
import { WITNESSES, held } from './witness-wire.ts'
import { Dec, Hand, IDS, Lost, Rec, Tree, Word, of, type World } from './world.ts'

/** Decided, so that a source whose policy requires a witness has to have one by now. */
const PAST_WITNESSES = ['committed', 'deliveringAgain', 'retiring', 'retiringAgain', 'moved']

/** The sentence of the rule that is broken. */
export function brokenRule(model: Model, world: World): string | undefined {
  const { sTree, tTree, sPort, tPort, sHand, tHand } = world
  const unwatched = sHand === Hand.unwatched || tHand === Hand.unwatched
  if (sTree === Tree.running && tTree === Tree.running && !unwatched) return 'two copies run'
  if (sPort === 1 && tPort === 1 && !model.portsMayMeet) return 'the port is on two bridges'
  for (const id of IDS) {
    const broken = brokenRecord(world, id)
    if (broken !== undefined) return broken
  }
  const owner = IDS.some((id) => activating(world, id))
  const isRight = (id: number) => of(world, 'sDec', id) === Dec.commit || world.tWord === Word.run
  const visible = IDS.some((id) => of(world, 'tAct', id) === 1 && isRight(id))
  const early = tHand === Hand.unwatched || (tHand === Hand.early && IDS.some(isRight))
  if (tTree === Tree.running && !visible && !early) return 'the target runs without a durable COMMIT and ACTIVATING'
  if (tPort === 1 && !visible) return "the target's port is on before COMMIT and ACTIVATING are durable"
  const whole = tTree === Tree.frozen || tTree === Tree.running
  // With the right at the target its tree has to be whole; with the right at the source, or undecided, the source's.
  if (owner && !whole && world.tLost !== Lost.owned) return 'no copy can run: the target has the right and no tree'
  if (!owner && sTree === Tree.none) {
    if (world.sLost === 0 && world.sKilled === 0) return 'no copy can run: the source gave its tree away early'
    // The source's was taken from it: the target's, which may still get the right, is the last.
    const last = IDS.some((id) => committed(world, id) && !handedBack(world, id) && of(world, 'sTook', id) === 0)
    if (last && !whole && world.tLost !== Lost.early) return 'no copy can run: the target threw the last one away'
  }
  if (model.bounds.require && world.sMig !== 0 && world.sWord === Word.none) {
    const past = PAST_WITNESSES.includes(model.source.at(world.sMachine).name)
    const kept = WITNESSES.some((witness) => held(world, witness, world.sMig) !== Dec.none)
    if (past && !kept) return 'the source goes on although no witness has its COMMIT'
  }
  return undefined
}

function brokenRecord(world: World, id: number): string | undefined {
  if (activating(world, id) && handedBack(world, id)) return 'the target has both ACTIVATING and HAND-BACK'
  if (activating(world, id) && !committed(world, id) && world.tWord !== Word.run)
    return 'the target is ACTIVATING what the source did not COMMIT'
  if (world.sTree !== Tree.running || !committed(world, id) || handedBack(world, id)) return undefined
  if (world.sHand === Hand.beforeLook) return 'COMMIT was written for a tree that somebody had thawed before'
  const byHand = world.sHand === Hand.unseen || world.sHand === Hand.unwatched
  const byWord = world.sWord === Word.run && of(world, 'sTook', id) === 1
  if (!byHand && !byWord) return 'the source runs after COMMIT without a HAND-BACK'
  return undefined
}

/** Nothing is under way, both sides say the same, one copy runs with its port on, nothing is left. */
export function isGoodEnd(model: Model, world: World): boolean {
  if (!model.bounds.words && waitsForWord(model, world)) return true
  const { sUp, tUp, sMig, tMig, sStarting, tStarting, sClaim, tClaim, tStaged } = world
  if (world.sGone === 0) {
    if (sUp === 0 || (sMig | sStarting | sClaim) !== 0) return false
    if (IDS.some((id) => of(world, 'sRec', id) === Rec.open)) return false
  }
  if (world.tGone === 0) {
    if (tUp === 0 || (tMig | tStarting | tClaim | tStaged) !== 0) return false
    if (IDS.some((id) => of(world, 'tRec', id) === Rec.open)) return false
  }
  // What the disk of a host that is gone says, nobody will read.
  const moved = IDS.some((id) => of(world, 'tAct', id) === 1 || (world.tGone !== 0 && activating(world, id)))
  if (moved) {
    const gone = world.tLost === Lost.owned && world.tTree === Tree.none
    return (
      world.sTree === Tree.none && world.sPort === 0 && (gone || (world.tTree === Tree.running && world.tPort === 1))
    )
  }
  const gone = (world.sLost === 1 || world.sKilled === 1) && world.sTree === Tree.none
  return world.tTree === Tree.none && world.tPort === 0 && (gone || (world.sTree === Tree.running && world.sPort === 1))
}

/** One host is gone and took what the other would have to know with it: only an operator can end that. */
function waitsForWord(model: Model, world: World): boolean {
  if (world.sGone !== 0 && world.tUp === 1 && world.tMig !== 0) {
    const { name } = model.target.at(world.tMachine)
    const told = WITNESSES.some((witness) => held(world, witness, world.tMig) !== Dec.none)
    const inDoubt = (name === 'prepared' || name === 'askingAgain') && !told
    return world.tTree !== Tree.running && (inDoubt || name === 'handingBack' || name === 'deliveringHandBackAgain')
  }
  if (world.tGone !== 0 && world.sUp === 1 && world.sMig !== 0) {
    const { name } = model.source.at(world.sMachine)
    return world.sTree !== Tree.running && (name === 'committed' || name === 'deliveringAgain')
  }
  return false
}
