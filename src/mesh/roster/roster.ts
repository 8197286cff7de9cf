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
    const mesh = this.meshId
    if (mesh === undefined) throw notAMember()
    const timeMs = this.#now()
    const record = await signRecord(statement, { mesh, key, timeMs, ...(newKey === undefined ? {} : { newKey }) })
    const added = await this.#extend([record])
    if (!added.includes(record.id) && !this.#records.has(record.id)) throw this.#full(record)
    return record
  }

  /** Forgets the mesh. @throws MeshError MESH_FILES */
  async forget(): Promise<void> {
    await this.#turns.take(async () => {
      await this.#file.begin([])
      this.#adopt([])
    })
    this.#tell([])
  }

  /** Takes a peer out, and keeps of its records what is known here, or nothing. @throws MeshError as `sign` */
  async expel(peer: string, key: PrivateKey, kept: 'all' | 'nothing' = 'all'): Promise<readonly string[]> {
    const ids = kept === 'all' ? this.#signedBy(peer) : []
    return this.#inParts(ids, (keeps) => this.sign({ expulsion: { peer, keeps } }, key))
  }

  /** Whom an expulsion that keeps nothing would take out, besides the peer itself. */
  async alsoOut(peer: string, key: PrivateKey): Promise<readonly string[]> {
    const mesh = this.meshId
    if (mesh === undefined) throw notAMember()
    const statement = { expulsion: { peer, keeps: [] } }
    const record = await signRecord(statement, { mesh, key, timeMs: this.#now() })
    const { members } = stateOf([...this.#records.values(), record])
    return [...this.#state.members.keys()].filter((one) => one !== peer && !members.has(one))
  }

  /** Puts a new key in the place of the old one. @throws MeshError as `sign` */
  async rotate(oldKey: PrivateKey, newKey: PrivateKey): Promise<readonly string[]> {
    const newPeer = peerIdFromPrivateKey(newKey).toString()
    const own = this.#signedBy(peerIdFromPrivateKey(oldKey).toString())
    return this.#inParts(own, (keeps) => this.sign({ rotation: { newPeer, keeps } }, oldKey, newKey))
  }

  /**
   * Takes this host out: its key goes to an heir that nobody has. An expulsion of itself could be said a second time by a thief,
   * keeping other records; what only both keys can sign can't.
   * @throws MeshError as `sign`
   */
  async leave(key: PrivateKey): Promise<readonly string[]> {
    const heir = await generateKeyPair('Ed25519')
    const { id } = await this.sign({ expulsion: { peer: peerIdFromPrivateKey(heir).toString(), keeps: [] } }, key)
    return [id, ...(await this.rotate(key, heir))]
  }

  /** A record has room for so many ids; several of one kind say together what one would. */
  async #inParts(
    ids: readonly string[],
    sign: (keeps: Uint8Array<ArrayBuffer>[]) => Promise<OpenRecord>
  ): Promise<readonly string[]> {
    const signed: string[] = []
    for (let at = 0; at === 0 || at < ids.length; at += MAX_KEEPS) {
      signed.push((await sign(ids.slice(at, at + MAX_KEEPS).map(bytesOf))).id)
    }
    return signed
  }

  #signedBy(peer: string): string[] {
    return this.all()
      .filter(({ body }) => body.author === peer)
      .map(({ id }) => id)
      .sort()
  }

  /** Ids of the grants that give an operator its roles. */
  grantsOf(operator: string, role?: Role): Uint8Array<ArrayBuffer>[] {
    return [...this.#records.values()]
      .filter(({ body }) => body.grant?.operator === operator && (role === undefined || body.grant.role === role))
      .map(({ id }) => bytesOf(id))
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

  async #extend(records: readonly OpenRecord[], from = 'this host'): Promise<readonly string[]> {
    const added = await this.#turns.take(async () => {
      const fresh = this.#acceptable(
        records.filter(({ id }) => !this.#records.has(id)),
        from
      )
      await this.#file.append(fresh.map(({ bytes }) => bytes))
      if (fresh.length > 0) this.#adopt([...this.#records.values(), ...fresh])
      return fresh.map(({ id }) => id)
    })
    if (added.length > 0) this.#tell(added)
    return added
  }

  /** Of this mesh, by somebody who was ever a member, and within the limits. */
  #acceptable(records: readonly OpenRecord[], from: string): OpenRecord[] {
    const ours = new Map<string, OpenRecord>()
    for (const record of records) {
      if (record.body.genesis === undefined && hexOf(record.body.mesh) === this.meshId) ours.set(record.id, record)
      else this.#log.warn({ peer: from, record: record.id }, 'a record of another mesh was dropped')
    }
    if (ours.size === 0) return []
    const { known, isIdle } = stateOf([...this.#records.values(), ...ours.values()])
    const sums = new Sums(this.#records.values(), isIdle, this.#limits)
    return [...ours.values()].filter((record) => {
      const { author } = record.body
      if (!known.has(author)) {
        this.#log.debug({ peer: from, author }, 'the author of a record is not known (yet)')
        return false
      }
      const full = sums.add(record)
      if (full !== undefined)
        this.#log.error({ peer: from, author, full }, 'there are too many records; one was dropped')
      return full === undefined
    })
  }

  #full(record: OpenRecord): MeshError {
    const { rosterBytes, authorBytes } = this.#limits
    const full = new Sums(this.#records.values(), this.#state.isIdle, this.#limits).add(record)
    if (full === 'author') {
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
        full === undefined
          ? 'this host is no member any more'
          : `those of its kind have reached the ${rosterBytes} bytes that are allowed`,
      remedy:
        'See in `ferry members` who admitted far too many; `ferry expel PEER --undo` takes that one out with all that it signed, which makes room'
    })
  }

  #adopt(records: readonly OpenRecord[]): void {
    this.#records = new Map(records.map((record) => [record.id, record]))
    this.#genesis = records.find(({ body }) => body.genesis !== undefined)
    this.#state = stateOf(records)
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
