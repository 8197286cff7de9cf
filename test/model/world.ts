// One instant of two hosts, their disks and the wire between them, as numbers, so that states hash and compare fast.

/** Migrations of one container, one after the other; the second may meet what is left of the first. */
export type Id = 1 | 2
export const IDS: readonly Id[] = [1, 2]

export const Tree = { none: 0, running: 1, frozen: 2, partial: 3 } as const
export const Rec = { none: 0, open: 1, ended: 2 } as const
export const Dec = { none: 0, commit: 1, abort: 2 } as const
/** A write that failed may be on the disk all the same: nobody sees it until the journal is opened again, or the daemon starts. */
export const Ghost = { none: 0, commit: 1, abort: 2, takenBack: 3, prepared: 4, activating: 5, handBack: 6 } as const

/** Requests; `target` and `source` say who answers. */
export const Ask = { offer: 1, preflight: 2, restore: 4, commit: 8, abort: 16, decision: 32, handBack: 64 } as const
/** Answers, each to one kind of request. */
export const Say = {
  accepted: 1,
  noOffer: 2,
  report: 4,
  noReport: 8,
  prepared: 16,
  noRestore: 32,
  ack: 64,
  handedBack: 128,
  abortHeard: 256,
  isCommit: 512,
  isAbort: 1024,
  handBackHeard: 2048
} as const

/**
 * A tree that runs because somebody thawed it behind ferry's back. `beforeLook`: before decideCommit looked at it;
 * `unseen`: ferry has not looked since, and nobody was told of a COMMIT meanwhile; `unwatched`: its daemon was dead then, and nothing
 * can keep the other side from running too; `early`: at a target that knows COMMIT already; `passedOver`: ferry looked and did nothing. `killed`: it runs no
 * more, and the target's daemon that killed it knows.
 */
export const Hand = { none: 0, beforeLook: 1, unseen: 2, unwatched: 3, early: 4, passedOver: 5, killed: 6 } as const
/** How a tree went that its daemon did not give up: with the right to run (or the source's, ever), or before it. */
export const Lost = { no: 0, owned: 1, early: 2 } as const
/** An operator's word that was obeyed and still counts. */
export const Word = { none: 0, run: 1, discard: 2 } as const
/** A host that never comes back; `running`: its tree ran when it went. */
export const Gone = { no: 0, held: 1, running: 2 } as const

/** What one host knows; the fields below `disk` survive its daemon. */
const BLANK = {
  // Source, in its daemon's memory
  sUp: 1,
  sMig: 0, // active migration
  sMachine: 0,
  sEffect: 0, // at work now, an index of EFFECTS; 0 is none
  sPc: 0, // steps of it that are done
  sCut: 0, // its state was left, it has still to end
  sBegan: 0,
  sStarting: 0, // claimed, not yet recorded
  sEnding: 0,
  // Source, kernel
  sTree: Tree.running as number,
  sPort: 1,
  sLost: 0, // a power cut took the tree
  sHand: 0, // Hand
  sKilled: 0, // ferry killed the tree after COMMIT, because somebody had thawed it
  sGone: 0, // Gone
  sWord: 0, // Word
  // Source, disk
  sClaim: 0,
  sRec1: 0,
  sRec2: 0,
  sDec1: 0,
  sDec2: 0,
  sTook1: 0,
  sTook2: 0,
  sBeganD: 0,
  sGhost: 0,
  // Target, in its daemon's memory
  tUp: 1,
  tMig: 0,
  tMachine: 0,
  tEffect: 0,
  tPc: 0,
  tCut: 0,
  tStarting: 0,
  tEnding: 0,
  tGot: 0, // images and the last rootfs round are there
  tPending: 0, // requests (Ask) that wait for their answer
  // Target, kernel
  tTree: Tree.none as number,
  tPort: 0,
  tLost: 0, // Lost
  tHand: 0,
  tGone: 0,
  tWord: 0,
  // Target, disk
  tStaged: 0,
  tClaim: 0,
  tRec1: 0,
  tRec2: 0,
  tPrep1: 0,
  tPrep2: 0,
  tAct1: 0,
  tAct2: 0,
  tBack1: 0,
  tBack2: 0,
  tGhost: 0,
  // Witnesses: two alike; a write that is not synced yet (Buffer), decisions on disk, and what is on the wire with each (Tell)
  w1Up: 1,
  w1Buf: 0,
  w1Dec1: 0,
  w1Dec2: 0,
  w1Wire1: 0,
  w1Wire2: 0,
  w2Up: 1,
  w2Buf: 0,
  w2Dec1: 0,
  w2Dec2: 0,
  w2Wire1: 0,
  w2Wire2: 0,
  // The wire: sets of messages in flight
  asks1: 0,
  asks2: 0,
  says1: 0,
  says2: 0,
  // Faults used up so far
  begun: 0,
  crashes: 0,
  faults: 0,
  hands: 0
}

export type World = typeof BLANK
export type Field = keyof World

export function initialWorld(): World {
  return { ...BLANK }
}

type PerMigration = 'sRec' | 'sDec' | 'sTook' | 'tRec' | 'tPrep' | 'tAct' | 'tBack' | 'asks' | 'says'

/** Names of the fields of both migrations; putting them together at every look would cost as much as all the rest. */
const BOTH: Readonly<Record<PerMigration, readonly [Field, Field]>> = {
  sRec: ['sRec1', 'sRec2'],
  sDec: ['sDec1', 'sDec2'],
  sTook: ['sTook1', 'sTook2'],
  tRec: ['tRec1', 'tRec2'],
  tPrep: ['tPrep1', 'tPrep2'],
  tAct: ['tAct1', 'tAct2'],
  tBack: ['tBack1', 'tBack2'],
  asks: ['asks1', 'asks2'],
  says: ['says1', 'says2']
}

export function of(world: World, name: PerMigration, id: number): number {
  return world[BOTH[name][id === 1 ? 0 : 1]]
}

export function put(world: World, name: PerMigration, id: number, value: number): void {
  world[BOTH[name][id === 1 ? 0 : 1]] = value
}

export function ask(world: World, id: number, request: number): void {
  put(world, 'asks', id, of(world, 'asks', id) | request)
}

export function say(world: World, id: number, answer: number): void {
  put(world, 'says', id, of(world, 'says', id) | answer)
}
