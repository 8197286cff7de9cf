// What happened before what, from what each side had heard of the other when it signed. Clocks have no say: an entry
// carries the hash of an entry of the other side, and nobody can know that hash before the entry exists.
import type { Entry, Kind } from './entry.ts'
import { named, violation, type Finding } from './finding.ts'
import type { Half } from './half.ts'

export function happensBefore(a: Entry, b: Entry): boolean {
  if (a.body.role === b.body.role) return a.body.seq < b.body.seq
  return (b.body.heard?.seq ?? -1) >= a.body.seq
}

/** Whether each entry that a side has heard is in the other side's half, as it was heard. */
export function linkFindings(half: Half, other: Half): readonly Finding[] {
  const findings: Finding[] = []
  for (const entry of half.entries) {
    const { heard } = entry.body
    if (heard === undefined) continue
    const told = other.entries[heard.seq]
    if (told?.hash === heard.hash) continue
    const finding =
      told === undefined
        ? violation(
            'RECEIPT_CUT_SHORT',
            `${half.host} had heard entry ${String(heard.seq)} of ${other.host} when it signed ${named(entry)}, and the half of ${other.host} ends before it`,
            other.role,
            heard.seq
          )
        : violation(
            'RECEIPT_FORKED',
            `${half.host} had heard another entry ${String(heard.seq)} of ${other.host} than ${named(told)} when it signed ${named(entry)}`,
            other.role,
            heard.seq
          )
    findings.push(finding)
    break
  }
  return findings
}

interface Step {
  readonly step: Kind
  /** The other side's entry that allows it. */
  readonly needs: Kind
}

const steps: Readonly<Record<'source' | 'target', readonly Step[]>> = {
  source: [
    { step: 'commit', needs: 'prepared' },
    { step: 'acked', needs: 'activating' },
    { step: 'taken-back', needs: 'hand-back' }
  ],
  target: [
    { step: 'prepared', needs: 'dumped' },
    { step: 'activating', needs: 'commit' }
  ]
}

/** Whether each step that needs the other side's was taken after that side's was heard of, or on an operator's word. */
export function stepFindings(half: Half, other: Half): readonly Finding[] {
  return steps[half.role].flatMap(({ step, needs }): Finding[] => {
    const entry = half.find(step)
    if (entry === undefined) return []
    const needed = other.find(needs)
    if (needed !== undefined && happensBefore(needed, entry)) return []
    const mayBeResolved = step === 'activating' || step === 'taken-back'
    if (mayBeResolved && half.resolved('run-here', entry)) return []
    return [
      violation(
        'RECEIPT_UNHEARD',
        `${half.host} signed ${named(entry)} without having heard of ${needed === undefined ? `a ${needs}, and ${other.host} has none` : named(needed)}`,
        half.role,
        entry.body.seq
      )
    ]
  })
}

/** Where the clocks contradict what was heard; the largest difference each way. */
export function clockFindings(half: Half, other: Half): readonly Finding[] {
  let worstMs = 0
  let worst: readonly [Entry, Entry] | undefined
  for (const entry of half.entries) {
    const told = other.entries[entry.body.heard?.seq ?? -1]
    if (told === undefined) continue
    const aheadMs = Date.parse(told.body.at) - Date.parse(entry.body.at)
    if (aheadMs > worstMs) {
      worstMs = aheadMs
      worst = [told, entry]
    }
  }
  const jumps = half.entries.flatMap((entry, seq): Finding[] => {
    const before = half.entries[seq - 1]
    const backMs = before === undefined ? 0 : Date.parse(before.body.at) - Date.parse(entry.body.at)
    return backMs <= 0
      ? []
      : [clockNote(half, entry, `the clock of ${half.host} went back ${String(backMs)} ms before ${named(entry)}`)]
  })
  if (worst === undefined) return jumps
  const [told, entry] = worst
  const what = `the clock of ${other.host} was at least ${String(worstMs)} ms ahead of the clock of ${half.host}: ${named(entry)} was signed after ${named(told)} was heard, and has an earlier time`
  return [...jumps, clockNote(half, entry, what)]
}

function clockNote(half: Half, entry: Entry, what: string): Finding {
  return { level: 'note', code: 'RECEIPT_CLOCK', what, side: half.role, seq: entry.body.seq }
}
