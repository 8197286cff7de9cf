// What a set of records means. A pure function of the set: no order, no clock, no configuration goes in.
import type { ROLES } from '../../../protocols/membership/index.ts'
import { inForceOf } from './keeping.ts'
import { admittedIn, everAdmitted, ledgerOf } from './reach.ts'
import { hexOf, type OpenRecord } from './record.ts'
import { removals } from './removals.ts'

export type Role = (typeof ROLES)[number]

export interface Member {
  readonly peerId: string
  /** As it was called when it joined. */
  readonly hostName: string
  /** Peer id of whoever admitted it; its own for the founder; its former one after a rotation. */
  readonly admittedBy: string
  /** Milliseconds since the epoch, by the clock of whoever admitted it. */
  readonly admittedAtMs: number
}

/** A role that is in force because of one record. */
export interface Grant {
  /** Of the record. */
  readonly id: string
  readonly operator: string
  readonly role: Role
  /** Peer id of whoever signed it, as it was then. */
  readonly grantor: string
  /** Milliseconds since the epoch, by the clock of the grantor. */
  readonly grantedAtMs: number
}

export interface MeshState {
  readonly members: ReadonlyMap<string, Member>
  /** Peer ids that never come back: expelled, or replaced by a new key. */
  readonly expelled: ReadonlySet<string>
  /** The new peer id by the old one, where a rotation is in force. */
  readonly replacedBy: ReadonlyMap<string, string>
  /** Peer ids that took themselves out: for a new key, or for good. */
  readonly left: ReadonlySet<string>
  /** Whoever was admitted at any time, by anyone who was. Only their records are kept. */
  readonly known: ReadonlySet<string>
  /** Oldest first. */
  readonly grants: readonly Grant[]
  readonly roles: ReadonlyMap<string, ReadonlySet<Role>>
  /** Whether a record has any effect, now that all the others are there. */
  readonly isIdle: (record: OpenRecord) => boolean
}

/**
 * - Whoever was ever admitted by someone who was ever admitted is *known*. Their expulsions always count, also those by somebody
 *   who is expelled, so that expulsion wins over whatever happens meanwhile elsewhere (removals.ts).
 * - A rotation is an expulsion of the old key by itself and an admission of the new one, in one record. A key that took itself out
 *   has said which records are its own; others count for nothing, expulsions included. Two rotations to different keys mean that
 *   it is in two hands: both new ones are out.
 * - Of an expelled peer's other records only those count that an expulsion of it keeps: what its author knew then. What the
 *   expelled peer, or the thief of its key, signs later counts for nothing (keeping.ts).
 */
export function stateOf(records: Iterable<OpenRecord>): MeshState {
  const all = [...records]
  const founder = all.find(({ body }) => body.genesis !== undefined)
  if (founder === undefined) {
    return {
      members: new Map(),
      expelled: new Set(),
      replacedBy: new Map(),
      left: new Set(),
      known: new Set(),
      grants: [],
      roles: new Map(),
      isIdle: () => false
    }
  }
  const ledger = ledgerOf(all)
  const known = everAdmitted(founder.body.author, ledger)
  const removed = removals(founder.body.author, ledger, known)
  const { expelled } = removed
  const { admitted, counts } = inForceOf(founder.body.author, ledger, removed)
  const inForce = all.filter((record) => admitted.has(record.body.author) && counts(record))
  inForce.sort((a, b) => a.body.timeMs - b.body.timeMs || (a.id < b.id ? -1 : 1))
  const nameOf = hostNames(inForce)
  const members = new Map<string, Member>()
  for (const record of [founder, ...inForce]) {
    const peerId = admittedIn(record)
    if (peerId === undefined || expelled.has(peerId)) continue
    members.set(peerId, {
      peerId,
      hostName: nameOf(peerId),
      admittedBy: record.body.author,
      admittedAtMs: record.body.timeMs
    })
  }
  const rotations = inForce.flatMap(({ body: { author, rotation } }) =>
    rotation === undefined || expelled.has(rotation.newPeer) ? [] : [[author, rotation.newPeer] as const]
  )
  const left = new Set(inForce.flatMap(({ body }) => (body.rotation === undefined ? [] : [body.author])))
  const ended = all.filter(removed.heeds).flatMap(({ body }) => (body.revocation?.grants ?? []).map(hexOf))
  const grants = grantsIn(inForce, new Set(ended))
  const effective = new Set([founder, ...inForce].map(({ id }) => id))
  const isIdle = (record: OpenRecord): boolean =>
    !effective.has(record.id) && !(takesOut(record) && removed.heeds(record))
  return { members, expelled, replacedBy: new Map(rotations), left, known, grants, roles: rolesBy(grants), isIdle }
}

function grantsIn(inForce: readonly OpenRecord[], ended: ReadonlySet<string>): Grant[] {
  return inForce.flatMap(({ id, body: { author, grant, timeMs } }) =>
    grant === undefined || ended.has(id)
      ? []
      : [{ id, operator: grant.operator, role: grant.role as Role, grantor: author, grantedAtMs: timeMs }]
  )
}

function rolesBy(grants: readonly Grant[]): Map<string, Set<Role>> {
  const roles = new Map<string, Set<Role>>()
  for (const { operator, role } of grants) roles.set(operator, (roles.get(operator) ?? new Set<Role>()).add(role))
  return roles
}

/** An expulsion, a revocation or a rotation. */
export function takesOut({ body }: OpenRecord): boolean {
  return body.expulsion !== undefined || body.revocation !== undefined || body.rotation !== undefined
}

/** A name is the newest admission's; a new key has that of the old one. */
function hostNames(newest: readonly OpenRecord[]): (peerId: string) => string {
  const names = new Map<string, string>()
  const former = new Map<string, string>()
  for (const { body } of newest) {
    if (body.genesis !== undefined) names.set(body.author, body.genesis.hostName)
    if (body.admission !== undefined) names.set(body.admission.peer, body.admission.hostName)
    if (body.rotation !== undefined) former.set(body.rotation.newPeer, body.author)
  }
  return (peerId) => {
    const seen = new Set<string>()
    let name: string | undefined
    for (let at: string | undefined = peerId; at !== undefined && !seen.has(at); at = former.get(at)) {
      name = names.get(at)
      if (name !== undefined) break
      seen.add(at)
    }
    // Many keys may name one heir, whose chain is not walked for each of them.
    names.set(peerId, name ?? '')
    return name ?? ''
  }
}
