// What is said between both hosts and the witnesses, and what a witness has.
import type { Model } from './model.ts'
import { Dec, type World } from './world.ts'

/** On the wire between a witness and both hosts. */
export const Tell = {
  giveCommit: 1,
  giveAbort: 2,
  stored: 4,
  asked: 8,
  tellCommit: 16,
  tellAbort: 32
} as const
/** What a witness was given and has not synced yet, for the first migration; the second's is two bits further. */
export const Buffer = { commit: 1, abort: 2 } as const

export const WITNESSES = [1, 2] as const
export type Witness = (typeof WITNESSES)[number]

const WIRES = { 1: ['w1Wire1', 'w1Wire2'], 2: ['w2Wire1', 'w2Wire2'] } as const
const HELD = { 1: ['w1Dec1', 'w1Dec2'], 2: ['w2Dec1', 'w2Dec2'] } as const

export function wire(world: World, witness: Witness, id: number): number {
  return world[WIRES[witness][id === 1 ? 0 : 1]]
}

export function setWire(world: World, witness: Witness, id: number, value: number): void {
  world[WIRES[witness][id === 1 ? 0 : 1]] = value
}

export function held(world: World, witness: Witness, id: number): number {
  return world[HELD[witness][id === 1 ? 0 : 1]]
}

export function hold(world: World, witness: Witness, id: number, decision: number): void {
  world[HELD[witness][id === 1 ? 0 : 1]] = decision
}

export function shiftOf(id: number): number {
  return (id - 1) * 2
}

/** A COMMIT that could still reach the target by way of a witness. */
export function commitAtWitness(world: World, witness: Witness, id: number): boolean {
  const buffered = (world[`w${witness}Buf`] >> shiftOf(id)) & Buffer.commit
  const onWire = wire(world, witness, id) & (Tell.giveCommit | Tell.tellCommit)
  return held(world, witness, id) === Dec.commit || buffered !== 0 || onWire !== 0
}

export function give(model: Model, world: World, id: number, what: 'giveCommit' | 'giveAbort'): void {
  for (const witness of WITNESSES) {
    if (witness <= model.bounds.witnesses) setWire(world, witness, id, wire(world, witness, id) | Tell[what])
  }
}

/** An ABORT is on its way to a witness, and neither lost nor on its disk. */
export function isBeingRetracted(world: World, id: number): boolean {
  return WITNESSES.some((witness) => {
    const buffered = (world[`w${witness}Buf`] >> shiftOf(id)) & Buffer.abort
    return buffered !== 0 || (wire(world, witness, id) & Tell.giveAbort) !== 0
  })
}

/** A witness that was asked has still to answer. */
export function isAnswering(world: World, id: number): boolean {
  return WITNESSES.some((witness) => (wire(world, witness, id) & ANSWERING) !== 0)
}

export function askWitnesses(model: Model, world: World, id: number): void {
  for (const witness of WITNESSES) {
    if (witness <= model.bounds.witnesses) setWire(world, witness, id, wire(world, witness, id) | Tell.asked)
  }
}

const ANSWERING = Tell.asked | Tell.tellCommit | Tell.tellAbort

/** A stream ends with the effect that waited for its answer; a question that still arrives then changes nothing. */
export function forgetStored(world: World, id: number): void {
  if (id !== 0) for (const witness of WITNESSES) setWire(world, witness, id, wire(world, witness, id) & ~Tell.stored)
}

export function forgetTells(world: World, id: number): void {
  if (id !== 0) for (const witness of WITNESSES) setWire(world, witness, id, wire(world, witness, id) & ~ANSWERING)
}
