// `ferry logs`: what went wrong first, then the logs of both hosts.
import type { LogView } from '../../protocols/operator/views.ts'
import { problemText } from './problem-text.ts'
import { printable } from './table.ts'
import type { Terminal } from './terminal.ts'

const tailLines = 15

export function logsText(view: LogView, full: boolean, terminal: Terminal): string {
  const parts: string[] = []
  const { diagnosis } = view
  if (diagnosis !== undefined) {
    parts.push(
      [
        terminal.style(
          'bold',
          `The first real error is in ${diagnosis.log} of ${printable(diagnosis.host)}, line ${String(diagnosis.lineNumber)}:`
        ),
        `  ${terminal.style('red', printable(diagnosis.line))}`,
        `  meaning:     ${printable(diagnosis.meaning)}`,
        `  what to do:  ${printable(diagnosis.remedy)}`
      ].join('\n')
    )
  }
  for (const { host, name, text } of view.logs) {
    const lines = text.replace(/\n$/, '').split('\n')
    const shown = full ? lines : lines.slice(-tailLines)
    const cut = lines.length - shown.length
    const title = `--- ${name} of ${printable(host)}${cut > 0 ? `, the last ${String(shown.length)} of ${String(lines.length)} lines (all with --full)` : ''}`
    parts.push([terminal.style('bold', title), ...shown.map(printable)].join('\n'))
  }
  for (const problem of view.missing) parts.push(problemText(problem, terminal))
  return parts.length === 0 ? 'There are no logs: CRIU was not started in this migration.' : parts.join('\n\n')
}
