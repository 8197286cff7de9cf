// How the engines put together what speaks against a migration.
import type { Finding, ProblemDetails } from '../host/problem.ts'
import { HostProblem } from '../host/problem.ts'

export function blocker(code: string, what: string, remedy: string, why?: string): Finding {
  return { level: 'blocker', code, what, remedy, ...(why === undefined ? {} : { why }) }
}

export function warning(code: string, what: string, remedy: string, why?: string): Finding {
  return { level: 'warning', code, what, remedy, ...(why === undefined ? {} : { why }) }
}

export function asBlocker(details: ProblemDetails): Finding {
  return { level: 'blocker', ...details }
}

/** The first blocker as the error it is. @throws HostProblem */
export function throwBlocker(findings: readonly Finding[]): void {
  const first = findings.find((finding) => finding.level === 'blocker')
  if (first === undefined) return
  const { code, what, why, remedy } = first
  throw new HostProblem({ code, what, remedy, ...(why === undefined ? {} : { why }) })
}
