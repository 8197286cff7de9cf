// Asks many hosts the same, each within a time of its own; who can't be asked is named.
import type { AnswerOf, Arguments, MethodName } from '../../../protocols/command/index.ts'
import type { HostView, Problem } from '../../../protocols/operator/views.ts'
import { toProblem } from '../problems.ts'
import { oneAnswer, type Reach } from './reach.ts'

/** Milliseconds for one host's answer: its engines are programs that have to be started. */
const ANSWER_MS = 10_000
const AT_ONCE = 16

export interface Told<T> {
  readonly host: HostView
  readonly answer: T
}

/**
 * Rejects only with the signal's reason.
 * @param within who has not answered when it aborts is missing
 */
export async function askHosts<M extends MethodName>(
  reach: Reach,
  hosts: readonly HostView[],
  method: M,
  args: Arguments<M>,
  signal: AbortSignal,
  within?: AbortSignal
): Promise<{ told: Told<AnswerOf<M>>[]; missing: { host: HostView; problem: Problem }[] }> {
  const told: Told<AnswerOf<M>>[] = []
  const missing: { host: HostView; problem: Problem }[] = []
  const waiting = [...hosts]
  const ask = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      if (!canBeAsked(host)) {
        missing.push({ host, problem: unreachable(reach.name, host) })
        continue
      }
      try {
        within?.throwIfAborted()
        const limit = AbortSignal.any([
          signal,
          AbortSignal.timeout(ANSWER_MS),
          ...(within === undefined ? [] : [within])
        ])
        told.push({ host, answer: await oneAnswer(reach, host.peerId, method, args, limit) })
      } catch (error) {
        signal.throwIfAborted()
        missing.push({ host, problem: silent(reach.name, host, toProblem(nameOf(host), error)) })
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, hosts.length) }, ask))
  return { told, missing }
}

/** One that was dialled in vain a moment ago is not waited for again. One of a large mesh that was never dialled is. */
export function canBeAsked({ state, problem }: HostView): boolean {
  return state === 'self' || state === 'connected' || (state === 'unreachable' && problem === undefined)
}

export function nameOf({ name, peerId }: HostView): string {
  return name === '' ? peerId : name
}

/** One that was lost while it was asked is one that can't be asked. */
function silent(self: string, host: HostView, problem: Problem): Problem {
  if (problem.code !== 'PEER_UNREACHABLE' && problem.code !== 'PEER_TIMEOUT') return problem
  return unreachable(self, { ...host, problem })
}

export function unreachable(self: string, host: HostView): Problem {
  const name = nameOf(host)
  const why = [
    host.lastSeen === undefined ? 'it was never heard of' : `its last sign of life was at ${host.lastSeen}`,
    ...(host.problem === undefined ? [] : [[host.problem.what, host.problem.why].filter(Boolean).join(': ')])
  ]
  return {
    code: host.state === 'refused' ? 'PEER_REFUSED' : 'PEER_UNREACHABLE',
    host: self,
    what: `${name} can't be asked`,
    why: why.join('; '),
    remedy: `See that ferry runs on ${name} and that the link is up, or type the command there`
  }
}
