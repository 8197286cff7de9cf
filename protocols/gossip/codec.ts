import type { Uint8ArrayList } from 'uint8arraylist'
import * as field from '../fields.ts'
import * as limits from './constants.ts'
import { Advert, Pulse, Reply, Request, type Delivered, type Item, type RecordRange } from './pb/message.ts'
import { checkEntries } from './tags.ts'

/** @throws ProtocolError */
export function encodeGossipRequest(request: Request): Uint8Array {
  checkRequest(request)
  return sized('Request', Request.encode(request))
}

/** @throws ProtocolError */
export function decodeGossipRequest(bytes: Uint8Array | Uint8ArrayList): Request {
  const request = field.decodeWith('Request', bytes, limits.MAX_GOSSIP_BYTES, (b) => Request.decode(b))
  checkRequest(request)
  return request
}

/** @throws ProtocolError */
export function encodeGossipReply(reply: Reply): Uint8Array {
  checkReply(reply)
  return sized('Reply', Reply.encode(reply))
}

/** @throws ProtocolError */
export function decodeGossipReply(bytes: Uint8Array | Uint8ArrayList): Reply {
  const reply = field.decodeWith('Reply', bytes, limits.MAX_GOSSIP_BYTES, (b) => Reply.decode(b))
  checkReply(reply)
  return reply
}

/** The body is checked by `parseBody`. @throws ProtocolError */
export function encodeAdvert(advert: Advert): Uint8Array<ArrayBuffer> {
  checkAdvert(advert)
  return Advert.encode(advert)
}

/** @throws ProtocolError */
export function decodeAdvert(payload: Uint8Array): Advert {
  const advert = field.decodeWith('Advert', payload, limits.MAX_PAYLOAD_BYTES, (b) => Advert.decode(b))
  checkAdvert(advert)
  return advert
}

/** @throws ProtocolError */
export function encodePulse(pulse: Pulse): Uint8Array<ArrayBuffer> {
  checkPulse(pulse)
  return Pulse.encode(pulse)
}

/** @throws ProtocolError */
export function decodePulse(payload: Uint8Array): Pulse {
  const pulse = field.decodeWith('Pulse', payload, limits.MAX_PAYLOAD_BYTES, (b) => Pulse.decode(b))
  checkPulse(pulse)
  return pulse
}

function sized(message: string, bytes: Uint8Array): Uint8Array {
  field.checkSize(message, bytes.byteLength, limits.MAX_GOSSIP_BYTES)
  return bytes
}

function checkOneBody(message: string, bodies: readonly unknown[]): void {
  const present = bodies.filter((body) => body !== undefined).length
  if (present !== 1) throw field.invalidField(`${message}.body`, present === 0 ? 'missing' : 'several at once')
}

function checkRequest({ sync, transfer }: Request): void {
  checkOneBody('Request', [sync, transfer])
  if (sync) {
    field.checkCount('Sync.upTo', sync.upTo)
    field.checkCount('Sync.since', sync.since)
    field.checkCount('Sync.from', sync.from)
    checkDigest('Sync.adverts', sync.adverts)
    checkDigest('Sync.records', sync.records)
    checkEntries('Sync.offers', sync.offers, 'stamped')
  }
  if (transfer) {
    checkContent('Transfer', transfer)
    checkEntries('Transfer.wants', transfer.wants, 'stamped')
    checkEntries('Transfer.offers', transfer.offers, 'stamped')
    field.checkCount('Transfer.upTo', transfer.upTo)
    if (transfer.range) checkRange(transfer.range)
  }
}

function checkReply({ synced, delivered }: Reply): void {
  checkOneBody('Reply', [synced, delivered])
  if (synced) {
    field.checkCount('Synced.upTo', synced.upTo)
    checkDigest('Synced.adverts', synced.adverts)
    checkDigest('Synced.records', synced.records)
    checkEntries('Synced.offers', synced.offers, 'stamped')
    checkEntries('Synced.wants', synced.wants, 'stamped')
  }
  if (delivered) {
    checkContent('Delivered', delivered)
    checkEntries('Delivered.wants', delivered.wants, 'stamped')
    checkEntries('Delivered.recordWants', delivered.recordWants, 'prefix')
    field.checkCount('Delivered.served', delivered.served, limits.MAX_ENTRIES)
    checkDigest('Delivered.adverts', delivered.adverts)
    checkDigest('Delivered.recordsDigest', delivered.recordsDigest)
  }
}

function checkContent(message: string, { items, records }: Pick<Delivered, 'items' | 'records'>): void {
  field.checkCount(`${message}.items`, items.length, limits.MAX_ITEMS)
  field.checkCount(`${message}.records`, records.length, limits.MAX_ITEMS)
  for (const item of items) checkItem(item)
  for (const record of records)
    field.checkLength(`${message}.records`, record, { min: 1, max: limits.MAX_RECORD_BYTES })
}

function checkItem(item: Item): void {
  field.checkLength('Item.payload', item.payload, { min: 1, max: limits.MAX_PAYLOAD_BYTES })
  field.checkLength('Item.signature', item.signature, exactly(limits.SIGNATURE_BYTES))
  field.checkCount('Item.age', item.age, limits.MAX_AGE_SECONDS)
}

function checkRange(range: RecordRange): void {
  field.checkLength('RecordRange.from', range.from, exactly(limits.PREFIX_BYTES))
  field.checkLength('RecordRange.to', range.to, exactly(limits.PREFIX_BYTES))
  checkEntries('RecordRange.prefixes', range.prefixes, 'prefix')
}

function checkAdvert(advert: Advert): void {
  field.checkText('Advert.peer', advert.peer, { maxBytes: 64, pattern: limits.PEER_ID })
  field.checkCount('Advert.seq', advert.seq, limits.MAX_STAMP)
  field.checkCount('Advert.issuedAt', advert.issuedAt, limits.MAX_STAMP)
  checkTtl('Advert.ttl', advert.ttl)
  field.checkLength('Advert.body', advert.body, { max: limits.MAX_BODY_BYTES })
}

function checkPulse(pulse: Pulse): void {
  field.checkLength('Pulse.tag', pulse.tag, exactly(limits.TAG_BYTES))
  field.checkCount('Pulse.seq', pulse.seq, limits.MAX_STAMP)
  field.checkCount('Pulse.beat', pulse.beat, limits.MAX_STAMP)
  if (pulse.beat <= pulse.seq) throw field.invalidField('Pulse.beat', `${pulse.beat} is not above ${pulse.seq}`)
  checkTtl('Pulse.ttl', pulse.ttl)
  field.checkCount('Pulse.memoryFree', pulse.memoryFree)
  field.checkCount('Pulse.diskFree', pulse.diskFree)
  field.checkCount('Pulse.load', pulse.load, 100_000_000)
}

function checkTtl(name: string, ttl: number): void {
  field.checkCount(name, ttl, limits.MAX_TTL_SECONDS)
  if (ttl === 0) throw field.invalidField(name, 'an advert that has ended before it is sent')
}

function checkDigest(name: string, digest: Uint8Array): void {
  field.checkLength(name, digest, exactly(limits.GOSSIP_DIGEST_BYTES))
}

function exactly(bytes: number): { min: number; max: number } {
  return { min: bytes, max: bytes }
}
