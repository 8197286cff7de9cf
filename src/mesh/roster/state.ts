// What a set of records means. A pure function of the set: no order, no clock, no configuration goes in.
import type { ROLES } from '../../../protocols/membership/index.ts'
import { hexOf, type OpenRecord } from './record.ts'

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

export interface MeshState {
  readonly members: ReadonlyMap<string, Member>
  /** Peer ids that never come back: expelled, or replaced by a new key. */
  readonly expelled: ReadonlySet<string>
  /** The new peer id by the old one, where a rotation is in force. */
  readonly replacedBy: ReadonlyMap<string, string>
  /** Whoever was admitted at any time, by anyone who was. Only their records are kept. */
  readonly known: ReadonlySet<string>
  readonly roles: ReadonlyMap<string, ReadonlySet<Role>>
}

/**
 * - Whoever was ever admitted by someone who was ever admitted is *known*. Expulsions by the known always count, so that expulsion
 *   wins over whatever happens meanwhile elsewhere.
 * - Of an expelled peer's other records only those count that some expulsion of it keeps: what its author knew then. What the
 *   expelled peer, or the thief of its key, signs later counts for nothing.
 * - A rotation is an expulsion of the old key by itself and an admission of the new one, in one record. Of what a key says about
 *   its own records only that is believed which it says for every heir, and two rotations to different keys mean that it is in
 *   two hands: both new ones are out.
 */
export function stateOf(records: Iterable<OpenRecord>): MeshState {
  const all = [...records]
  const founder = all.find(({ body }) => body.genesis !== undefined)
  if (founder === undefined) {
    return { members: new Map(), expelled: new Set(), replacedBy: new Map(), known: new Set(), roles: new Map() }
  }
  const known = reached(founder.body.author, all, () => true)
  const { expelled, byOthers, kept } = removals(all, known)
  const counts = ({ id, body }: OpenRecord): boolean =>
    // A rotation takes its own author out, which is no reason not to heed it.
    kept.has(id) || !(body.rotation === undefined ? expelled : byOthers).has(body.author)
  const admitted = reached(founder.body.author, all, counts)
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
  return { members, expelled, replacedBy: new Map(rotations), known, roles: rolesOf(inForce, all, known) }
}

/** Everybody to whom a chain of admissions leads from the founder. */
function reached(founder: string, all: readonly OpenRecord[], counts: (record: OpenRecord) => boolean): Set<string> {
  const byAuthor = new Map<string, string[]>()
  for (const record of all) {
    const peerId = admittedIn(record)
    if (peerId === undefined || record.body.genesis !== undefined || !counts(record)) continue
    const list = byAuthor.get(record.body.author)
    if (list === undefined) byAuthor.set(record.body.author, [peerId])
    else list.push(peerId)
  }
  const found = new Set([founder])
  // A Set's iteration also visits what is added while it goes on.
  for (const author of found) for (const peerId of byAuthor.get(author) ?? []) found.add(peerId)
  return found
}

interface Removals {
  readonly expelled: ReadonlySet<string>
  /** Those that somebody else expelled. */
  readonly byOthers: ReadonlySet<string>
  /** Ids of records that count although their author is expelled. */
  readonly kept: ReadonlySet<string>
}

function removals(all: readonly OpenRecord[], known: ReadonlySet<string>): Removals {
  const expelled = new Set<string>()
  const byOthers = new Set<string>()
  const kept = new Set<string>()
  /** What a key says of its own records, by the key that it names as its heir ('' in an expulsion of itself). */
  const keptByItself = new Map<string, Map<string, Set<string>>>()
  const authorOf = new Map(all.map(({ id, body }) => [id, body.author]))
  for (const { body } of all) {
    const { author, expulsion, rotation } = body
    const removed = expulsion?.peer ?? (rotation === undefined ? undefined : author)
    if (removed === undefined || !known.has(author)) continue
    expelled.add(removed)
    // An expulsion vouches for records of the peer that goes, and of nobody else.
    const names = (expulsion ?? rotation)?.keeps.map(hexOf).filter((id) => authorOf.get(id) === removed) ?? []
    if (removed === author) {
      const byHeir = keptByItself.get(author) ?? new Map<string, Set<string>>()
      keptByItself.set(author, byHeir)
      const heir = rotation?.newPeer ?? ''
      byHeir.set(heir, new Set([...(byHeir.get(heir) ?? []), ...names]))
    } else {
      byOthers.add(removed)
      for (const id of names) kept.add(id)
    }
  }
  for (const byHeir of keptByItself.values()) {
    const [first = new Set<string>(), ...rest] = byHeir.values()
    for (const id of first) if (rest.every((ids) => ids.has(id))) kept.add(id)
    if (byHeir.size > 1) for (const heir of byHeir.keys()) expelled.add(heir)
  }
  return { expelled, byOthers, kept }
}

function rolesOf(
  inForce: readonly OpenRecord[],
  all: readonly OpenRecord[],
  known: ReadonlySet<string>
): Map<string, Set<Role>> {
  const ended = new Set(
    all.flatMap(({ body }) => (known.has(body.author) ? (body.revocation?.grants ?? []).map(hexOf) : []))
  )
  const roles = new Map<string, Set<Role>>()
  for (const { id, body } of inForce) {
    if (body.grant === undefined || ended.has(id)) continue
    const { operator, role } = body.grant
    roles.set(operator, (roles.get(operator) ?? new Set<Role>()).add(role as Role))
  }
  return roles
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
    for (let at: string | undefined = peerId; at !== undefined && !seen.has(at); at = former.get(at)) {
      const name = names.get(at)
      if (name !== undefined) return name
      seen.add(at)
    }
    return ''
  }
}

function admittedIn({ body }: OpenRecord): string | undefined {
  return body.admission?.peer ?? body.rotation?.newPeer ?? (body.genesis === undefined ? undefined : body.author)
}
