// Every error that leaves a driver becomes a Problem with this host's name here, and nowhere else.
import { OperatorError, type FindingView, type Problem } from '../../protocols/operator/views.ts'
import { MAX_CODES } from '../receipt/entry.ts'

interface Details {
  readonly code: string
  readonly what: string
  readonly why?: string
  readonly remedy: string
}

function detailsOf(error: unknown): Details | undefined {
  if (typeof error !== 'object' || error === null || !('details' in error)) return undefined
  const details = error.details
  if (typeof details !== 'object' || details === null) return undefined
  return 'code' in details && 'what' in details && 'remedy' in details ? (details as Details) : undefined
}

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** What the kernel refused to this daemon, in its own words: they name the call and the path. */
function systemErrorOf(error: unknown): Details | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  if (FULL.has(String(error.code))) {
    return {
      code: 'DISK_FULL',
      what: 'no room is left on a file system that ferry has to write to',
      why: error.message,
      remedy: 'make room there (df shows how much is left), then do it again'
    }
  }
  return {
    code: 'SYSTEM_ERROR',
    what: 'the operating system refused what ferry asked of it',
    why: error.message,
    remedy: 'put right what it names, then do it again'
  }
}

/** @param host name of the host on which the error arose, for errors that don't carry one */
export function toProblem(host: string, error: unknown): Problem {
  if (error instanceof OperatorError) return error.problem
  const details = detailsOf(error)
  if (details !== undefined) return problemFrom(host, details)
  const system = systemErrorOf(error)
  if (system !== undefined) return problemFrom(host, system)
  return {
    code: 'INTERNAL',
    host,
    what: 'ferry failed inside',
    why: error instanceof Error ? error.message : String(error),
    remedy: `look at the log of ferry on ${host} and report what it says`
  }
}

export function operatorError(host: string, details: Details): OperatorError {
  return new OperatorError(problemFrom(host, details))
}

function problemFrom(host: string, { code, what, why, remedy }: Details): Problem {
  return { code, host, what, ...(why === undefined ? {} : { why }), remedy }
}

/** Wraps whatever a step throws, so that machines and API see Problems only. */
export async function asOperator<T>(host: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError(toProblem(host, error), { cause: error })
  }
}

/** What a preflight found, as the receipt has it: the first of each kind where there are very many. */
export function preflightCodes(findings: readonly FindingView[]): { blockers: string[]; warnings: string[] } {
  const of = (level: FindingView['level']) =>
    findings
      .filter((finding) => finding.level === level)
      .map(({ code }) => code)
      .slice(0, MAX_CODES)
  return { blockers: of('blocker'), warnings: of('warning') }
}
