// Which entries a half may have, and in which order: src/receipt's picture of the two machines.
import type { Entry, Kind, Role } from './entry.ts'
import { named, violation, type Finding } from './finding.ts'
import type { Half } from './half.ts'

interface Rule {
  /** One of these stands before it, for each list. */
  readonly after?: readonly (readonly Kind[])[]
  /** None of these stands before it. */
  readonly notAfter?: readonly Kind[]
}

/** One of each pair at most. */
const exclusive: Readonly<Record<Role, readonly (readonly [Kind, Kind])[]>> = {
  source: [
    ['commit', 'abort'],
    ['acked', 'taken-back'],
    ['retired', 'taken-back']
  ],
  target: [
    ['activating', 'hand-back'],
    ['activating', 'discarded']
  ]
}

const decided: readonly Kind[] = ['commit', 'abort']
const given: readonly Kind[] = ['activating', 'hand-back', 'discarded']

const rules: Readonly<Record<Role, Readonly<Partial<Record<Kind, Rule>>>>> = {
  source: {
    preflight: { after: [['offer']], notAfter: ['frozen', ...decided] },
    frozen: { after: [['offer']], notAfter: decided },
    dumped: { after: [['frozen']], notAfter: decided },
    commit: { after: [['frozen'], ['dumped']] },
    abort: { after: [['offer']] },
    acked: { after: [['commit']], notAfter: ['retired'] },
    'taken-back': { after: [['commit']] },
    retired: { after: [['commit'], ['acked', 'resolved']] },
    resumed: { after: [['abort', 'taken-back']] },
    lost: { after: [['abort', 'taken-back']] },
    'ran-unheld': { after: [['commit']] },
    resolved: { after: [['commit']] }
  },
  target: {
    accepted: { notAfter: given },
    preflight: { after: [['accepted']], notAfter: ['received', 'prepared', ...given] },
    received: { after: [['accepted']], notAfter: ['prepared', ...given] },
    prepared: { after: [['accepted'], ['received']], notAfter: given },
    activating: { after: [['prepared']] },
    'hand-back': { after: [['prepared']], notAfter: ['discarded'] },
    resumed: { after: [['activating']] },
    lost: { after: [['activating']] },
    // What was not on disk yet when a daemon was killed in its restore, `received` among it, is lost.
    'ran-unheld': { after: [['accepted']], notAfter: ['activating', 'discarded'] },
    'may-have-run': { after: [['accepted']], notAfter: ['activating', 'discarded'] },
    resolved: { after: [['prepared']] }
  }
}

export function orderFindings(half: Half): readonly Finding[] {
  return half.entries.flatMap((entry) => {
    const why = broken(half, entry)
    return why === undefined ? [] : [violation('RECEIPT_ORDER', `${named(entry)} ${why}`, half.role, entry.body.seq)]
  })
}

function broken(half: Half, entry: Entry): string | undefined {
  const { kind, seq, role } = entry.body
  const before = half.entries.slice(0, seq).map(({ body }) => body.kind)
  const rule = rules[role][kind] ?? {}
  // An operator may have to say it again.
  if (before.includes(kind) && kind !== 'resolved') return 'is there twice'
  const lacking = rule.after?.find((kinds) => !kinds.some((needed) => before.includes(needed)))
  if (lacking !== undefined) return `has no ${lacking.join(' or ')} before it`
  const opposite = exclusive[role]
    .filter((pair) => pair.includes(kind))
    .flat()
    .find((other) => other !== kind && half.has(other))
  if (opposite !== undefined) return `and ${opposite} exclude each other`
  const late = rule.notAfter?.find((other) => before.includes(other))
  return late === undefined ? undefined : `comes after ${late}`
}

/** Whether the half says how it ended on its host: nothing that could run there is left unspoken of. */
export function isClosed(half: Half): boolean {
  if (half.has('lost')) return true
  if (half.role === 'target') return half.has('resumed') || half.has('discarded')
  if (half.has('retired')) return true
  return (half.has('abort') && !half.has('frozen')) || half.has('resumed')
}
