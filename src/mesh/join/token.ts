// The word that `ferry invite` prints: all that a new host needs to find a member and to prove that it was invited.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import {
  JOIN_DOMAIN,
  TOKEN_ID_BYTES,
  decodeToken,
  encodeToken,
  type Token
} from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { MeshError } from '../mesh-error.ts'

export type { Token } from '../../../protocols/membership/index.ts'

const PREFIX = 'ferry1-'
/** Notices a word that was copied badly; it protects nothing. */
const CHECK_BYTES = 4

export function tokenWord(token: Token): string {
  const bytes = encodeToken(token)
  return PREFIX + Buffer.concat([bytes, check(bytes)]).toString('base64url')
}

/** @throws MeshError BAD_TOKEN */
export function parseTokenWord(word: string): Token {
  const text = word.trim()
  if (!text.startsWith(PREFIX)) throw badToken(`it does not begin with ${PREFIX}`)
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
  const body = bytes.subarray(0, -CHECK_BYTES)
  if (bytes.length <= CHECK_BYTES || !check(body).equals(bytes.subarray(-CHECK_BYTES))) {
    throw badToken('a part of it is missing or was changed')
  }
  try {
    return decodeToken(body)
  } catch (error) {
    throw badToken(wordsOf(error), error)
  }
}

/** What a token is called where its secret must not be said. */
export function tokenId(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac('sha256', secret).update('ferry token id').digest().subarray(0, TOKEN_ID_BYTES))
}

/** Shows that `joiner` has the secret, to `issuer` and for this mesh, and is worth nothing to anybody else. */
export function proofOf(
  secret: Uint8Array,
  parties: { readonly mesh: Uint8Array; readonly issuer: string; readonly joiner: string }
): Uint8Array<ArrayBuffer> {
  const hmac = createHmac('sha256', secret)
  hmac.update(JOIN_DOMAIN).update(parties.mesh).update(`\n${parties.issuer}\n${parties.joiner}\n`)
  return new Uint8Array(hmac.digest())
}

export function sameProof(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other)
}

function check(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECK_BYTES)
}

function badToken(why: string, cause?: unknown): MeshError {
  return new MeshError(
    {
      code: 'BAD_TOKEN',
      what: 'This is no invitation',
      why,
      remedy: 'Copy the whole word that `ferry invite` printed'
    },
    { cause }
  )
}
