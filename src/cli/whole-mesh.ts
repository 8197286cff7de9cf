// What is gathered from the whole mesh, and the audit log.
import type { AuditEntry, Gathered } from '../../protocols/operator/views.ts'
import { printable, table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** The list, and below it each host that is not in it, with the reason. */
export function withMissing<T>(
  text: (found: readonly T[], terminal: Terminal) => string
): (gathered: Gathered<T>, terminal: Terminal) => string {
  return ({ found, missing }, terminal) => {
    const why = missing.map((problem) => {
      const line = `${problem.what}${problem.why === undefined ? '' : `: ${problem.why}`}. ${problem.remedy}.`
      return `${terminal.style(['bold', 'red'], 'missing:')} ${printable(line)}`
    })
    return [text(found, terminal), ...why].join('\n')
  }
}

export function auditText(entries: readonly AuditEntry[], terminal: Terminal): string {
  if (entries.length === 0) return 'Nothing is in the audit log.'
  const rows = entries.map((entry) => [
    entry.time,
    entry.host,
    entry.label === undefined ? entry.who : `${entry.who} (says: ${entry.label})`,
    entry.via ?? '-',
    entry.code === undefined ? entry.event : `${entry.event} ${entry.code}`,
    [
      entry.method,
      ...Object.entries(entry.arguments).map(([key, value]) => `${key}=${String(value)}`),
      ...(entry.migration === undefined || entry.arguments['id'] === entry.migration ? [] : [`-> ${entry.migration}`]),
      ...(entry.target === undefined ? [] : [`for ${entry.target}`]),
      ...(entry.omitted === undefined ? [] : [`(${String(entry.omitted)} like it were left out before)`])
    ].join(' ')
  ])
  return table(['TIME', 'HOST', 'WHO', 'VIA', 'WHAT BECAME OF IT', 'COMMAND'], rows, {
    width: terminal.width,
    style: (text) => terminal.style('bold', text)
  })
}
