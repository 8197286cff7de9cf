// Where everything that is asked of this host is allowed or refused, written down, and done.
import {
  METHODS,
  isMethod,
  type AnswerOf,
  type Arguments,
  type MethodName,
  type Methods
} from '../../../protocols/command/index.ts'
import type {
  HostView,
  MeshService,
  MigrationView,
  OperatorService,
  Resolution
} from '../../../protocols/operator/views.ts'
import type { Logger } from 'pino'
import type { AuditLine, AuditLog } from '../audit.ts'
import type { Cordon } from '../cordon.ts'
import { asOperator, operatorError, toProblem } from '../problems.ts'
import { checkAllowed, type Caller } from './caller.ts'
import { Pace } from './pace.ts'
import { Sampling } from './sampling.ts'

/** What one host does itself. */
export interface HostService extends Omit<OperatorService, 'resolve'> {
  /** As in the operator API; `by` is who decides, as the receipt says it. */
  readonly resolve: (
    request: { readonly id: string; readonly how: Resolution; readonly by: string },
    signal: AbortSignal
  ) => Promise<MigrationView>
}

export interface DeskParts {
  readonly name: string
  readonly service: HostService
  readonly mesh: MeshService
  readonly cordon: Pick<Cordon, 'set' | 'lift'>
  readonly hosts: () => readonly HostView[]
  readonly audit: AuditLog
  readonly log: Pick<Logger, 'error'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

type Doing = {
  readonly [M in MethodName]: (
    args: Arguments<M>,
    signal: AbortSignal,
    caller: Caller
  ) => Promise<AnswerOf<M>> | AsyncIterable<AnswerOf<M>>
}

/** What they answer says that the migration takes them up, and not how it ends. */
const BEGINNING: ReadonlySet<MethodName> = new Set(['move', 'resolve', 'cancel'])

/** Who looked at which migration is on record. */
const OF_ONE_MIGRATION: ReadonlySet<MethodName> = new Set(['logs', 'receipt'])

/** A command as the audit log has it. */
export type Asked = Pick<AuditLine, 'who' | 'label' | 'via' | 'method' | 'arguments' | 'target'>

export class Desk {
  readonly #parts: DeskParts
  readonly #doing: Doing
  readonly #refusals: Sampling
  readonly #refusedChanges: Sampling
  readonly #views: Sampling
  readonly #viewers: Sampling
  readonly #pace: Pace

  constructor(parts: DeskParts) {
    this.#parts = parts
    this.#doing = doing(parts)
    this.#refusals = new Sampling({ perMinute: 30, now: parts.now })
    this.#refusedChanges = new Sampling({ perMinute: 120, now: parts.now })
    this.#views = new Sampling({ perMinute: 1, now: parts.now })
    this.#viewers = new Sampling({ perMinute: 120, now: parts.now })
    this.#pace = new Pace(parts.name, parts.now)
  }

  /** @throws OperatorError BAD_REQUEST, NOT_ALLOWED, AUDIT_FAILED, and whatever the method says */
  async *execute(caller: Caller, method: string, args: unknown, signal: AbortSignal): AsyncGenerator<unknown> {
    const { name, audit } = this.#parts
    const line: Omit<AuditLine, 'event'> = {
      who: caller.who,
      ...(caller.kind === 'operator' && caller.label !== '' ? { label: caller.label } : {}),
      ...(caller.kind === 'local-root' || caller.via === undefined ? {} : { via: caller.via }),
      method,
      arguments: argumentsIn(args),
      command: audit.newCommand()
    }
    let accepted: MethodName
    let parsed: unknown
    try {
      accepted = knownMethod(name, method)
      checkAllowed(name, caller, accepted)
      parsed = parsedArguments(name, accepted, args)
      if (METHODS[accepted].changes) await this.#checkMayBegin(caller, accepted, parsed, signal)
    } catch (error) {
      await this.#refused(line, error)
      throw error
    }
    const answers = answersOf(name, this.#doing, accepted, parsed, signal, caller)
    if (!METHODS[accepted].changes) {
      yield* this.#look(caller, line, accepted, parsed, answers)
      return
    }
    const aside = caller.kind !== 'local-root' && this.#pace.failsTooOften(caller.who)
    await audit.record({ ...line, event: 'accepted', ...migrationIn(parsed) }, aside)
    try {
      for await (const answer of answers) {
        const event = BEGINNING.has(accepted) ? 'begun' : 'done'
        await this.#after({ ...line, event, ...migrationIn(parsed), ...migrationIn(answer) })
        yield answer
      }
    } catch (error) {
      if (caller.kind !== 'local-root') this.#pace.failed(caller.who)
      const { code } = toProblem(name, error)
      await this.#after({ ...line, event: 'failed', code, ...migrationIn(parsed) }, aside)
      throw error
    }
  }

  /** What can be known before it begins is a refusal: it never stands beside what was done. */
  async #checkMayBegin(caller: Caller, method: MethodName, parsed: unknown, signal: AbortSignal): Promise<void> {
    const { migration } = migrationIn(parsed)
    if (migration !== undefined && (method === 'cancel' || method === 'resolve')) {
      await this.#parts.service.migration(migration, signal)
    }
    if (caller.kind !== 'local-root') this.#pace.change(caller.who)
  }

  /** Writes down a command that was refused before it could be executed. */
  async refuse(asked: Asked, error: unknown): Promise<void> {
    await this.#refused({ ...asked, command: this.#parts.audit.newCommand() }, error)
  }

  /** What would have changed something has its line each time, but for whoever does nothing else. */
  async #refused(line: Omit<AuditLine, 'event'>, error: unknown): Promise<void> {
    const { code } = toProblem(this.#parts.name, error)
    const acting = isMethod(line.method) && METHODS[line.method].changes
    const omitted = (acting ? this.#refusedChanges : this.#refusals).take(line.who)
    if (omitted === undefined) return
    await this.#after({ ...line, event: 'refused', code, ...(omitted === 0 ? {} : { omitted }) })
  }

  /**
   * Of what others look at, one line a minute for each of them and each method, and where it is one migration of many
   * for each of these; of what this host's root looks at, none. What is not there is none: else who asks for ids that it made
   * up would have a line for each.
   */
  async *#look(
    caller: Caller,
    line: Omit<AuditLine, 'event'>,
    method: MethodName,
    parsed: unknown,
    answers: AsyncIterable<unknown>
  ): AsyncGenerator<unknown> {
    if (!OF_ONE_MIGRATION.has(method)) {
      await this.#viewed(caller, line, method === 'audit' ? JSON.stringify(parsed) : '')
      yield* answers
      return
    }
    let isThere = false
    try {
      for await (const answer of answers) {
        if (!isThere) await this.#viewed(caller, line, JSON.stringify(parsed))
        isThere = true
        yield answer
      }
    } catch (error) {
      if (!isThere) await this.#viewed(caller, line)
      throw error
    }
  }

  async #viewed(caller: Caller, line: Omit<AuditLine, 'event'>, thing = ''): Promise<void> {
    if (caller.kind === 'local-root') return
    const before = this.#views.take(`${line.who} ${line.method} ${thing}`)
    if (before === undefined) return
    const others = this.#viewers.take(line.who)
    if (others === undefined) return
    const omitted = before + others
    await this.#after({ ...line, event: 'viewed', ...(omitted === 0 ? {} : { omitted }) })
  }

  /** What can't be undone by refusing it. */
  async #after(line: AuditLine, aside = false): Promise<void> {
    try {
      await this.#parts.audit.note(line, aside)
    } catch (error) {
      this.#parts.log.error({ err: error, line }, 'a line of the audit log could not be written')
    }
  }
}

async function* answersOf<M extends MethodName>(
  host: string,
  all: Doing,
  method: M,
  parsed: unknown,
  signal: AbortSignal,
  caller: Caller
): AsyncGenerator<unknown> {
  const run = all[method] as (
    args: unknown,
    signal: AbortSignal,
    caller: Caller
  ) => Promise<unknown> | AsyncIterable<unknown>
  const answer = run(parsed, signal, caller)
  if (Symbol.asyncIterator in answer) yield* answer
  else yield await asOperator(host, () => answer)
}

function knownMethod(host: string, method: string): MethodName {
  if (isMethod(method)) return method
  throw operatorError(host, {
    code: 'BAD_REQUEST',
    what: `There is no "${method}"`,
    why: 'an older ferry may lack what a newer one asks for',
    remedy: 'Run the same ferry version on all hosts'
  })
}

function parsedArguments<M extends MethodName>(host: string, method: M, args: unknown): Methods[M][0] {
  const result = METHODS[method].arguments.safeParse(args)
  if (result.success) return result.data
  const why = result.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
  throw operatorError(host, {
    code: 'BAD_REQUEST',
    what: `What was asked with "${method}" is not of its form`,
    why: why.join('; '),
    remedy: 'Run the same ferry version on all hosts, and see `ferry --help`'
  })
}

/** Of a command, as they were sent. */
export function argumentsIn(args: unknown): Record<string, unknown> {
  return typeof args === 'object' && args !== null ? { ...args } : {}
}

function migrationIn(value: unknown): { migration?: string } {
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string') return {}
  return { migration: value.id }
}

function doing({ service, mesh, cordon, hosts, audit }: DeskParts): Doing {
  return {
    hosts: async () => hosts(),
    containers: (_, signal) => service.containers(signal),
    peers: (_, signal) => service.peers(signal),
    check: (args, signal) => service.check(args, signal),
    move: (args, signal) => service.move(args, signal),
    watch: ({ id }, signal) => service.watch(id, signal),
    migration: ({ id }, signal) => service.migration(id, signal),
    migrations: (_, signal) => service.migrations(signal),
    logs: ({ id }, signal) => service.logs(id, signal),
    receipt: ({ id }, signal) => service.receipt(id, signal),
    resolve: ({ id, how }, signal, { who }) => service.resolve({ id, how, by: who }, signal),
    cancel: ({ id }, signal) => service.cancel(id, signal),
    doctor: (_, signal) => service.doctor(signal),
    repair: (_, signal) => service.repair(signal),
    cordon: ({ reason, maintenance }) => cordon.set({ ...(reason === undefined ? {} : { reason }), maintenance }),
    uncordon: () => cordon.lift(),
    audit: ({ entries }) => audit.read(entries),
    membership: (_, signal) => mesh.membership(signal),
    init: (args, signal) => mesh.init(args, signal),
    invite: (args, signal) => mesh.invite(args, signal),
    join: (args, signal) => mesh.join(args, signal),
    expel: ({ peer, undo }, signal) => mesh.expel({ peer, ...(undo === undefined ? {} : { undo }) }, signal),
    rotateKey: (_, signal) => mesh.rotateKey(signal),
    leave: (_, signal) => mesh.leave(signal),
    grant: (args, signal) => mesh.grant(args, signal),
    revoke: ({ operator, role }, signal) => mesh.revoke({ operator, ...(role === undefined ? {} : { role }) }, signal)
  }
}
