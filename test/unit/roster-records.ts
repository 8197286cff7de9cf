// Meshes of records for tests: peers with keys, and what they sign.
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { createHash } from 'node:crypto'
import { bytesOf, signGenesis, signRecord, type OpenRecord, type Statement } from '../../src/mesh/roster/record.ts'
import type { MeshState } from '../../src/mesh/roster/state.ts'

export interface Person {
  readonly id: string
  readonly key: PrivateKey
}

/** The same name is the same person in every test. */
export async function person(name: string): Promise<Person> {
  const key = await generateKeyPairFromSeed('Ed25519', createHash('sha256').update(name).digest())
  return { id: peerIdFromPrivateKey(key).toString(), key }
}

export class Records {
  readonly genesis: OpenRecord
  readonly founder: Person
  #timeMs = 1_000_000

  private constructor(genesis: OpenRecord, founder: Person) {
    this.genesis = genesis
    this.founder = founder
  }

  static async by(founder: Person): Promise<Records> {
    return new Records(await signGenesis({ mesh: 'test', host: 'founder' }, founder.key, 1_000_000), founder)
  }

  sign(by: Person, statement: Statement, newKey?: PrivateKey): Promise<OpenRecord> {
    const options = { mesh: this.genesis.id, key: by.key, timeMs: ++this.#timeMs }
    return signRecord(statement, newKey === undefined ? options : { ...options, newKey })
  }

  admit(by: Person, peer: Person, hostName = 'host'): Promise<OpenRecord> {
    return this.sign(by, { admission: { peer: peer.id, hostName, token: new Uint8Array(16) } })
  }

  /** Keeps what `known` has of the peer. */
  expel(by: Person, peer: Person, known: readonly OpenRecord[] = []): Promise<OpenRecord> {
    return this.sign(by, { expulsion: { peer: peer.id, keeps: keepsOf(peer, known) } })
  }

  rotate(old: Person, fresh: Person, known: readonly OpenRecord[] = []): Promise<OpenRecord> {
    return this.sign(old, { rotation: { newPeer: fresh.id, keeps: keepsOf(old, known) } }, fresh.key)
  }
}

function keepsOf(peer: Person, known: readonly OpenRecord[]): Uint8Array<ArrayBuffer>[] {
  return known.filter(({ body }) => body.author === peer.id).map(({ id }) => bytesOf(id))
}

/** A state as plain data, so that two can be compared. */
export function plain(state: MeshState): unknown {
  return {
    members: [...state.members.values()].sort((a, b) => (a.peerId < b.peerId ? -1 : 1)),
    expelled: [...state.expelled].sort(),
    replacedBy: [...state.replacedBy].sort(),
    known: [...state.known].sort(),
    roles: [...state.roles].map(([operator, roles]) => [operator, [...roles].sort()]).sort()
  }
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
