// One signed record: made, and checked as far as that needs nothing but the record itself.
import { createHash, randomBytes } from 'node:crypto'
import { publicKeyFromMultihash } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { invalidField } from '../../../protocols/fields.ts'
import {
  NONCE_BYTES,
  RECORD_DOMAIN,
  decodeRecord,
  encodeBody,
  encodeRecord,
  type RecordBody
} from '../../../protocols/membership/index.ts'

/** A record whose signatures are good. Whether it counts is for state.ts to say. */
export interface OpenRecord {
  /** Lower-case hex SHA-256 of its bytes. */
  readonly id: string
  readonly bytes: Uint8Array
  readonly body: RecordBody
}

/** What a record says, without who says it. */
export type Statement = Omit<RecordBody, 'mesh' | 'author' | 'timeMs'>

export function recordId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @throws ProtocolError for anything but one well-formed record with good signatures */
export async function openRecord(bytes: Uint8Array): Promise<OpenRecord> {
  const { signed, body } = decodeRecord(bytes)
  const text = signable(signed.body)
  await verify('SignedRecord.signature', body.author, text, signed.signature)
  if (body.rotation !== undefined) {
    await verify('SignedRecord.newSignature', body.rotation.newPeer, text, signed.newSignature)
  }
  return { id: recordId(bytes), bytes, body }
}

/** Signs a statement; a rotation is signed with the new key too. `mesh` is hex, and absent for the genesis record. */
export async function signRecord(
  statement: Statement,
  options: { readonly mesh?: string; readonly key: PrivateKey; readonly timeMs: number; readonly newKey?: PrivateKey }
): Promise<OpenRecord> {
  const body: RecordBody = {
    ...statement,
    mesh: options.mesh === undefined ? new Uint8Array(0) : bytesOf(options.mesh),
    author: peerIdFromPrivateKey(options.key).toString(),
    timeMs: options.timeMs
  }
  const encoded = encodeBody(body)
  const text = signable(encoded)
  const bytes = encodeRecord({
    body: copied(encoded),
    signature: copied(await options.key.sign(text)),
    newSignature: options.newKey === undefined ? new Uint8Array(0) : copied(await options.newKey.sign(text))
  })
  return { id: recordId(bytes), bytes, body }
}

/** The first record of a mesh; its id is the mesh's. */
export function signGenesis(
  names: { readonly mesh: string; readonly host: string },
  key: PrivateKey,
  timeMs: number
): Promise<OpenRecord> {
  const nonce = copied(randomBytes(NONCE_BYTES))
  return signRecord({ genesis: { meshName: names.mesh, hostName: names.host, nonce } }, { key, timeMs })
}

export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return copied(Buffer.from(hex, 'hex'))
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function signable(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(RECORD_DOMAIN), body])
}

async function verify(field: string, author: string, text: Uint8Array, signature: Uint8Array): Promise<void> {
  let good = false
  try {
    const id = peerIdFromString(author)
    // The text of a peer id has more forms than one; ids are compared as text.
    if (id.type === 'Ed25519' && id.toString() === author) {
      good = await publicKeyFromMultihash(id.toMultihash()).verify(text, signature)
    }
  } catch (error) {
    throw invalidField(field, `it can't be checked: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!good) throw invalidField(field, `it is not ${author}'s signature of this record`)
}

function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
