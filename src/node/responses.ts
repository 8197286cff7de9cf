import type { Response } from '../../protocols/migration/index.ts'
import { fromWire } from './wire-problems.ts'
import { OperatorError } from '../../protocols/operator/views.ts'

/**
 * The one kind of answer that fits the question.
 * @throws OperatorError with the peer's own problem where it refused, PEER_PROTOCOL for any other answer
 */
export function expectResponse<Kind extends keyof Response>(
  response: Response,
  kind: Kind,
  peerName: string
): NonNullable<Response[Kind]> {
  const body = response[kind]
  if (body !== undefined) return body
  const problem = response.refused?.problems[0]
  if (problem !== undefined) throw new OperatorError(fromWire(problem))
  throw new OperatorError({
    code: 'PEER_PROTOCOL',
    host: peerName,
    what: `${peerName} gave an answer that does not fit the question`,
    why: `expected "${kind}", got ${Object.keys(response).join(', ') || 'nothing'}`,
    remedy: 'run the same version of ferry on both hosts'
  })
}
