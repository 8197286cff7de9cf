// Signatures of adverts and pulses. A peer id holds its Ed25519 public key, so that nothing else is needed to check one.
import { createPublicKey, verify } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { invalidField } from '../../../protocols/fields.ts'
import {
  decodeAdvert,
  encodeAdvert,
  encodeBody,
  encodePulse,
  parseBody,
  tagOf,
  type Advert,
  type AdvertBody,
  type Pulse
} from '../../../protocols/gossip/index.ts'

/** Signs with this node's Ed25519 key. */
export type Sign = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** What a node signed, with its bytes, which are passed on as they are. */
export interface Signed {
  readonly payload: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

/** An advert whose signature and body were found good. */
export interface OpenedAdvert extends Signed {
  readonly peer: string
  readonly tag: string
  readonly seq: number
  readonly issuedAt: number
  readonly ttlMs: number
  readonly body: AdvertBody
  /** What a digest of many adverts takes of this one. */
  readonly line: string
}

/** The prefix keeps a signature of one kind from passing for another kind's. */
export const ADVERT_CONTEXT = Buffer.from('ferry gossip advert 1\0')
export const PULSE_CONTEXT = Buffer.from('ferry gossip pulse 1\0')
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410) up to the key itself. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** @throws ProtocolError for a body over a limit */
export async function signAdvert(head: Omit<Advert, 'body'>, body: AdvertBody, sign: Sign): Promise<OpenedAdvert> {
  const payload = encodeAdvert({ ...head, body: encodeBody(body) })
  const { peer, seq, issuedAt, ttl } = head
  const signature = new Uint8Array(await sign(Buffer.concat([ADVERT_CONTEXT, payload])))
  const tag = tagOf(peer)
  return { peer, tag, seq, issuedAt, ttlMs: ttl * 1000, body, line: lineOf(tag, seq), payload, signature }
}

function lineOf(tag: string, seq: number): string {
  return `${tag} ${String(seq)}\n`
}

export async function signPulse(pulse: Pulse, sign: Sign): Promise<Signed> {
  const payload = encodePulse(pulse)
  return { payload, signature: new Uint8Array(await sign(Buffer.concat([PULSE_CONTEXT, payload]))) }
}

/** @throws ProtocolError where it is not what its peer signed */
export function openAdvert({ payload, signature }: Signed): OpenedAdvert {
  const { peer, seq, issuedAt, ttl, body } = decodeAdvert(payload)
  if (!verified(peer, ADVERT_CONTEXT, payload, signature)) throw badSignature('Advert', peer)
  const tag = tagOf(peer)
  return {
    peer,
    tag,
    seq,
    issuedAt,
    ttlMs: ttl * 1000,
    body: parseBody(body),
    line: lineOf(tag, seq),
    // Copies: what came is a view into a whole message, which would be kept with it.
    payload: new Uint8Array(payload),
    signature: new Uint8Array(signature)
  }
}

/** @throws ProtocolError where this peer did not sign it */
export function checkPulse(peer: string, { payload, signature }: Signed): void {
  if (!verified(peer, PULSE_CONTEXT, payload, signature)) throw badSignature('Pulse', peer)
}

function verified(peer: string, context: Buffer, payload: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, Buffer.concat([context, payload]), publicKeyOf(peer), signature)
}

function publicKeyOf(peer: string): ReturnType<typeof createPublicKey> {
  let raw: Uint8Array | undefined
  try {
    const id = peerIdFromString(peer)
    raw = id.type === 'Ed25519' ? id.publicKey.raw : undefined
  } catch (error) {
    throw invalidField('Advert.peer', error instanceof Error ? error.message : String(error))
  }
  if (raw === undefined) throw invalidField('Advert.peer', 'not an Ed25519 peer id')
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
}

function badSignature(message: string, peer: string): Error {
  return invalidField(`${message}.signature`, `it is not ${peer}'s`)
}
