// How whoever routes a command asks one host: itself, or another one over the mesh.
import type { AnswerOf, Arguments, MethodName } from '../../../protocols/command/index.ts'
import { OperatorError, type HostView } from '../../../protocols/operator/views.ts'
import type { Answer } from '../../../protocols/command/index.ts'
import type { Mesh } from '../../mesh/mesh.ts'
import { asOperator, operatorError, toProblem } from '../problems.ts'
import { fromWire } from '../wire-problems.ts'
import { checkedAnswer } from './answers.ts'
import type { LocalRoot } from './caller.ts'
import type { Desk } from './desk.ts'
import { memberCommand } from './signed-command.ts'

export interface Reach {
  /** Of the host that routes. */
  readonly name: string
  /** Peer id of the host at which commands are done that name no other. */
  readonly self: () => string
  hosts(signal: AbortSignal): Promise<readonly HostView[]>
  /** @throws OperatorError */
  ask<M extends MethodName>(
    peerId: string,
    method: M,
    args: Arguments<M>,
    signal: AbortSignal
  ): AsyncIterable<AnswerOf<M>>
}

export interface NodeReachParts {
  readonly name: string
  readonly mesh: Pick<Mesh, 'self' | 'command'>
  readonly desk: Desk
  readonly hosts: () => readonly HostView[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Root of this host asks: here through the desk, elsewhere as a member that speaks for its root. */
export function nodeReach({ name, mesh, desk, hosts, now }: NodeReachParts): Reach {
  const caller: LocalRoot = { kind: 'local-root', who: `root@${name}` }
  return {
    name,
    self: () => mesh.self.peerId,
    hosts: async () => hosts(),
    async *ask<M extends MethodName>(peerId: string, method: M, args: Arguments<M>, signal: AbortSignal) {
      if (peerId === mesh.self.peerId) {
        for await (const answer of desk.execute(caller, method, args, signal)) yield answer as AnswerOf<M>
        return
      }
      const command = await asOperator(name, async () =>
        memberCommand({ method, arguments: args, target: peerId }, now())
      )
      yield* answersIn(mesh.command(peerId, command, signal), method, name)
    }
  }
}

/** What answers say; a refusal is thrown as the problem that it is. @throws OperatorError */
export async function* answersIn<M extends MethodName>(
  answers: AsyncIterable<Answer>,
  method: M,
  host: string
): AsyncGenerator<AnswerOf<M>> {
  try {
    for await (const { item, refused } of answers) {
      if (refused !== undefined) throw new OperatorError(fromWire({ ...refused, host: refused.host || host }))
      if (item !== undefined) yield checkedAnswer(method, JSON.parse(item), host)
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError(toProblem(host, error), { cause: error })
  }
}

/** The answer of a method that has one. @throws OperatorError */
export async function oneAnswer<M extends MethodName>(
  reach: Reach,
  peerId: string,
  method: M,
  args: Arguments<M>,
  signal: AbortSignal
): Promise<AnswerOf<M>> {
  let found: { readonly answer: AnswerOf<M> } | undefined
  // To the end: what comes before it may have been cut short.
  for await (const answer of reach.ask(peerId, method, args, signal)) found ??= { answer }
  if (found !== undefined) return found.answer
  throw operatorError(reach.name, {
    code: 'PEER_PROTOCOL',
    what: `${peerId} answered nothing to "${method}"`,
    remedy: 'Run the same ferry version on both hosts'
  })
}
