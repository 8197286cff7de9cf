// Generated from message.proto by protocols/generate. Do not edit.
// @ts-nocheck
/* eslint-disable require-yield */

import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Command {
  request: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
}

export namespace Command {
  let _codec: Codec<Command>

  export const codec = (): Codec<Command> => {
    if (_codec == null) {
      _codec = message<Command>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.request != null && obj.request.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.request)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.signature)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          request: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.request = reader.bytes()
              break
            }
            case 2: {
              obj.signature = reader.bytes()
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
                field: `${prefix}.request`,
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

  export interface CommandRequestFieldEvent {
    field: '$.request'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CommandSignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Command>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Command.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Command>): Command {
    return decodeMessage(buf, Command.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Command>): Generator<CommandRequestFieldEvent | CommandSignatureFieldEvent> {
    return streamMessage(buf, Command.codec(), opts)
  }
}

export interface Request {
  method: string
  arguments: string
  target: string
  operator: string
  label: string
  nonce: Uint8Array<ArrayBuffer>
  timeMs: number
}

export namespace Request {
  let _codec: Codec<Request>

  export const codec = (): Codec<Request> => {
    if (_codec == null) {
      _codec = message<Request>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.method != null && obj.method !== '')) {
          w.uint32(10)
          w.string(obj.method)
        }

        if ((obj.arguments != null && obj.arguments !== '')) {
          w.uint32(18)
          w.string(obj.arguments)
        }

        if ((obj.target != null && obj.target !== '')) {
          w.uint32(26)
          w.string(obj.target)
        }

        if ((obj.operator != null && obj.operator !== '')) {
          w.uint32(34)
          w.string(obj.operator)
        }

        if ((obj.label != null && obj.label !== '')) {
          w.uint32(42)
          w.string(obj.label)
        }

        if ((obj.nonce != null && obj.nonce.byteLength > 0)) {
          w.uint32(50)
          w.bytes(obj.nonce)
        }

        if ((obj.timeMs != null && obj.timeMs !== 0)) {
          w.uint32(56)
          w.uint64Number(obj.timeMs)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          method: '',
          arguments: '',
          target: '',
          operator: '',
          label: '',
          nonce: uint8ArrayAlloc(0),
          timeMs: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.method = reader.string()
              break
            }
            case 2: {
              obj.arguments = reader.string()
              break
            }
            case 3: {
              obj.target = reader.string()
              break
            }
            case 4: {
              obj.operator = reader.string()
              break
            }
            case 5: {
              obj.label = reader.string()
              break
            }
            case 6: {
              obj.nonce = reader.bytes()
              break
            }
            case 7: {
              obj.timeMs = reader.uint64Number()
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
                field: `${prefix}.method`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.arguments`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.target`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.operator`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.label`,
                value: reader.string()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.nonce`,
                value: reader.bytes()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.timeMs`,
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

  export interface RequestMethodFieldEvent {
    field: '$.method'
    value: string
  }

  export interface RequestArgumentsFieldEvent {
    field: '$.arguments'
    value: string
  }

  export interface RequestTargetFieldEvent {
    field: '$.target'
    value: string
  }

  export interface RequestOperatorFieldEvent {
    field: '$.operator'
    value: string
  }

  export interface RequestLabelFieldEvent {
    field: '$.label'
    value: string
  }

  export interface RequestNonceFieldEvent {
    field: '$.nonce'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestTimeMsFieldEvent {
    field: '$.timeMs'
    value: number
  }

  export function encode (obj: Partial<Request>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Request.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Request {
    return decodeMessage(buf, Request.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Generator<RequestMethodFieldEvent | RequestArgumentsFieldEvent | RequestTargetFieldEvent | RequestOperatorFieldEvent | RequestLabelFieldEvent | RequestNonceFieldEvent | RequestTimeMsFieldEvent> {
    return streamMessage(buf, Request.codec(), opts)
  }
}

export interface Answer {
  item?: string
  refused?: Problem
  end?: End
}

export namespace Answer {
  let _codec: Codec<Answer>

  export const codec = (): Codec<Answer> => {
    if (_codec == null) {
      _codec = message<Answer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.end != null) {
          obj.refused = undefined
          obj.item = undefined
        }

        if (obj.refused != null) {
          obj.end = undefined
          obj.item = undefined
        }

        if (obj.item != null) {
          obj.end = undefined
          obj.refused = undefined
        }

        if (obj.item != null) {
          w.uint32(10)
          w.string(obj.item)
        }

        if (obj.refused != null) {
          w.uint32(18)
          Problem.codec().encode(obj.refused, w)
        }

        if (obj.end != null) {
          w.uint32(26)
          End.codec().encode(obj.end, w)
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
              obj.item = reader.string()
              break
            }
            case 2: {
              obj.refused = Problem.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.refused
              })
              break
            }
            case 3: {
              obj.end = End.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.end
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.end != null) {
          delete obj.refused
          delete obj.item
        }

        if (obj.refused != null) {
          delete obj.end
          delete obj.item
        }

        if (obj.item != null) {
          delete obj.end
          delete obj.refused
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.item`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield * Problem.codec().stream(reader, reader.uint32(), `${prefix}.refused`, {
                limits: opts.limits?.refused
              })

              break
            }
            case 3: {
              yield * End.codec().stream(reader, reader.uint32(), `${prefix}.end`, {
                limits: opts.limits?.end
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

  export interface AnswerItemFieldEvent {
    field: '$.item'
    value: string
  }

  export interface AnswerRefusedCodeFieldEvent {
    field: '$.refused.code'
    value: string
  }

  export interface AnswerRefusedHostFieldEvent {
    field: '$.refused.host'
    value: string
  }

  export interface AnswerRefusedWhatFieldEvent {
    field: '$.refused.what'
    value: string
  }

  export interface AnswerRefusedWhyFieldEvent {
    field: '$.refused.why'
    value: string
  }

  export interface AnswerRefusedRemedyFieldEvent {
    field: '$.refused.remedy'
    value: string
  }

  export function encode (obj: Partial<Answer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Answer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Answer>): Answer {
    return decodeMessage(buf, Answer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Answer>): Generator<AnswerItemFieldEvent | AnswerRefusedCodeFieldEvent | AnswerRefusedHostFieldEvent | AnswerRefusedWhatFieldEvent | AnswerRefusedWhyFieldEvent | AnswerRefusedRemedyFieldEvent> {
    return streamMessage(buf, Answer.codec(), opts)
  }
}

export interface End {}

export namespace End {
  let _codec: Codec<End>

  export const codec = (): Codec<End> => {
    if (_codec == null) {
      _codec = message<End>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
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

  export function encode (obj: Partial<End>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, End.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<End>): End {
    return decodeMessage(buf, End.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<End>): Generator<{}> {
    return streamMessage(buf, End.codec(), opts)
  }
}

export interface Problem {
  code: string
  host: string
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

        if ((obj.host != null && obj.host !== '')) {
          w.uint32(18)
          w.string(obj.host)
        }

        if ((obj.what != null && obj.what !== '')) {
          w.uint32(26)
          w.string(obj.what)
        }

        if ((obj.why != null && obj.why !== '')) {
          w.uint32(34)
          w.string(obj.why)
        }

        if ((obj.remedy != null && obj.remedy !== '')) {
          w.uint32(42)
          w.string(obj.remedy)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: '',
          host: '',
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
              obj.host = reader.string()
              break
            }
            case 3: {
              obj.what = reader.string()
              break
            }
            case 4: {
              obj.why = reader.string()
              break
            }
            case 5: {
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
                field: `${prefix}.host`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.what`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.why`,
                value: reader.string()
              }
              break
            }
            case 5: {
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

  export interface ProblemHostFieldEvent {
    field: '$.host'
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

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Problem>): Generator<ProblemCodeFieldEvent | ProblemHostFieldEvent | ProblemWhatFieldEvent | ProblemWhyFieldEvent | ProblemRemedyFieldEvent> {
    return streamMessage(buf, Problem.codec(), opts)
  }
}
