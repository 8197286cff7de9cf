// A migration as lines: all of it for a terminal that is redrawn, or only what is new for a pipe.
import type { MigrationView, Phase } from '../../protocols/operator/views.ts'
import type { Terminal } from './terminal.ts'
import { printable } from './table.ts'
import { bytesText, durationText } from './units.ts'

const explained: Readonly<Record<Phase, string>> = {
  offer: 'asking the target',
  preflight: 'comparing the hosts',
  'pre-dump': 'copying while it runs',
  'final-dump': 'frozen, dumping the rest',
  stream: 'sending the rest',
  restore: 'restoring on the target',
  decision: 'deciding',
  ack: 'handing over',
  rollback: 'going back'
}

export function titleOf(view: MigrationView): string {
  return `${printable(view.engine)}:${printable(view.container)}  ${printable(view.source)} -> ${printable(view.target)}  ${view.id}`
}

/** @param now milliseconds since the epoch */
export function liveText(view: MigrationView, rate: number | undefined, now: number, terminal: Terminal): string {
  const phases = view.phases.map((phase) => {
    const done = phase.durationMs !== undefined
    const time = done ? durationText(phase.durationMs) : durationText(Math.max(0, now - Date.parse(phase.startedAt)))
    const line = `  ${done ? ' ' : '>'} ${phase.phase.padEnd(11)} ${time.padStart(10)}  ${explained[phase.phase]}`
    return done ? line : terminal.style('bold', line)
  })
  const moved = `    ${bytesText(view.rootfsBytes)} of files, ${bytesText(view.imageBytes)} of memory${rate === undefined ? '' : `, ${bytesText(Math.round(rate))}/s`}`
  return [titleOf(view), ...phases, moved, `    state: ${printable(view.state)}`].join('\n')
}

/** What `view` says that `before` did not, one line a phase begun or ended. */
export function newLines(before: MigrationView | undefined, view: MigrationView): string[] {
  const lines = before === undefined ? [titleOf(view)] : []
  view.phases.forEach((phase, index) => {
    const known = before?.phases[index]
    if (known === undefined) lines.push(`${phase.phase}: ${explained[phase.phase]}`)
    if (phase.durationMs !== undefined && known?.durationMs === undefined) {
      lines.push(`${phase.phase}: done in ${durationText(phase.durationMs)}`)
    }
  })
  return lines
}

export function summaryText(view: MigrationView, terminal: Terminal): string {
  const name = `${printable(view.engine)}:${printable(view.container)}`
  const bytes = `${bytesText(view.rootfsBytes)} of files, ${bytesText(view.imageBytes)} of memory`
  const took =
    view.endedAt === undefined ? '' : ` in ${durationText(Date.parse(view.endedAt) - Date.parse(view.startedAt))}`
  const stood = view.downtimeMs === undefined ? '' : ` It stood still for ${durationText(view.downtimeMs)}`
  const frames = view.framesHeld === 0 ? '' : `, ${String(view.framesHeld)} frames that came meanwhile were delivered`
  if (view.outcome === undefined)
    return `${name} is on its way to ${printable(view.target)} (${printable(view.state)}).`
  switch (view.outcome) {
    case 'moved':
      return `${terminal.style(['bold', 'green'], 'moved:')} ${name} runs on ${printable(view.target)}${took}.${stood}${stood === '' ? '' : `${frames}.`} ${bytes}.`
    case 'rolled-back':
      return `${terminal.style(['bold', 'yellow'], 'rolled back:')} ${name} runs on ${printable(view.source)}, where it was.${stood}${stood === '' ? '' : '.'}`
    case 'refused':
      return `${terminal.style(['bold', 'red'], 'refused:')} ${name} runs on ${printable(view.source)} and was not touched.`
    case 'failed':
      return `${terminal.style(['bold', 'red'], 'failed:')} the migration of ${name} to ${printable(view.target)}.`
  }
}

/** Bytes per second over the last changes of the count; undefined until there were two. */
export class Rate {
  #last: { bytes: number; at: number } | undefined
  #rate: number | undefined

  /** @param at milliseconds since the epoch */
  add(bytes: number, at: number): number | undefined {
    const last = this.#last
    if (last === undefined) this.#last = { bytes, at }
    else if (at > last.at && bytes > last.bytes) {
      const now = ((bytes - last.bytes) / (at - last.at)) * 1000
      this.#rate = this.#rate === undefined ? now : this.#rate * 0.7 + now * 0.3
      this.#last = { bytes, at }
    }
    return this.#rate
  }
}
