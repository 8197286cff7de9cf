// A problem on the wire always has its `why`, empty where nothing is known; one that operators see then has none.
import type { Finding as WireFinding, Problem as WireProblem } from '../../protocols/migration/index.ts'
import type { FindingView, Problem } from '../../protocols/operator/views.ts'

export function toWire({ code, host, what, why, remedy }: Problem): WireProblem {
  return { code, host, what, why: why ?? '', remedy }
}

export function fromWire({ code, host, what, why, remedy }: WireProblem): Problem {
  return { code, host, what, ...(why === '' ? {} : { why }), remedy }
}

export function findingsToWire(findings: readonly FindingView[]): WireFinding[] {
  return findings.map((finding) => ({ blocker: finding.level === 'blocker', problem: toWire(finding) }))
}

export function findingsFromWire(findings: readonly WireFinding[]): FindingView[] {
  return findings.flatMap(({ blocker, problem }): FindingView[] =>
    problem === undefined ? [] : [{ level: blocker ? 'blocker' : 'warning', ...fromWire(problem) }]
  )
}
