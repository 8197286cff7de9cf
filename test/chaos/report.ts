// What is printed: a line for each run, the histogram at the end.
import { describeMoment, type Plan } from './plan.ts'
import type { RunResult } from './run.ts'

const KEPT_APART = ' '

export function faultsOf(plan: Plan): string {
  return plan.faults.map(({ name }) => name).join(' & ') || 'none'
}

function endOf({ end, lost }: RunResult): string {
  return lost ? `${end}, memory lost` : end
}

export function lineOf(result: RunResult): string {
  const { plan, harms, seconds, longestGapMs, problems, violations } = result
  const faults = plan.faults.map(
    ({ name, at, forMs }, index) =>
      `${name}${harms[index] === 'missed' ? ' (missed)' : ''} at ${describeMoment(at)}, ${String(forMs)} ms`
  )
  return [
    String(plan.run).padStart(4),
    plan.engine.padEnd(4),
    plan.source === 'a' ? 'a→b' : 'b→a',
    plan.catchesSigcont ? 'hook' : '    ',
    endOf(result).padEnd(12),
    `${seconds.toFixed(1).padStart(5)} s`,
    `gap ${String(longestGapMs).padStart(5)} ms`,
    faults.join(' & ') || 'none',
    ...problems,
    ...(violations.length === 0 ? [] : ['VIOLATION'])
  ].join(KEPT_APART)
}

/** A table of faults by ends. A run with several faults counts for the first. */
export function histogram(results: readonly RunResult[]): string {
  const ends = [...new Set(results.map(endOf))].sort()
  const rows = new Map<string, RunResult[]>()
  for (const result of results) {
    const missed = result.harms[0] === 'missed' ? ' (missed)' : ''
    const name = `${result.plan.faults[0]?.name ?? 'none'}${missed}${result.plan.faults.length > 1 ? ' and another' : ''}`
    rows.set(name, [...(rows.get(name) ?? []), result])
  }
  const line = (name: string, cells: readonly string[]) => `| ${name} | ${cells.join(' | ')} |`
  const count = (some: readonly RunResult[], end: string) => some.filter((result) => endOf(result) === end).length
  return [
    line('fault', [...ends, 'runs']),
    line(
      '---',
      [...ends, ''].map(() => '---:')
    ),
    ...[...rows]
      .sort(([one], [two]) => one.localeCompare(two))
      .map(([name, some]) => line(name, [...ends.map((end) => String(count(some, end) || '')), String(some.length)])),
    line('all', [...ends.map((end) => String(count(results, end))), String(results.length)])
  ].join('\n')
}
