// What an exploration says of itself.
import type { Bounds, Model } from './model.ts'
import type { Outcome, Violation } from './search.ts'

/** Where the space is cut, apart from the bounds. */
export const CUTS: readonly string[] = [
  'one container, one source, one target; of two migrations the second goes the same way as the first',
  'states of a machine that differ only in what they report (problem, failedIn) are one state',
  'the wire is a set: a message that is in flight already is not in flight twice (arriving twice is a fault of its own)',
  'an answer reaches only an effect that still waits for one of its kind; its stream ended with any other',
  'timeouts, DEADLINE, CANCEL and LINK_LOST of the source, retries and restarts are free at any instant; at the target these events are faults',
  'rootfs and memory are one thing that has arrived or not; frames and neighbours are left out',
  'a question (what was decided, is it taken back) is in flight only while its asker waits: it changes nothing where it arrives',
  'two witnesses are alike: which is called the first makes no difference',
  'who is said to be gone is one of the two hosts; a witness that is killed starts again',
  'a kill that follows a thaw by somebody is one step with it while the daemon lives; while it is dead both copies may run (nothing can prevent it)',
  'a witness does not let go of what it holds: one that has nothing, as at first, says nothing',
  'operators say what is true; the target may be discarded by them at any instant',
  'a target that an operator says is gone stays so until the source has done what he said',
  'witnesses that take back a COMMIT, or are asked together, answer in time unless what is said is lost or they are killed'
]

export function boundsText(bounds: Bounds): string {
  const { crashes, faults, migrations, power, gone, witnesses, hands, require, refusing } = bounds
  const kinds = ['crashes', ...(power ? ['power cuts'] : []), ...(gone ? ['a host gone for good'] : [])]
  return [
    `at most ${String(faults)} faults, ${String(crashes)} of them ${kinds.join(' or ')}`,
    ...(hands === 0 ? [] : [`${String(hands)} of them a thaw by somebody`]),
    `${String(migrations)} migration(s)`,
    `${String(witnesses)} witness(es)${require ? ', required' : ''}${refusing ? ', which take nothing' : ''}`,
    ...(bounds.words ? ['operators decide'] : [])
  ].join('; ')
}

export function outcomeText(model: Model, outcome: Outcome, seconds: number): string {
  const { states, transitions, goodEnds, complete } = outcome
  const size = (count: number) => count.toLocaleString('en')
  return [
    `${boundsText(model.bounds)}: ${size(states)} states, ${size(transitions)} transitions, ${size(goodEnds)} good ends,`,
    `${seconds.toFixed(1)} s, ${complete ? 'every state within the bounds' : 'NOT complete'};`,
    outcome.violation === undefined ? 'no violation' : `VIOLATION: ${outcome.violation.rule}`
  ].join(' ')
}

export function traceText({ rule, trace }: Violation): string {
  return [`${rule}:`, ...trace.map((step, index) => `  ${String(index + 1).padStart(3)}. ${step}`)].join('\n')
}
