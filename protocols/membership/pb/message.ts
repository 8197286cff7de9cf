// Generated from message.proto by protocols/generate. Do not edit.
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface SignedRecord {
  body: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
  newSignature: Uint8Array<ArrayBuffer>
}

export namespace SignedRecord {
  let _codec: Codec<SignedRecord>

  export const codec = (): Codec<SignedRecord> => {
    if (_codec == null) {
      _codec = message<SignedRecord>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.body != null && obj.body.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.body)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.signature)
        }

        if ((obj.newSignature != null && obj.newSignature.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.newSignature)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          body: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0),
          newSignature: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.body = reader.bytes()
              break
            }
            case 2: {
              obj.signature = reader.bytes()
              break
            }
            case 3: {
              obj.newSignature = reader.bytes()
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
                field: `${prefix}.body`,
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
                field: `${prefix}.newSignature`,
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

  export interface SignedRecordBodyFieldEvent {
    field: '$.body'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SignedRecordSignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SignedRecordNewSignatureFieldEvent {
    field: '$.newSignature'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<SignedRecord>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SignedRecord.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedRecord>): SignedRecord {
    return decodeMessage(buf, SignedRecord.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedRecord>): Generator<SignedRecordBodyFieldEvent | SignedRecordSignatureFieldEvent | SignedRecordNewSignatureFieldEvent> {
    return streamMessage(buf, SignedRecord.codec(), opts)
  }
}

export interface RecordBody {
  mesh: Uint8Array<ArrayBuffer>
  author: string
  timeMs: number
  genesis?: Genesis
  admission?: Admission
  expulsion?: Expulsion
  rotation?: Rotation
  grant?: Grant
  revocation?: Revocation
}

export namespace RecordBody {
  let _codec: Codec<RecordBody>

  export const codec = (): Codec<RecordBody> => {
    if (_codec == null) {
      _codec = message<RecordBody>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.revocation != null) {
          obj.grant = undefined
          obj.rotation = undefined
          obj.expulsion = undefined
          obj.admission = undefined
          obj.genesis = undefined
        }

        if (obj.grant != null) {
          obj.revocation = undefined
          obj.rotation = undefined
          obj.expulsion = undefined
          obj.admission = undefined
          obj.genesis = undefined
        }

        if (obj.rotation != null) {
          obj.revocation = undefined
          obj.grant = undefined
          obj.expulsion = undefined
          obj.admission = undefined
          obj.genesis = undefined
        }

        if (obj.expulsion != null) {
          obj.revocation = undefined
          obj.grant = undefined
          obj.rotation = undefined
          obj.admission = undefined
          obj.genesis = undefined
        }

        if (obj.admission != null) {
          obj.revocation = undefined
          obj.grant = undefined
          obj.rotation = undefined
          obj.expulsion = undefined
          obj.genesis = undefined
        }

        if (obj.genesis != null) {
          obj.revocation = undefined
          obj.grant = undefined
          obj.rotation = undefined
          obj.expulsion = undefined
          obj.admission = undefined
        }

        if ((obj.mesh != null && obj.mesh.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.mesh)
        }

        if ((obj.author != null && obj.author !== '')) {
          w.uint32(18)
          w.string(obj.author)
        }

        if ((obj.timeMs != null && obj.timeMs !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.timeMs)
        }

        if (obj.genesis != null) {
          w.uint32(34)
          Genesis.codec().encode(obj.genesis, w)
        }

        if (obj.admission != null) {
          w.uint32(42)
          Admission.codec().encode(obj.admission, w)
        }

        if (obj.expulsion != null) {
          w.uint32(50)
          Expulsion.codec().encode(obj.expulsion, w)
        }

        if (obj.rotation != null) {
          w.uint32(58)
          Rotation.codec().encode(obj.rotation, w)
        }

        if (obj.grant != null) {
          w.uint32(66)
          Grant.codec().encode(obj.grant, w)
        }

        if (obj.revocation != null) {
          w.uint32(74)
          Revocation.codec().encode(obj.revocation, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          mesh: uint8ArrayAlloc(0),
          author: '',
          timeMs: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.mesh = reader.bytes()
              break
            }
            case 2: {
              obj.author = reader.string()
              break
            }
            case 3: {
              obj.timeMs = reader.uint64Number()
              break
            }
            case 4: {
              obj.genesis = Genesis.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.genesis
              })
              break
            }
            case 5: {
              obj.admission = Admission.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.admission
              })
              break
            }
            case 6: {
              obj.expulsion = Expulsion.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.expulsion
              })
              break
            }
            case 7: {
              obj.rotation = Rotation.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.rotation
              })
              break
            }
            case 8: {
              obj.grant = Grant.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.grant
              })
              break
            }
            case 9: {
              obj.revocation = Revocation.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.revocation
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.revocation != null) {
          delete obj.grant
          delete obj.rotation
          delete obj.expulsion
          delete obj.admission
          delete obj.genesis
        }

        if (obj.grant != null) {
          delete obj.revocation
          delete obj.rotation
          delete obj.expulsion
          delete obj.admission
          delete obj.genesis
        }

        if (obj.rotation != null) {
          delete obj.revocation
          delete obj.grant
          delete obj.expulsion
          delete obj.admission
          delete obj.genesis
        }

        if (obj.expulsion != null) {
          delete obj.revocation
          delete obj.grant
          delete obj.rotation
          delete obj.admission
          delete obj.genesis
        }

        if (obj.admission != null) {
          delete obj.revocation
          delete obj.grant
          delete obj.rotation
          delete obj.expulsion
          delete obj.genesis
        }

        if (obj.genesis != null) {
          delete obj.revocation
          delete obj.grant
          delete obj.rotation
          delete obj.expulsion
          delete obj.admission
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.mesh`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.author`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.timeMs`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              yield * Genesis.codec().stream(reader, reader.uint32(), `${prefix}.genesis`, {
                limits: opts.limits?.genesis
              })

              break
            }
            case 5: {
              yield * Admission.codec().stream(reader, reader.uint32(), `${prefix}.admission`, {
                limits: opts.limits?.admission
              })

              break
            }
            case 6: {
              yield * Expulsion.codec().stream(reader, reader.uint32(), `${prefix}.expulsion`, {
                limits: opts.limits?.expulsion
              })

              break
            }
            case 7: {
              yield * Rotation.codec().stream(reader, reader.uint32(), `${prefix}.rotation`, {
                limits: opts.limits?.rotation
              })

              break
            }
            case 8: {
              yield * Grant.codec().stream(reader, reader.uint32(), `${prefix}.grant`, {
                limits: opts.limits?.grant
              })

              break
            }
            case 9: {
              yield * Revocation.codec().stream(reader, reader.uint32(), `${prefix}.revocation`, {
                limits: opts.limits?.revocation
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

  export interface RecordBodyMeshFieldEvent {
    field: '$.mesh'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordBodyAuthorFieldEvent {
    field: '$.author'
    value: string
  }

  export interface RecordBodyTimeMsFieldEvent {
    field: '$.timeMs'
    value: number
  }

  export interface RecordBodyGenesisMeshNameFieldEvent {
    field: '$.genesis.meshName'
    value: string
  }

  export interface RecordBodyGenesisNonceFieldEvent {
    field: '$.genesis.nonce'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordBodyGenesisHostNameFieldEvent {
    field: '$.genesis.hostName'
    value: string
  }

  export interface RecordBodyAdmissionPeerFieldEvent {
    field: '$.admission.peer'
    value: string
  }

  export interface RecordBodyAdmissionHostNameFieldEvent {
    field: '$.admission.hostName'
    value: string
  }

  export interface RecordBodyAdmissionTokenFieldEvent {
    field: '$.admission.token'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordBodyExpulsionPeerFieldEvent {
    field: '$.expulsion.peer'
    value: string
  }

  export interface RecordBodyExpulsionKeepsFieldEvent {
    field: '$.expulsion.keeps[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordBodyRotationNewPeerFieldEvent {
    field: '$.rotation.newPeer'
    value: string
  }

  export interface RecordBodyRotationKeepsFieldEvent {
    field: '$.rotation.keeps[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordBodyGrantOperatorFieldEvent {
    field: '$.grant.operator'
    value: string
  }

  export interface RecordBodyGrantRoleFieldEvent {
    field: '$.grant.role'
    value: string
  }

  export interface RecordBodyRevocationOperatorFieldEvent {
    field: '$.revocation.operator'
    value: string
  }

  export interface RecordBodyRevocationGrantsFieldEvent {
    field: '$.revocation.grants[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<RecordBody>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordBody.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordBody>): RecordBody {
    return decodeMessage(buf, RecordBody.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordBody>): Generator<RecordBodyMeshFieldEvent | RecordBodyAuthorFieldEvent | RecordBodyTimeMsFieldEvent | RecordBodyGenesisMeshNameFieldEvent | RecordBodyGenesisNonceFieldEvent | RecordBodyGenesisHostNameFieldEvent | RecordBodyAdmissionPeerFieldEvent | RecordBodyAdmissionHostNameFieldEvent | RecordBodyAdmissionTokenFieldEvent | RecordBodyExpulsionPeerFieldEvent | RecordBodyExpulsionKeepsFieldEvent | RecordBodyRotationNewPeerFieldEvent | RecordBodyRotationKeepsFieldEvent | RecordBodyGrantOperatorFieldEvent | RecordBodyGrantRoleFieldEvent | RecordBodyRevocationOperatorFieldEvent | RecordBodyRevocationGrantsFieldEvent> {
    return streamMessage(buf, RecordBody.codec(), opts)
  }
}

export interface Genesis {
  meshName: string
  nonce: Uint8Array<ArrayBuffer>
  hostName: string
}

export namespace Genesis {
  let _codec: Codec<Genesis>

  export const codec = (): Codec<Genesis> => {
    if (_codec == null) {
      _codec = message<Genesis>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.meshName != null && obj.meshName !== '')) {
          w.uint32(10)
          w.string(obj.meshName)
        }

        if ((obj.nonce != null && obj.nonce.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.nonce)
        }

        if ((obj.hostName != null && obj.hostName !== '')) {
          w.uint32(26)
          w.string(obj.hostName)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          meshName: '',
          nonce: uint8ArrayAlloc(0),
          hostName: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.meshName = reader.string()
              break
            }
            case 2: {
              obj.nonce = reader.bytes()
              break
            }
            case 3: {
              obj.hostName = reader.string()
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
                field: `${prefix}.meshName`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.nonce`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.hostName`,
                value: reader.string()
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

  export interface GenesisMeshNameFieldEvent {
    field: '$.meshName'
    value: string
  }

  export interface GenesisNonceFieldEvent {
    field: '$.nonce'
    value: Uint8Array<ArrayBuffer>
  }

  export interface GenesisHostNameFieldEvent {
    field: '$.hostName'
    value: string
  }

  export function encode (obj: Partial<Genesis>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Genesis.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Genesis>): Genesis {
    return decodeMessage(buf, Genesis.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Genesis>): Generator<GenesisMeshNameFieldEvent | GenesisNonceFieldEvent | GenesisHostNameFieldEvent> {
    return streamMessage(buf, Genesis.codec(), opts)
  }
}

export interface Admission {
  peer: string
  hostName: string
  token: Uint8Array<ArrayBuffer>
}

export namespace Admission {
  let _codec: Codec<Admission>

  export const codec = (): Codec<Admission> => {
    if (_codec == null) {
      _codec = message<Admission>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(10)
          w.string(obj.peer)
        }

        if ((obj.hostName != null && obj.hostName !== '')) {
          w.uint32(18)
          w.string(obj.hostName)
        }

        if ((obj.token != null && obj.token.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.token)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: '',
          hostName: '',
          token: uint8ArrayAlloc(0)
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
              obj.hostName = reader.string()
              break
            }
            case 3: {
              obj.token = reader.bytes()
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
                field: `${prefix}.hostName`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.token`,
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

  export interface AdmissionPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface AdmissionHostNameFieldEvent {
    field: '$.hostName'
    value: string
  }

  export interface AdmissionTokenFieldEvent {
    field: '$.token'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Admission>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Admission.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Admission>): Admission {
    return decodeMessage(buf, Admission.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Admission>): Generator<AdmissionPeerFieldEvent | AdmissionHostNameFieldEvent | AdmissionTokenFieldEvent> {
    return streamMessage(buf, Admission.codec(), opts)
  }
}

export interface Expulsion {
  peer: string
  keeps: Uint8Array<ArrayBuffer>[]
}

export namespace Expulsion {
  let _codec: Codec<Expulsion>

  export const codec = (): Codec<Expulsion> => {
    if (_codec == null) {
      _codec = message<Expulsion>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(10)
          w.string(obj.peer)
        }

        if (obj.keeps != null && obj.keeps.length > 0) {
          for (const value of obj.keeps) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: '',
          keeps: []
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
              if (opts.limits?.keeps != null && obj.keeps.length === opts.limits.keeps) {
                throw new MaxLengthError('Decode error - repeated field "keeps" had too many elements')
              }

              obj.keeps.push(reader.bytes())
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
          keeps: 0
        }

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
              if (opts.limits?.keeps != null && obj.keeps === opts.limits.keeps) {
                throw new MaxLengthError('Streaming decode error - repeated field "keeps" had too many elements')
              }

              yield {
                field: `${prefix}.keeps[]`,
                index: obj.keeps,
                value: reader.bytes()
              }

              obj.keeps++

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

  export interface ExpulsionPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface ExpulsionKeepsFieldEvent {
    field: '$.keeps[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Expulsion>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Expulsion.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Expulsion>): Expulsion {
    return decodeMessage(buf, Expulsion.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Expulsion>): Generator<ExpulsionPeerFieldEvent | ExpulsionKeepsFieldEvent> {
    return streamMessage(buf, Expulsion.codec(), opts)
  }
}

export interface Rotation {
  newPeer: string
  keeps: Uint8Array<ArrayBuffer>[]
}

export namespace Rotation {
  let _codec: Codec<Rotation>

  export const codec = (): Codec<Rotation> => {
    if (_codec == null) {
      _codec = message<Rotation>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.newPeer != null && obj.newPeer !== '')) {
          w.uint32(10)
          w.string(obj.newPeer)
        }

        if (obj.keeps != null && obj.keeps.length > 0) {
          for (const value of obj.keeps) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          newPeer: '',
          keeps: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.newPeer = reader.string()
              break
            }
            case 2: {
              if (opts.limits?.keeps != null && obj.keeps.length === opts.limits.keeps) {
                throw new MaxLengthError('Decode error - repeated field "keeps" had too many elements')
              }

              obj.keeps.push(reader.bytes())
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
          keeps: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.newPeer`,
                value: reader.string()
              }
              break
            }
            case 2: {
              if (opts.limits?.keeps != null && obj.keeps === opts.limits.keeps) {
                throw new MaxLengthError('Streaming decode error - repeated field "keeps" had too many elements')
              }

              yield {
                field: `${prefix}.keeps[]`,
                index: obj.keeps,
                value: reader.bytes()
              }

              obj.keeps++

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

  export interface RotationNewPeerFieldEvent {
    field: '$.newPeer'
    value: string
  }

  export interface RotationKeepsFieldEvent {
    field: '$.keeps[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Rotation>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Rotation.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Rotation>): Rotation {
    return decodeMessage(buf, Rotation.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Rotation>): Generator<RotationNewPeerFieldEvent | RotationKeepsFieldEvent> {
    return streamMessage(buf, Rotation.codec(), opts)
  }
}

export interface Grant {
  operator: string
  role: string
}

export namespace Grant {
  let _codec: Codec<Grant>

  export const codec = (): Codec<Grant> => {
    if (_codec == null) {
      _codec = message<Grant>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.operator != null && obj.operator !== '')) {
          w.uint32(10)
          w.string(obj.operator)
        }

        if ((obj.role != null && obj.role !== '')) {
          w.uint32(18)
          w.string(obj.role)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          operator: '',
          role: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.operator = reader.string()
              break
            }
            case 2: {
              obj.role = reader.string()
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
                field: `${prefix}.operator`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.role`,
                value: reader.string()
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

  export interface GrantOperatorFieldEvent {
    field: '$.operator'
    value: string
  }

  export interface GrantRoleFieldEvent {
    field: '$.role'
    value: string
  }

  export function encode (obj: Partial<Grant>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Grant.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Grant>): Grant {
    return decodeMessage(buf, Grant.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Grant>): Generator<GrantOperatorFieldEvent | GrantRoleFieldEvent> {
    return streamMessage(buf, Grant.codec(), opts)
  }
}

export interface Revocation {
  operator: string
  grants: Uint8Array<ArrayBuffer>[]
}

export namespace Revocation {
  let _codec: Codec<Revocation>

  export const codec = (): Codec<Revocation> => {
    if (_codec == null) {
      _codec = message<Revocation>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.operator != null && obj.operator !== '')) {
          w.uint32(10)
          w.string(obj.operator)
        }

        if (obj.grants != null && obj.grants.length > 0) {
          for (const value of obj.grants) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          operator: '',
          grants: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.operator = reader.string()
              break
            }
            case 2: {
              if (opts.limits?.grants != null && obj.grants.length === opts.limits.grants) {
                throw new MaxLengthError('Decode error - repeated field "grants" had too many elements')
              }

              obj.grants.push(reader.bytes())
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
          grants: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.operator`,
                value: reader.string()
              }
              break
            }
            case 2: {
              if (opts.limits?.grants != null && obj.grants === opts.limits.grants) {
                throw new MaxLengthError('Streaming decode error - repeated field "grants" had too many elements')
              }

              yield {
                field: `${prefix}.grants[]`,
                index: obj.grants,
                value: reader.bytes()
              }

              obj.grants++

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

  export interface RevocationOperatorFieldEvent {
    field: '$.operator'
    value: string
  }

  export interface RevocationGrantsFieldEvent {
    field: '$.grants[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Revocation>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Revocation.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Revocation>): Revocation {
    return decodeMessage(buf, Revocation.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Revocation>): Generator<RevocationOperatorFieldEvent | RevocationGrantsFieldEvent> {
    return streamMessage(buf, Revocation.codec(), opts)
  }
}

export interface Token {
  mesh: Uint8Array<ArrayBuffer>
  issuer: string
  secret: Uint8Array<ArrayBuffer>
  expiresMs: number
  addresses: string[]
}

export namespace Token {
  let _codec: Codec<Token>

  export const codec = (): Codec<Token> => {
    if (_codec == null) {
      _codec = message<Token>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.mesh != null && obj.mesh.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.mesh)
        }

        if ((obj.issuer != null && obj.issuer !== '')) {
          w.uint32(18)
          w.string(obj.issuer)
        }

        if ((obj.secret != null && obj.secret.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.secret)
        }

        if ((obj.expiresMs != null && obj.expiresMs !== 0)) {
          w.uint32(32)
          w.uint64Number(obj.expiresMs)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(42)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          mesh: uint8ArrayAlloc(0),
          issuer: '',
          secret: uint8ArrayAlloc(0),
          expiresMs: 0,
          addresses: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.mesh = reader.bytes()
              break
            }
            case 2: {
              obj.issuer = reader.string()
              break
            }
            case 3: {
              obj.secret = reader.bytes()
              break
            }
            case 4: {
              obj.expiresMs = reader.uint64Number()
              break
            }
            case 5: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.string())
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
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.mesh`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.issuer`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.secret`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.expiresMs`,
                value: reader.uint64Number()
              }
              break
            }
            case 5: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.string()
              }

              obj.addresses++

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

  export interface TokenMeshFieldEvent {
    field: '$.mesh'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TokenIssuerFieldEvent {
    field: '$.issuer'
    value: string
  }

  export interface TokenSecretFieldEvent {
    field: '$.secret'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TokenExpiresMsFieldEvent {
    field: '$.expiresMs'
    value: number
  }

  export interface TokenAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<Token>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Token.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Token>): Token {
    return decodeMessage(buf, Token.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Token>): Generator<TokenMeshFieldEvent | TokenIssuerFieldEvent | TokenSecretFieldEvent | TokenExpiresMsFieldEvent | TokenAddressesFieldEvent> {
    return streamMessage(buf, Token.codec(), opts)
  }
}

export interface JoinRequest {
  token: Uint8Array<ArrayBuffer>
  proof: Uint8Array<ArrayBuffer>
  hostName: string
}

export namespace JoinRequest {
  let _codec: Codec<JoinRequest>

  export const codec = (): Codec<JoinRequest> => {
    if (_codec == null) {
      _codec = message<JoinRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.token != null && obj.token.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.token)
        }

        if ((obj.proof != null && obj.proof.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.proof)
        }

        if ((obj.hostName != null && obj.hostName !== '')) {
          w.uint32(26)
          w.string(obj.hostName)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          token: uint8ArrayAlloc(0),
          proof: uint8ArrayAlloc(0),
          hostName: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.token = reader.bytes()
              break
            }
            case 2: {
              obj.proof = reader.bytes()
              break
            }
            case 3: {
              obj.hostName = reader.string()
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
                field: `${prefix}.token`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.proof`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.hostName`,
                value: reader.string()
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

  export interface JoinRequestTokenFieldEvent {
    field: '$.token'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinRequestProofFieldEvent {
    field: '$.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinRequestHostNameFieldEvent {
    field: '$.hostName'
    value: string
  }

  export function encode (obj: Partial<JoinRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, JoinRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinRequest>): JoinRequest {
    return decodeMessage(buf, JoinRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinRequest>): Generator<JoinRequestTokenFieldEvent | JoinRequestProofFieldEvent | JoinRequestHostNameFieldEvent> {
    return streamMessage(buf, JoinRequest.codec(), opts)
  }
}

export interface JoinAnswer {
  records: Uint8Array<ArrayBuffer>[]
  addresses: MemberAddresses[]
  refused: string
}

export namespace JoinAnswer {
  let _codec: Codec<JoinAnswer>

  export const codec = (): Codec<JoinAnswer> => {
    if (_codec == null) {
      _codec = message<JoinAnswer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(18)
            MemberAddresses.codec().encode(value, w)
          }
        }

        if ((obj.refused != null && obj.refused !== '')) {
          w.uint32(26)
          w.string(obj.refused)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          records: [],
          addresses: [],
          refused: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
              break
            }
            case 2: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(MemberAddresses.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.addresses$
              }))
              break
            }
            case 3: {
              obj.refused = reader.string()
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
          records: 0,
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
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
            case 2: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              for (const evt of MemberAddresses.codec().stream(reader, reader.uint32(), `${prefix}.addresses[]`, {
                limits: opts.limits?.addresses$
              })) {
                yield {
                  ...evt,
                  index: obj.addresses
                }
              }

              obj.addresses++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.refused`,
                value: reader.string()
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

  export interface JoinAnswerRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinAnswerAddressesPeerFieldEvent {
    field: '$.addresses[].peer'
    value: string
    index: number
  }

  export interface JoinAnswerAddressesAddressesFieldEvent {
    field: '$.addresses[].addresses[]'
    index: number
    value: string
  }

  export interface JoinAnswerRefusedFieldEvent {
    field: '$.refused'
    value: string
  }

  export function encode (obj: Partial<JoinAnswer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, JoinAnswer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinAnswer>): JoinAnswer {
    return decodeMessage(buf, JoinAnswer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinAnswer>): Generator<JoinAnswerRecordsFieldEvent | JoinAnswerAddressesPeerFieldEvent | JoinAnswerAddressesAddressesFieldEvent | JoinAnswerRefusedFieldEvent> {
    return streamMessage(buf, JoinAnswer.codec(), opts)
  }
}

export interface RecordsRequest {
  ids: Uint8Array<ArrayBuffer>[]
  records: Uint8Array<ArrayBuffer>[]
  addresses: MemberAddresses[]
  compare: boolean
}

export namespace RecordsRequest {
  let _codec: Codec<RecordsRequest>

  export const codec = (): Codec<RecordsRequest> => {
    if (_codec == null) {
      _codec = message<RecordsRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.ids != null && obj.ids.length > 0) {
          for (const value of obj.ids) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(26)
            MemberAddresses.codec().encode(value, w)
          }
        }

        if ((obj.compare != null && obj.compare !== false)) {
          w.uint32(32)
          w.bool(obj.compare)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          ids: [],
          records: [],
          addresses: [],
          compare: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.ids != null && obj.ids.length === opts.limits.ids) {
                throw new MaxLengthError('Decode error - repeated field "ids" had too many elements')
              }

              obj.ids.push(reader.bytes())
              break
            }
            case 2: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(MemberAddresses.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.addresses$
              }))
              break
            }
            case 4: {
              obj.compare = reader.bool()
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
          ids: 0,
          records: 0,
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.ids != null && obj.ids === opts.limits.ids) {
                throw new MaxLengthError('Streaming decode error - repeated field "ids" had too many elements')
              }

              yield {
                field: `${prefix}.ids[]`,
                index: obj.ids,
                value: reader.bytes()
              }

              obj.ids++

              break
            }
            case 2: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
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
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              for (const evt of MemberAddresses.codec().stream(reader, reader.uint32(), `${prefix}.addresses[]`, {
                limits: opts.limits?.addresses$
              })) {
                yield {
                  ...evt,
                  index: obj.addresses
                }
              }

              obj.addresses++

              break
            }
            case 4: {
              yield {
                field: `${prefix}.compare`,
                value: reader.bool()
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

  export interface RecordsRequestIdsFieldEvent {
    field: '$.ids[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordsRequestRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordsRequestAddressesPeerFieldEvent {
    field: '$.addresses[].peer'
    value: string
    index: number
  }

  export interface RecordsRequestAddressesAddressesFieldEvent {
    field: '$.addresses[].addresses[]'
    index: number
    value: string
  }

  export interface RecordsRequestCompareFieldEvent {
    field: '$.compare'
    value: boolean
  }

  export function encode (obj: Partial<RecordsRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordsRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordsRequest>): RecordsRequest {
    return decodeMessage(buf, RecordsRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordsRequest>): Generator<RecordsRequestIdsFieldEvent | RecordsRequestRecordsFieldEvent | RecordsRequestAddressesPeerFieldEvent | RecordsRequestAddressesAddressesFieldEvent | RecordsRequestCompareFieldEvent> {
    return streamMessage(buf, RecordsRequest.codec(), opts)
  }
}

export interface RecordsAnswer {
  records: Uint8Array<ArrayBuffer>[]
  wants: Uint8Array<ArrayBuffer>[]
  addresses: MemberAddresses[]
}

export namespace RecordsAnswer {
  let _codec: Codec<RecordsAnswer>

  export const codec = (): Codec<RecordsAnswer> => {
    if (_codec == null) {
      _codec = message<RecordsAnswer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (obj.wants != null && obj.wants.length > 0) {
          for (const value of obj.wants) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(26)
            MemberAddresses.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          records: [],
          wants: [],
          addresses: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
              break
            }
            case 2: {
              if (opts.limits?.wants != null && obj.wants.length === opts.limits.wants) {
                throw new MaxLengthError('Decode error - repeated field "wants" had too many elements')
              }

              obj.wants.push(reader.bytes())
              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(MemberAddresses.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.addresses$
              }))
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
          records: 0,
          wants: 0,
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
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
            case 2: {
              if (opts.limits?.wants != null && obj.wants === opts.limits.wants) {
                throw new MaxLengthError('Streaming decode error - repeated field "wants" had too many elements')
              }

              yield {
                field: `${prefix}.wants[]`,
                index: obj.wants,
                value: reader.bytes()
              }

              obj.wants++

              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              for (const evt of MemberAddresses.codec().stream(reader, reader.uint32(), `${prefix}.addresses[]`, {
                limits: opts.limits?.addresses$
              })) {
                yield {
                  ...evt,
                  index: obj.addresses
                }
              }

              obj.addresses++

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

  export interface RecordsAnswerRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordsAnswerWantsFieldEvent {
    field: '$.wants[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordsAnswerAddressesPeerFieldEvent {
    field: '$.addresses[].peer'
    value: string
    index: number
  }

  export interface RecordsAnswerAddressesAddressesFieldEvent {
    field: '$.addresses[].addresses[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<RecordsAnswer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordsAnswer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordsAnswer>): RecordsAnswer {
    return decodeMessage(buf, RecordsAnswer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordsAnswer>): Generator<RecordsAnswerRecordsFieldEvent | RecordsAnswerWantsFieldEvent | RecordsAnswerAddressesPeerFieldEvent | RecordsAnswerAddressesAddressesFieldEvent> {
    return streamMessage(buf, RecordsAnswer.codec(), opts)
  }
}

export interface MemberAddresses {
  peer: string
  addresses: string[]
}

export namespace MemberAddresses {
  let _codec: Codec<MemberAddresses>

  export const codec = (): Codec<MemberAddresses> => {
    if (_codec == null) {
      _codec = message<MemberAddresses>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(10)
          w.string(obj.peer)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(18)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: '',
          addresses: []
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
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.string())
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
          addresses: 0
        }

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
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.string()
              }

              obj.addresses++

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

  export interface MemberAddressesPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface MemberAddressesAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<MemberAddresses>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, MemberAddresses.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MemberAddresses>): MemberAddresses {
    return decodeMessage(buf, MemberAddresses.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MemberAddresses>): Generator<MemberAddressesPeerFieldEvent | MemberAddressesAddressesFieldEvent> {
    return streamMessage(buf, MemberAddresses.codec(), opts)
  }
}
