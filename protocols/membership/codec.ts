import type { Uint8ArrayList } from 'uint8arraylist'
import {
  HOST_NAME,
  PROBLEM_CODE,
  checkCount,
  checkLength,
  checkSize,
  checkText,
  decodeWith,
  invalidField
} from '../fields.ts'
import * as limits from './constants.ts'
import {
  JoinAnswer,
  JoinRequest,
  RecordBody,
  RecordsAnswer,
  RecordsRequest,
  SignedRecord,
  Token,
  type MemberAddresses
} from './pb/message.ts'

type Bytes = Uint8Array | Uint8ArrayList

/** @throws ProtocolError */
export function encodeBody(body: RecordBody): Uint8Array {
  checkBody(body)
  return RecordBody.encode(body)
}

/** @throws ProtocolError */
export function encodeRecord(record: SignedRecord): Uint8Array {
  const bytes = SignedRecord.encode(record)
  checkSize('SignedRecord', bytes.byteLength, limits.MAX_RECORD_BYTES)
  return bytes
}

/**
 * The fields of a record whose signatures are still to be checked. Bytes that another encoder would write for the same record are
 * refused: a record has one name.
 * @throws ProtocolError
 */
export function decodeRecord(bytes: Uint8Array): { readonly signed: SignedRecord; readonly body: RecordBody } {
  const signed = decodeWith('SignedRecord', bytes, limits.MAX_RECORD_BYTES, (b) => SignedRecord.decode(b))
  const body = decodeWith('RecordBody', signed.body, limits.MAX_RECORD_BYTES, (b) => RecordBody.decode(b))
  checkBody(body)
  exactly('SignedRecord.signature', signed.signature, limits.SIGNATURE_BYTES)
  exactly('SignedRecord.newSignature', signed.newSignature, body.rotation === undefined ? 0 : limits.SIGNATURE_BYTES)
  if (!same(SignedRecord.encode(signed), bytes) || !same(RecordBody.encode(body), signed.body)) {
    throw invalidField('SignedRecord', 'it is not encoded in the one way that counts')
  }
  return { signed, body }
}

function checkBody(body: RecordBody): void {
  exactly('RecordBody.mesh', body.mesh, body.genesis === undefined ? limits.RECORD_ID_BYTES : 0)
  checkPeerId('RecordBody.author', body.author)
  checkCount('RecordBody.timeMs', body.timeMs)
  const { genesis, admission, expulsion, rotation, grant, revocation } = body
  if (genesis !== undefined) {
    checkHostName('Genesis.meshName', genesis.meshName)
    checkHostName('Genesis.hostName', genesis.hostName)
    exactly('Genesis.nonce', genesis.nonce, limits.NONCE_BYTES)
  } else if (admission !== undefined) {
    checkPeerId('Admission.peer', admission.peer)
    checkHostName('Admission.hostName', admission.hostName)
    exactly('Admission.token', admission.token, limits.TOKEN_ID_BYTES)
  } else if (expulsion !== undefined) {
    checkPeerId('Expulsion.peer', expulsion.peer)
    checkIds('Expulsion.keeps', expulsion.keeps, limits.MAX_KEEPS)
  } else if (rotation !== undefined) {
    checkPeerId('Rotation.newPeer', rotation.newPeer)
    if (rotation.newPeer === body.author) throw invalidField('Rotation.newPeer', 'it is the old one')
    checkIds('Rotation.keeps', rotation.keeps, limits.MAX_KEEPS)
  } else if (grant !== undefined) {
    checkPeerId('Grant.operator', grant.operator)
    if (!limits.ROLES.some((role) => role === grant.role)) throw invalidField('Grant.role', 'there is no such role')
  } else if (revocation !== undefined) {
    checkPeerId('Revocation.operator', revocation.operator)
    checkIds('Revocation.grants', revocation.grants, limits.MAX_KEEPS)
  } else {
    throw invalidField('RecordBody.what', 'missing, or of a later version')
  }
}

/** @throws ProtocolError */
export function encodeToken(token: Token): Uint8Array {
  checkToken(token)
  return Token.encode(token)
}

/** @throws ProtocolError */
export function decodeToken(bytes: Uint8Array): Token {
  const token = decodeWith('Token', bytes, 4096, (b) => Token.decode(b))
  checkToken(token)
  return token
}

function checkToken(token: Token): void {
  exactly('Token.mesh', token.mesh, limits.RECORD_ID_BYTES)
  checkPeerId('Token.issuer', token.issuer)
  exactly('Token.secret', token.secret, limits.SECRET_BYTES)
  checkCount('Token.expiresMs', token.expiresMs)
  checkAddresses('Token.addresses', token.addresses)
}

/** @throws ProtocolError */
export function encodeJoinRequest(request: JoinRequest): Uint8Array {
  checkJoinRequest(request)
  return JoinRequest.encode(request)
}

/** @throws ProtocolError */
export function decodeJoinRequest(bytes: Bytes): JoinRequest {
  const request = decodeWith('JoinRequest', bytes, limits.MAX_JOIN_REQUEST_BYTES, (b) => JoinRequest.decode(b))
  checkJoinRequest(request)
  return request
}

function checkJoinRequest({ token, proof, hostName }: JoinRequest): void {
  exactly('JoinRequest.token', token, limits.TOKEN_ID_BYTES)
  exactly('JoinRequest.proof', proof, limits.PROOF_BYTES)
  checkHostName('JoinRequest.hostName', hostName)
}

/** @throws ProtocolError */
export function encodeJoinAnswer(answer: JoinAnswer): Uint8Array {
  checkJoinAnswer(answer)
  return JoinAnswer.encode(answer)
}

/** @throws ProtocolError */
export function decodeJoinAnswer(bytes: Bytes): JoinAnswer {
  const answer = decodeWith('JoinAnswer', bytes, limits.MAX_JOIN_ANSWER_BYTES, (b) => JoinAnswer.decode(b))
  checkJoinAnswer(answer)
  return answer
}

function checkJoinAnswer({ refused, addresses, records }: JoinAnswer): void {
  if (refused !== '') checkText('JoinAnswer.refused', refused, { maxBytes: 64, pattern: PROBLEM_CODE })
  if (refused !== '' && records.length > 0) throw invalidField('JoinAnswer.records', 'a refusal has none')
  checkMemberAddresses('JoinAnswer.addresses', addresses)
}

/** @throws ProtocolError */
export function encodeRecordsRequest(request: RecordsRequest): Uint8Array {
  checkRecordsRequest(request)
  return RecordsRequest.encode(request)
}

/** @throws ProtocolError */
export function decodeRecordsRequest(bytes: Bytes): RecordsRequest {
  const request = decodeWith('RecordsRequest', bytes, limits.MAX_RECORDS_BYTES, (b) => RecordsRequest.decode(b))
  checkRecordsRequest(request)
  return request
}

function checkRecordsRequest({ ids, addresses }: RecordsRequest): void {
  checkIds('RecordsRequest.ids', ids, limits.MAX_RECORD_IDS)
  checkMemberAddresses('RecordsRequest.addresses', addresses)
}

/** @throws ProtocolError */
export function encodeRecordsAnswer(answer: RecordsAnswer): Uint8Array {
  checkRecordsAnswer(answer)
  return RecordsAnswer.encode(answer)
}

/** @throws ProtocolError */
export function decodeRecordsAnswer(bytes: Bytes): RecordsAnswer {
  const answer = decodeWith('RecordsAnswer', bytes, limits.MAX_RECORDS_BYTES, (b) => RecordsAnswer.decode(b))
  checkRecordsAnswer(answer)
  return answer
}

function checkRecordsAnswer({ wants, addresses }: RecordsAnswer): void {
  checkIds('RecordsAnswer.wants', wants, limits.MAX_RECORD_IDS)
  checkMemberAddresses('RecordsAnswer.addresses', addresses)
}

function checkMemberAddresses(field: string, members: readonly MemberAddresses[]): void {
  if (members.length > limits.MAX_ADDRESSED_PEERS) throw invalidField(field, `${members.length} peers`)
  for (const { peer, addresses } of members) {
    checkPeerId(`${field}.peer`, peer)
    checkAddresses(`${field}.addresses`, addresses)
  }
}

function checkAddresses(field: string, addresses: readonly string[]): void {
  if (addresses.length > limits.MAX_ADDRESSES) throw invalidField(field, `${addresses.length} addresses`)
  for (const address of addresses) {
    checkText(field, address, { maxBytes: limits.MAX_ADDRESS_BYTES, pattern: /^\/[\x21-\x7e]+$/ })
  }
}

function checkHostName(field: string, name: string): void {
  checkText(field, name, { maxBytes: 63, pattern: HOST_NAME })
}

function checkPeerId(field: string, peerId: string): void {
  checkText(field, peerId, { maxBytes: 52, pattern: limits.PEER_ID })
}

function checkIds(field: string, ids: readonly Uint8Array[], max: number): void {
  if (ids.length > max) throw invalidField(field, `${ids.length} ids, ${max} allowed`)
  for (const id of ids) exactly(field, id, limits.RECORD_ID_BYTES)
}

function exactly(field: string, value: Uint8Array, bytes: number): void {
  checkLength(field, value, { min: bytes, max: bytes })
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
