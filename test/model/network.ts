// The wire between both hosts, and what each node answers: src/node/peer-requests.ts.
import { faulty, mayFault, type Emit, type Model } from './model.ts'
import { sourceAwaits, sourceEnds } from './source-side.ts'
import { answerPending, answerSource, targetAwaits, targetEnds, targetHears } from './target-side.ts'
import { Ask, Dec, IDS, Rec, Say, of, put, say, type World } from './world.ts'

const REQUESTS = Object.entries(Ask)
const ANSWERS = Object.entries(Say)

/** Any message in flight arrives, is lost, or arrives and stays in flight (a duplicate). Order is anybody's. */
export function networkSteps(model: Model, world: World, emit: Emit): void {
  for (const id of IDS) {
    const asks = of(world, 'asks', id)
    if (asks !== 0) {
      for (const [name, bit] of REQUESTS) if ((asks & bit) !== 0) arrives(model, world, id, name, bit, emit)
    }
    const says = of(world, 'says', id)
    if (says === 0) continue
    for (const [name, bit] of ANSWERS) {
      if ((says & bit) === 0) continue
      const next = { ...world }
      put(next, 'says', id, says & ~bit)
      hear(model, next, id, bit)
      emit(next, `the answer "${name}" arrives (migration ${String(id)})`, 'free')
      if (!mayFault(model, world)) continue
      const lost = faulty(world)
      put(lost, 'says', id, says & ~bit)
      emit(lost, `the answer "${name}" is lost (migration ${String(id)})`, 'fault')
    }
  }
}

function arrives(model: Model, world: World, id: number, name: string, bit: number, emit: Emit): void {
  const asks = of(world, 'asks', id)
  const label = `"${name}" of migration ${String(id)}`
  const next = { ...world }
  put(next, 'asks', id, asks & ~bit)
  answer(model, next, id, bit)
  emit(next, `${label} arrives`, 'free')
  const receiverUp = (bit & (Ask.decision | Ask.handBack)) === 0 ? world.tUp : world.sUp
  if (receiverUp === 0 && bit === Ask.abort && world.tGone === 0) {
    // A daemon that is starting refuses, and any answer is enough for a source that aborted.
    const starting = { ...world }
    put(starting, 'asks', id, asks & ~bit)
    answerSource(starting, id, Say.abortHeard)
    emit(starting, `${label} is refused by a daemon that is starting`, 'free')
  }
  if (!mayFault(model, world)) return
  const twice = faulty(world)
  answer(model, twice, id, bit)
  emit(twice, `${label} arrives, and will once more`, 'fault')
  const lost = faulty(world)
  put(lost, 'asks', id, asks & ~bit)
  emit(lost, `${label} is lost`, 'fault')
}

function answerTarget(world: World, id: number, bit: number): void {
  if (world.tUp === 1 && (targetAwaits(world, id) & bit) !== 0) say(world, id, bit)
}

function answer(model: Model, world: World, id: number, bit: number): void {
  if (bit === Ask.decision || bit === Ask.handBack) {
    if (world.sUp === 1) ofSource(model, world, id, bit)
  } else if (world.tUp === 1) ofTarget(model, world, id, bit)
}

function ofSource(model: Model, world: World, id: number, bit: number): void {
  if (of(world, 'sRec', id) === Rec.none) return
  const standing = of(world, 'sDec', id)
  const active = world.sMig === id
  const undecided = standing === Dec.none && active
  const tookBack = of(world, 'sTook', id) === 1
  if (bit === Ask.handBack) {
    // Nothing to take back where there is no COMMIT, or an operator ended it with nothing left here.
    const nothing = (!active || standing === Dec.abort) && !model.wrong.handBackOnlyAfterTakenBack
    if (tookBack || nothing) answerTarget(world, id, Say.handBackHeard)
    return
  }
  if (standing === Dec.commit) {
    if (tookBack && !model.wrong.commitAfterTakenBack) answerTarget(world, id, Say.isAbort)
    else if (!active || saysCommit(model, model.source.at(world.sMachine).name)) answerTarget(world, id, Say.isCommit)
  } else if (!undecided || model.wrong.abortPresumedWhileUndecided) answerTarget(world, id, Say.isAbort)
}

/** Until the witnesses have it, and while it is being taken back, a COMMIT that stands is not said. */
function saysCommit({ wrong }: Model, state: string): boolean {
  if (state === 'recordingCommit') return wrong.askedBeforeLook === true
  if (state === 'uncertain' || state === 'recordingAbort') return wrong.askedWhileUncertain === true
  if (state === 'witnessing' || state === 'witnessingAgain') return false
  if (state === 'recordingTakeBack' || state === 'takingBackAgain') return wrong.askedWhileTakingBack === true
  return true
}

function ofTarget(model: Model, world: World, id: number, bit: number): void {
  const active = world.tMig === id || (model.wrong.decisionsOfAnyMigration === true && world.tMig !== 0)
  const state = active ? model.target.at(world.tMachine).name : ''
  switch (bit) {
    case Ask.offer:
      if (world.tStarting === id) return
      if (of(world, 'tRec', id) !== Rec.none || world.tClaim !== 0) answerSource(world, id, Say.noOffer)
      else Object.assign(world, { tClaim: id, tStarting: id })
      return
    case Ask.preflight:
      if (world.tMig === id && state === 'reserved') {
        world.tPending |= Ask.preflight
        targetHears(model, world, { type: 'PREFLIGHT' })
      } else answerSource(world, id, Say.noReport)
      return
    case Ask.restore:
      if (world.tMig === id && state === 'receiving') {
        world.tPending |= Ask.restore
        targetHears(model, world, { type: 'RESTORE' })
      } else answerSource(world, id, Say.noRestore)
      return
    case Ask.commit:
      if (active && model.target.at(world.tMachine).nested) return
      if (active) {
        world.tPending |= Ask.commit
        targetHears(model, world, { type: 'COMMIT', epoch: model.epochOf(id) })
        answerPending(model, world)
      } else if (model.wrong.endedIsForgotten) return
      else if (of(world, 'tAct', id) === 1) answerSource(world, id, Say.ack)
      else if (of(world, 'tBack', id) === 1) answerSource(world, id, Say.handedBack)
      return
    case Ask.abort:
      if (active) {
        world.tPending |= Ask.abort
        targetHears(model, world, { type: 'ABORT', epoch: model.epochOf(id) })
      } else answerSource(world, id, Say.abortHeard)
      return
    default:
      throw new Error(`the model does not know the request ${String(bit)}`)
  }
}

function hear(model: Model, world: World, id: number, bit: number): void {
  if ((sourceAwaits(world, id) & bit) !== 0) {
    const good = Say.accepted | Say.report | Say.prepared | Say.ack | Say.handedBack | Say.abortHeard
    const output = bit === Say.ack ? 'ack' : bit === Say.handedBack ? 'hand-back' : undefined
    sourceEnds(model, world, (bit & good) !== 0 ? 'done' : 'failed', output)
  } else if ((targetAwaits(world, id) & bit) !== 0) {
    const output = bit === Say.isCommit ? 'commit' : bit === Say.isAbort ? 'abort' : undefined
    targetEnds(model, world, 'done', output)
  }
}
