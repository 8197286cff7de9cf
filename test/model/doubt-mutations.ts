// Mistakes about who may end a doubt: witnesses, operators, and somebody who thaws a frozen tree.
import { sourceMachine } from '../../machines/source.ts'
import { targetMachine } from '../../machines/target.ts'
import { boundsOf, makeModel } from './model.ts'
import { edited, ofEffects, ofSource, ofTarget, within, type Mutation } from './seeding.ts'
import { COMMITTED_AND_GONE, COMMITTED_AND_WITNESSED, HANDED_BACK_BEFORE, TAKEN_BACK_AND_UNTOLD } from './starts.ts'

const MAX_STATES = 400_000
const WITNESSED = boundsOf({ crashes: 1, faults: 1, power: true, gone: true, witnesses: 1, maxStates: MAX_STATES })
const REQUIRED = boundsOf({ crashes: 2, faults: 2, witnesses: 1, require: true, maxStates: 1_000_000 })
const WORDS = boundsOf({ crashes: 1, faults: 1, gone: true, words: true, maxStates: MAX_STATES })
const WORDS_ALONE = boundsOf({ words: true, maxStates: MAX_STATES })
const TWO_WITNESSES = boundsOf({ faults: 1, witnesses: 2, words: true, maxStates: MAX_STATES })
const REFUSED = boundsOf({ witnesses: 1, require: true, refusing: true, words: true, maxStates: MAX_STATES })
const HANDS = boundsOf({ crashes: 1, faults: 2, power: true, hands: 1, maxStates: MAX_STATES })

/** The target had written its HAND-BACK when its daemon was killed. */
const HANDED_BACK_TO_NOBODY = { ...COMMITTED_AND_GONE, tBack1: 1 }

export const doubtMutations: readonly Mutation[] = [
  ofEffects('COMMIT is told to a witness before its record is synced', { commitGivenBeforeSynced: true }, WITNESSED),
  ofEffects('a witness says that it has COMMIT before it is synced', { storedSaidBeforeSynced: true }, REQUIRED),
  ofEffects("a witness's silence is taken for ABORT", { witnessSilenceIsAbort: true }, WITNESSED),
  {
    name: "a witness's COMMIT of another migration is believed",
    where: 'effects',
    bounds: boundsOf({ migrations: 2, witnesses: 1, maxStates: MAX_STATES }),
    model: () =>
      makeModel(
        boundsOf({ migrations: 2, witnesses: 1, maxStates: MAX_STATES }),
        { witnessOfAnyMigration: true },
        {
          start: HANDED_BACK_BEFORE
        }
      )
  },
  within(
    WITNESSED,
    ofSource('the source goes from its witnesses to the thaw at a deadline', [
      'states.witnessing.on.DEADLINE',
      'undoing'
    ])
  ),
  within(
    WITNESSED,
    ofSource('the source thaws when no witness answers', ['states.witnessing.invoke.onError', 'undoing'])
  ),
  within(
    REQUIRED,
    ofSource('the source passes a witness that failed over', ['states.witnessing.invoke.onError', 'committed'])
  ),
  within(
    REQUIRED,
    ofSource('a committed source that restarts passes its witnesses over', [
      'states.starting.always.1.target',
      'committed'
    ])
  ),
  within(
    WITNESSED,
    ofTarget('a target in doubt obeys a word without looking at its tree', [
      'states.prepared.invoke.onDone.0.target',
      'recordingActivating'
    ])
  ),

  {
    name: "a target takes the first witness's answer",
    where: 'effects',
    bounds: TWO_WITNESSES,
    model: () => makeModel(TWO_WITNESSES, { firstWitnessIsBelieved: true }, { start: TAKEN_BACK_AND_UNTOLD })
  },
  {
    name: 'a source that takes back thaws before the witnesses have been told',
    where: 'source machine',
    bounds: TWO_WITNESSES,
    model: () =>
      makeModel(
        TWO_WITNESSES,
        {},
        {
          source: edited(sourceMachine, [['states.recordingTakeBack.invoke.onDone', 'undoing']]),
          start: COMMITTED_AND_WITNESSED
        }
      )
  },
  {
    name: 'a restarted source that took back thaws before the witnesses have been told',
    where: 'source machine',
    bounds: TWO_WITNESSES,
    model: () =>
      makeModel(
        TWO_WITNESSES,
        {},
        {
          source: edited(sourceMachine, [['states.starting.always.0.target', 'undoing']]),
          start: TAKEN_BACK_AND_UNTOLD
        }
      )
  },
  within(
    REFUSED,
    ofSource(
      "an operator's word does not reach a source whose witnesses refuse",
      ['states.witnessing.on.RESOLVE_RUN', {}],
      ['states.witnessingAgain.on.RESOLVE_RUN', {}]
    )
  ),

  ofEffects('the source answers COMMIT after it took back', { commitAfterTakenBack: true }, WORDS),
  ofEffects('the source answers COMMIT while it takes back', { askedWhileTakingBack: true }, WORDS),
  ofEffects('a hand-back is only heard by a source that took back', { handBackOnlyAfterTakenBack: true }, WORDS),
  within(
    WORDS,
    ofTarget('an operator lets it run at the target without an ACTIVATING record', [
      'states.prepared.on.RESOLVE_RUN.target',
      'activating'
    ])
  ),
  within(
    WORDS,
    ofTarget('an operator discards at the target without a HAND-BACK record', [
      'states.prepared.on.RESOLVE_DISCARD.target',
      'discarding'
    ])
  ),
  within(
    WORDS,
    ofTarget(
      "an operator's word does not reach a target that asks again",
      ['states.prepared.on.RESOLVE_RUN', {}],
      ['states.prepared.on.RESOLVE_DISCARD', {}],
      ['states.askingAgain.on.RESOLVE_RUN', {}],
      ['states.askingAgain.on.RESOLVE_DISCARD', {}]
    )
  ),
  within(
    WORDS,
    ofTarget('an operator discards while it is being activated', ['states.activating.on.RESOLVE_DISCARD', 'discarding'])
  ),
  {
    name: 'a target that hands back to a source that is gone is never let go',
    where: 'target machine',
    bounds: WORDS_ALONE,
    model: () =>
      makeModel(
        WORDS_ALONE,
        {},
        {
          target: edited(targetMachine, [
            ['states.handingBack.on.RESOLVE_DISCARD', {}],
            ['states.deliveringHandBackAgain.on.RESOLVE_DISCARD', {}]
          ]),
          start: HANDED_BACK_TO_NOBODY
        }
      )
  },
  within(
    WORDS,
    ofSource('an operator lets it run at the source without a taken-back record', [
      'states.committed.on.RESOLVE_RUN.target',
      'undoing'
    ])
  ),
  within(
    WORDS_ALONE,
    ofSource('an operator discards at the source and its tree stays', [
      'states.committed.on.RESOLVE_DISCARD.target',
      'moved'
    ])
  ),
  within(
    WORDS,
    ofSource('an operator is heard while COMMIT is being written', ['states.recordingCommit.on.RESOLVE_RUN', 'undoing'])
  ),

  ofEffects('COMMIT is written without a look whether the tree is frozen', { commitWithoutLook: true }, HANDS),
  ofEffects('the source answers COMMIT before it has looked again', { askedBeforeLook: true }, HANDS),
  ofEffects('the source answers COMMIT before it knows what a failed write left', { askedWhileUncertain: true }, HANDS),
  ofEffects('the source lets a tree run that somebody thawed after COMMIT', { thawedSourceIsPassedOver: true }, HANDS),
  ofEffects('the target lets a tree run that somebody thawed before COMMIT', { thawedTargetIsPassedOver: true }, HANDS),
  ofEffects(
    'the target kills a tree that somebody thawed after it was seen whole',
    { thawedTargetIsKilledLate: true },
    HANDS
  )
]
