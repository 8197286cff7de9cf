// What the API itself has to say, as opposed to what the service says through it.
import { OperatorError, type Problem } from '../../protocols/operator/views.ts'

export function badRequest(host: string, what: string, why: string, remedy: string): OperatorError {
  return new OperatorError({ code: 'BAD_REQUEST', host, what, why, remedy })
}

/** A thrown value that is no OperatorError stays in the log: a stack trace never crosses the API. */
export function problemOf(host: string, error: unknown): Problem {
  if (error instanceof OperatorError) return error.problem
  return {
    code: 'INTERNAL',
    host,
    what: 'The daemon failed inside while it answered',
    why: error instanceof Error ? error.message : String(error),
    remedy: `Look at the log of ferry on ${host} (journalctl -u ferry) and report what it says`
  }
}

const statuses: Readonly<Record<string, number>> = {
  BAD_REQUEST: 422,
  MOVE_TO_SELF: 422,
  NO_SUCH_ROUTE: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  INTERNAL: 500,
  PEER_UNREACHABLE: 502,
  NOT_ALLOWED: 403,
  STARTING: 503,
  SHUTTING_DOWN: 503
}

/** The HTTP status for a problem: what the daemon knows and will not do now is a conflict. */
export function statusOf(code: string): number {
  return statuses[code] ?? (code.startsWith('UNKNOWN_') ? 404 : 409)
}
