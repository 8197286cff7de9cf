// Worlds to begin with where a fresh one would take many steps and faults to come to the point.
import { Dec, Gone, Rec, Tree, Word, type World } from './world.ts'

/** The source's host went for good after its COMMIT; the target has prepared, and its daemon starts. */
export const COMMITTED_AND_GONE: Partial<World> = {
  begun: 1,
  sUp: 0,
  sGone: Gone.held,
  sTree: Tree.none,
  sPort: 0,
  sLost: 1,
  sRec1: Rec.open,
  sDec1: Dec.commit,
  tUp: 0,
  tTree: Tree.frozen,
  tStaged: 1,
  tClaim: 1,
  tRec1: Rec.open,
  tPrep1: 1
}

/** A first migration was committed and handed back; its witness was not told of the end. */
export const HANDED_BACK_BEFORE: Partial<World> = {
  begun: 1,
  sRec1: Rec.ended,
  sDec1: Dec.commit,
  sTook1: 1,
  tRec1: Rec.ended,
  tPrep1: 1,
  tBack1: 1,
  w1Dec1: Dec.commit
}

/** Both daemons died after COMMIT, with the target prepared; two witnesses have it. */
export const COMMITTED_AND_WITNESSED: Partial<World> = {
  begun: 1,
  sUp: 0,
  sTree: Tree.frozen,
  sPort: 0,
  sClaim: 1,
  sRec1: Rec.open,
  sDec1: Dec.commit,
  sBeganD: 1,
  tUp: 0,
  tTree: Tree.frozen,
  tStaged: 1,
  tClaim: 1,
  tRec1: Rec.open,
  tPrep1: 1,
  w1Dec1: Dec.commit,
  w2Dec1: Dec.commit
}

/** An operator has taken it back at the source, whose daemon died before the witnesses heard of that. */
export const TAKEN_BACK_AND_UNTOLD: Partial<World> = { ...COMMITTED_AND_WITNESSED, sTook1: 1, sWord: Word.run }
