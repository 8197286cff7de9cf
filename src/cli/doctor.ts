// What `ferry doctor` prints: one block for each thing that was left, then a line that sums up.
import type { DoctorFinding, DoctorView } from '../../protocols/operator/views.ts'
import { printable } from './table.ts'
import type { Terminal } from './terminal.ts'

export function doctorText({ host, findings, notes }: DoctorView, terminal: Terminal): string {
  const left = findings.filter(({ repaired }) => repaired === undefined)
  const repairable = left.filter((finding) => finding.repairable).length
  const lines = [
    ...findings.map((finding) => findingText(finding, terminal)),
    ...notes.map((note) => `note: ${printable(note)}`)
  ]
  const repaired = findings.length - left.length
  const did = repaired === 0 ? '' : `${things(repaired)} repaired, `
  if (left.length === 0) {
    const word = terminal.style(['bold', 'green'], repaired === 0 ? 'nothing is left' : `${did}nothing is left`)
    return [...lines, `${host}: ${word}`].join('\n')
  }
  const how =
    repairable === 0
      ? ''
      : `, ${repairable === left.length ? 'all' : String(repairable)} of which \`ferry doctor --repair\` puts right`
  return [...lines, `${host}: ${terminal.style(['bold', 'red'], `${did}${things(left.length)} left`)}${how}`].join('\n')
}

function findingText({ code, what, why, remedy, repaired }: DoctorFinding, terminal: Terminal): string {
  const head =
    repaired === undefined ? terminal.style(['bold', 'red'], 'left:') : terminal.style(['bold', 'green'], 'repaired:')
  return [
    `${head} ${printable(what)}  [${printable(code)}]`,
    ...(why === undefined ? [] : [`  why:         ${printable(why)}`]),
    repaired === undefined ? `  what to do:  ${printable(remedy)}` : `  done:        ${printable(repaired)}`
  ].join('\n')
}

function things(count: number): string {
  return count === 1 ? '1 thing' : `${String(count)} things`
}
