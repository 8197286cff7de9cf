// Generated from message.proto by protocols/generate. Do not edit.
// @ts-nocheck
import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Hello {
  name: string
  ferryVersion: string
  facts: string
  probe: boolean
}

export namespace Hello {
  let _codec: Codec<Hello>

  export const codec = (): Codec<Hello> => {
    if (_codec == null) {
      _codec = message<Hello>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.ferryVersion != null && obj.ferryVersion !== '')) {
          w.uint32(18)
          w.string(obj.ferryVersion)
        }

        if ((obj.facts != null && obj.facts !== '')) {
          w.uint32(26)
          w.string(obj.facts)
        }

        if ((obj.probe != null && obj.probe !== false)) {
          w.uint32(32)
          w.bool(obj.probe)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          ferryVersion: '',
          facts: '',
          probe: false
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
              obj.ferryVersion = reader.string()
              break
            }
            case 3: {
              obj.facts = reader.string()
              break
            }
            case 4: {
              obj.probe = reader.bool()
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
                field: `${prefix}.ferryVersion`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.facts`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.probe`,
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

  export interface HelloNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface HelloFerryVersionFieldEvent {
    field: '$.ferryVersion'
    value: string
  }

  export interface HelloFactsFieldEvent {
    field: '$.facts'
    value: string
  }

  export interface HelloProbeFieldEvent {
    field: '$.probe'
    value: boolean
  }

  export function encode (obj: Partial<Hello>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hello.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello {
    return decodeMessage(buf, Hello.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloNameFieldEvent | HelloFerryVersionFieldEvent | HelloFactsFieldEvent | HelloProbeFieldEvent> {
    return streamMessage(buf, Hello.codec(), opts)
  }
}
