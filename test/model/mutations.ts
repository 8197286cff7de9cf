// Mistakes seeded on purpose, in the machines and in what surrounds them. The model has to catch each.
import { targetMachine } from '../../machines/target.ts'
import { doubtMutations } from './doubt-mutations.ts'
import { makeModel } from './model.ts'
import { TWO, deeper, edited, ofEffects, ofSource, ofTarget, type Mutation } from './seeding.ts'

const fresh = { guard: 'resumes', target: 'discarding' }

export const mutations: readonly Mutation[] = [
  ofSource('the source thaws after COMMIT when the link is lost', ['states.committed.on.LINK_LOST', 'undoing']),
  ofSource('the source thaws after COMMIT at its deadline', ['states.committed.on.DEADLINE', 'undoing']),
  ofSource('the source thaws when COMMIT is not acknowledged, without a HAND-BACK', [
    'states.committed.invoke.onError',
    'undoing'
  ]),
  ofSource('a cancel is accepted while COMMIT is being written', ['states.recordingCommit.on.CANCEL', 'undoing']),
  ofSource('a COMMIT whose write failed counts as not written', ['states.recordingCommit.invoke.onError', 'undoing']),
  ofSource('an uncertain source thaws after a while', ['states.uncertain.after.retry', 'undoing']),
  ofSource(
    'an abort does not heed a COMMIT that stands',
    ['states.recordingAbort.invoke.onDone', 'undoing'],
    ['states.starting.always.1.target', 'recordingAbort']
  ),
  ofSource('a committed source that restarts goes to the abort', ['states.starting.always.1.target', 'undoing']),
  ofSource('the source kills its tree without waiting for the ack', [
    'states.recordingCommit.invoke.onDone.0.target',
    'retiring'
  ]),
  ofSource('a HAND-BACK is taken for an ack', ['states.committed.invoke.onDone', 'retiring']),
  ofSource('an ack is taken for a HAND-BACK', ['states.committed.invoke.onDone', 'recordingTakeBack']),
  ofSource('the source commits before PREPARED', [
    'states.running.states.streaming.invoke.onDone',
    '#source.recordingCommit'
  ]),
  ofSource('the source leaves its frozen tree behind after the ack', [
    'states.committed.invoke.onDone.0.target',
    'moved'
  ]),
  ofSource('a thaw that failed is not tried again', ['states.undoing.invoke.onError', 'notifying']),

  ofTarget('a prepared target thaws at a timeout', ['states.prepared.on.DEADLINE', 'seeing']),
  ofTarget('a prepared target discards when the link is lost', ['states.prepared.on.LINK_LOST', 'discarding']),
  ofTarget('a prepared target discards at a cancel', ['states.prepared.on.CANCEL', 'discarding']),
  ofTarget('a prepared target takes a failed question for ABORT', ['states.prepared.invoke.onError', 'discarding']),
  ofTarget('a prepared target that restarts discards', ['states.starting.always.2', fresh]),
  ofTarget('a prepared target that restarts activates', ['states.starting.always.2.target', 'seeing']),
  ofTarget('PREPARED is said before it is recorded', [
    'states.unprepared.states.restoring.invoke.onDone',
    '#target.prepared'
  ]),
  ofTarget('the target thaws without an ACTIVATING record', ['states.seeing.invoke.onDone', 'activating']),
  ofTarget('a failed ACTIVATING write is passed over', ['states.recordingActivating.invoke.onError', 'activating']),
  ofTarget('the target hands back after ACTIVATING', ['states.activating.invoke.onError', 'discardingHandedBack']),
  ofTarget('a cancel is accepted while activating', ['states.activating.on.CANCEL', 'discarding']),
  ofTarget('an activating target that restarts discards', ['states.starting.always.0.target', 'discarding']),
  ofTarget('an adoption that failed is not tried again', ['states.adopting.invoke.onError', 'owner']),
  deeper(
    ofTarget('a failed HAND-BACK write is passed over', [
      'states.recordingHandBack.invoke.onError',
      'discardingHandedBack'
    ])
  ),
  ofTarget('a target that lost its tree discards without a HAND-BACK', ['states.seeing.invoke.onError', 'discarding']),
  ofTarget('a target hands back and keeps its tree', [
    'states.recordingHandBack.invoke.onDone.0.target',
    'handingBack'
  ]),
  ofTarget('a reserved target does not ask whether the offer still stands', [
    'states.unprepared.states.reserved.invoke',
    undefined
  ]),
  ofTarget('a receiving target does not ask whether the migration still stands', [
    'states.unprepared.states.receiving.invoke',
    undefined
  ]),

  ofEffects('COMMIT is said before its record is synced', { commitSaidBeforeSynced: true }),
  ofEffects('ABORT is presumed while a COMMIT write is in flight', { abortPresumedWhileUndecided: true }),
  ofEffects(
    'a decision of an earlier migration is accepted',
    { decisionsOfAnyMigration: true, epochIsReused: true },
    TWO
  ),
  ofEffects('a lost answer is taken for ABORT', { lostAnswerIsAbort: true }),
  ofEffects('the target acknowledges before ACTIVATING is synced', { ackBeforeActivatingSynced: true }),
  ofEffects('HAND-BACK is said before its record is synced', { handBackSaidBeforeSynced: true }),
  ofEffects('the source kills its tree when it says COMMIT', { killBeforeAck: true }),
  ofEffects('recovery forgets COMMIT and a decision can be overwritten', {
    recoveryForgetsDecision: true,
    decisionIsOverwritten: true
  }),
  ofEffects('a COMMIT whose write failed is taken for one that was not tried', { failedCommitIsUnrecorded: true }),
  ofEffects('what stands is read before the journal is opened again, and told meanwhile', {
    decidesBeforeReopen: true,
    askedWhileUncertain: true
  }),
  ofEffects('recovery forgets ACTIVATING', { recoveryForgetsActivating: true }),
  ofEffects('recovery forgets PREPARED', { recoveryForgetsPrepared: true }),
  ofEffects('recovery forgets that the freeze had begun', { recoveryForgetsFreeze: true }),
  ofEffects('a start thaws before it reads the journal', { startThawsFirst: true }),
  ofEffects('a start keeps claims of migrations that are not under way', { startKeepsClaims: true }),
  ofEffects('an ended migration answers no COMMIT', { endedIsForgotten: true }),
  ofEffects('a restored tree is not frozen', { restoredIsNotFrozen: true }),
  ofEffects('the target does not look whether its tree is still there', { lostTreeIsNotSeen: true }),
  ofEffects("the target's port goes on with the restore", { portWithRestore: true }),
  ofEffects('a rollback forgets the port', { undoForgetsPort: true }),
  ofEffects('a target in doubt gives up asking', { askIsGivenUp: true }),
  ofEffects('staging is not recorded before it is made', { stagingIsNotRecorded: true }),
  ofEffects('an end whose record fails is not tried again', { endIsWrittenOnce: true }),
  {
    name: 'the epoch of a decision is not looked at',
    where: 'both',
    bounds: TWO,
    model: () =>
      makeModel(
        TWO,
        { decisionsOfAnyMigration: true },
        {
          target: edited(targetMachine, [
            ['states.prepared.on.ABORT', 'discarding'],
            ['states.prepared.on.COMMIT', 'seeing'],
            ['states.askingAgain.on.ABORT', 'discarding'],
            ['states.askingAgain.on.COMMIT', 'seeing'],
            ['states.unprepared.on.ABORT', 'discarding']
          ])
        }
      )
  },
  {
    name: 'an old ABORT is accepted while activating',
    where: 'both',
    bounds: TWO,
    model: () =>
      makeModel(
        TWO,
        { decisionsOfAnyMigration: true },
        {
          target: edited(targetMachine, [
            ['states.activating.on.ABORT', 'discarding'],
            // The earlier states keep the epoch in this one, so that activating is where it goes wrong.
            ['states.prepared.on.ABORT', {}],
            ['states.unprepared.on.ABORT', {}]
          ])
        }
      )
  },
  ...doubtMutations
]
