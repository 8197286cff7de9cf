// The target's daemon, kernel and disk: what the actors of src/node/target-migration.ts do, one step at a time.
import type { MachineEvent } from './machine-walker.ts'
import { faulty, mayFault, type Emit, type Model } from './model.ts'
import { sourceAwaits } from './source-side.ts'
import { askWitnesses, forgetTells, isAnswering } from './witness-wire.ts'
import { Ask, Ghost, Hand, IDS, Lost, Rec, Say, Tree, Word, ask, of, put, say, type World } from './world.ts'

const EFFECTS = [
  '',
  'reserve',
  'compare',
  'restore',
  'recordPrepared',
  'askDecision',
  'seeFrozen',
  'recordActivating',
  'recordHandBack',
  'activate',
  'adopt',
  'discard',
  'deliverHandBack'
]

const AWAITED: Readonly<Record<string, number>> = {
  askDecision: Say.isCommit | Say.isAbort,
  deliverHandBack: Say.handBackHeard
}
/** They change nothing where they arrive. */
export const QUESTIONS = Ask.decision | Ask.handBack
const ANSWERS_TO_TARGET = Say.isCommit | Say.isAbort | Say.handBackHeard

export function targetEffect(world: World): string {
  return EFFECTS[world.tEffect] ?? ''
}

export function targetAwaits(world: World, id: number): number {
  return world.tMig === id && world.tCut === 0 ? (AWAITED[targetEffect(world)] ?? 0) : 0
}

/** An answer to the source counts only while somebody waits for it. */
export function answerSource(world: World, id: number, answer: number): void {
  if (world.sUp === 1 && (sourceAwaits(world, id) & answer) !== 0) say(world, id, answer)
}

function begin(model: Model, world: World): void {
  const { effect } = model.target.at(world.tMachine)
  world.tEffect = effect === undefined ? 0 : EFFECTS.indexOf(effect)
  if (world.tEffect < 0) throw new Error(`the model does not know the effect ${String(effect)}`)
  world.tPc = 0
  world.tCut = 0
}

function forgetAnswers(world: World): void {
  put(world, 'says', world.tMig, of(world, 'says', world.tMig) & ~ANSWERS_TO_TARGET)
  // A question that still arrives is answered to nobody.
  put(world, 'asks', world.tMig, of(world, 'asks', world.tMig) & ~QUESTIONS)
  forgetTells(world, world.tMig)
}

function arrive(model: Model, world: World, state: number): void {
  if (state === world.tMachine) return
  const stays = model.target.at(world.tMachine).child === model.target.at(state).child
  world.tMachine = state
  if (world.tEffect === 0) begin(model, world)
  else if (!stays) {
    world.tCut = 1
    forgetAnswers(world)
  }
  answerPending(model, world)
}

export function targetEnds(model: Model, world: World, outcome: 'done' | 'failed', output?: string): void {
  const { tCut: cut, tMachine: state } = world
  forgetAnswers(world)
  world.tEffect = 0
  if (cut === 1) begin(model, world)
  else arrive(model, world, outcome === 'done' ? model.target.done(state, output) : model.target.failed(state))
}

export function targetHears(model: Model, world: World, event: MachineEvent): void {
  arrive(model, world, model.target.send(world.tMachine, event))
}

/** In doubt, and asking: only then does a witness's word reach anybody. */
export function targetAsksWitnesses(model: Model, world: World, id: number): boolean {
  if (world.tUp === 0 || world.tMig !== id || world.tCut === 1 || targetEffect(world) !== 'askDecision') return false
  return !model.target.at(world.tMachine).nested
}

/** An ABORT is the last word; behind a COMMIT there may be one with another witness. */
export function targetHearsWitness(model: Model, world: World, verdict: 'commit' | 'abort'): void {
  if (verdict === 'commit' && !model.wrong.firstWitnessIsBelieved) world.tPc = HEARD_COMMIT
  else targetEnds(model, world, 'done', verdict)
}

const HEARD_COMMIT = 1

/** What the request handlers of the node wait for, and then say. */
export function answerPending(model: Model, world: World): void {
  const { name } = model.target.at(world.tMachine)
  const settle = (request: number, answer: number) => {
    if ((world.tPending & request) === 0) return
    world.tPending &= ~request
    if (answer !== 0) answerSource(world, world.tMig, answer)
  }
  if (name !== 'starting' && name !== 'reserving') settle(Ask.offer, name === 'reserved' ? Say.accepted : Say.noOffer)
  if (name !== 'comparing') settle(Ask.preflight, name === 'receiving' ? Say.report : Say.noReport)
  if (name !== 'restoring' && name !== 'recordingPrepared')
    settle(Ask.restore, name === 'prepared' ? Say.prepared : Say.noRestore)
  if (name === 'adopting' || name === 'adoptingAgain' || name === 'owner') settle(Ask.commit, Say.ack)
  if (name === 'handingBack' || name === 'handedBack') settle(Ask.commit, Say.handedBack)
  if (name === 'discarded') settle(Ask.commit, 0)
  if (model.wrong.ackBeforeActivatingSynced && name === 'recordingActivating') settle(Ask.commit, Say.ack)
  if (model.wrong.handBackSaidBeforeSynced && name === 'recordingHandBack') settle(Ask.commit, Say.handedBack)
}

export function targetSteps(model: Model, world: World, emit: Emit): void {
  if (world.tGone !== 0) return
  if (world.tUp === 0) {
    if (isSpokenFor(model, world)) return
    emit(restarted(model, world), 'the target daemon starts and reads its journal', 'free')
    return
  }
  if (world.tMig === 0) {
    if (world.tStarting === 0) return
    const id = world.tStarting
    const next = { ...world, tStarting: 0, tMig: id, tGot: 0, tPending: Ask.offer as number }
    put(next, 'tRec', id, Rec.open)
    next.tMachine = model.target.start({ migration: 'm', epoch: model.epochOf(id) })
    begin(model, next)
    emit(next, `target: migration ${String(id)} is recorded and begins`, 'free')
    return
  }
  if (world.tGhost !== Ghost.none) emit(comesToLight(world), 'target: the journal is opened again', 'free')
  const { final, retry, name } = model.target.at(world.tMachine)
  if (final) {
    ending(model, world, emit)
    return
  }
  const heard = new Set([world.tMachine])
  for (const type of ['LINK_LOST', 'CANCEL', 'DEADLINE']) {
    const state = model.target.send(world.tMachine, { type })
    // The link to a host that is gone is lost without anything more going wrong.
    const free = type === 'LINK_LOST' && world.sGone !== 0
    if (heard.has(state) || (!free && !mayFault(model, world))) continue
    heard.add(state)
    const next = free ? { ...world } : faulty(world)
    targetHears(model, next, { type })
    emit(next, `target, ${name}: ${type}`, free ? 'free' : 'fault')
  }

  if (world.tEffect !== 0) effectSteps(model, world, emit)
  else if (retry !== undefined) {
    const next = { ...world }
    arrive(model, next, model.target.retried(world.tMachine))
    emit(next, `target, ${name}: tries again`, 'free')
  }
}

/** Of a host that they say is gone operators know that it stays so until their word has been carried out. */
function isSpokenFor(model: Model, { sWord, sTree, sUp, sGone, sMachine }: World): boolean {
  if (sWord !== Word.run || sTree !== Tree.frozen || sGone !== 0) return false
  return sUp === 0 || TAKES_BACK.includes(model.source.at(sMachine).name)
}

const TAKES_BACK = ['recordingTakeBack', 'takingBackAgain', 'retracting', 'retractingAgain']

function ending(model: Model, world: World, emit: Emit): void {
  const next = comesToLight(world)
  if (world.tEnding === 0 && model.wrong.endIsWrittenOnce && mayFault(model, world)) {
    const idle = { tMig: 0, tMachine: 0, tEffect: 0, tPc: 0, tCut: 0, tGot: 0, tPending: 0, tEnding: 0 }
    emit({ ...faulty(world), ...idle }, 'target: the end is not written down', 'fault')
  }
  if (world.tEnding === 0) {
    put(next, 'tRec', world.tMig, Rec.ended)
    next.tEnding = 1
    emit(next, 'target: writes down the end', 'free')
    return
  }
  if (next.tClaim === next.tMig) next.tClaim = 0
  if ((world.tPending & Ask.abort) !== 0) answerSource(next, world.tMig, Say.abortHeard)
  Object.assign(next, { tMig: 0, tMachine: 0, tEffect: 0, tPc: 0, tCut: 0, tGot: 0, tPending: 0, tEnding: 0 })
  emit(next, 'target: releases the container', 'free')
}

function openRecord(world: World): number {
  return IDS.find((each) => of(world, 'tRec', each) === Rec.open) ?? 0
}

/** Any write opens the journal again after a failed one, also that of another migration. */
function comesToLight(world: World): World {
  const next = { ...world, tGhost: Ghost.none }
  const id = openRecord(world)
  if (id === 0) return next
  if (world.tGhost === Ghost.prepared) put(next, 'tPrep', id, 1)
  if (world.tGhost === Ghost.activating) put(next, 'tAct', id, 1)
  if (world.tGhost === Ghost.handBack) put(next, 'tBack', id, 1)
  return next
}

function restarted(model: Model, world: World): World {
  const next = { ...comesToLight(world), tUp: 1 }
  const id = openRecord(world)
  if (id !== next.tClaim && !model.wrong.startKeepsClaims) next.tClaim = id
  if (id === 0) return next
  // Of another migration's container it knows nothing.
  if (next.tTree === Tree.running && next.tStaged === id && of(next, 'tAct', id) === 0) {
    const change = model.wrong.thawedTargetIsPassedOver
      ? { tHand: Hand.passedOver }
      : { tTree: Tree.none, tHand: Hand.none, tLost: Lost.early }
    Object.assign(next, change)
  }
  next.tMig = id
  next.tMachine = model.target.start({
    migration: 'm',
    epoch: model.epochOf(id),
    resume: {
      prepared: of(next, 'tPrep', id) === 1 && !model.wrong.recoveryForgetsPrepared,
      activating: of(next, 'tAct', id) === 1 && !model.wrong.recoveryForgetsActivating,
      handBack: of(next, 'tBack', id) === 1
    }
  })
  begin(model, next)
  return next
}

function effectSteps(model: Model, world: World, emit: Emit): void {
  const effect = targetEffect(world)
  const go = (change: Partial<World>, label: string) => {
    emit({ ...world, tPc: world.tPc + 1, ...change }, `target, ${effect}: ${label}`, 'free')
  }
  const end = (outcome: 'done' | 'failed', output?: string, change: Partial<World> = {}, label: string = outcome) => {
    const next = { ...world, ...change }
    targetEnds(model, next, outcome, output)
    emit(next, `target, ${effect}: ${label}`, 'free')
  }
  const fault = (change: Partial<World> = {}, label = 'fails') => {
    if (!mayFault(model, world)) return
    const next = { ...faulty(world), ...change }
    targetEnds(model, next, 'failed')
    emit(next, `target, ${effect}: ${label}`, 'fault')
  }
  const request = (bit: number, label: string) => {
    const next = { ...world }
    ask(next, world.tMig, bit)
    emit(next, `target, ${effect}: ${label}`, 'free')
  }
  const write = (mark: 'tPrep' | 'tAct' | 'tBack', ghost: number) => {
    if (world.tGhost !== Ghost.none) {
      fault({}, 'the journal does not open again')
      return
    }
    const next = { ...world, tPc: 1, tGhost: Ghost.none }
    put(next, mark, world.tMig, 1)
    emit(next, `target, ${effect}: the record is on disk`, 'free')
    fault({}, 'the write fails')
    fault({ tGhost: ghost }, 'the write fails, yet it is on the disk')
  }
  if (world.tCut === 1) {
    end('failed', undefined, {}, 'ends, interrupted')
    // A write or a restore that was begun may still have its effect before it ends.
    if (effect !== 'restore' && effect !== 'recordPrepared' && effect !== 'reserve') return
    if (world.tPc > 0 && effect !== 'restore') return
  }
  switch (effect) {
    case 'reserve':
      // A container of that name is here already: the one an earlier migration brought.
      if (world.tPc === 0 && world.tTree !== Tree.none) end('failed', undefined, {}, 'the name is taken')
      else if (world.tPc === 0) go({ tStaged: world.tMig }, 'stages')
      else if (world.tCut === 0) end('done')
      if (world.tCut === 0) fault()
      return
    case 'compare':
      end('done')
      fault()
      return
    case 'restore':
      if (world.tGot === 0) {
        if (world.tCut === 0) end('failed', undefined, {}, 'not everything was sent')
        return
      }
      if (world.tPc === 0)
        go(
          { tTree: Tree.partial, tLost: 0, tHand: Hand.none, tPort: model.wrong.portWithRestore ? 1 : 0 },
          'CRIU restores, stopped'
        )
      if (world.tPc === 1) go({ tTree: model.wrong.restoredIsNotFrozen ? Tree.running : Tree.frozen }, 'seen frozen')
      if (world.tPc === 2 && world.tCut === 0) end('done')
      if (world.tCut === 0) fault()
      return
    case 'recordPrepared':
      if (world.tPc === 1) end('done')
      else if (world.tHand === Hand.killed) end('failed', undefined, {}, 'its tree was thawed and killed')
      else write('tPrep', Ghost.prepared)
      return
    case 'askDecision':
      if (model.wrong.askIsGivenUp) end('failed')
      else request(Ask.decision, 'asks the source')
      if (world.tPc === HEARD_COMMIT) {
        if (!isAnswering(world, world.tMig)) end('done', 'commit', {}, 'no other witness tells of an ABORT')
      } else if (targetAsksWitnesses(model, world, world.tMig)) {
        const next = { ...world }
        askWitnesses(model, next, world.tMig)
        if (model.bounds.witnesses > 0) emit(next, 'target, askDecision: asks the witnesses', 'free')
        if (model.wrong.witnessSilenceIsAbort) end('done', 'abort', {}, "takes a witness's silence for ABORT")
      }
      if (model.wrong.lostAnswerIsAbort) end('done', 'abort', {}, 'takes silence for ABORT')
      fault()
      return
    case 'seeFrozen':
      if (world.tTree === Tree.frozen || model.wrong.lostTreeIsNotSeen) end('done')
      else {
        const lost = world.tTree === Tree.running ? { tLost: Lost.early } : {}
        end('failed', undefined, { tTree: Tree.none, tHand: Hand.none, ...lost }, 'the tree is not there or not frozen')
      }
      fault()
      return
    case 'recordActivating':
    case 'recordHandBack': {
      const activating = of(world, 'tAct', world.tMig) === 1
      const back = of(world, 'tBack', world.tMig) === 1
      if (activating || back) end('done', activating ? 'activating' : 'hand-back')
      else if (effect === 'recordActivating' && world.tHand !== Hand.killed) write('tAct', Ghost.activating)
      else write('tBack', Ghost.handBack)
      return
    }
    case 'activate':
      if (world.tTree === Tree.none || world.tPc === 2) end('done')
      else if (world.tPc === 0) go({ tPort: 1 }, 'port on')
      else go({ tTree: Tree.running, tHand: Hand.none }, 'thaws')
      fault()
      return
    case 'adopt':
      end('done', undefined, { tStaged: 0 })
      fault()
      return
    case 'discard':
      // Only what this migration made: another's container of the same name is none of its business.
      if (world.tStaged !== world.tMig) end('done', undefined, {}, 'nothing of it is here')
      else if (world.tPc === 0) go({ tTree: Tree.none, tPort: 0, tHand: Hand.none }, 'kills its tree')
      else end('done', undefined, { tStaged: 0 }, 'removes what was staged')
      fault()
      return
    case 'deliverHandBack':
      request(Ask.handBack, 'tells of the hand-back')
      fault()
      return
    default:
      throw new Error(`the model does not know what ${effect} does`)
  }
}
