// The source's daemon, kernel and disk: what the actors of src/node/source-migration.ts do, one step at a time.
import type { MachineEvent } from './machine-walker.ts'
import { faulty, mayFault, type Emit, type Model } from './model.ts'
import { forgetStored, give, isBeingRetracted } from './witness-wire.ts'
import { Ask, Dec, Ghost, Hand, IDS, Rec, Say, Tree, ask, of, put, type World } from './world.ts'

const EFFECTS = [
  '',
  'offer',
  'preflight',
  'preDump',
  'finalDump',
  'stream',
  'restore',
  'decideCommit',
  'decideAbort',
  'giveWitness',
  'deliverCommit',
  'recordTakeBack',
  'retract',
  'retire',
  'undo',
  'deliverAbort'
]

/** The answers that an effect waits for. A stream ends with its effect: later answers reach nobody. */
const AWAITED: Readonly<Record<string, number>> = {
  offer: Say.accepted | Say.noOffer,
  preflight: Say.report | Say.noReport,
  restore: Say.prepared | Say.noRestore,
  deliverCommit: Say.ack | Say.handedBack,
  deliverAbort: Say.abortHeard
}

export function sourceEffect(world: World): string {
  return EFFECTS[world.sEffect] ?? ''
}

export function sourceAwaits(world: World, id: number): number {
  return world.sMig === id && world.sCut === 0 ? (AWAITED[sourceEffect(world)] ?? 0) : 0
}

function begin(model: Model, world: World): void {
  const { effect } = model.source.at(world.sMachine)
  world.sEffect = effect === undefined ? 0 : EFFECTS.indexOf(effect)
  if (world.sEffect < 0) throw new Error(`the model does not know the effect ${String(effect)}`)
  world.sPc = 0
  world.sCut = 0
}

/** An effect that is at work is told to end; the next begins when it has. */
function arrive(model: Model, world: World, state: number): void {
  if (state === world.sMachine) return
  const stays = model.source.at(world.sMachine).child === model.source.at(state).child
  world.sMachine = state
  if (world.sEffect === 0) begin(model, world)
  else if (!stays) {
    world.sCut = 1
    forgetStored(world, world.sMig)
    if (world.sMig !== 0) put(world, 'says', world.sMig, of(world, 'says', world.sMig) & ~ANSWERS_TO_SOURCE)
  }
}

const ANSWERS_TO_SOURCE = Object.values(AWAITED).reduce((all, bits) => all | bits, 0)

/** The effect ended: what comes next begins. Without `outcome` it was interrupted. */
export function sourceEnds(model: Model, world: World, outcome: 'done' | 'failed', output?: string): void {
  const { sCut: cut, sMachine: state } = world
  put(world, 'says', world.sMig, of(world, 'says', world.sMig) & ~ANSWERS_TO_SOURCE)
  forgetStored(world, world.sMig)
  world.sEffect = 0
  if (cut === 1) begin(model, world)
  else arrive(model, world, outcome === 'done' ? model.source.done(state, output) : model.source.failed(state))
}

/** A witness says that it has what it was given. */
export function sourceHearsStored(model: Model, world: World, id: number): void {
  if (awaitsStored(world, id)) sourceEnds(model, world, 'done')
}

export function awaitsStored(world: World, id: number): boolean {
  return world.sUp === 1 && world.sMig === id && world.sCut === 0 && sourceEffect(world) === 'giveWitness'
}

export function sourceHears(model: Model, world: World, event: MachineEvent): void {
  arrive(model, world, model.source.send(world.sMachine, event))
}

export function sourceSteps(model: Model, world: World, emit: Emit): void {
  if (world.sGone !== 0) return
  if (world.sUp === 0) {
    emit(restarted(model, world), 'the source daemon starts and reads its journal', 'free')
    return
  }
  if (world.sMig === 0) {
    starting(model, world, emit)
    return
  }
  if (world.sGhost !== Ghost.none) emit(comesToLight(world), 'source: the journal is opened again', 'free')
  const { final, retry, name } = model.source.at(world.sMachine)
  if (final) {
    ending(world, emit)
    return
  }
  const heard = new Set([world.sMachine])
  for (const type of ['CANCEL', 'LINK_LOST', 'DEADLINE']) {
    const state = model.source.send(world.sMachine, { type })
    if (heard.has(state)) continue
    heard.add(state)
    const next = { ...world }
    sourceHears(model, next, { type })
    emit(next, `source, ${name}: ${type}`, 'free')
  }
  if (world.sEffect !== 0) effectSteps(model, world, emit)
  else if (retry !== undefined) {
    const next = { ...world }
    arrive(model, next, model.source.retried(world.sMachine))
    emit(next, `source, ${name}: tries again`, 'free')
  }
}

function starting(model: Model, world: World, emit: Emit): void {
  if (world.sStarting !== 0) {
    const id = world.sStarting
    const next = { ...world, sStarting: 0, sMig: id, sBegan: 0, sBeganD: 0 }
    put(next, 'sRec', id, Rec.open)
    next.sMachine = model.source.start({ migration: 'm' })
    begin(model, next)
    emit(next, `source: migration ${String(id)} is recorded and begins`, 'free')
  } else if (
    world.begun < model.bounds.migrations &&
    world.sClaim === 0 &&
    world.sTree === Tree.running &&
    world.sPort === 1
  ) {
    const id = world.begun + 1
    const next = { ...world, begun: id, sClaim: id, sStarting: id }
    emit(next, `an operator starts migration ${String(id)}; the source claims the container`, 'operator')
  }
}

function ending(world: World, emit: Emit): void {
  const next = comesToLight(world)
  if (world.sEnding === 0) {
    put(next, 'sRec', world.sMig, Rec.ended)
    next.sEnding = 1
    emit(next, 'source: writes down the end', 'free')
    return
  }
  if (next.sClaim === next.sMig) next.sClaim = 0
  Object.assign(next, { sMig: 0, sMachine: 0, sEffect: 0, sPc: 0, sCut: 0, sBegan: 0, sEnding: 0 })
  emit(next, 'source: releases the container', 'free')
}

function openRecord(world: World): number {
  return IDS.find((each) => of(world, 'sRec', each) === Rec.open) ?? 0
}

/** Any write opens it again after a failed one, also that of another migration. */
function comesToLight(world: World): World {
  const next = { ...world, sGhost: Ghost.none }
  const id = openRecord(world)
  if (id === 0) return next
  if (world.sGhost === Ghost.commit) put(next, 'sDec', id, Dec.commit)
  if (world.sGhost === Ghost.abort) put(next, 'sDec', id, Dec.abort)
  if (world.sGhost === Ghost.takenBack) put(next, 'sTook', id, 1)
  return next
}

function restarted(model: Model, world: World): World {
  const next = { ...comesToLight(world), sUp: 1 }
  const id = openRecord(world)
  if (model.wrong.startThawsFirst && next.sTree === Tree.frozen) Object.assign(next, { sTree: Tree.running, sPort: 1 })
  if (id !== next.sClaim && !model.wrong.startKeepsClaims) next.sClaim = id
  if (id === 0) return next
  const standing = model.wrong.recoveryForgetsDecision ? Dec.none : of(next, 'sDec', id)
  const takenBack = of(next, 'sTook', id) === 1
  const decision = standing === Dec.commit ? 'commit' : 'abort'
  next.sMig = id
  next.sBegan = model.wrong.recoveryForgetsFreeze ? 0 : next.sBeganD
  next.sMachine = model.source.start({
    migration: 'm',
    resume: { ...(standing === Dec.none ? {} : { decision }), takenBack }
  })
  begin(model, next)
  return next
}

/** The record of an effect that writes one is on disk. */
const WRITTEN = 9
/** What stands was read, and is not read again. */
const LOOKED = 8

/** Steps of the effect that is at work; a helper emits its next one, its end, or its failure. */
function effectSteps(model: Model, world: World, emit: Emit): void {
  const effect = sourceEffect(world)
  const go = (change: Partial<World>, label: string) => {
    emit({ ...world, sPc: world.sPc + 1, ...change }, `source, ${effect}: ${label}`, 'free')
  }
  const end = (outcome: 'done' | 'failed', output?: string, change: Partial<World> = {}, label: string = outcome) => {
    const next = { ...world, ...change }
    sourceEnds(model, next, outcome, output)
    emit(next, `source, ${effect}: ${label}`, 'free')
  }
  const fault = (change: Partial<World> = {}, label = 'fails') => {
    if (!mayFault(model, world)) return
    const next = { ...faulty(world), ...change }
    sourceEnds(model, next, 'failed')
    emit(next, `source, ${effect}: ${label}`, 'fault')
  }
  const request = (bit: number, label: string, change: Partial<World> = {}) => {
    const next = { ...world, ...change }
    ask(next, world.sMig, bit)
    emit(next, `source, ${effect}: ${label}`, 'free')
  }
  const write = (change: (next: World) => void, ghost: number) => {
    const next = { ...world, sPc: WRITTEN, sGhost: Ghost.none }
    change(next)
    emit(next, `source, ${effect}: the record is on disk`, 'free')
    fault({}, 'the write fails')
    fault({ sGhost: ghost }, 'the write fails, yet it is on the disk')
  }
  /** Nothing of COMMIT was given to the disk; the ABORT may be on it, or not. */
  const unrecorded = () => {
    if (!mayFault(model, world)) return
    const aborted = { ...faulty(world), sPc: WRITTEN }
    put(aborted, 'sDec', world.sMig, Dec.abort)
    emit(aborted, 'source, decideCommit: its state is not written down, ABORT is', 'fault')
    const next = { ...faulty(world), sGhost: model.wrong.failedCommitIsUnrecorded ? Ghost.commit : world.sGhost }
    sourceEnds(model, next, 'done', 'abort')
    emit(next, 'source, decideCommit: neither its state nor ABORT is written down', 'fault')
  }
  const killsThawed = () => {
    const change = model.wrong.thawedSourceIsPassedOver
      ? { sHand: Hand.passedOver }
      : { sTree: Tree.none, sHand: Hand.none, sKilled: 1 }
    emit({ ...world, ...change }, `source, ${effect}: sees its tree thawed and kills it`, 'free')
  }
  if (world.sCut === 1) {
    end('failed', undefined, {}, 'ends, interrupted')
    // CRIU thaws what it works on; killed, it may leave it so.
    if (effect === 'finalDump' && world.sPc === 3)
      end('failed', undefined, { sTree: Tree.running }, 'CRIU is ended and lets its tree run')
    if (effect !== 'finalDump' || world.sPc > 2) return
  }
  const atTarget = world.tUp === 1 && world.tMig === world.sMig ? model.target.at(world.tMachine).name : undefined
  switch (effect) {
    case 'offer':
    case 'preflight': {
      if (world.sPc === 0) request(effect === 'offer' ? Ask.offer : Ask.preflight, 'asks', { sPc: 1 })
      else end('failed', undefined, {}, 'no answer in time')
      return
    }
    case 'restore':
      // It waits as long as the limits of the migration let it: DEADLINE ends it.
      if (world.sPc === 0) request(Ask.restore, 'asks', { sPc: 1 })
      return
    case 'preDump':
    case 'stream':
      if (atTarget === 'receiving') end('done', undefined, effect === 'stream' ? { tGot: 1 } : {})
      else end('failed', undefined, {}, 'the target takes no stream')
      fault()
      return
    case 'finalDump':
      if (world.sPc === 0) go({ sBegan: 1, sBeganD: 1 }, 'writes down that a freeze begins')
      if (world.sPc === 1) go({ sPort: 0 }, 'port off')
      if (world.sPc === 2) go({ sTree: world.sTree === Tree.running ? Tree.frozen : world.sTree }, 'frozen')
      if (world.sPc === 3) {
        if (world.sTree === Tree.frozen) end('done', undefined, {}, 'dumped and seen frozen')
        else end('failed', undefined, {}, 'no tree')
        fault({ sTree: world.sTree === Tree.frozen ? Tree.running : world.sTree }, 'CRIU dies and lets its tree run')
      }
      if (world.sCut === 0) fault()
      return
    case 'decideCommit':
    case 'decideAbort': {
      const standing = of(world, 'sDec', world.sMig)
      const decide = (decision: number) => {
        write(
          (next) => {
            put(next, 'sDec', world.sMig, decision)
          },
          decision === Dec.commit ? Ghost.commit : Ghost.abort
        )
      }
      const hidden = world.sGhost !== Ghost.none
      if (world.sPc === WRITTEN) end('done', standing === Dec.commit ? 'commit' : 'abort')
      else if (world.sPc === LOOKED) decide(Dec.abort)
      else if (hidden && model.wrong.decidesBeforeReopen) go({ sPc: LOOKED }, 'finds no decision')
      else if (hidden) fault({}, 'the journal does not open again')
      else if (standing !== Dec.none && !model.wrong.decisionIsOverwritten)
        go({ sPc: WRITTEN }, 'a decision stands already')
      else if (effect === 'decideAbort') decide(Dec.abort)
      else {
        if (world.sPc === 0) unrecorded()
        const looks = model.bounds.hands > 0 && !model.wrong.commitWithoutLook
        // Only looked at where somebody may have thawed it: with nobody about it is frozen.
        if (world.sPc === 0 && looks && world.sTree === Tree.frozen) go({}, 'sees its tree frozen')
        else decide(world.sPc === 0 && looks ? Dec.abort : Dec.commit)
        if (model.bounds.require && world.sPc === 0) decide(Dec.abort)
        if (model.wrong.commitSaidBeforeSynced) request(Ask.commit, 'says COMMIT')
        if (model.wrong.commitGivenBeforeSynced) {
          const next = { ...world }
          give(model, next, world.sMig, 'giveCommit')
          emit(next, 'source, decideCommit: gives COMMIT to its witnesses', 'free')
        }
      }
      return
    }
    case 'giveWitness':
      if (world.sTree === Tree.running && world.sHand !== Hand.passedOver) killsThawed()
      else if (model.bounds.witnesses === 0) end('done', undefined, {}, 'there is no witness')
      else if (world.sPc === 0) {
        const next = { ...world, sPc: 1 }
        give(model, next, world.sMig, 'giveCommit')
        emit(next, 'source, giveWitness: gives COMMIT to its witnesses', 'free')
      } else if (model.bounds.require) end('failed', undefined, {}, 'no witness answers in time')
      else end('done', undefined, {}, 'no witness answers in time, it goes on without')
      fault()
      return
    case 'deliverCommit':
      if (world.sTree === Tree.running && world.sHand !== Hand.passedOver) killsThawed()
      else request(Ask.commit, 'says COMMIT', model.wrong.killBeforeAck ? { sTree: Tree.none } : {})
      fault()
      return
    case 'recordTakeBack':
      if (world.sPc === WRITTEN || of(world, 'sTook', world.sMig) === 1) end('done')
      else if (world.sGhost !== Ghost.none) fault({}, 'the journal does not open again')
      else
        write((next) => {
          put(next, 'sTook', world.sMig, 1)
        }, Ghost.takenBack)
      return
    case 'retract':
      if (world.sPc === 0) {
        const next = { ...world, sPc: 1 }
        give(model, next, world.sMig, 'giveAbort')
        emit(next, 'source, retract: gives ABORT to its witnesses', 'free')
      } else if (!isBeingRetracted(world, world.sMig)) end('done')
      fault()
      return
    case 'retire':
      if (world.sPc === 0) go({ sTree: Tree.none, sPort: 0, sHand: Hand.none }, 'kills its tree')
      else end('done', undefined, {}, 'writes the epoch')
      fault()
      return
    case 'undo':
      if (world.sBegan === 0) end('done', undefined, {}, 'nothing was frozen')
      else if (world.sTree === Tree.none) end('done', undefined, {}, 'the tree is gone')
      else if (world.sPc === 0) go(model.wrong.undoForgetsPort ? {} : { sPort: 1 }, 'port on')
      else if (world.sPc === 1) go({ sTree: Tree.running, sHand: Hand.none }, 'thaws')
      else end('done')
      fault()
      return
    case 'deliverAbort':
      if (world.sPc === 0) request(Ask.abort, 'says ABORT', { sPc: 1 })
      else {
        const next = { ...world }
        if (world.sBegan === 1) give(model, next, world.sMig, 'giveAbort')
        sourceEnds(model, next, 'failed')
        emit(next, 'source, deliverAbort: no answer in time, the witnesses are told', 'free')
      }
      return
    default:
      throw new Error(`the model does not know what ${effect} does`)
  }
}
