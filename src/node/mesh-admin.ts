// What operators do with the mesh itself: make one, invite, join, expel, change the key.
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { HOST_NAME } from '../../protocols/fields.ts'
import { MAX_ADDRESSES, PEER_ID, ROLES } from '../../protocols/membership/index.ts'
import {
  OperatorError,
  type ExpulsionView,
  type GrantView,
  type InvitationView,
  type KeyView,
  type MembershipView,
  type MeshService
} from '../../protocols/operator/views.ts'
import type { AddressFile } from '../mesh/address-file.ts'
import { Invitations } from '../mesh/join/invitations.ts'
import { knock } from '../mesh/join/knock.ts'
import { parseTokenWord, tokenWord } from '../mesh/join/token.ts'
import { loadOrCreateKey, nextKeyFile, useNextKey } from '../mesh/key-file.ts'
import type { Mesh } from '../mesh/mesh.ts'
import { MeshError } from '../mesh/mesh-error.ts'
import { unadmittedName } from '../mesh/host-names.ts'
import { removeFile } from '../mesh/roster/durable-file.ts'
import { bytesOf, hexOf } from '../mesh/roster/record.ts'
import { notAMember, type Roster } from '../mesh/roster/roster.ts'
import type { Grant, Role } from '../mesh/roster/state.ts'
import { tellable } from '../mesh/tellable.ts'
import { JoinDoor } from './join-door.ts'
import { KeyRotation, notToldYet } from './key-rotation.ts'
import { asOperator, operatorError } from './problems.ts'
import { Turns } from '../mesh/turns.ts'

export interface MeshAdminParts {
  readonly config: Config
  readonly log: Logger
  readonly mesh: Mesh
  readonly roster: Roster
  readonly addresses: AddressFile
  /** Of the membership's files. */
  readonly folder: string
  readonly keyFile: string
  readonly key: PrivateKey
  /** The key in use is another one from now on. */
  readonly onKey: (key: PrivateKey) => void
  /** This host is another peer id by now, and so are its addresses. */
  readonly onAddresses: () => void
  /** Ids of migrations that have not ended here. */
  readonly underWay: () => Promise<readonly string[]>
}

const SPREAD_MS = 5_000
/** Both keys have their turn within it. */
const FINISH_MS = 30_000

export class MeshAdmin implements MeshService {
  readonly #parts: MeshAdminParts
  readonly #invitations: Invitations
  readonly #door: JoinDoor
  readonly #rotation: KeyRotation
  readonly #closing = new AbortController()
  readonly #endWatch: () => void
  /** A change of the key that was cut short goes on here. */
  /** Invitations that the last change of the key made void. */
  #voided = 0
  #resuming: { readonly done: Promise<string | undefined>; readonly stop: AbortController } | undefined
  #key: PrivateKey
  /** One change after the other. */
  readonly #turns = new Turns()

  private constructor(parts: MeshAdminParts, invitations: Invitations) {
    this.#parts = parts
    this.#key = parts.key
    this.#invitations = invitations
    const { roster, addresses, mesh, log } = parts
    this.#door = new JoinDoor({
      listen: parts.config.joinListen,
      roster,
      invitations,
      addresses,
      key: () => this.#key,
      ownAddresses: () => tellable(mesh.self.addresses),
      log
    })
    this.#rotation = new KeyRotation({
      keyFile: parts.keyFile,
      roster,
      mesh,
      log,
      onKey: (key) => {
        this.#key = key
        parts.onKey(key)
      },
      checkIdle: () => this.#checkIdle()
    })
    // An expulsion makes invitations void, and perhaps the door needless.
    this.#endWatch = roster.onChange(() => {
      this.#settle()
    })
  }

  /** @throws MeshError MESH_FILES, KEY_FILE */
  static async open(parts: MeshAdminParts): Promise<MeshAdmin> {
    const invitations = await Invitations.open({
      folder: parts.folder,
      now: () => Date.now(),
      removals: () => parts.roster.removals()
    })
    const admin = new MeshAdmin(parts, invitations)
    admin.#settle()
    admin.#resume()
    return admin
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the node is ending'))
    this.#endWatch()
    await this.#resuming?.done
    await this.#door.close()
  }

  membership(): Promise<MembershipView> {
    return this.#asOperator(async () => this.#view())
  }

  init({ meshName }: { meshName: string }): Promise<MembershipView> {
    return this.#change(async () => {
      if (!HOST_NAME.test(meshName)) {
        throw this.#badRequest(`"${meshName}" can't name a mesh`, 'Use 1 to 63 of a-z, 0-9 and -, no - at either end')
      }
      await this.#parts.roster.found({ mesh: meshName, host: this.#parts.config.name }, this.#key)
      return this.#view()
    })
  }

  invite({ ttlMs }: { ttlMs: number }): Promise<InvitationView> {
    return this.#change(async () => {
      const { roster } = this.#parts
      const mesh = this.#member()
      const addresses = tellable(await this.#door.open()).slice(0, MAX_ADDRESSES)
      try {
        const { secret, expiresMs } = await this.#invitations.make(mesh, ttlMs)
        const token = tokenWord({
          mesh: bytesOf(roster.meshId ?? ''),
          issuer: this.#self,
          secret,
          expiresMs,
          // The issuer is named once.
          addresses: addresses.map((address) => address.replace(/\/p2p\/.*$/, ''))
        })
        return { token, expiresAt: new Date(expiresMs).toISOString(), addresses }
      } finally {
        await this.#door.settle()
      }
    })
  }

  join({ token }: { token: string }, signal: AbortSignal): Promise<MembershipView> {
    return this.#change(async () => {
      const { roster, addresses, config, mesh } = this.#parts
      roster.refuseSecondMesh()
      await this.#checkIdle()
      const parsed = parseTokenWord(token)
      const answer = await knock(parsed, { privateKey: this.#key, hostName: config.name, signal })
      for (const { peer, addresses: told } of answer.addresses) addresses.heard(peer, told)
      await roster.enter(hexOf(parsed.mesh), answer.records, this.#self)
      await this.#connectedOr(mesh, parsed.issuer, signal)
      return this.#view()
    })
  }

  expel({ peer, undo = false }: { peer: string; undo?: boolean }): Promise<ExpulsionView> {
    return this.#change(async () => {
      const { roster, mesh } = this.#parts
      this.#member()
      const peerId = this.#memberCalled(peer)
      const name = roster.state.members.get(peerId)?.hostName ?? ''
      const kept = undo ? 'nothing' : 'all but grants'
      const alsoOut = await roster.alsoOut(peerId, this.#key, kept)
      if (alsoOut.includes(this.#self)) {
        throw this.#badRequest(
          `This host would be out with ${peer}, which had admitted it`,
          'Type it on a member that somebody else admitted: nobody can keep its own admission'
        )
      }
      const before = roster.state.grants
      const records = await roster.expel(peerId, this.#key, kept)
      const toldTo = await mesh.spread(records, AbortSignal.timeout(SPREAD_MS))
      const admittedByIt = [...roster.state.members.values()]
        .filter(({ admittedBy }) => admittedBy === peerId)
        .map((member) => member.peerId)
      const endedRoles = this.#grantViews(before.filter(({ operator, role }) => !roster.rolesOf(operator).has(role)))
      return { peerId, name, toldTo, alsoOut, admittedByIt, endedRoles }
    })
  }

  rotateKey(): Promise<KeyView> {
    return this.#change(async () => {
      const finished = await this.#finishRotation()
      if (finished !== undefined) {
        return { formerPeerId: finished, peerId: this.#self, invitationsVoid: this.#voided }
      }
      this.#member()
      const formerPeerId = this.#self
      await this.#door.close()
      try {
        await this.#rotation.rotate(this.#key)
      } catch (error) {
        // Once the record is there it is the old key that is no member any more.
        this.#resume()
        throw error
      }
      this.#parts.onAddresses()
      await this.#clearInvitations()
      this.#settle()
      return { formerPeerId, peerId: this.#self, invitationsVoid: this.#voided }
    })
  }

  /** They name the former key. The new one is in force all the same where that can't be written down. */
  async #clearInvitations(): Promise<void> {
    try {
      this.#voided = await this.#invitations.clear()
    } catch (error) {
      this.#parts.log.error({ err: error }, 'invitations under the former key stay until they end; nobody can use them')
    }
  }

  /** The former peer id if a change that was cut short has ended by now. @throws MeshError if it can't end yet */
  async #finishRotation(): Promise<string | undefined> {
    const { done } = this.#resume()
    const limit = AbortSignal.timeout(FINISH_MS)
    const late = new Promise<undefined>((resolve) => {
      limit.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    const former = await Promise.race([done, late])
    if (former !== undefined || (await this.#rotation.begun()) === undefined) return former
    await this.#checkIdle()
    throw notToldYet()
  }

  #resume(): { readonly done: Promise<string | undefined> } {
    if (this.#resuming !== undefined) return this.#resuming
    const stop = new AbortController()
    const before = this.#self
    const done = this.#rotation
      .resume(AbortSignal.any([stop.signal, this.#closing.signal]))
      .then(async (former) => {
        if (this.#self !== before) this.#parts.onAddresses()
        if (former !== undefined) await this.#clearInvitations()
        return former
      })
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error }, 'a change of the key that was cut short could not be finished')
        return undefined
      })
      .finally(() => {
        this.#resuming = undefined
        this.#settle()
      })
    this.#resuming = { done, stop }
    return this.#resuming
  }

  leave(): Promise<KeyView> {
    return this.#change(async () => {
      const { roster, mesh, keyFile, onKey, onAddresses } = this.#parts
      if (roster.meshId === undefined) throw notAMember()
      await this.#checkIdle()
      this.#resuming?.stop.abort(new Error('this host leaves the mesh'))
      await this.#resuming?.done
      const formerPeerId = this.#self
      // One that a change of the key left behind may be a member by its record.
      const leaving = (await this.#rotation.begun())?.newKey ?? this.#key
      let toldTo: readonly string[] | undefined
      if (roster.isMember(idOf(leaving))) {
        const others = roster.state.members.size - 1
        const records = await roster.leave(leaving)
        const told = await mesh.spread(records, AbortSignal.timeout(SPREAD_MS))
        if (others > 0) toldTo = told
      }
      await this.#door.close()
      await this.#invitations.clear()
      await removeFile(nextKeyFile(keyFile))
      const key = await loadOrCreateKey(nextKeyFile(keyFile))
      await useNextKey(keyFile)
      await roster.forget()
      this.#key = key
      onKey(key)
      await mesh.rekey(key)
      onAddresses()
      return { formerPeerId, peerId: this.#self, ...(toldTo === undefined ? {} : { toldTo }) }
    })
  }

  grant({ operator, role }: { operator: string; role: string }): Promise<MembershipView> {
    return this.#change(async () => {
      this.#member()
      this.#checkOperator(operator)
      await this.#parts.roster.sign({ grant: { operator, role: this.#roleOf(role) } }, this.#key)
      return this.#view()
    })
  }

  revoke({ operator, role }: { operator: string; role?: string }): Promise<MembershipView> {
    return this.#change(async () => {
      const { roster } = this.#parts
      this.#member()
      this.#checkOperator(operator)
      await roster.revoke(operator, role === undefined ? undefined : this.#roleOf(role), this.#key)
      return this.#view()
    })
  }

  get #self(): string {
    return idOf(this.#key)
  }

  /** The id of the mesh that this host is a member of. @throws MeshError NOT_A_MEMBER */
  #member(): string {
    const { roster } = this.#parts
    if (roster.meshId === undefined) throw notAMember()
    if (roster.isMember(this.#self)) return roster.meshId
    if (this.#resuming !== undefined) throw notToldYet()
    throw new MeshError({
      code: 'NOT_A_MEMBER',
      what: 'This host is no member of its mesh any more',
      why: 'it was expelled, or its key was replaced',
      remedy: 'Take a new key with `ferry leave`, then join with a new invitation'
    })
  }

  #view(): MembershipView {
    const { roster, mesh } = this.#parts
    if (roster.meshId === undefined) throw notAMember()
    const { members, expelled, roles, grants } = roster.state
    const states = new Map(mesh.peers().map(({ peerId, state }) => [peerId, state]))
    return {
      meshId: roster.meshId,
      meshName: roster.meshName ?? '',
      member: members.has(this.#self),
      peerId: this.#self,
      members: [...members.values()]
        .map((member) => ({
          name: member.hostName,
          peerId: member.peerId,
          state: member.peerId === this.#self ? ('self' as const) : (states.get(member.peerId) ?? 'unreachable'),
          admittedBy: member.admittedBy,
          admittedAt: new Date(member.admittedAtMs).toISOString()
        }))
        .sort((a, b) => a.name.localeCompare(b.name) || a.peerId.localeCompare(b.peerId)),
      expelled: [...expelled].sort(),
      operators: [...roles].map(([operator, own]) => ({
        operator,
        roles: [...own].sort(),
        grants: this.#grantViews(grants.filter((grant) => grant.operator === operator))
      }))
    }
  }

  #grantViews(grants: readonly Grant[]): GrantView[] {
    return grants.map(({ operator, role, grantor, grantedAtMs }) => ({
      operator,
      role,
      grantedBy: this.#parts.roster.present(grantor),
      grantedAt: new Date(grantedAtMs).toISOString()
    }))
  }

  /** By name or peer id, also one that was never seen here. What peers call themselves does not count: this is for ever. */
  #memberCalled(peer: string): string {
    const { roster, mesh, config } = this.#parts
    if (roster.isMember(peer)) return peer
    const named = [...roster.state.members.values()].filter(({ hostName }) => hostName === peer)
    const [one, ...others] = named
    if (one !== undefined && others.length === 0) return one.peerId
    if (one !== undefined) {
      throw operatorError(config.name, {
        code: 'AMBIGUOUS_PEER',
        what: `More than one member was admitted as ${peer}`,
        why: named.map(({ peerId }) => peerId).join(', '),
        remedy: 'Say which by its peer id; `ferry members` shows which of them is connected'
      })
    }
    const claiming = mesh.peers().filter(({ saysName }) => saysName === peer)
    throw operatorError(
      config.name,
      claiming.length > 0
        ? unadmittedName(peer, claiming)
        : { code: 'UNKNOWN_PEER', what: `${peer} is no member of the mesh`, remedy: 'See `ferry members`' }
    )
  }

  /** Joining has succeeded by then; a connection only shows it sooner. */
  async #connectedOr(mesh: Mesh, issuer: string, signal: AbortSignal): Promise<void> {
    const end = Date.now() + SPREAD_MS
    while (Date.now() < end && !signal.aborted) {
      if (mesh.peers().some(({ peerId, state }) => peerId === issuer && state === 'connected')) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async #checkIdle(): Promise<void> {
    const ids = await this.#parts.underWay()
    if (ids.length === 0) return
    throw new MeshError({
      code: 'MIGRATIONS_UNDER_WAY',
      what: "This host's key can't be changed now",
      why: `its peers know it by its id in migrations that have not ended: ${ids.slice(0, 8).join(', ')}`,
      remedy: 'Wait until they have ended, or `ferry cancel` them'
    })
  }

  #checkOperator(operator: string): void {
    if (PEER_ID.test(operator)) return
    throw this.#badRequest(`"${operator}" is no operator's key`, 'Name the peer id of an Ed25519 key: 12D3KooW…')
  }

  #roleOf(role: string): Role {
    const known = ROLES.find((one) => one === role)
    if (known !== undefined) return known
    throw this.#badRequest(`There is no role "${role}"`, `Use one of ${ROLES.join(', ')}`)
  }

  #badRequest(what: string, remedy: string): OperatorError {
    return operatorError(this.#parts.config.name, { code: 'BAD_REQUEST', what, remedy })
  }

  #settle(): void {
    if (this.#closing.signal.aborted) return
    this.#door.settle().catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'the door for invited hosts could not be opened or closed')
    })
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => this.#asOperator(work))
  }

  #asOperator<T>(work: () => Promise<T>): Promise<T> {
    return asOperator(this.#parts.config.name, work)
  }
}

function idOf(key: PrivateKey): string {
  return peerIdFromPrivateKey(key).toString()
}
