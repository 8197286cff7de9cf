// Entries are signed with the node's own key, whose public half is in its peer id: who has the peer id needs nothing else to
// check a signature. node:crypto and not libp2p's `sign`, which may return a promise.
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { wordsOf } from '../../protocols/problem.ts'
import { decodeEntry, type Entry } from './entry.ts'
import { ReceiptError } from './receipt-error.ts'

/** Goes before every signed line, so that nothing else that this key signs can pass for an entry. */
export const SIGNATURE_CONTEXT = 'ferry-receipt-1\0'

export interface Signer {
  /** Peer id of the key. */
  readonly peer: string
  sign(line: Uint8Array): Uint8Array
}

/** @throws ReceiptError RECEIPT_SIGNATURE for a key that is not Ed25519 */
export function signerOf(privateKey: PrivateKey): Signer {
  const peer = peerIdFromPrivateKey(privateKey).toString()
  if (privateKey.type !== 'Ed25519') throw notEd25519(peer, `its key is ${privateKey.type}`)
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      // libp2p keeps the seed and the public key behind each other.
      d: base64url(privateKey.raw.subarray(0, 32)),
      x: base64url(privateKey.publicKey.raw)
    }
  })
  return { peer, sign: (line) => sign(null, withContext(line), key) }
}

/** Whether the peer that the entry names has signed it. @throws ReceiptError RECEIPT_SIGNATURE for a peer id without an Ed25519 key */
export function isSigned(entry: Entry): boolean {
  return verify(null, withContext(entry.signed), publicKeyOf(entry.body.peer), entry.signature)
}

/**
 * An entry that somebody else passes on, believed for its signature alone. @throws ReceiptError RECEIPT_MALFORMED,
 * RECEIPT_SIGNATURE where it is not `peer`'s
 */
export function signedEntry(bytes: Uint8Array, peer: string): Entry {
  const entry = decodeEntry(bytes)
  if (entry.body.peer === peer && isSigned(entry)) return entry
  throw new ReceiptError({
    code: 'RECEIPT_SIGNATURE',
    what: `Entry ${String(entry.body.seq)} of a receipt is not signed by ${peer}`,
    why: entry.body.peer === peer ? 'the Ed25519 signature does not fit' : `it names ${entry.body.peer}`,
    remedy: 'Do not believe the entry, and find out who made it'
  })
}

function publicKeyOf(peer: string): KeyObject {
  const { publicKey } = peerIdOf(peer)
  if (publicKey?.type !== 'Ed25519') throw notEd25519(peer, 'there is no Ed25519 key in it')
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey.raw) } })
}

function peerIdOf(peer: string): ReturnType<typeof peerIdFromString> {
  try {
    return peerIdFromString(peer)
  } catch (error) {
    throw notEd25519(peer, wordsOf(error))
  }
}

function withContext(line: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(SIGNATURE_CONTEXT), line])
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function notEd25519(peer: string, why: string): ReceiptError {
  return new ReceiptError({
    code: 'RECEIPT_SIGNATURE',
    what: `Nothing signed by ${peer} can be checked`,
    why,
    remedy: 'Give the node an Ed25519 key: delete its key file, start it again and tell the peers its new id'
  })
}
