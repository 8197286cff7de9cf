// Peers that keep the source's word on their disks and pass it on to a target in doubt. One that has nothing says nothing.
import { faulty, mayFault, type Emit, type Model } from './model.ts'
import { awaitsStored, sourceHearsStored } from './source-side.ts'
import { targetAsksWitnesses, targetHearsWitness } from './target-side.ts'
import { Buffer, Tell, WITNESSES, held, hold, setWire, shiftOf, wire, type Witness } from './witness-wire.ts'
import { Dec, IDS, type World } from './world.ts'

const TELLS = Object.entries(Tell)

export function witnessSteps(model: Model, world: World, emit: Emit): void {
  for (const witness of WITNESSES) {
    if (witness > model.bounds.witnesses) return
    const who = `witness ${String(witness)}`
    if (world[`w${witness}Up`] === 0) emit({ ...world, [`w${witness}Up`]: 1 }, `${who} starts`, 'free')
    for (const id of IDS) {
      syncs(world, witness, id, emit)
      const messages = wire(world, witness, id)
      if (messages === 0) continue
      for (const [name, bit] of TELLS) {
        if ((messages & bit) === 0) continue
        const label = `"${name}" with ${who} (migration ${String(id)})`
        const next = { ...world }
        setWire(next, witness, id, messages & ~bit)
        arrives(model, next, witness, id, bit)
        emit(next, `${label} arrives`, 'free')
        if (!mayFault(model, world)) continue
        const lost = faulty(world)
        setWire(lost, witness, id, messages & ~bit)
        emit(lost, `${label} is lost`, 'fault')
      }
    }
    dies(model, world, witness, emit)
  }
}

function arrives(model: Model, world: World, witness: Witness, id: number, bit: number): void {
  switch (bit) {
    case Tell.stored:
      sourceHearsStored(model, world, id)
      return
    case Tell.tellCommit:
    case Tell.tellAbort:
      if (targetAsksWitnesses(model, world, id))
        targetHearsWitness(model, world, bit === Tell.tellCommit ? 'commit' : 'abort')
      return
    default:
      if (world[`w${witness}Up`] === 0) return
  }
  if (bit === Tell.asked) {
    answers(model, world, witness, id)
    return
  }
  if (model.bounds.refusing) return
  const given = bit === Tell.giveCommit ? Buffer.commit : Buffer.abort
  world[`w${witness}Buf`] |= given << shiftOf(id)
  if (model.wrong.storedSaidBeforeSynced) saysStored(world, witness, id)
}

function saysStored(world: World, witness: Witness, id: number): void {
  if (awaitsStored(world, id)) setWire(world, witness, id, wire(world, witness, id) | Tell.stored)
}

function answers(model: Model, world: World, witness: Witness, id: number): void {
  if (!targetAsksWitnesses(model, world, id)) return
  const ids = model.wrong.witnessOfAnyMigration ? IDS : [id]
  for (const each of ids) {
    const decision = held(world, witness, each)
    const tell = decision === Dec.commit ? Tell.tellCommit : decision === Dec.abort ? Tell.tellAbort : 0
    setWire(world, witness, id, wire(world, witness, id) | tell)
  }
}

/** ABORT replaces COMMIT, for a source that took back; a COMMIT that comes late replaces nothing. */
function keep(world: World, witness: Witness, id: number, given: number): void {
  const standing = held(world, witness, id)
  const decision = given === Buffer.commit ? Dec.commit : Dec.abort
  if (decision === Dec.abort || standing !== Dec.abort) hold(world, witness, id, decision)
  world[`w${witness}Buf`] &= ~(given << shiftOf(id))
}

function syncs(world: World, witness: Witness, id: number, emit: Emit): void {
  for (const given of [Buffer.commit, Buffer.abort]) {
    if (((world[`w${witness}Buf`] >> shiftOf(id)) & given) === 0) continue
    const next = { ...world }
    keep(next, witness, id, given)
    saysStored(next, witness, id)
    const what = given === Buffer.commit ? 'COMMIT' : 'ABORT'
    emit(next, `witness ${String(witness)} has ${what} of migration ${String(id)} on disk`, 'free')
  }
}

/** What was not synced may be on the disk all the same. */
function dies(model: Model, world: World, witness: Witness, emit: Emit): void {
  if (world[`w${witness}Up`] === 0 || !mayFault(model, world) || world.crashes >= model.bounds.crashes) return
  const dead = { ...faulty(world), crashes: world.crashes + 1, [`w${witness}Up`]: 0, [`w${witness}Buf`]: 0 }
  for (const id of IDS) {
    const toHosts = Tell.stored | Tell.tellCommit | Tell.tellAbort
    setWire(dead, witness, id, wire(dead, witness, id) & ~toHosts)
  }
  emit(dead, `witness ${String(witness)} is killed`, 'fault')
  for (const id of IDS) {
    for (const given of [Buffer.commit, Buffer.abort]) {
      if (((world[`w${witness}Buf`] >> shiftOf(id)) & given) === 0) continue
      const kept = { ...dead }
      keep(kept, witness, id, given)
      emit(kept, `witness ${String(witness)} is killed, what it was writing is on the disk`, 'fault')
    }
  }
}
