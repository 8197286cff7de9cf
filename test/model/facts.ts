// Durable facts of a migration, including those that only the disk knows.
import { Dec, Ghost, Rec, of, type World } from './world.ts'

export function committed(world: World, id: number): boolean {
  const unseen = of(world, 'sRec', id) === Rec.open && world.sGhost === Ghost.commit
  return of(world, 'sDec', id) === Dec.commit || unseen
}

export function activating(world: World, id: number): boolean {
  const unseen = of(world, 'tRec', id) === Rec.open && world.tGhost === Ghost.activating
  return of(world, 'tAct', id) === 1 || unseen
}

export function handedBack(world: World, id: number): boolean {
  const unseen = of(world, 'tRec', id) === Rec.open && world.tGhost === Ghost.handBack
  return of(world, 'tBack', id) === 1 || unseen
}
