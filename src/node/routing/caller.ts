// Who asks something of this host, and whether they may.
import { METHODS, type CommandRole, type MethodName } from '../../../protocols/command/index.ts'
import { operatorError } from '../problems.ts'

export type Caller = LocalRoot | MemberRoot | Operator

/** Root of this host, through its socket. */
export interface LocalRoot {
  readonly kind: 'local-root'
  /** `root@HOST` */
  readonly who: string
}

/** Root of a member, as that member says. */
export interface MemberRoot {
  readonly kind: 'member-root'
  readonly who: string
  /** Name of the member. */
  readonly via: string
}

/** Whoever has signed the command with a key that has roles in the mesh. */
export interface Operator {
  readonly kind: 'operator'
  /** Peer id of the key. */
  readonly who: string
  readonly label: string
  /** The member that passed it on; absent for one that came straight here. */
  readonly via?: string
  readonly roles: ReadonlySet<string>
}

const RANKS: Readonly<Record<CommandRole, number>> = { view: 1, move: 2, admin: 3 }

/** @throws OperatorError NOT_ALLOWED */
export function checkAllowed(host: string, caller: Caller, method: MethodName): void {
  const { role, fromMembers } = METHODS[method]
  if (caller.kind === 'local-root') return
  if (caller.kind === 'member-root') {
    if (fromMembers) return
    throw operatorError(host, {
      code: 'NOT_ALLOWED',
      what: `${caller.who} may not do "${method}" on ${host}`,
      why: 'root of a member does this on its own host only',
      remedy: `Type it on ${host}, or ask there as an operator whose key has the role ${role}`
    })
  }
  const has = Object.entries(RANKS).reduce(
    (best, [name, rank]) => (caller.roles.has(name) ? Math.max(best, rank) : best),
    0
  )
  if (role !== 'root' && has >= RANKS[role]) return
  const roles = [...caller.roles].sort().join(', ')
  throw operatorError(host, {
    code: 'NOT_ALLOWED',
    what: `The operator ${caller.who} may not do "${method}" on ${host}`,
    why:
      role === 'root'
        ? `only root of ${host} may, at its own socket`
        : `it needs the role ${role}, and has ${roles === '' ? 'none' : roles} by what ${host} knows`,
    remedy:
      role === 'root'
        ? `Type it on ${host} as root`
        : `Root of any member, or an operator with the role admin, gives it with: ferry grant ${caller.who} ${role}`
  })
}
