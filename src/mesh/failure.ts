// What libp2p's errors mean to an operator.
import { ProtocolError, wordsOf, type ProblemDetails } from '../../protocols/problem.ts'
import { MeshError, type MeshErrorCode } from './mesh-error.ts'
import type { PeerState } from './peer-book.ts'

/** Why a request or a bulk stream to a peer did not come about. */
export function requestError(peer: string, error: unknown, signal: AbortSignal): MeshError {
  const why = wordsOf(error)
  const options = { cause: error }
  if (signal.aborted && !isTimeout(signal.reason)) {
    const details = { what: `The request to ${peer} was ended`, why: wordsOf(signal.reason) }
    return new MeshError(
      { code: 'REQUEST_ABORTED', ...details, remedy: 'Ask again if it was not meant to end' },
      options
    )
  }
  if (signal.aborted) {
    const what = `${peer} did not answer in time`
    return new MeshError(
      { code: 'PEER_TIMEOUT', what, why, remedy: `Look at ${peer} and at the link, then try again` },
      options
    )
  }
  if (error instanceof ProtocolError || (error instanceof Error && error.name === 'UnsupportedProtocolError')) {
    const what = `${peer} does not speak this ferry's protocol`
    return new MeshError(
      { code: 'PEER_PROTOCOL', what, why, remedy: 'Run the same ferry version on both hosts' },
      options
    )
  }
  return new MeshError(unreachable(peer, why), options)
}

/** Whether a failed dial met nobody, or somebody who closed the door. */
export function dialProblem(
  peerId: string,
  error: unknown
): { state: PeerState; problem: ProblemDetails<MeshErrorCode> } {
  const failures = failuresOf(error)
  const why = [...new Set(failures.map(wordsOf))].join('; ')
  // At an old address somebody else may be now; that says nothing of this peer unless it is all that is known.
  const own = failures.filter((failure) => !meetsSomebodyElse(failure))
  if (own.length === 0 || !own.every(meetsNobody)) {
    return {
      state: 'refused',
      problem: {
        code: 'PEER_REFUSED',
        what: `${peerId} can be reached, but no connection comes about`,
        why,
        remedy: "Add this host's peer id to the trusted peers of that host, and check that the address is that peer's"
      }
    }
  }
  return { state: 'unreachable', problem: unreachable(peerId, why) }
}

/** One for each address that was tried. */
function failuresOf(error: unknown): unknown[] {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors.flatMap(failuresOf) : [error]
}

function meetsNobody(error: unknown): boolean {
  return /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|abort|timed? ?out|no valid addresses|via relay/i.test(
    `${wordsOf(error)} ${nameOf(error)}`
  )
}

function meetsSomebodyElse(error: unknown): boolean {
  return /does not match expected remote identity/.test(wordsOf(error))
}

function unreachable(peer: string, why: string): ProblemDetails<MeshErrorCode> {
  return {
    code: 'PEER_UNREACHABLE',
    what: `${peer} can't be reached`,
    why,
    remedy: `Look at ${peer}: is its ferry running, is the link up, is its address right?`
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
