// Commands that come over the mesh. What comes from a member is done here or refused, never passed on: so no command can go in
// a circle. What comes from an operator's own connection may be for another host, and is passed on once, as it was signed.
import { METHODS, isMethod, type Answer, type Command, type Request } from '../../../protocols/command/index.ts'
import type { OperatorError } from '../../../protocols/operator/views.ts'
import type { Mesh } from '../../mesh/mesh.ts'
import { operatorError, toProblem } from '../problems.ts'
import { toWire } from '../wire-problems.ts'
import { checkAllowed, type Caller, type Operator } from './caller.ts'
import { argumentsIn, type Asked, type Desk } from './desk.ts'
import { Once } from './once.ts'
import { openCommand } from './signed-command.ts'

export interface CommandsParts {
  readonly name: string
  readonly mesh: Pick<Mesh, 'self' | 'peers' | 'command'>
  readonly desk: Desk
  /** Whether a peer that is let in is a host of the mesh, and not an operator. */
  readonly isMember: (peerId: string) => boolean
  readonly rolesOf: (operator: string) => ReadonlySet<string>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Commands of one operator that are under way at a time. */
const MAX_AT_ONCE = 16

export class Commands {
  readonly #parts: CommandsParts
  readonly #once: Once
  readonly #underWay = new Map<string, number>()

  constructor(parts: CommandsParts) {
    this.#parts = parts
    this.#once = new Once(parts.name, parts.now)
  }

  /** Never rejects: what fails is an answer. */
  async *answer(from: string, command: Command, signal: AbortSignal): AsyncGenerator<Answer> {
    try {
      const { request, signed } = await openCommand(command)
      const caller = await this.#caller(from, request, signed)
      if (request.target !== this.#parts.mesh.self.peerId) {
        yield* this.#passOn(from, caller, request, command, signal)
        return
      }
      yield* caller.kind === 'operator'
        ? this.#bounded(caller, request, () => this.#doHere(caller, request, signal))
        : this.#doHere(caller, request, signal)
      yield { end: {} }
    } catch (error) {
      yield { refused: toWire(toProblem(this.#parts.name, error)) }
    }
  }

  /** @throws OperatorError NOT_ALLOWED, BAD_SIGNATURE */
  async #caller(from: string, request: Request, signed: boolean | undefined): Promise<Caller> {
    const { isMember, rolesOf } = this.#parts
    const via = isMember(from) ? this.#nameOf(from) : undefined
    if (signed === undefined) {
      if (via !== undefined && request.operator === '') return { kind: 'member-root', who: `root@${via}`, via }
      throw await this.#refusal(from, via, request, {
        code: 'BAD_SIGNATURE',
        what: 'A command has no signature',
        why: 'only a member may speak for its root without one',
        remedy: 'Use the `ferry` command with --as and --at'
      })
    }
    const { operator, label } = request
    if (!signed || (via === undefined && operator !== from)) {
      throw await this.#refusal(from, via, request, {
        code: 'BAD_SIGNATURE',
        what: `A command is not signed by the operator ${operator}`,
        why: signed ? `it came from ${from}` : 'the signature is not good',
        remedy: 'Look at whoever sent it'
      })
    }
    return { kind: 'operator', who: operator, label, ...(via === undefined ? {} : { via }), roles: rolesOf(operator) }
  }

  async *#doHere(caller: Caller, request: Request, signal: AbortSignal): AsyncGenerator<Answer> {
    const { desk } = this.#parts
    if (caller.kind === 'operator') {
      const { method } = request
      try {
        const changes = isMethod(method) && METHODS[method].changes
        if (changes) checkAllowed(this.#parts.name, caller, method)
        this.#once.take(request, changes)
      } catch (error) {
        await desk.refuse(this.#asked(caller.who, caller.via, request), error)
        throw error
      }
    }
    for await (const item of desk.execute(caller, request.method, JSON.parse(request.arguments), signal)) {
      yield { item: JSON.stringify(item) }
    }
  }

  /** An operator's command for another host, from the operator itself. The host that does it checks everything again. */
  async *#passOn(
    from: string,
    caller: Caller,
    request: Request,
    command: Command,
    signal: AbortSignal
  ): AsyncGenerator<Answer> {
    const { name, mesh, isMember } = this.#parts
    const { target, method } = request
    if (caller.kind !== 'operator' || caller.via !== undefined) {
      throw await this.#refusal(from, this.#nameOf(from), request, {
        code: 'NOT_ALLOWED',
        what: `A command for ${target} came to ${name}`,
        why: 'a host passes on what an operator gives to it, and never what another host has passed on',
        remedy: 'Give it to that host itself; if its key was changed, see `ferry peers` first'
      })
    }
    try {
      if (isMethod(method)) checkAllowed(name, caller, method)
    } catch (error) {
      await this.#parts.desk.refuse(this.#asked(caller.who, undefined, request), error)
      throw error
    }
    if (!isMember(target)) {
      throw await this.#refusal(caller.who, undefined, request, {
        code: 'UNKNOWN_PEER',
        what: `${target} is no host of the mesh`,
        remedy: 'See `ferry peers`'
      })
    }
    yield* this.#bounded(caller, request, () => mesh.command(target, command, signal))
    yield { end: {} }
  }

  async *#bounded(caller: Operator, request: Request, work: () => AsyncIterable<Answer>): AsyncGenerator<Answer> {
    const count = this.#underWay.get(caller.who) ?? 0
    if (count >= MAX_AT_ONCE) {
      throw await this.#refusal(caller.who, caller.via, request, {
        code: 'TOO_MANY_COMMANDS',
        what: `The operator ${caller.who} has too many commands under way`,
        why: `${String(MAX_AT_ONCE)} at a time are allowed on one host`,
        remedy: 'Wait until some of them have ended'
      })
    }
    this.#underWay.set(caller.who, count + 1)
    try {
      yield* work()
    } finally {
      const left = (this.#underWay.get(caller.who) ?? 1) - 1
      if (left === 0) this.#underWay.delete(caller.who)
      else this.#underWay.set(caller.who, left)
    }
  }

  async #refusal(
    who: string,
    via: string | undefined,
    request: Request,
    details: { code: string; what: string; why?: string; remedy: string }
  ): Promise<OperatorError> {
    const error = operatorError(this.#parts.name, details)
    await this.#parts.desk.refuse(this.#asked(who, via, request), error)
    return error
  }

  #asked(who: string, via: string | undefined, request: Request): Asked {
    const { method, label, target } = request
    return {
      who,
      ...(label === '' ? {} : { label }),
      ...(via === undefined ? {} : { via }),
      method,
      arguments: argumentsIn(JSON.parse(request.arguments)),
      ...(target === this.#parts.mesh.self.peerId ? {} : { target })
    }
  }

  #nameOf(peerId: string): string {
    return this.#parts.mesh.peers().find((peer) => peer.peerId === peerId)?.name || peerId
  }
}
