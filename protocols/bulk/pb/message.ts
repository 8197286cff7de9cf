// Generated from message.proto by protocols/generate. Do not edit.
// @ts-nocheck
import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Header {
  migration: string
  round: number
  final: boolean
}

export namespace Header {
  let _codec: Codec<Header>

  export const codec = (): Codec<Header> => {
    if (_codec == null) {
      _codec = message<Header>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.migration != null && obj.migration !== '')) {
          w.uint32(10)
          w.string(obj.migration)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(16)
          w.uint32(obj.round)
        }

        if ((obj.final != null && obj.final !== false)) {
          w.uint32(24)
          w.bool(obj.final)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          migration: '',
          round: 0,
          final: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.migration = reader.string()
              break
            }
            case 2: {
              obj.round = reader.uint32()
              break
            }
            case 3: {
              obj.final = reader.bool()
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
                field: `${prefix}.migration`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.final`,
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

  export interface HeaderMigrationFieldEvent {
    field: '$.migration'
    value: string
  }

  export interface HeaderRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface HeaderFinalFieldEvent {
    field: '$.final'
    value: boolean
  }

  export function encode (obj: Partial<Header>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Header.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Header>): Header {
    return decodeMessage(buf, Header.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Header>): Generator<HeaderMigrationFieldEvent | HeaderRoundFieldEvent | HeaderFinalFieldEvent> {
    return streamMessage(buf, Header.codec(), opts)
  }
}

export interface Frame {
  data?: Uint8Array<ArrayBuffer>
  end?: End
  file?: File
}

export namespace Frame {
  let _codec: Codec<Frame>

  export const codec = (): Codec<Frame> => {
    if (_codec == null) {
      _codec = message<Frame>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.file != null) {
          obj.end = undefined
          obj.data = undefined
        }

        if (obj.end != null) {
          obj.file = undefined
          obj.data = undefined
        }

        if (obj.data != null) {
          obj.file = undefined
          obj.end = undefined
        }

        if (obj.data != null) {
          w.uint32(10)
          w.bytes(obj.data)
        }

        if (obj.end != null) {
          w.uint32(18)
          End.codec().encode(obj.end, w)
        }

        if (obj.file != null) {
          w.uint32(26)
          File.codec().encode(obj.file, w)
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
              obj.data = reader.bytes()
              break
            }
            case 2: {
              obj.end = End.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.end
              })
              break
            }
            case 3: {
              obj.file = File.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.file
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.file != null) {
          delete obj.end
          delete obj.data
        }

        if (obj.end != null) {
          delete obj.file
          delete obj.data
        }

        if (obj.data != null) {
          delete obj.file
          delete obj.end
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.data`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield * End.codec().stream(reader, reader.uint32(), `${prefix}.end`, {
                limits: opts.limits?.end
              })

              break
            }
            case 3: {
              yield * File.codec().stream(reader, reader.uint32(), `${prefix}.file`, {
                limits: opts.limits?.file
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

  export interface FrameDataFieldEvent {
    field: '$.data'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameEndSha256FieldEvent {
    field: '$.end.sha256'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameEndBytesFieldEvent {
    field: '$.end.bytes'
    value: number
  }

  export interface FrameEndProblemCodeFieldEvent {
    field: '$.end.problem.code'
    value: string
  }

  export interface FrameEndProblemWhatFieldEvent {
    field: '$.end.problem.what'
    value: string
  }

  export interface FrameEndProblemWhyFieldEvent {
    field: '$.end.problem.why'
    value: string
  }

  export interface FrameEndProblemRemedyFieldEvent {
    field: '$.end.problem.remedy'
    value: string
  }

  export interface FrameFileNameFieldEvent {
    field: '$.file.name'
    value: string
  }

  export interface FrameFileSizeFieldEvent {
    field: '$.file.size'
    value: number
  }

  export function encode (obj: Partial<Frame>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Frame.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame {
    return decodeMessage(buf, Frame.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameDataFieldEvent | FrameEndSha256FieldEvent | FrameEndBytesFieldEvent | FrameEndProblemCodeFieldEvent | FrameEndProblemWhatFieldEvent | FrameEndProblemWhyFieldEvent | FrameEndProblemRemedyFieldEvent | FrameFileNameFieldEvent | FrameFileSizeFieldEvent> {
    return streamMessage(buf, Frame.codec(), opts)
  }
}

export interface File {
  name: string
  size: number
}

export namespace File {
  let _codec: Codec<File>

  export const codec = (): Codec<File> => {
    if (_codec == null) {
      _codec = message<File>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.size != null && obj.size !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.size)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          size: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.name = reader.string()
              break
            }
            case 2: {
              obj.size = reader.uint64Number()
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
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.size`,
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

  export interface FileNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface FileSizeFieldEvent {
    field: '$.size'
    value: number
  }

  export function encode (obj: Partial<File>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, File.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<File>): File {
    return decodeMessage(buf, File.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<File>): Generator<FileNameFieldEvent | FileSizeFieldEvent> {
    return streamMessage(buf, File.codec(), opts)
  }
}

export interface End {
  sha256: Uint8Array<ArrayBuffer>
  bytes: number
  problem?: Problem
}

export namespace End {
  let _codec: Codec<End>

  export const codec = (): Codec<End> => {
    if (_codec == null) {
      _codec = message<End>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.sha256 != null && obj.sha256.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.sha256)
        }

        if ((obj.bytes != null && obj.bytes !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.bytes)
        }

        if (obj.problem != null) {
          w.uint32(26)
          Problem.codec().encode(obj.problem, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          sha256: uint8ArrayAlloc(0),
          bytes: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.sha256 = reader.bytes()
              break
            }
            case 2: {
              obj.bytes = reader.uint64Number()
              break
            }
            case 3: {
              obj.problem = Problem.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.problem
              })
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
                field: `${prefix}.sha256`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.bytes`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield * Problem.codec().stream(reader, reader.uint32(), `${prefix}.problem`, {
                limits: opts.limits?.problem
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

  export interface EndSha256FieldEvent {
    field: '$.sha256'
    value: Uint8Array<ArrayBuffer>
  }

  export interface EndBytesFieldEvent {
    field: '$.bytes'
    value: number
  }

  export interface EndProblemCodeFieldEvent {
    field: '$.problem.code'
    value: string
  }

  export interface EndProblemWhatFieldEvent {
    field: '$.problem.what'
    value: string
  }

  export interface EndProblemWhyFieldEvent {
    field: '$.problem.why'
    value: string
  }

  export interface EndProblemRemedyFieldEvent {
    field: '$.problem.remedy'
    value: string
  }

  export function encode (obj: Partial<End>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, End.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<End>): End {
    return decodeMessage(buf, End.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<End>): Generator<EndSha256FieldEvent | EndBytesFieldEvent | EndProblemCodeFieldEvent | EndProblemWhatFieldEvent | EndProblemWhyFieldEvent | EndProblemRemedyFieldEvent> {
    return streamMessage(buf, End.codec(), opts)
  }
}

export interface Problem {
  code: string
  what: string
  why: string
  remedy: string
}

export namespace Problem {
  let _codec: Codec<Problem>

  export const codec = (): Codec<Problem> => {
    if (_codec == null) {
      _codec = message<Problem>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.code != null && obj.code !== '')) {
          w.uint32(10)
          w.string(obj.code)
        }

        if ((obj.what != null && obj.what !== '')) {
          w.uint32(18)
          w.string(obj.what)
        }

        if ((obj.why != null && obj.why !== '')) {
          w.uint32(26)
          w.string(obj.why)
        }

        if ((obj.remedy != null && obj.remedy !== '')) {
          w.uint32(34)
          w.string(obj.remedy)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: '',
          what: '',
          why: '',
          remedy: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = reader.string()
              break
            }
            case 2: {
              obj.what = reader.string()
              break
            }
            case 3: {
              obj.why = reader.string()
              break
            }
            case 4: {
              obj.remedy = reader.string()
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
                field: `${prefix}.code`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.what`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.why`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.remedy`,
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

  export interface ProblemCodeFieldEvent {
    field: '$.code'
    value: string
  }

  export interface ProblemWhatFieldEvent {
    field: '$.what'
    value: string
  }

  export interface ProblemWhyFieldEvent {
    field: '$.why'
    value: string
  }

  export interface ProblemRemedyFieldEvent {
    field: '$.remedy'
    value: string
  }

  export function encode (obj: Partial<Problem>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Problem.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Problem>): Problem {
    return decodeMessage(buf, Problem.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Problem>): Generator<ProblemCodeFieldEvent | ProblemWhatFieldEvent | ProblemWhyFieldEvent | ProblemRemedyFieldEvent> {
    return streamMessage(buf, Problem.codec(), opts)
  }
}
