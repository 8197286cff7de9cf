// Errors as an operator reads them: what, where, why, what to do.
import { hostname } from 'node:os'
import { OperatorError, type FindingView, type Problem } from '../../protocols/operator/views.ts'
import { printable, table } from './table.ts'
import type { Terminal } from './terminal.ts'

export function problemText(problem: Problem, terminal: Terminal): string {
  const lines = [
    `${terminal.style(['bold', 'red'], 'error:')} ${printable(problem.what)}  [${printable(problem.code)}]`,
    `  host:        ${printable(problem.host)}`,
    ...(problem.why === undefined ? [] : [`  why:         ${printable(problem.why)}`]),
    `  what to do:  ${printable(problem.remedy)}`
  ]
  return lines.join('\n')
}

/** Whatever a command threw, as a Problem: errors with details of their own keep their words. */
export function problemOf(error: unknown): Problem {
  if (error instanceof OperatorError) return error.problem
  if (error instanceof Error && 'details' in error) {
    const details = error.details
    if (
      typeof details === 'object' &&
      details !== null &&
      'code' in details &&
      'what' in details &&
      'remedy' in details
    ) {
      return { host: hostname(), ...(details as Omit<Problem, 'host'>) }
    }
  }
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  return {
    code: timedOut ? 'DAEMON_SILENT' : 'INTERNAL',
    host: hostname(),
    what: timedOut ? 'The daemon did not answer in time' : 'ferry failed inside',
    why: error instanceof Error ? error.message : String(error),
    remedy: timedOut
      ? 'Look at its log (journalctl -u ferry) and try again'
      : 'Run it again with --debug and report what it prints'
  }
}

export function findingsText(findings: readonly FindingView[], terminal: Terminal): string {
  const level = (finding: FindingView): string => finding.level
  const rows = [...findings]
    .sort((a, b) => level(a).localeCompare(level(b)))
    .map((finding) => [
      finding.level,
      finding.host,
      finding.code,
      `${finding.what}${finding.why === undefined ? '' : ` (${finding.why})`}. What to do: ${finding.remedy}`
    ])
  return table(['LEVEL', 'HOST', 'CODE', 'WHAT AND WHAT TO DO'], rows, {
    width: terminal.width,
    style: (text) => terminal.style('bold', text)
  })
}
