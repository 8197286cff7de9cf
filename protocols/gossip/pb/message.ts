// Generated from message.proto by protocols/generate. Do not edit.
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Request {
  sync?: Sync
  transfer?: Transfer
}

export namespace Request {
  let _codec: Codec<Request>

  export const codec = (): Codec<Request> => {
    if (_codec == null) {
      _codec = message<Request>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.transfer != null) {
          obj.sync = undefined
        }

        if (obj.sync != null) {
          obj.transfer = undefined
        }

        if (obj.sync != null) {
          w.uint32(10)
          Sync.codec().encode(obj.sync, w)
        }

        if (obj.transfer != null) {
          w.uint32(18)
          Transfer.codec().encode(obj.transfer, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {}

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.sync = Sync.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.sync
              })
              break
            }
            case 2: {
              obj.transfer = Transfer.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.transfer
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.transfer != null) {
          delete obj.sync
        }

        if (obj.sync != null) {
          delete obj.transfer
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Sync.codec().stream(reader, reader.uint32(), `${prefix}.sync`, {
                limits: opts.limits?.sync
              })

              break
            }
            case 2: {
              yield * Transfer.codec().stream(reader, reader.uint32(), `${prefix}.transfer`, {
                limits: opts.limits?.transfer
              })

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface RequestSyncBootFieldEvent {
    field: '$.sync.boot'
    value: number
  }

  export interface RequestSyncUpToFieldEvent {
    field: '$.sync.upTo'
    value: number
  }

  export interface RequestSyncKnownBootFieldEvent {
    field: '$.sync.knownBoot'
    value: number
  }

  export interface RequestSyncSinceFieldEvent {
    field: '$.sync.since'
    value: number
  }

  export interface RequestSyncAdvertsFieldEvent {
    field: '$.sync.adverts'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestSyncRecordsFieldEvent {
    field: '$.sync.records'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestSyncOffersFieldEvent {
    field: '$.sync.offers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestSyncFromFieldEvent {
    field: '$.sync.from'
    value: number
  }

  export interface RequestTransferItemsPayloadFieldEvent {
    field: '$.transfer.items[].payload'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface RequestTransferItemsSignatureFieldEvent {
    field: '$.transfer.items[].signature'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface RequestTransferItemsPulseFieldEvent {
    field: '$.transfer.items[].pulse'
    value: boolean
    index: number
  }

  export interface RequestTransferItemsAgeFieldEvent {
    field: '$.transfer.items[].age'
    value: number
    index: number
  }

  export interface RequestTransferRecordsFieldEvent {
    field: '$.transfer.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTransferWantsFieldEvent {
    field: '$.transfer.wants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTransferOffersFieldEvent {
    field: '$.transfer.offers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTransferRangeFromFieldEvent {
    field: '$.transfer.range.from'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTransferRangeToFieldEvent {
    field: '$.transfer.range.to'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTransferRangePrefixesFieldEvent {
    field: '$.transfer.range.prefixes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTransferBootFieldEvent {
    field: '$.transfer.boot'
    value: number
  }

  export interface RequestTransferUpToFieldEvent {
    field: '$.transfer.upTo'
    value: number
  }

  export function encode (obj: Partial<Request>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Request.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Request {
    return decodeMessage(buf, Request.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Generator<RequestSyncBootFieldEvent | RequestSyncUpToFieldEvent | RequestSyncKnownBootFieldEvent | RequestSyncSinceFieldEvent | RequestSyncAdvertsFieldEvent | RequestSyncRecordsFieldEvent | RequestSyncOffersFieldEvent | RequestSyncFromFieldEvent | RequestTransferItemsPayloadFieldEvent | RequestTransferItemsSignatureFieldEvent | RequestTransferItemsPulseFieldEvent | RequestTransferItemsAgeFieldEvent | RequestTransferRecordsFieldEvent | RequestTransferWantsFieldEvent | RequestTransferOffersFieldEvent | RequestTransferRangeFromFieldEvent | RequestTransferRangeToFieldEvent | RequestTransferRangePrefixesFieldEvent | RequestTransferBootFieldEvent | RequestTransferUpToFieldEvent> {
    return streamMessage(buf, Request.codec(), opts)
  }
}

export interface Reply {
  synced?: Synced
  delivered?: Delivered
}

export namespace Reply {
  let _codec: Codec<Reply>

  export const codec = (): Codec<Reply> => {
    if (_codec == null) {
      _codec = message<Reply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.delivered != null) {
          obj.synced = undefined
        }

        if (obj.synced != null) {
          obj.delivered = undefined
        }

        if (obj.synced != null) {
          w.uint32(10)
          Synced.codec().encode(obj.synced, w)
        }

        if (obj.delivered != null) {
          w.uint32(18)
          Delivered.codec().encode(obj.delivered, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {}

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.synced = Synced.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.synced
              })
              break
            }
            case 2: {
              obj.delivered = Delivered.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.delivered
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.delivered != null) {
          delete obj.synced
        }

        if (obj.synced != null) {
          delete obj.delivered
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Synced.codec().stream(reader, reader.uint32(), `${prefix}.synced`, {
                limits: opts.limits?.synced
              })

              break
            }
            case 2: {
              yield * Delivered.codec().stream(reader, reader.uint32(), `${prefix}.delivered`, {
                limits: opts.limits?.delivered
              })

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ReplySyncedBootFieldEvent {
    field: '$.synced.boot'
    value: number
  }

  export interface ReplySyncedUpToFieldEvent {
    field: '$.synced.upTo'
    value: number
  }

  export interface ReplySyncedAdvertsFieldEvent {
    field: '$.synced.adverts'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplySyncedRecordsFieldEvent {
    field: '$.synced.records'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplySyncedOffersFieldEvent {
    field: '$.synced.offers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplySyncedWantsFieldEvent {
    field: '$.synced.wants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyDeliveredItemsPayloadFieldEvent {
    field: '$.delivered.items[].payload'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface ReplyDeliveredItemsSignatureFieldEvent {
    field: '$.delivered.items[].signature'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface ReplyDeliveredItemsPulseFieldEvent {
    field: '$.delivered.items[].pulse'
    value: boolean
    index: number
  }

  export interface ReplyDeliveredItemsAgeFieldEvent {
    field: '$.delivered.items[].age'
    value: number
    index: number
  }

  export interface ReplyDeliveredRecordsFieldEvent {
    field: '$.delivered.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyDeliveredWantsFieldEvent {
    field: '$.delivered.wants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyDeliveredRecordWantsFieldEvent {
    field: '$.delivered.recordWants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyDeliveredServedFieldEvent {
    field: '$.delivered.served'
    value: number
  }

  export interface ReplyDeliveredMoreFieldEvent {
    field: '$.delivered.more'
    value: boolean
  }

  export interface ReplyDeliveredAdvertsFieldEvent {
    field: '$.delivered.adverts'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ReplyDeliveredRecordsDigestFieldEvent {
    field: '$.delivered.recordsDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Reply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Reply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reply>): Reply {
    return decodeMessage(buf, Reply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reply>): Generator<ReplySyncedBootFieldEvent | ReplySyncedUpToFieldEvent | ReplySyncedAdvertsFieldEvent | ReplySyncedRecordsFieldEvent | ReplySyncedOffersFieldEvent | ReplySyncedWantsFieldEvent | ReplyDeliveredItemsPayloadFieldEvent | ReplyDeliveredItemsSignatureFieldEvent | ReplyDeliveredItemsPulseFieldEvent | ReplyDeliveredItemsAgeFieldEvent | ReplyDeliveredRecordsFieldEvent | ReplyDeliveredWantsFieldEvent | ReplyDeliveredRecordWantsFieldEvent | ReplyDeliveredServedFieldEvent | ReplyDeliveredMoreFieldEvent | ReplyDeliveredAdvertsFieldEvent | ReplyDeliveredRecordsDigestFieldEvent> {
    return streamMessage(buf, Reply.codec(), opts)
  }
}

export interface Sync {
  boot: number
  upTo: number
  knownBoot: number
  since: number
  adverts: Uint8Array<ArrayBuffer>
  records: Uint8Array<ArrayBuffer>
  offers: Uint8Array<ArrayBuffer>
  from: number
}

export namespace Sync {
  let _codec: Codec<Sync>

  export const codec = (): Codec<Sync> => {
    if (_codec == null) {
      _codec = message<Sync>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.boot != null && obj.boot !== 0)) {
          w.uint32(13)
          w.fixed32(obj.boot)
        }

        if ((obj.upTo != null && obj.upTo !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.upTo)
        }

        if ((obj.knownBoot != null && obj.knownBoot !== 0)) {
          w.uint32(29)
          w.fixed32(obj.knownBoot)
        }

        if ((obj.since != null && obj.since !== 0)) {
          w.uint32(32)
          w.uint64Number(obj.since)
        }

        if ((obj.adverts != null && obj.adverts.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.adverts)
        }

        if ((obj.records != null && obj.records.byteLength > 0)) {
          w.uint32(50)
          w.bytes(obj.records)
        }

        if ((obj.offers != null && obj.offers.byteLength > 0)) {
          w.uint32(58)
          w.bytes(obj.offers)
        }

        if ((obj.from != null && obj.from !== 0)) {
          w.uint32(64)
          w.uint64Number(obj.from)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          boot: 0,
          upTo: 0,
          knownBoot: 0,
          since: 0,
          adverts: uint8ArrayAlloc(0),
          records: uint8ArrayAlloc(0),
          offers: uint8ArrayAlloc(0),
          from: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.boot = reader.fixed32()
              break
            }
            case 2: {
              obj.upTo = reader.uint64Number()
              break
            }
            case 3: {
              obj.knownBoot = reader.fixed32()
              break
            }
            case 4: {
              obj.since = reader.uint64Number()
              break
            }
            case 5: {
              obj.adverts = reader.bytes()
              break
            }
            case 6: {
              obj.records = reader.bytes()
              break
            }
            case 7: {
              obj.offers = reader.bytes()
              break
            }
            case 8: {
              obj.from = reader.uint64Number()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.boot`,
                value: reader.fixed32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.upTo`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.knownBoot`,
                value: reader.fixed32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.since`,
                value: reader.uint64Number()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.adverts`,
                value: reader.bytes()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.records`,
                value: reader.bytes()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.offers`,
                value: reader.bytes()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.from`,
                value: reader.uint64Number()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SyncBootFieldEvent {
    field: '$.boot'
    value: number
  }

  export interface SyncUpToFieldEvent {
    field: '$.upTo'
    value: number
  }

  export interface SyncKnownBootFieldEvent {
    field: '$.knownBoot'
    value: number
  }

  export interface SyncSinceFieldEvent {
    field: '$.since'
    value: number
  }

  export interface SyncAdvertsFieldEvent {
    field: '$.adverts'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SyncRecordsFieldEvent {
    field: '$.records'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SyncOffersFieldEvent {
    field: '$.offers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SyncFromFieldEvent {
    field: '$.from'
    value: number
  }

  export function encode (obj: Partial<Sync>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Sync.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Sync>): Sync {
    return decodeMessage(buf, Sync.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Sync>): Generator<SyncBootFieldEvent | SyncUpToFieldEvent | SyncKnownBootFieldEvent | SyncSinceFieldEvent | SyncAdvertsFieldEvent | SyncRecordsFieldEvent | SyncOffersFieldEvent | SyncFromFieldEvent> {
    return streamMessage(buf, Sync.codec(), opts)
  }
}

export interface Synced {
  boot: number
  upTo: number
  adverts: Uint8Array<ArrayBuffer>
  records: Uint8Array<ArrayBuffer>
  offers: Uint8Array<ArrayBuffer>
  wants: Uint8Array<ArrayBuffer>
}

export namespace Synced {
  let _codec: Codec<Synced>

  export const codec = (): Codec<Synced> => {
    if (_codec == null) {
      _codec = message<Synced>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.boot != null && obj.boot !== 0)) {
          w.uint32(13)
          w.fixed32(obj.boot)
        }

        if ((obj.upTo != null && obj.upTo !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.upTo)
        }

        if ((obj.adverts != null && obj.adverts.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.adverts)
        }

        if ((obj.records != null && obj.records.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.records)
        }

        if ((obj.offers != null && obj.offers.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.offers)
        }

        if ((obj.wants != null && obj.wants.byteLength > 0)) {
          w.uint32(50)
          w.bytes(obj.wants)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          boot: 0,
          upTo: 0,
          adverts: uint8ArrayAlloc(0),
          records: uint8ArrayAlloc(0),
          offers: uint8ArrayAlloc(0),
          wants: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.boot = reader.fixed32()
              break
            }
            case 2: {
              obj.upTo = reader.uint64Number()
              break
            }
            case 3: {
              obj.adverts = reader.bytes()
              break
            }
            case 4: {
              obj.records = reader.bytes()
              break
            }
            case 5: {
              obj.offers = reader.bytes()
              break
            }
            case 6: {
              obj.wants = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.boot`,
                value: reader.fixed32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.upTo`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.adverts`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.records`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.offers`,
                value: reader.bytes()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.wants`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SyncedBootFieldEvent {
    field: '$.boot'
    value: number
  }

  export interface SyncedUpToFieldEvent {
    field: '$.upTo'
    value: number
  }

  export interface SyncedAdvertsFieldEvent {
    field: '$.adverts'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SyncedRecordsFieldEvent {
    field: '$.records'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SyncedOffersFieldEvent {
    field: '$.offers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SyncedWantsFieldEvent {
    field: '$.wants'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Synced>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Synced.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Synced>): Synced {
    return decodeMessage(buf, Synced.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Synced>): Generator<SyncedBootFieldEvent | SyncedUpToFieldEvent | SyncedAdvertsFieldEvent | SyncedRecordsFieldEvent | SyncedOffersFieldEvent | SyncedWantsFieldEvent> {
    return streamMessage(buf, Synced.codec(), opts)
  }
}

export interface Transfer {
  items: Item[]
  records: Uint8Array<ArrayBuffer>[]
  wants: Uint8Array<ArrayBuffer>
  offers: Uint8Array<ArrayBuffer>
  range?: RecordRange
  boot: number
  upTo: number
}

export namespace Transfer {
  let _codec: Codec<Transfer>

  export const codec = (): Codec<Transfer> => {
    if (_codec == null) {
      _codec = message<Transfer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.items != null && obj.items.length > 0) {
          for (const value of obj.items) {
            w.uint32(10)
            Item.codec().encode(value, w)
          }
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if ((obj.wants != null && obj.wants.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.wants)
        }

        if ((obj.offers != null && obj.offers.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.offers)
        }

        if (obj.range != null) {
          w.uint32(42)
          RecordRange.codec().encode(obj.range, w)
        }

        if ((obj.boot != null && obj.boot !== 0)) {
          w.uint32(53)
          w.fixed32(obj.boot)
        }

        if ((obj.upTo != null && obj.upTo !== 0)) {
          w.uint32(56)
          w.uint64Number(obj.upTo)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          items: [],
          records: [],
          wants: uint8ArrayAlloc(0),
          offers: uint8ArrayAlloc(0),
          boot: 0,
          upTo: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.items != null && obj.items.length === opts.limits.items) {
                throw new MaxLengthError('Decode error - repeated field "items" had too many elements')
              }

              if (obj.items.length === 4096) {
                throw new MaxLengthError('Decode error - repeated field "items" had too many elements')
              }

              obj.items.push(Item.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.items$
              }))
              break
            }
            case 2: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              if (obj.records.length === 4096) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
              break
            }
            case 3: {
              obj.wants = reader.bytes()
              break
            }
            case 4: {
              obj.offers = reader.bytes()
              break
            }
            case 5: {
              obj.range = RecordRange.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.range
              })
              break
            }
            case 6: {
              obj.boot = reader.fixed32()
              break
            }
            case 7: {
              obj.upTo = reader.uint64Number()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          items: 4096,
          records: 4096
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.items != null && obj.items === opts.limits.items) {
                throw new MaxLengthError('Streaming decode error - repeated field "items" had too many elements')
              }

              if (obj.items === 4096) {
                throw new MaxLengthError('Streaming decode error - repeated field "items" had too many elements')
              }

              for (const evt of Item.codec().stream(reader, reader.uint32(), `${prefix}.items[]`, {
                limits: opts.limits?.items$
              })) {
                yield {
                  ...evt,
                  index: obj.items
                }
              }

              obj.items++

              break
            }
            case 2: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
                throw new MaxLengthError('Streaming decode error - repeated field "records" had too many elements')
              }

              if (obj.records === 4096) {
                throw new MaxLengthError('Streaming decode error - repeated field "records" had too many elements')
              }

              yield {
                field: `${prefix}.records[]`,
                index: obj.records,
                value: reader.bytes()
              }

              obj.records++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.wants`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.offers`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield * RecordRange.codec().stream(reader, reader.uint32(), `${prefix}.range`, {
                limits: opts.limits?.range
              })

              break
            }
            case 6: {
              yield {
                field: `${prefix}.boot`,
                value: reader.fixed32()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.upTo`,
                value: reader.uint64Number()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface TransferItemsPayloadFieldEvent {
    field: '$.items[].payload'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface TransferItemsSignatureFieldEvent {
    field: '$.items[].signature'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface TransferItemsPulseFieldEvent {
    field: '$.items[].pulse'
    value: boolean
    index: number
  }

  export interface TransferItemsAgeFieldEvent {
    field: '$.items[].age'
    value: number
    index: number
  }

  export interface TransferRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface TransferWantsFieldEvent {
    field: '$.wants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TransferOffersFieldEvent {
    field: '$.offers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TransferRangeFromFieldEvent {
    field: '$.range.from'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TransferRangeToFieldEvent {
    field: '$.range.to'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TransferRangePrefixesFieldEvent {
    field: '$.range.prefixes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TransferBootFieldEvent {
    field: '$.boot'
    value: number
  }

  export interface TransferUpToFieldEvent {
    field: '$.upTo'
    value: number
  }

  export function encode (obj: Partial<Transfer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Transfer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Transfer>): Transfer {
    return decodeMessage(buf, Transfer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Transfer>): Generator<TransferItemsPayloadFieldEvent | TransferItemsSignatureFieldEvent | TransferItemsPulseFieldEvent | TransferItemsAgeFieldEvent | TransferRecordsFieldEvent | TransferWantsFieldEvent | TransferOffersFieldEvent | TransferRangeFromFieldEvent | TransferRangeToFieldEvent | TransferRangePrefixesFieldEvent | TransferBootFieldEvent | TransferUpToFieldEvent> {
    return streamMessage(buf, Transfer.codec(), opts)
  }
}

export interface Delivered {
  items: Item[]
  records: Uint8Array<ArrayBuffer>[]
  wants: Uint8Array<ArrayBuffer>
  recordWants: Uint8Array<ArrayBuffer>
  served: number
  more: boolean
  adverts: Uint8Array<ArrayBuffer>
  recordsDigest: Uint8Array<ArrayBuffer>
}

export namespace Delivered {
  let _codec: Codec<Delivered>

  export const codec = (): Codec<Delivered> => {
    if (_codec == null) {
      _codec = message<Delivered>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.items != null && obj.items.length > 0) {
          for (const value of obj.items) {
            w.uint32(10)
            Item.codec().encode(value, w)
          }
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if ((obj.wants != null && obj.wants.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.wants)
        }

        if ((obj.recordWants != null && obj.recordWants.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.recordWants)
        }

        if ((obj.served != null && obj.served !== 0)) {
          w.uint32(40)
          w.uint32(obj.served)
        }

        if ((obj.more != null && obj.more !== false)) {
          w.uint32(48)
          w.bool(obj.more)
        }

        if ((obj.adverts != null && obj.adverts.byteLength > 0)) {
          w.uint32(58)
          w.bytes(obj.adverts)
        }

        if ((obj.recordsDigest != null && obj.recordsDigest.byteLength > 0)) {
          w.uint32(66)
          w.bytes(obj.recordsDigest)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          items: [],
          records: [],
          wants: uint8ArrayAlloc(0),
          recordWants: uint8ArrayAlloc(0),
          served: 0,
          more: false,
          adverts: uint8ArrayAlloc(0),
          recordsDigest: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.items != null && obj.items.length === opts.limits.items) {
                throw new MaxLengthError('Decode error - repeated field "items" had too many elements')
              }

              if (obj.items.length === 4096) {
                throw new MaxLengthError('Decode error - repeated field "items" had too many elements')
              }

              obj.items.push(Item.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.items$
              }))
              break
            }
            case 2: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              if (obj.records.length === 4096) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
              break
            }
            case 3: {
              obj.wants = reader.bytes()
              break
            }
            case 4: {
              obj.recordWants = reader.bytes()
              break
            }
            case 5: {
              obj.served = reader.uint32()
              break
            }
            case 6: {
              obj.more = reader.bool()
              break
            }
            case 7: {
              obj.adverts = reader.bytes()
              break
            }
            case 8: {
              obj.recordsDigest = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          items: 4096,
          records: 4096
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.items != null && obj.items === opts.limits.items) {
                throw new MaxLengthError('Streaming decode error - repeated field "items" had too many elements')
              }

              if (obj.items === 4096) {
                throw new MaxLengthError('Streaming decode error - repeated field "items" had too many elements')
              }

              for (const evt of Item.codec().stream(reader, reader.uint32(), `${prefix}.items[]`, {
                limits: opts.limits?.items$
              })) {
                yield {
                  ...evt,
                  index: obj.items
                }
              }

              obj.items++

              break
            }
            case 2: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
                throw new MaxLengthError('Streaming decode error - repeated field "records" had too many elements')
              }

              if (obj.records === 4096) {
                throw new MaxLengthError('Streaming decode error - repeated field "records" had too many elements')
              }

              yield {
                field: `${prefix}.records[]`,
                index: obj.records,
                value: reader.bytes()
              }

              obj.records++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.wants`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.recordWants`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.served`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.more`,
                value: reader.bool()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.adverts`,
                value: reader.bytes()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.recordsDigest`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface DeliveredItemsPayloadFieldEvent {
    field: '$.items[].payload'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface DeliveredItemsSignatureFieldEvent {
    field: '$.items[].signature'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface DeliveredItemsPulseFieldEvent {
    field: '$.items[].pulse'
    value: boolean
    index: number
  }

  export interface DeliveredItemsAgeFieldEvent {
    field: '$.items[].age'
    value: number
    index: number
  }

  export interface DeliveredRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface DeliveredWantsFieldEvent {
    field: '$.wants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface DeliveredRecordWantsFieldEvent {
    field: '$.recordWants'
    value: Uint8Array<ArrayBuffer>
  }

  export interface DeliveredServedFieldEvent {
    field: '$.served'
    value: number
  }

  export interface DeliveredMoreFieldEvent {
    field: '$.more'
    value: boolean
  }

  export interface DeliveredAdvertsFieldEvent {
    field: '$.adverts'
    value: Uint8Array<ArrayBuffer>
  }

  export interface DeliveredRecordsDigestFieldEvent {
    field: '$.recordsDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Delivered>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Delivered.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Delivered>): Delivered {
    return decodeMessage(buf, Delivered.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Delivered>): Generator<DeliveredItemsPayloadFieldEvent | DeliveredItemsSignatureFieldEvent | DeliveredItemsPulseFieldEvent | DeliveredItemsAgeFieldEvent | DeliveredRecordsFieldEvent | DeliveredWantsFieldEvent | DeliveredRecordWantsFieldEvent | DeliveredServedFieldEvent | DeliveredMoreFieldEvent | DeliveredAdvertsFieldEvent | DeliveredRecordsDigestFieldEvent> {
    return streamMessage(buf, Delivered.codec(), opts)
  }
}

export interface RecordRange {
  from: Uint8Array<ArrayBuffer>
  to: Uint8Array<ArrayBuffer>
  prefixes: Uint8Array<ArrayBuffer>
}

export namespace RecordRange {
  let _codec: Codec<RecordRange>

  export const codec = (): Codec<RecordRange> => {
    if (_codec == null) {
      _codec = message<RecordRange>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.from != null && obj.from.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.from)
        }

        if ((obj.to != null && obj.to.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.to)
        }

        if ((obj.prefixes != null && obj.prefixes.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.prefixes)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          from: uint8ArrayAlloc(0),
          to: uint8ArrayAlloc(0),
          prefixes: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.from = reader.bytes()
              break
            }
            case 2: {
              obj.to = reader.bytes()
              break
            }
            case 3: {
              obj.prefixes = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.from`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.to`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.prefixes`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface RecordRangeFromFieldEvent {
    field: '$.from'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordRangeToFieldEvent {
    field: '$.to'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordRangePrefixesFieldEvent {
    field: '$.prefixes'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<RecordRange>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordRange.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordRange>): RecordRange {
    return decodeMessage(buf, RecordRange.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordRange>): Generator<RecordRangeFromFieldEvent | RecordRangeToFieldEvent | RecordRangePrefixesFieldEvent> {
    return streamMessage(buf, RecordRange.codec(), opts)
  }
}

export interface Item {
  payload: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
  pulse: boolean
  age: number
}

export namespace Item {
  let _codec: Codec<Item>

  export const codec = (): Codec<Item> => {
    if (_codec == null) {
      _codec = message<Item>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.payload != null && obj.payload.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.payload)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.signature)
        }

        if ((obj.pulse != null && obj.pulse !== false)) {
          w.uint32(24)
          w.bool(obj.pulse)
        }

        if ((obj.age != null && obj.age !== 0)) {
          w.uint32(32)
          w.uint32(obj.age)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          payload: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0),
          pulse: false,
          age: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.payload = reader.bytes()
              break
            }
            case 2: {
              obj.signature = reader.bytes()
              break
            }
            case 3: {
              obj.pulse = reader.bool()
              break
            }
            case 4: {
              obj.age = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.payload`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.signature`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.pulse`,
                value: reader.bool()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.age`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ItemPayloadFieldEvent {
    field: '$.payload'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ItemSignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ItemPulseFieldEvent {
    field: '$.pulse'
    value: boolean
  }

  export interface ItemAgeFieldEvent {
    field: '$.age'
    value: number
  }

  export function encode (obj: Partial<Item>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Item.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Item>): Item {
    return decodeMessage(buf, Item.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Item>): Generator<ItemPayloadFieldEvent | ItemSignatureFieldEvent | ItemPulseFieldEvent | ItemAgeFieldEvent> {
    return streamMessage(buf, Item.codec(), opts)
  }
}

export interface Advert {
  peer: string
  seq: number
  issuedAt: number
  ttl: number
  body: Uint8Array<ArrayBuffer>
}

export namespace Advert {
  let _codec: Codec<Advert>

  export const codec = (): Codec<Advert> => {
    if (_codec == null) {
      _codec = message<Advert>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(10)
          w.string(obj.peer)
        }

        if ((obj.seq != null && obj.seq !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.seq)
        }

        if ((obj.issuedAt != null && obj.issuedAt !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.issuedAt)
        }

        if ((obj.ttl != null && obj.ttl !== 0)) {
          w.uint32(32)
          w.uint32(obj.ttl)
        }

        if ((obj.body != null && obj.body.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.body)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: '',
          seq: 0,
          issuedAt: 0,
          ttl: 0,
          body: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.peer = reader.string()
              break
            }
            case 2: {
              obj.seq = reader.uint64Number()
              break
            }
            case 3: {
              obj.issuedAt = reader.uint64Number()
              break
            }
            case 4: {
              obj.ttl = reader.uint32()
              break
            }
            case 5: {
              obj.body = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.peer`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.seq`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.issuedAt`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.ttl`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.body`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AdvertPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface AdvertSeqFieldEvent {
    field: '$.seq'
    value: number
  }

  export interface AdvertIssuedAtFieldEvent {
    field: '$.issuedAt'
    value: number
  }

  export interface AdvertTtlFieldEvent {
    field: '$.ttl'
    value: number
  }

  export interface AdvertBodyFieldEvent {
    field: '$.body'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Advert>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Advert.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Advert>): Advert {
    return decodeMessage(buf, Advert.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Advert>): Generator<AdvertPeerFieldEvent | AdvertSeqFieldEvent | AdvertIssuedAtFieldEvent | AdvertTtlFieldEvent | AdvertBodyFieldEvent> {
    return streamMessage(buf, Advert.codec(), opts)
  }
}

export interface Pulse {
  tag: Uint8Array<ArrayBuffer>
  seq: number
  beat: number
  ttl: number
  memoryFree: number
  diskFree: number
  load: number
}

export namespace Pulse {
  let _codec: Codec<Pulse>

  export const codec = (): Codec<Pulse> => {
    if (_codec == null) {
      _codec = message<Pulse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.tag != null && obj.tag.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.tag)
        }

        if ((obj.seq != null && obj.seq !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.seq)
        }

        if ((obj.beat != null && obj.beat !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.beat)
        }

        if ((obj.ttl != null && obj.ttl !== 0)) {
          w.uint32(32)
          w.uint32(obj.ttl)
        }

        if ((obj.memoryFree != null && obj.memoryFree !== 0)) {
          w.uint32(40)
          w.uint64Number(obj.memoryFree)
        }

        if ((obj.diskFree != null && obj.diskFree !== 0)) {
          w.uint32(48)
          w.uint64Number(obj.diskFree)
        }

        if ((obj.load != null && obj.load !== 0)) {
          w.uint32(56)
          w.uint32(obj.load)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          tag: uint8ArrayAlloc(0),
          seq: 0,
          beat: 0,
          ttl: 0,
          memoryFree: 0,
          diskFree: 0,
          load: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.tag = reader.bytes()
              break
            }
            case 2: {
              obj.seq = reader.uint64Number()
              break
            }
            case 3: {
              obj.beat = reader.uint64Number()
              break
            }
            case 4: {
              obj.ttl = reader.uint32()
              break
            }
            case 5: {
              obj.memoryFree = reader.uint64Number()
              break
            }
            case 6: {
              obj.diskFree = reader.uint64Number()
              break
            }
            case 7: {
              obj.load = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.tag`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.seq`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.beat`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.ttl`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.memoryFree`,
                value: reader.uint64Number()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.diskFree`,
                value: reader.uint64Number()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.load`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface PulseTagFieldEvent {
    field: '$.tag'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PulseSeqFieldEvent {
    field: '$.seq'
    value: number
  }

  export interface PulseBeatFieldEvent {
    field: '$.beat'
    value: number
  }

  export interface PulseTtlFieldEvent {
    field: '$.ttl'
    value: number
  }

  export interface PulseMemoryFreeFieldEvent {
    field: '$.memoryFree'
    value: number
  }

  export interface PulseDiskFreeFieldEvent {
    field: '$.diskFree'
    value: number
  }

  export interface PulseLoadFieldEvent {
    field: '$.load'
    value: number
  }

  export function encode (obj: Partial<Pulse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Pulse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Pulse>): Pulse {
    return decodeMessage(buf, Pulse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Pulse>): Generator<PulseTagFieldEvent | PulseSeqFieldEvent | PulseBeatFieldEvent | PulseTtlFieldEvent | PulseMemoryFreeFieldEvent | PulseDiskFreeFieldEvent | PulseLoadFieldEvent> {
    return streamMessage(buf, Pulse.codec(), opts)
  }
}
