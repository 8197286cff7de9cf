// What must hold in every state, and what an end is.
import type { Model } from './model.ts'
import { Dec, Ghost, IDS, Rec, Tree, of, type World } from './world.ts'

interface Facts {
  readonly committed: boolean
  readonly activating: boolean
  readonly handedBack: boolean
}

/** Durable facts of a migration, including those that only the disk knows. */
function factsOf(world: World, id: number): Facts {
  const here = of(world, 'sRec', id) === Rec.open
  const there = of(world, 'tRec', id) === Rec.open
  return {
    committed: of(world, 'sDec', id) === Dec.commit || (here && world.sGhost === Ghost.commit),
    activating: of(world, 'tAct', id) === 1 || (there && world.tGhost === Ghost.activating),
    handedBack: of(world, 'tBack', id) === 1 || (there && world.tGhost === Ghost.handBack)
  }
}

/** The sentence of the rule that is broken. */
export function brokenRule(world: World): string | undefined {
  const facts = IDS.map((id) => factsOf(world, id))
  const { sTree, tTree, sPort, tPort } = world
  if (sTree === Tree.running && tTree === Tree.running) return 'two copies run'
  if (sPort === 1 && tPort === 1) return 'the port is on two bridges'
  if (facts.some(({ activating, handedBack }) => activating && handedBack))
    return 'the target has both ACTIVATING and HAND-BACK'
  if (facts.some(({ activating, committed }) => activating && !committed))
    return 'the target is ACTIVATING what the source did not COMMIT'
  if (sTree === Tree.running && facts.some(({ committed, handedBack }) => committed && !handedBack))
    return 'the source runs after COMMIT without a HAND-BACK'
  const owner = facts.some(({ activating }) => activating)
  const visible = IDS.some((id) => of(world, 'tAct', id) === 1 && of(world, 'sDec', id) === Dec.commit)
  if (tTree === Tree.running && !visible) return 'the target runs without a durable COMMIT and ACTIVATING'
  if (tPort === 1 && !visible) return "the target's port is on before COMMIT and ACTIVATING are durable"
  // With the right at the target its tree has to be whole; with the right at the source, or undecided, the source's.
  if (owner && tTree !== Tree.frozen && tTree !== Tree.running && world.tLost === 0)
    return 'no copy can run: the target has the right and no tree'
  if (!owner && sTree === Tree.none && world.sLost === 0) return 'no copy can run: the source gave its tree away early'
  return undefined
}

/** Nothing is under way, both sides say the same, one copy runs with its port on, nothing is left. */
export function isGoodEnd(_model: Model, world: World): boolean {
  const { sUp, tUp, sMig, tMig, sStarting, tStarting, sClaim, tClaim, tStaged } = world
  if (sUp === 0 || tUp === 0 || (sMig | tMig | sStarting | tStarting | sClaim | tClaim | tStaged) !== 0) return false
  for (const id of IDS) {
    if (of(world, 'sRec', id) === Rec.open || of(world, 'tRec', id) === Rec.open) return false
  }
  const moved = IDS.some((id) => of(world, 'tAct', id) === 1)
  if (moved) {
    const gone = world.tLost === 1 && world.tTree === Tree.none
    return (
      world.sTree === Tree.none && world.sPort === 0 && (gone || (world.tTree === Tree.running && world.tPort === 1))
    )
  }
  const gone = world.sLost === 1 && world.sTree === Tree.none
  return world.tTree === Tree.none && world.tPort === 0 && (gone || (world.sTree === Tree.running && world.sPort === 1))
}
