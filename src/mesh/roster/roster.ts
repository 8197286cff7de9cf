// The records of this host's mesh, and who belongs to it: the set that spreads between members, kept on disk.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Logger } from 'pino'
import { MAX_AUTHOR_BYTES, MAX_KEEPS, MAX_ROSTER_BYTES } from '../../../protocols/membership/index.ts'
import { ProtocolError, wordsOf } from '../../../protocols/problem.ts'
import { MeshError } from '../mesh-error.ts'
import type { RecordSet } from '../record-set.ts'
import { makeFolder } from './durable-file.ts'
import { RecordFile } from './record-file.ts'
import { bytesOf, hexOf, openRecord, signGenesis, signRecord, type OpenRecord, type Statement } from './record.ts'
import { stateOf, type MeshState, type Role } from './state.ts'
import { Sums, type RosterLimits } from './sums.ts'
import { Turns } from '../turns.ts'

export interface RosterOptions {
  /** Made if it isn't there. */
  readonly folder: string
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** What MAX_ROSTER_BYTES and MAX_AUTHOR_BYTES say, unless a test wants less. */
  readonly limits?: RosterLimits
}

/** Of another mesh, by somebody who is not known, or too many of one author or in all. */
type Refusal = 'foreign' | 'stranger' | 'author' | 'mesh'

export class Roster implements RecordSet {
  readonly #file: RecordFile
  readonly #log: RosterOptions['log']
  readonly #now: () => number
  readonly #callbacks = new Set<(added: readonly string[]) => void>()
  readonly #limits: RosterLimits
  #records = new Map<string, OpenRecord>()
  #state: MeshState = stateOf([])
  #genesis: OpenRecord | undefined
  #sorted: { readonly ids: readonly string[]; readonly digest: string } = listed([])
  /** One addition after the other: what counts depends on what is there already. */
  readonly #turns = new Turns()

  private constructor(options: RosterOptions) {
    this.#file = new RecordFile(join(options.folder, 'records'))
    this.#log = options.log
    this.#now = options.now
    this.#limits = options.limits ?? { rosterBytes: MAX_ROSTER_BYTES, authorBytes: MAX_AUTHOR_BYTES }
  }

  /** @throws MeshError MESH_FILES */
  static async open(options: RosterOptions): Promise<Roster> {
    await makeFolder(options.folder)
    const roster = new Roster(options)
    const { records, droppedBytes } = await roster.#file.read()
    if (droppedBytes > 0) options.log.warn({ bytes: droppedBytes }, 'the end of the membership records was not whole')
    const opened = await Promise.all(records.map((bytes) => openRecord(bytes)))
    if (opened.length > 0) roster.#adopt(opened)
    return roster
  }

  /** Hex; undefined on a host that is in no mesh. */
  get meshId(): string | undefined {
    return this.#genesis?.id
  }

  get meshName(): string | undefined {
    return this.#genesis?.body.genesis?.meshName
  }

  get state(): MeshState {
    return this.#state
  }

  isMember(peerId: string): boolean {
    return this.#state.members.has(peerId)
  }

  /** The name under which a member was admitted; undefined for whoever is none. */
  nameOf(peerId: string): string | undefined {
    return this.#state.members.get(peerId)?.hostName || undefined
  }

  /** The peer id that this one goes by now, after however many rotations; itself where none is in force. */
  present(peerId: string): string {
    const { replacedBy } = this.#state
    const seen = new Set([peerId])
    let now = peerId
    for (;;) {
      const next = replacedBy.get(now)
      if (next === undefined || seen.has(next)) return now
      seen.add((now = next))
    }
  }

  rolesOf(operator: string): ReadonlySet<Role> {
    return this.#state.roles.get(operator) ?? new Set()
  }

  /** Makes a mesh of this one host. @throws MeshError ALREADY_MEMBER */
  async found(names: { readonly mesh: string; readonly host: string }, key: PrivateKey): Promise<void> {
    await this.#turns.take(async () => {
      this.refuseSecondMesh()
      const genesis = await signGenesis(names, key, this.#now())
      await this.#file.begin([genesis.bytes])
      this.#adopt([genesis])
    })
    this.#tell(this.ids())
  }

  /**
   * Takes the records of the mesh that this host has joined.
   * @throws MeshError ALREADY_MEMBER, BAD_MESH if they are not those of `meshId` or do not admit `self`
   */
  async enter(meshId: string, records: readonly Uint8Array[], self: string): Promise<void> {
    await this.#turns.take(async () => {
      this.refuseSecondMesh()
      const opened = await Promise.all(records.map((bytes) => openRecord(bytes)))
      const genesis = opened.filter(({ body }) => body.genesis !== undefined)
      if (genesis.length !== 1 || genesis[0]?.id !== meshId)
        throw badMesh('they begin another mesh than the one invited to')
      if (opened.some(({ body }) => body.genesis === undefined && hexOf(body.mesh) !== meshId)) {
        throw badMesh('records of another mesh are among them')
      }
      if (!stateOf(opened).members.has(self)) throw badMesh('they do not make this host a member')
      await this.#file.begin(opened.map(({ bytes }) => bytes))
      this.#adopt(opened)
    })
    this.#tell(this.ids())
  }

  /** Signs and adds a record. @throws MeshError NOT_A_MEMBER, MESH_FULL, MESH_FILES */
  async sign(statement: Statement, key: PrivateKey, newKey?: PrivateKey): Promise<OpenRecord> {
    const record = await this.#signed(statement, key, newKey)
    await this.#takeTogether([record])
    return record
  }

  async #signed(statement: Statement, key: PrivateKey, newKey?: PrivateKey): Promise<OpenRecord> {
    const mesh = this.meshId
    if (mesh === undefined) throw notAMember()
    return signRecord(statement, { mesh, key, timeMs: this.#now(), ...(newKey === undefined ? {} : { newKey }) })
  }

  /** Forgets the mesh. @throws MeshError MESH_FILES */
  async forget(): Promise<void> {
    await this.#turns.take(async () => {
      await this.#file.begin([])
      this.#adopt([])
    })
    this.#tell([])
  }

  /**
   * Takes a peer out, and keeps of its records what is known here, or nothing. Roles that it granted are over in any case: one of
   * them may be its own way back in.
   * @throws MeshError as `sign`
   */
  async expel(
    peer: string,
    key: PrivateKey,
    kept: 'all but grants' | 'nothing' = 'all but grants'
  ): Promise<readonly string[]> {
    return this.#takeTogether([
      ...(await this.#revocationsOfFormerKeys(peer, key)),
      ...(await this.#expulsion(peer, key, kept))
    ])
  }

  #expulsion(peer: string, key: PrivateKey, kept: 'all but grants' | 'nothing'): Promise<OpenRecord[]> {
    const grants = new Set(this.all().flatMap(({ id, body }) => (body.grant === undefined ? [] : [id])))
    const ids = kept === 'nothing' ? [] : this.#signedBy(peer).filter((id) => !grants.has(id))
    return inParts(ids, (keeps) => this.#signed({ expulsion: { peer, keeps } }, key))
  }

  /** What a key signed that was replaced since is kept by its rotation, whatever an expulsion of the newer key keeps. */
  async #revocationsOfFormerKeys(peer: string, key: PrivateKey): Promise<OpenRecord[]> {
    const byOperator = new Map<string, string[]>()
    for (const { id, operator, grantor } of this.#state.grants) {
      if (grantor === peer || this.present(grantor) !== peer) continue
      byOperator.set(operator, [...(byOperator.get(operator) ?? []), id])
    }
    const signed: OpenRecord[] = []
    for (const [operator, ids] of byOperator)
      signed.push(...(await inParts(ids, (grants) => this.#signed({ revocation: { operator, grants } }, key))))
    return signed
  }

  /** Whom an expulsion would take out, besides the peer itself. */
  async alsoOut(
    peer: string,
    key: PrivateKey,
    kept: 'all but grants' | 'nothing' = 'all but grants'
  ): Promise<readonly string[]> {
    const { members } = stateOf([...this.#records.values(), ...(await this.#expulsion(peer, key, kept))])
    return [...this.#state.members.keys()].filter((one) => one !== peer && !members.has(one))
  }

  /** Puts a new key in the place of the old one. @throws MeshError as `sign` */
  async rotate(oldKey: PrivateKey, newKey: PrivateKey): Promise<readonly string[]> {
    const own = this.#signedBy(peerIdFromPrivateKey(oldKey).toString())
    return this.#takeTogether(await this.#rotation(own, oldKey, newKey))
  }

  /**
   * Adds what is missing of a rotation of which only some parts are there: earlier versions added one after the other. Kept is what
   * was there before the first one: what the old key signed later may be a thief's.
   * @throws MeshError as `sign`
   */
  async completeRotation(oldKey: PrivateKey, newKey: PrivateKey): Promise<readonly string[]> {
    const old = peerIdFromPrivateKey(oldKey).toString()
    const fresh = peerIdFromPrivateKey(newKey).toString()
    const own = this.all().filter(({ body }) => body.author === old)
    const begun = own.findIndex(({ body }) => body.rotation?.newPeer === fresh)
    const parts = own.filter(({ body }) => body.rotation?.newPeer === fresh)
    const kept = new Set(parts.flatMap(({ body }) => body.rotation?.keeps ?? []).map(hexOf))
    const missing = own.slice(0, Math.max(begun, 0)).filter(({ id }) => !kept.has(id))
    if (missing.length === 0) return []
    return this.#takeTogether(
      await this.#rotation(
        missing.map(({ id }) => id),
        oldKey,
        newKey
      )
    )
  }

  #rotation(keeps: readonly string[], oldKey: PrivateKey, newKey: PrivateKey): Promise<OpenRecord[]> {
    const newPeer = peerIdFromPrivateKey(newKey).toString()
    return inParts(keeps, (part) => this.#signed({ rotation: { newPeer, keeps: part } }, oldKey, newKey))
  }

  /**
   * Takes this host out: its key goes to an heir that nobody has. An expulsion of itself could be said a second time by a thief,
   * keeping other records; what only both keys can sign can't.
   * @throws MeshError as `sign`
   */
  async leave(key: PrivateKey): Promise<readonly string[]> {
    const heir = await generateKeyPair('Ed25519')
    const first = await this.#signed({ expulsion: { peer: peerIdFromPrivateKey(heir).toString(), keeps: [] } }, key)
    const own = [...this.#signedBy(peerIdFromPrivateKey(key).toString()), first.id]
    return this.#takeTogether([first, ...(await this.#rotation(own, key, heir))])
  }

  #signedBy(peer: string): string[] {
    return this.all()
      .filter(({ body }) => body.author === peer)
      .map(({ id }) => id)
      .sort()
  }

  /** Takes an operator's role, or all of them, back from whoever granted it; nothing where none did. @throws MeshError as `sign` */
  async revoke(operator: string, role: Role | undefined, key: PrivateKey): Promise<readonly string[]> {
    const ids = this.all()
      .filter(({ body }) => body.grant?.operator === operator && (role === undefined || body.grant.role === role))
      .map(({ id }) => id)
    if (ids.length === 0) return []
    return this.#takeTogether(await inParts(ids, (grants) => this.#signed({ revocation: { operator, grants } }, key)))
  }

  /** A digest of every expulsion: what an invitation must not outlive. */
  removals(): string {
    const ids = [...this.#records.values()].filter(({ body }) => body.expulsion !== undefined).map(({ id }) => id)
    return listed(ids).digest
  }

  all(): readonly OpenRecord[] {
    return [...this.#records.values()]
  }

  ids(): readonly string[] {
    return this.#sorted.ids
  }

  digest(): string {
    return this.#sorted.digest
  }

  get(id: string): Uint8Array | undefined {
    return this.#records.get(id)?.bytes
  }

  async add(records: readonly Uint8Array[], from: string): Promise<readonly string[]> {
    if (this.#genesis === undefined) return []
    const opened: OpenRecord[] = []
    for (const bytes of records) {
      try {
        const record = await openRecord(bytes)
        if (!this.#records.has(record.id)) opened.push(record)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.#log.warn({ peer: from, why: wordsOf(error) }, 'a membership record is not good and was dropped')
      }
    }
    return this.#extend(opened, from)
  }

  onChange(callback: (added: readonly string[]) => void): () => void {
    this.#callbacks.add(callback)
    return () => this.#callbacks.delete(callback)
  }

  /** Those of others that can be taken. */
  async #extend(records: readonly OpenRecord[], from: string): Promise<readonly string[]> {
    const added = await this.#turns.take(async () => {
      const { ours, refused, state } = this.#examine(records)
      for (const [record, why] of refused) {
        const told = { peer: from, author: record.body.author, record: record.id }
        if (why === 'mesh' || why === 'author')
          this.#log.error({ ...told, full: why }, 'there are too many records; one was dropped')
        else if (why === 'foreign') this.#log.warn(told, 'a record of another mesh was dropped')
        else this.#log.debug(told, 'the author of a record is not known (yet)')
      }
      const fresh = ours.filter((record) => !refused.has(record))
      await this.#file.append(fresh.map(({ bytes }) => bytes))
      if (fresh.length > 0) {
        this.#adopt([...this.#records.values(), ...fresh], fresh.length === ours.length ? state : undefined)
      }
      return fresh.map(({ id }) => id)
    })
    if (added.length > 0) this.#tell(added)
    return added
  }

  /**
   * Takes this host's own: all of them at once or, whatever happens meanwhile, none. Parts that say together what a peer had signed
   * would each alone put out whom the others keep. Resolves with their ids.
   */
  async #takeTogether(records: readonly OpenRecord[]): Promise<readonly string[]> {
    const added = await this.#turns.take(async () => {
      const { ours, refused, state } = this.#examine(records)
      const [why] = refused.values()
      if (why !== undefined) throw this.#refusal(why)
      if (ours.length === 0) return []
      const bytes = ours.map((record) => record.bytes)
      await (bytes.length === 1 ? this.#file.append(bytes) : this.#file.appendTogether(bytes))
      this.#adopt([...this.#records.values(), ...ours], state)
      return ours.map(({ id }) => id)
    })
    if (added.length > 0) this.#tell(added)
    return records.map(({ id }) => id)
  }

  /** Which are new, and which of these are not of this mesh, by somebody who was ever a member, or within the limits. */
  #examine(records: readonly OpenRecord[]): {
    readonly ours: readonly OpenRecord[]
    readonly refused: ReadonlyMap<OpenRecord, Refusal>
    /** With all of `ours`. */
    readonly state: MeshState
  } {
    const refused = new Map<OpenRecord, Refusal>()
    const ours = new Map<string, OpenRecord>()
    for (const record of records) {
      if (record.body.genesis !== undefined || hexOf(record.body.mesh) !== this.meshId) refused.set(record, 'foreign')
      else if (!this.#records.has(record.id)) ours.set(record.id, record)
    }
    if (ours.size === 0) return { ours: [], refused, state: this.#state }
    const state = stateOf([...this.#records.values(), ...ours.values()])
    const sums = new Sums(this.#records.values(), state.isIdle, this.#limits)
    for (const record of ours.values()) {
      const why = state.known.has(record.body.author) ? sums.add(record) : 'stranger'
      if (why !== undefined) refused.set(record, why)
    }
    return { ours: [...ours.values()], refused, state }
  }

  #refusal(why: Refusal): MeshError {
    const { rosterBytes, authorBytes } = this.#limits
    if (why === 'author') {
      return new MeshError({
        code: 'MESH_FULL',
        what: "The mesh takes no further record of this host's key",
        why: `one key may sign ${authorBytes} bytes of them`,
        remedy: 'Take a new key with `ferry key rotate`, or type the command on another member'
      })
    }
    return new MeshError({
      code: 'MESH_FULL',
      what: 'The mesh takes no further record',
      why:
        why === 'mesh'
          ? `those of its kind have reached the ${rosterBytes} bytes that are allowed`
          : 'this host is no member any more',
      remedy:
        'See in `ferry members` who admitted far too many; `ferry expel PEER --undo` takes that one out with all that it signed, which makes room'
    })
  }

  /** @param state of just these, where it is known */
  #adopt(records: readonly OpenRecord[], state = stateOf(records)): void {
    this.#records = new Map(records.map((record) => [record.id, record]))
    this.#genesis = records.find(({ body }) => body.genesis !== undefined)
    this.#state = state
    this.#sorted = listed([...this.#records.keys()])
  }

  /** @throws MeshError ALREADY_MEMBER */
  refuseSecondMesh(): void {
    if (this.#genesis === undefined) return
    throw new MeshError({
      code: 'ALREADY_MEMBER',
      what: 'This host belongs to a mesh already',
      why: `to ${this.meshName ?? ''} (${this.meshId ?? ''})`,
      remedy: 'See `ferry members`; `ferry leave` takes this host out of it'
    })
  }

  #tell(added: readonly string[]): void {
    for (const callback of this.#callbacks) {
      try {
        callback(added)
      } catch (error) {
        this.#log.error({ err: error }, 'a callback for a change of the membership failed')
      }
    }
  }
}

/** A record has room for so many ids; several of one kind say together what one would. */
async function inParts(
  ids: readonly string[],
  sign: (keeps: Uint8Array<ArrayBuffer>[]) => Promise<OpenRecord>
): Promise<OpenRecord[]> {
  const signed: OpenRecord[] = []
  for (let at = 0; at === 0 || at < ids.length; at += MAX_KEEPS) {
    signed.push(await sign(ids.slice(at, at + MAX_KEEPS).map(bytesOf)))
  }
  return signed
}

export function notAMember(): MeshError {
  return new MeshError({
    code: 'NOT_A_MEMBER',
    what: 'This host belongs to no mesh',
    remedy:
      'Make one with `ferry init`, or join one with the word that `ferry invite` prints on a member: `ferry join WORD`'
  })
}

function badMesh(why: string): MeshError {
  return new MeshError({
    code: 'BAD_MESH',
    what: "The inviting host's membership records are not what its invitation says",
    why,
    remedy: 'Do not use this invitation; find out who made it'
  })
}

function listed(ids: readonly string[]): { readonly ids: readonly string[]; readonly digest: string } {
  const sorted = [...ids].sort()
  return { ids: sorted, digest: createHash('sha256').update(sorted.join('\n')).digest('hex') }
}
