// The spans in which the container could run on each host, as the entries bound them, and whether any two of them may have
// been at one time.
import { happensBefore } from './causality.ts'
import type { Entry, Role } from './entry.ts'
import { named, violation, type Finding } from './finding.ts'
import type { Half } from './half.ts'

/** A span of causality, not of clocks. */
export interface Run {
  readonly role: Role
  readonly host: string
  /** The entry on disk before it could begin; absent where it began before the migration. */
  readonly from?: Entry
  /** The entry that says it was over; absent where nothing says so. */
  readonly until?: Entry
}

/** Permission counts, not the deed: a span begins with the record that allows the thaw and ends with the frozen tree seen. */
export function runsOf(half: Half): readonly Run[] {
  const { role, host } = half
  if (role === 'target') {
    const from = half.find('activating')
    return from === undefined ? [] : [{ role, host, from }]
  }
  const until = half.find('frozen')
  if (until === undefined) return [{ role, host }]
  const from = half.find('abort') ?? half.find('taken-back')
  return [{ role, host, until }, ...(from === undefined ? [] : [{ role, host, from }])]
}

export function overlapFindings(source: Half, target: Half): readonly Finding[] {
  return runsOf(source).flatMap((here) =>
    runsOf(target).flatMap((there) =>
      isOver(here, there) || isOver(there, here) ? [] : [overlap(source, target, here, there)]
    )
  )
}

/** An operator who decides for a silent host knows what the entries can't: only two thaws on record speak against that word. */
function overlap(source: Half, target: Half, here: Run, there: Run): Finding {
  const byWord = source.resolved('run-here') || target.resolved('run-here')
  const bothThawed = source.has('resumed') && target.has('resumed')
  const what = `the container could run on ${here.host} ${spanText(here)} and on ${there.host} ${spanText(there)}, and nothing shows that one was over when the other began`
  return byWord && !bothThawed
    ? { level: 'gap', code: 'RECEIPT_OVERLAP', what: `${what} but an operator's word` }
    : violation('RECEIPT_OVERLAP', what)
}

function isOver(first: Run, second: Run): boolean {
  return first.until !== undefined && second.from !== undefined && happensBefore(first.until, second.from)
}

export function spanText({ from, until }: Run): string {
  const began = from === undefined ? 'from before the migration' : `from ${named(from)} on`
  return until === undefined ? began : `${began} until ${named(until)}`
}
