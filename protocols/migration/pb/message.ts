// Generated from message.proto by protocols/generate. Do not edit.
// @ts-nocheck
/* eslint-disable require-yield */

import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Request {
  migration: string
  offer?: Offer
  preflight?: Preflight
  restore?: Restore
  decision?: Decision
  ask?: Ask
  logs?: Logs
  handBack?: HandBack
  witness?: Witness
  askWitness?: AskWitness
  receipts?: Receipts
  releaseWitness?: ReleaseWitness
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

        if (obj.releaseWitness != null) {
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.receipts != null) {
          obj.releaseWitness = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.askWitness != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.witness != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.handBack != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.logs != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.ask != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.decision != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.restore = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.restore != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.preflight = undefined
          obj.offer = undefined
        }

        if (obj.preflight != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.offer = undefined
        }

        if (obj.offer != null) {
          obj.releaseWitness = undefined
          obj.receipts = undefined
          obj.askWitness = undefined
          obj.witness = undefined
          obj.handBack = undefined
          obj.logs = undefined
          obj.ask = undefined
          obj.decision = undefined
          obj.restore = undefined
          obj.preflight = undefined
        }

        if ((obj.migration != null && obj.migration !== '')) {
          w.uint32(10)
          w.string(obj.migration)
        }

        if (obj.offer != null) {
          w.uint32(18)
          Offer.codec().encode(obj.offer, w)
        }

        if (obj.preflight != null) {
          w.uint32(26)
          Preflight.codec().encode(obj.preflight, w)
        }

        if (obj.restore != null) {
          w.uint32(34)
          Restore.codec().encode(obj.restore, w)
        }

        if (obj.decision != null) {
          w.uint32(42)
          Decision.codec().encode(obj.decision, w)
        }

        if (obj.ask != null) {
          w.uint32(50)
          Ask.codec().encode(obj.ask, w)
        }

        if (obj.logs != null) {
          w.uint32(58)
          Logs.codec().encode(obj.logs, w)
        }

        if (obj.handBack != null) {
          w.uint32(66)
          HandBack.codec().encode(obj.handBack, w)
        }

        if (obj.witness != null) {
          w.uint32(74)
          Witness.codec().encode(obj.witness, w)
        }

        if (obj.askWitness != null) {
          w.uint32(82)
          AskWitness.codec().encode(obj.askWitness, w)
        }

        if (obj.receipts != null) {
          w.uint32(90)
          Receipts.codec().encode(obj.receipts, w)
        }

        if (obj.releaseWitness != null) {
          w.uint32(98)
          ReleaseWitness.codec().encode(obj.releaseWitness, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          migration: ''
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
              obj.offer = Offer.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.offer
              })
              break
            }
            case 3: {
              obj.preflight = Preflight.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.preflight
              })
              break
            }
            case 4: {
              obj.restore = Restore.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.restore
              })
              break
            }
            case 5: {
              obj.decision = Decision.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.decision
              })
              break
            }
            case 6: {
              obj.ask = Ask.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.ask
              })
              break
            }
            case 7: {
              obj.logs = Logs.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.logs
              })
              break
            }
            case 8: {
              obj.handBack = HandBack.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.handBack
              })
              break
            }
            case 9: {
              obj.witness = Witness.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.witness
              })
              break
            }
            case 10: {
              obj.askWitness = AskWitness.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.askWitness
              })
              break
            }
            case 11: {
              obj.receipts = Receipts.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.receipts
              })
              break
            }
            case 12: {
              obj.releaseWitness = ReleaseWitness.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.releaseWitness
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.releaseWitness != null) {
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.receipts != null) {
          delete obj.releaseWitness
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.askWitness != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.witness != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.handBack != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.logs != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.ask != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.decision
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.decision != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.restore
          delete obj.preflight
          delete obj.offer
        }

        if (obj.restore != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.preflight
          delete obj.offer
        }

        if (obj.preflight != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.offer
        }

        if (obj.offer != null) {
          delete obj.releaseWitness
          delete obj.receipts
          delete obj.askWitness
          delete obj.witness
          delete obj.handBack
          delete obj.logs
          delete obj.ask
          delete obj.decision
          delete obj.restore
          delete obj.preflight
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
              yield * Offer.codec().stream(reader, reader.uint32(), `${prefix}.offer`, {
                limits: opts.limits?.offer
              })

              break
            }
            case 3: {
              yield * Preflight.codec().stream(reader, reader.uint32(), `${prefix}.preflight`, {
                limits: opts.limits?.preflight
              })

              break
            }
            case 4: {
              yield * Restore.codec().stream(reader, reader.uint32(), `${prefix}.restore`, {
                limits: opts.limits?.restore
              })

              break
            }
            case 5: {
              yield * Decision.codec().stream(reader, reader.uint32(), `${prefix}.decision`, {
                limits: opts.limits?.decision
              })

              break
            }
            case 6: {
              yield * Ask.codec().stream(reader, reader.uint32(), `${prefix}.ask`, {
                limits: opts.limits?.ask
              })

              break
            }
            case 7: {
              yield * Logs.codec().stream(reader, reader.uint32(), `${prefix}.logs`, {
                limits: opts.limits?.logs
              })

              break
            }
            case 8: {
              yield * HandBack.codec().stream(reader, reader.uint32(), `${prefix}.handBack`, {
                limits: opts.limits?.handBack
              })

              break
            }
            case 9: {
              yield * Witness.codec().stream(reader, reader.uint32(), `${prefix}.witness`, {
                limits: opts.limits?.witness
              })

              break
            }
            case 10: {
              yield * AskWitness.codec().stream(reader, reader.uint32(), `${prefix}.askWitness`, {
                limits: opts.limits?.askWitness
              })

              break
            }
            case 11: {
              yield * Receipts.codec().stream(reader, reader.uint32(), `${prefix}.receipts`, {
                limits: opts.limits?.receipts
              })

              break
            }
            case 12: {
              yield * ReleaseWitness.codec().stream(reader, reader.uint32(), `${prefix}.releaseWitness`, {
                limits: opts.limits?.releaseWitness
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

  export interface RequestMigrationFieldEvent {
    field: '$.migration'
    value: string
  }

  export interface RequestOfferContainerFieldEvent {
    field: '$.offer.container'
    value: string
  }

  export interface RequestOfferEngineFieldEvent {
    field: '$.offer.engine'
    value: string
  }

  export interface RequestOfferSourceNameFieldEvent {
    field: '$.offer.sourceName'
    value: string
  }

  export interface RequestOfferEpochFieldEvent {
    field: '$.offer.epoch'
    value: number
  }

  export interface RequestOfferMemoryBytesFieldEvent {
    field: '$.offer.memoryBytes'
    value: number
  }

  export interface RequestOfferRootfsBytesFieldEvent {
    field: '$.offer.rootfsBytes'
    value: number
  }

  export interface RequestOfferSpecFieldEvent {
    field: '$.offer.spec'
    value: string
  }

  export interface RequestOfferCheckOnlyFieldEvent {
    field: '$.offer.checkOnly'
    value: boolean
  }

  export interface RequestOfferCatchesSigcontFieldEvent {
    field: '$.offer.catchesSigcont'
    value: boolean
  }

  export interface RequestOfferReceiptFieldEvent {
    field: '$.offer.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestPreflightFactsFieldEvent {
    field: '$.preflight.facts'
    value: string
  }

  export interface RequestRestoreImagesDigestFieldEvent {
    field: '$.restore.imagesDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestRestoreNeighboursFieldEvent {
    field: '$.restore.neighbours'
    value: string
  }

  export interface RequestRestoreWitnessesFieldEvent {
    field: '$.restore.witnesses[]'
    index: number
    value: string
  }

  export interface RequestRestoreReceiptFieldEvent {
    field: '$.restore.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestDecisionVerdictFieldEvent {
    field: '$.decision.verdict'
    value: Decision.Verdict
  }

  export interface RequestDecisionEpochFieldEvent {
    field: '$.decision.epoch'
    value: number
  }

  export interface RequestDecisionReasonFieldEvent {
    field: '$.decision.reason'
    value: string
  }

  export interface RequestDecisionReceiptFieldEvent {
    field: '$.decision.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestHandBackEpochFieldEvent {
    field: '$.handBack.epoch'
    value: number
  }

  export interface RequestHandBackProblemCodeFieldEvent {
    field: '$.handBack.problem.code'
    value: string
  }

  export interface RequestHandBackProblemHostFieldEvent {
    field: '$.handBack.problem.host'
    value: string
  }

  export interface RequestHandBackProblemWhatFieldEvent {
    field: '$.handBack.problem.what'
    value: string
  }

  export interface RequestHandBackProblemWhyFieldEvent {
    field: '$.handBack.problem.why'
    value: string
  }

  export interface RequestHandBackProblemRemedyFieldEvent {
    field: '$.handBack.problem.remedy'
    value: string
  }

  export interface RequestHandBackReceiptFieldEvent {
    field: '$.handBack.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestWitnessStatementFieldEvent {
    field: '$.witness.statement'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestAskWitnessSourceFieldEvent {
    field: '$.askWitness.source'
    value: string
  }

  export function encode (obj: Partial<Request>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Request.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Request {
    return decodeMessage(buf, Request.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Generator<RequestMigrationFieldEvent | RequestOfferContainerFieldEvent | RequestOfferEngineFieldEvent | RequestOfferSourceNameFieldEvent | RequestOfferEpochFieldEvent | RequestOfferMemoryBytesFieldEvent | RequestOfferRootfsBytesFieldEvent | RequestOfferSpecFieldEvent | RequestOfferCheckOnlyFieldEvent | RequestOfferCatchesSigcontFieldEvent | RequestOfferReceiptFieldEvent | RequestPreflightFactsFieldEvent | RequestRestoreImagesDigestFieldEvent | RequestRestoreNeighboursFieldEvent | RequestRestoreWitnessesFieldEvent | RequestRestoreReceiptFieldEvent | RequestDecisionVerdictFieldEvent | RequestDecisionEpochFieldEvent | RequestDecisionReasonFieldEvent | RequestDecisionReceiptFieldEvent | RequestHandBackEpochFieldEvent | RequestHandBackProblemCodeFieldEvent | RequestHandBackProblemHostFieldEvent | RequestHandBackProblemWhatFieldEvent | RequestHandBackProblemWhyFieldEvent | RequestHandBackProblemRemedyFieldEvent | RequestHandBackReceiptFieldEvent | RequestWitnessStatementFieldEvent | RequestAskWitnessSourceFieldEvent> {
    return streamMessage(buf, Request.codec(), opts)
  }
}

export interface Response {
  accepted?: Accepted
  report?: Report
  prepared?: Prepared
  ack?: Ack
  decision?: Decision
  logFiles?: LogFiles
  refused?: Refused
  handBack?: HandBack
  receiptHalf?: ReceiptHalf
}

export namespace Response {
  let _codec: Codec<Response>

  export const codec = (): Codec<Response> => {
    if (_codec == null) {
      _codec = message<Response>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        obj = { ...obj }

        if (obj.receiptHalf != null) {
          obj.handBack = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.handBack != null) {
          obj.receiptHalf = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.refused != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.logFiles != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.refused = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.decision != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.ack != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.prepared = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.prepared != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.report = undefined
          obj.accepted = undefined
        }

        if (obj.report != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.accepted = undefined
        }

        if (obj.accepted != null) {
          obj.receiptHalf = undefined
          obj.handBack = undefined
          obj.refused = undefined
          obj.logFiles = undefined
          obj.decision = undefined
          obj.ack = undefined
          obj.prepared = undefined
          obj.report = undefined
        }

        if (obj.accepted != null) {
          w.uint32(10)
          Accepted.codec().encode(obj.accepted, w)
        }

        if (obj.report != null) {
          w.uint32(18)
          Report.codec().encode(obj.report, w)
        }

        if (obj.prepared != null) {
          w.uint32(26)
          Prepared.codec().encode(obj.prepared, w)
        }

        if (obj.ack != null) {
          w.uint32(34)
          Ack.codec().encode(obj.ack, w)
        }

        if (obj.decision != null) {
          w.uint32(42)
          Decision.codec().encode(obj.decision, w)
        }

        if (obj.logFiles != null) {
          w.uint32(50)
          LogFiles.codec().encode(obj.logFiles, w)
        }

        if (obj.refused != null) {
          w.uint32(58)
          Refused.codec().encode(obj.refused, w)
        }

        if (obj.handBack != null) {
          w.uint32(66)
          HandBack.codec().encode(obj.handBack, w)
        }

        if (obj.receiptHalf != null) {
          w.uint32(74)
          ReceiptHalf.codec().encode(obj.receiptHalf, w)
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
              obj.accepted = Accepted.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.accepted
              })
              break
            }
            case 2: {
              obj.report = Report.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.report
              })
              break
            }
            case 3: {
              obj.prepared = Prepared.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.prepared
              })
              break
            }
            case 4: {
              obj.ack = Ack.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.ack
              })
              break
            }
            case 5: {
              obj.decision = Decision.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.decision
              })
              break
            }
            case 6: {
              obj.logFiles = LogFiles.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.logFiles
              })
              break
            }
            case 7: {
              obj.refused = Refused.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.refused
              })
              break
            }
            case 8: {
              obj.handBack = HandBack.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.handBack
              })
              break
            }
            case 9: {
              obj.receiptHalf = ReceiptHalf.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.receiptHalf
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        if (obj.receiptHalf != null) {
          delete obj.handBack
          delete obj.refused
          delete obj.logFiles
          delete obj.decision
          delete obj.ack
          delete obj.prepared
          delete obj.report
          delete obj.accepted
        }

        if (obj.handBack != null) {
          delete obj.receiptHalf
          delete obj.refused
          delete obj.logFiles
          delete obj.decision
          delete obj.ack
          delete obj.prepared
          delete obj.report
          delete obj.accepted
        }

        if (obj.refused != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.logFiles
          delete obj.decision
          delete obj.ack
          delete obj.prepared
          delete obj.report
          delete obj.accepted
        }

        if (obj.logFiles != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.refused
          delete obj.decision
          delete obj.ack
          delete obj.prepared
          delete obj.report
          delete obj.accepted
        }

        if (obj.decision != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.refused
          delete obj.logFiles
          delete obj.ack
          delete obj.prepared
          delete obj.report
          delete obj.accepted
        }

        if (obj.ack != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.refused
          delete obj.logFiles
          delete obj.decision
          delete obj.prepared
          delete obj.report
          delete obj.accepted
        }

        if (obj.prepared != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.refused
          delete obj.logFiles
          delete obj.decision
          delete obj.ack
          delete obj.report
          delete obj.accepted
        }

        if (obj.report != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.refused
          delete obj.logFiles
          delete obj.decision
          delete obj.ack
          delete obj.prepared
          delete obj.accepted
        }

        if (obj.accepted != null) {
          delete obj.receiptHalf
          delete obj.handBack
          delete obj.refused
          delete obj.logFiles
          delete obj.decision
          delete obj.ack
          delete obj.prepared
          delete obj.report
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield * Accepted.codec().stream(reader, reader.uint32(), `${prefix}.accepted`, {
                limits: opts.limits?.accepted
              })

              break
            }
            case 2: {
              yield * Report.codec().stream(reader, reader.uint32(), `${prefix}.report`, {
                limits: opts.limits?.report
              })

              break
            }
            case 3: {
              yield * Prepared.codec().stream(reader, reader.uint32(), `${prefix}.prepared`, {
                limits: opts.limits?.prepared
              })

              break
            }
            case 4: {
              yield * Ack.codec().stream(reader, reader.uint32(), `${prefix}.ack`, {
                limits: opts.limits?.ack
              })

              break
            }
            case 5: {
              yield * Decision.codec().stream(reader, reader.uint32(), `${prefix}.decision`, {
                limits: opts.limits?.decision
              })

              break
            }
            case 6: {
              yield * LogFiles.codec().stream(reader, reader.uint32(), `${prefix}.logFiles`, {
                limits: opts.limits?.logFiles
              })

              break
            }
            case 7: {
              yield * Refused.codec().stream(reader, reader.uint32(), `${prefix}.refused`, {
                limits: opts.limits?.refused
              })

              break
            }
            case 8: {
              yield * HandBack.codec().stream(reader, reader.uint32(), `${prefix}.handBack`, {
                limits: opts.limits?.handBack
              })

              break
            }
            case 9: {
              yield * ReceiptHalf.codec().stream(reader, reader.uint32(), `${prefix}.receiptHalf`, {
                limits: opts.limits?.receiptHalf
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

  export interface ResponseAcceptedTargetNameFieldEvent {
    field: '$.accepted.targetName'
    value: string
  }

  export interface ResponseAcceptedReceiptFieldEvent {
    field: '$.accepted.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ResponseReportFindingsBlockerFieldEvent {
    field: '$.report.findings[].blocker'
    value: boolean
    index: number
  }

  export interface ResponseReportFindingsProblemCodeFieldEvent {
    field: '$.report.findings[].problem.code'
    value: string
    index: number
  }

  export interface ResponseReportFindingsProblemHostFieldEvent {
    field: '$.report.findings[].problem.host'
    value: string
    index: number
  }

  export interface ResponseReportFindingsProblemWhatFieldEvent {
    field: '$.report.findings[].problem.what'
    value: string
    index: number
  }

  export interface ResponseReportFindingsProblemWhyFieldEvent {
    field: '$.report.findings[].problem.why'
    value: string
    index: number
  }

  export interface ResponseReportFindingsProblemRemedyFieldEvent {
    field: '$.report.findings[].problem.remedy'
    value: string
    index: number
  }

  export interface ResponsePreparedEpochFieldEvent {
    field: '$.prepared.epoch'
    value: number
  }

  export interface ResponsePreparedReceiptFieldEvent {
    field: '$.prepared.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ResponseAckReceiptFieldEvent {
    field: '$.ack.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ResponseDecisionVerdictFieldEvent {
    field: '$.decision.verdict'
    value: Decision.Verdict
  }

  export interface ResponseDecisionEpochFieldEvent {
    field: '$.decision.epoch'
    value: number
  }

  export interface ResponseDecisionReasonFieldEvent {
    field: '$.decision.reason'
    value: string
  }

  export interface ResponseDecisionReceiptFieldEvent {
    field: '$.decision.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ResponseLogFilesFilesNameFieldEvent {
    field: '$.logFiles.files[].name'
    value: string
    index: number
  }

  export interface ResponseLogFilesFilesTextFieldEvent {
    field: '$.logFiles.files[].text'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface ResponseRefusedProblemsCodeFieldEvent {
    field: '$.refused.problems[].code'
    value: string
    index: number
  }

  export interface ResponseRefusedProblemsHostFieldEvent {
    field: '$.refused.problems[].host'
    value: string
    index: number
  }

  export interface ResponseRefusedProblemsWhatFieldEvent {
    field: '$.refused.problems[].what'
    value: string
    index: number
  }

  export interface ResponseRefusedProblemsWhyFieldEvent {
    field: '$.refused.problems[].why'
    value: string
    index: number
  }

  export interface ResponseRefusedProblemsRemedyFieldEvent {
    field: '$.refused.problems[].remedy'
    value: string
    index: number
  }

  export interface ResponseHandBackEpochFieldEvent {
    field: '$.handBack.epoch'
    value: number
  }

  export interface ResponseHandBackProblemCodeFieldEvent {
    field: '$.handBack.problem.code'
    value: string
  }

  export interface ResponseHandBackProblemHostFieldEvent {
    field: '$.handBack.problem.host'
    value: string
  }

  export interface ResponseHandBackProblemWhatFieldEvent {
    field: '$.handBack.problem.what'
    value: string
  }

  export interface ResponseHandBackProblemWhyFieldEvent {
    field: '$.handBack.problem.why'
    value: string
  }

  export interface ResponseHandBackProblemRemedyFieldEvent {
    field: '$.handBack.problem.remedy'
    value: string
  }

  export interface ResponseHandBackReceiptFieldEvent {
    field: '$.handBack.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ResponseReceiptHalfEntriesFieldEvent {
    field: '$.receiptHalf.entries[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Response>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Response.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Response>): Response {
    return decodeMessage(buf, Response.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Response>): Generator<ResponseAcceptedTargetNameFieldEvent | ResponseAcceptedReceiptFieldEvent | ResponseReportFindingsBlockerFieldEvent | ResponseReportFindingsProblemCodeFieldEvent | ResponseReportFindingsProblemHostFieldEvent | ResponseReportFindingsProblemWhatFieldEvent | ResponseReportFindingsProblemWhyFieldEvent | ResponseReportFindingsProblemRemedyFieldEvent | ResponsePreparedEpochFieldEvent | ResponsePreparedReceiptFieldEvent | ResponseAckReceiptFieldEvent | ResponseDecisionVerdictFieldEvent | ResponseDecisionEpochFieldEvent | ResponseDecisionReasonFieldEvent | ResponseDecisionReceiptFieldEvent | ResponseLogFilesFilesNameFieldEvent | ResponseLogFilesFilesTextFieldEvent | ResponseRefusedProblemsCodeFieldEvent | ResponseRefusedProblemsHostFieldEvent | ResponseRefusedProblemsWhatFieldEvent | ResponseRefusedProblemsWhyFieldEvent | ResponseRefusedProblemsRemedyFieldEvent | ResponseHandBackEpochFieldEvent | ResponseHandBackProblemCodeFieldEvent | ResponseHandBackProblemHostFieldEvent | ResponseHandBackProblemWhatFieldEvent | ResponseHandBackProblemWhyFieldEvent | ResponseHandBackProblemRemedyFieldEvent | ResponseHandBackReceiptFieldEvent | ResponseReceiptHalfEntriesFieldEvent> {
    return streamMessage(buf, Response.codec(), opts)
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

export interface Finding {
  blocker: boolean
  problem?: Problem
}

export namespace Finding {
  let _codec: Codec<Finding>

  export const codec = (): Codec<Finding> => {
    if (_codec == null) {
      _codec = message<Finding>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.blocker != null && obj.blocker !== false)) {
          w.uint32(8)
          w.bool(obj.blocker)
        }

        if (obj.problem != null) {
          w.uint32(18)
          Problem.codec().encode(obj.problem, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          blocker: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.blocker = reader.bool()
              break
            }
            case 2: {
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
                field: `${prefix}.blocker`,
                value: reader.bool()
              }
              break
            }
            case 2: {
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

  export interface FindingBlockerFieldEvent {
    field: '$.blocker'
    value: boolean
  }

  export interface FindingProblemCodeFieldEvent {
    field: '$.problem.code'
    value: string
  }

  export interface FindingProblemHostFieldEvent {
    field: '$.problem.host'
    value: string
  }

  export interface FindingProblemWhatFieldEvent {
    field: '$.problem.what'
    value: string
  }

  export interface FindingProblemWhyFieldEvent {
    field: '$.problem.why'
    value: string
  }

  export interface FindingProblemRemedyFieldEvent {
    field: '$.problem.remedy'
    value: string
  }

  export function encode (obj: Partial<Finding>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Finding.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Finding>): Finding {
    return decodeMessage(buf, Finding.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Finding>): Generator<FindingBlockerFieldEvent | FindingProblemCodeFieldEvent | FindingProblemHostFieldEvent | FindingProblemWhatFieldEvent | FindingProblemWhyFieldEvent | FindingProblemRemedyFieldEvent> {
    return streamMessage(buf, Finding.codec(), opts)
  }
}

export interface Offer {
  container: string
  engine: string
  sourceName: string
  epoch: number
  memoryBytes: number
  rootfsBytes: number
  spec: string
  checkOnly: boolean
  catchesSigcont: boolean
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace Offer {
  let _codec: Codec<Offer>

  export const codec = (): Codec<Offer> => {
    if (_codec == null) {
      _codec = message<Offer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.container != null && obj.container !== '')) {
          w.uint32(10)
          w.string(obj.container)
        }

        if ((obj.engine != null && obj.engine !== '')) {
          w.uint32(18)
          w.string(obj.engine)
        }

        if ((obj.sourceName != null && obj.sourceName !== '')) {
          w.uint32(26)
          w.string(obj.sourceName)
        }

        if ((obj.epoch != null && obj.epoch !== 0)) {
          w.uint32(32)
          w.uint64Number(obj.epoch)
        }

        if ((obj.memoryBytes != null && obj.memoryBytes !== 0)) {
          w.uint32(40)
          w.uint64Number(obj.memoryBytes)
        }

        if ((obj.rootfsBytes != null && obj.rootfsBytes !== 0)) {
          w.uint32(48)
          w.uint64Number(obj.rootfsBytes)
        }

        if ((obj.spec != null && obj.spec !== '')) {
          w.uint32(58)
          w.string(obj.spec)
        }

        if ((obj.checkOnly != null && obj.checkOnly !== false)) {
          w.uint32(64)
          w.bool(obj.checkOnly)
        }

        if ((obj.catchesSigcont != null && obj.catchesSigcont !== false)) {
          w.uint32(72)
          w.bool(obj.catchesSigcont)
        }

        if (obj.receipt != null) {
          w.uint32(82)
          w.bytes(obj.receipt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          container: '',
          engine: '',
          sourceName: '',
          epoch: 0,
          memoryBytes: 0,
          rootfsBytes: 0,
          spec: '',
          checkOnly: false,
          catchesSigcont: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.container = reader.string()
              break
            }
            case 2: {
              obj.engine = reader.string()
              break
            }
            case 3: {
              obj.sourceName = reader.string()
              break
            }
            case 4: {
              obj.epoch = reader.uint64Number()
              break
            }
            case 5: {
              obj.memoryBytes = reader.uint64Number()
              break
            }
            case 6: {
              obj.rootfsBytes = reader.uint64Number()
              break
            }
            case 7: {
              obj.spec = reader.string()
              break
            }
            case 8: {
              obj.checkOnly = reader.bool()
              break
            }
            case 9: {
              obj.catchesSigcont = reader.bool()
              break
            }
            case 10: {
              obj.receipt = reader.bytes()
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
                field: `${prefix}.container`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.engine`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.sourceName`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.epoch`,
                value: reader.uint64Number()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.memoryBytes`,
                value: reader.uint64Number()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.rootfsBytes`,
                value: reader.uint64Number()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.spec`,
                value: reader.string()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.checkOnly`,
                value: reader.bool()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.catchesSigcont`,
                value: reader.bool()
              }
              break
            }
            case 10: {
              yield {
                field: `${prefix}.receipt`,
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

  export interface OfferContainerFieldEvent {
    field: '$.container'
    value: string
  }

  export interface OfferEngineFieldEvent {
    field: '$.engine'
    value: string
  }

  export interface OfferSourceNameFieldEvent {
    field: '$.sourceName'
    value: string
  }

  export interface OfferEpochFieldEvent {
    field: '$.epoch'
    value: number
  }

  export interface OfferMemoryBytesFieldEvent {
    field: '$.memoryBytes'
    value: number
  }

  export interface OfferRootfsBytesFieldEvent {
    field: '$.rootfsBytes'
    value: number
  }

  export interface OfferSpecFieldEvent {
    field: '$.spec'
    value: string
  }

  export interface OfferCheckOnlyFieldEvent {
    field: '$.checkOnly'
    value: boolean
  }

  export interface OfferCatchesSigcontFieldEvent {
    field: '$.catchesSigcont'
    value: boolean
  }

  export interface OfferReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Offer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Offer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Offer>): Offer {
    return decodeMessage(buf, Offer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Offer>): Generator<OfferContainerFieldEvent | OfferEngineFieldEvent | OfferSourceNameFieldEvent | OfferEpochFieldEvent | OfferMemoryBytesFieldEvent | OfferRootfsBytesFieldEvent | OfferSpecFieldEvent | OfferCheckOnlyFieldEvent | OfferCatchesSigcontFieldEvent | OfferReceiptFieldEvent> {
    return streamMessage(buf, Offer.codec(), opts)
  }
}

export interface Accepted {
  targetName: string
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace Accepted {
  let _codec: Codec<Accepted>

  export const codec = (): Codec<Accepted> => {
    if (_codec == null) {
      _codec = message<Accepted>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.targetName != null && obj.targetName !== '')) {
          w.uint32(10)
          w.string(obj.targetName)
        }

        if (obj.receipt != null) {
          w.uint32(18)
          w.bytes(obj.receipt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          targetName: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.targetName = reader.string()
              break
            }
            case 2: {
              obj.receipt = reader.bytes()
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
                field: `${prefix}.targetName`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.receipt`,
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

  export interface AcceptedTargetNameFieldEvent {
    field: '$.targetName'
    value: string
  }

  export interface AcceptedReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Accepted>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Accepted.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Accepted>): Accepted {
    return decodeMessage(buf, Accepted.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Accepted>): Generator<AcceptedTargetNameFieldEvent | AcceptedReceiptFieldEvent> {
    return streamMessage(buf, Accepted.codec(), opts)
  }
}

export interface Preflight {
  facts: string
}

export namespace Preflight {
  let _codec: Codec<Preflight>

  export const codec = (): Codec<Preflight> => {
    if (_codec == null) {
      _codec = message<Preflight>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.facts != null && obj.facts !== '')) {
          w.uint32(10)
          w.string(obj.facts)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          facts: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.facts = reader.string()
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
                field: `${prefix}.facts`,
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

  export interface PreflightFactsFieldEvent {
    field: '$.facts'
    value: string
  }

  export function encode (obj: Partial<Preflight>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Preflight.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Preflight>): Preflight {
    return decodeMessage(buf, Preflight.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Preflight>): Generator<PreflightFactsFieldEvent> {
    return streamMessage(buf, Preflight.codec(), opts)
  }
}

export interface Report {
  findings: Finding[]
}

export namespace Report {
  let _codec: Codec<Report>

  export const codec = (): Codec<Report> => {
    if (_codec == null) {
      _codec = message<Report>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.findings != null && obj.findings.length > 0) {
          for (const value of obj.findings) {
            w.uint32(10)
            Finding.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          findings: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.findings != null && obj.findings.length === opts.limits.findings) {
                throw new MaxLengthError('Decode error - repeated field "findings" had too many elements')
              }

              if (obj.findings.length === 256) {
                throw new MaxLengthError('Decode error - repeated field "findings" had too many elements')
              }

              obj.findings.push(Finding.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.findings$
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
          findings: 256
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.findings != null && obj.findings === opts.limits.findings) {
                throw new MaxLengthError('Streaming decode error - repeated field "findings" had too many elements')
              }

              if (obj.findings === 256) {
                throw new MaxLengthError('Streaming decode error - repeated field "findings" had too many elements')
              }

              for (const evt of Finding.codec().stream(reader, reader.uint32(), `${prefix}.findings[]`, {
                limits: opts.limits?.findings$
              })) {
                yield {
                  ...evt,
                  index: obj.findings
                }
              }

              obj.findings++

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

  export interface ReportFindingsBlockerFieldEvent {
    field: '$.findings[].blocker'
    value: boolean
    index: number
  }

  export interface ReportFindingsProblemCodeFieldEvent {
    field: '$.findings[].problem.code'
    value: string
    index: number
  }

  export interface ReportFindingsProblemHostFieldEvent {
    field: '$.findings[].problem.host'
    value: string
    index: number
  }

  export interface ReportFindingsProblemWhatFieldEvent {
    field: '$.findings[].problem.what'
    value: string
    index: number
  }

  export interface ReportFindingsProblemWhyFieldEvent {
    field: '$.findings[].problem.why'
    value: string
    index: number
  }

  export interface ReportFindingsProblemRemedyFieldEvent {
    field: '$.findings[].problem.remedy'
    value: string
    index: number
  }

  export function encode (obj: Partial<Report>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Report.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Report>): Report {
    return decodeMessage(buf, Report.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Report>): Generator<ReportFindingsBlockerFieldEvent | ReportFindingsProblemCodeFieldEvent | ReportFindingsProblemHostFieldEvent | ReportFindingsProblemWhatFieldEvent | ReportFindingsProblemWhyFieldEvent | ReportFindingsProblemRemedyFieldEvent> {
    return streamMessage(buf, Report.codec(), opts)
  }
}

export interface Restore {
  imagesDigest: Uint8Array<ArrayBuffer>
  neighbours: string
  witnesses: string[]
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace Restore {
  let _codec: Codec<Restore>

  export const codec = (): Codec<Restore> => {
    if (_codec == null) {
      _codec = message<Restore>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.imagesDigest != null && obj.imagesDigest.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.imagesDigest)
        }

        if ((obj.neighbours != null && obj.neighbours !== '')) {
          w.uint32(18)
          w.string(obj.neighbours)
        }

        if (obj.witnesses != null && obj.witnesses.length > 0) {
          for (const value of obj.witnesses) {
            w.uint32(26)
            w.string(value)
          }
        }

        if (obj.receipt != null) {
          w.uint32(34)
          w.bytes(obj.receipt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          imagesDigest: uint8ArrayAlloc(0),
          neighbours: '',
          witnesses: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.imagesDigest = reader.bytes()
              break
            }
            case 2: {
              obj.neighbours = reader.string()
              break
            }
            case 3: {
              if (opts.limits?.witnesses != null && obj.witnesses.length === opts.limits.witnesses) {
                throw new MaxLengthError('Decode error - repeated field "witnesses" had too many elements')
              }

              if (obj.witnesses.length === 8) {
                throw new MaxLengthError('Decode error - repeated field "witnesses" had too many elements')
              }

              obj.witnesses.push(reader.string())
              break
            }
            case 4: {
              obj.receipt = reader.bytes()
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
          witnesses: 8
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.imagesDigest`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.neighbours`,
                value: reader.string()
              }
              break
            }
            case 3: {
              if (opts.limits?.witnesses != null && obj.witnesses === opts.limits.witnesses) {
                throw new MaxLengthError('Streaming decode error - repeated field "witnesses" had too many elements')
              }

              if (obj.witnesses === 8) {
                throw new MaxLengthError('Streaming decode error - repeated field "witnesses" had too many elements')
              }

              yield {
                field: `${prefix}.witnesses[]`,
                index: obj.witnesses,
                value: reader.string()
              }

              obj.witnesses++

              break
            }
            case 4: {
              yield {
                field: `${prefix}.receipt`,
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

  export interface RestoreImagesDigestFieldEvent {
    field: '$.imagesDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RestoreNeighboursFieldEvent {
    field: '$.neighbours'
    value: string
  }

  export interface RestoreWitnessesFieldEvent {
    field: '$.witnesses[]'
    index: number
    value: string
  }

  export interface RestoreReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Restore>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Restore.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Restore>): Restore {
    return decodeMessage(buf, Restore.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Restore>): Generator<RestoreImagesDigestFieldEvent | RestoreNeighboursFieldEvent | RestoreWitnessesFieldEvent | RestoreReceiptFieldEvent> {
    return streamMessage(buf, Restore.codec(), opts)
  }
}

export interface Prepared {
  epoch: number
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace Prepared {
  let _codec: Codec<Prepared>

  export const codec = (): Codec<Prepared> => {
    if (_codec == null) {
      _codec = message<Prepared>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.epoch != null && obj.epoch !== 0)) {
          w.uint32(8)
          w.uint64Number(obj.epoch)
        }

        if (obj.receipt != null) {
          w.uint32(18)
          w.bytes(obj.receipt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          epoch: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.epoch = reader.uint64Number()
              break
            }
            case 2: {
              obj.receipt = reader.bytes()
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
                field: `${prefix}.epoch`,
                value: reader.uint64Number()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.receipt`,
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

  export interface PreparedEpochFieldEvent {
    field: '$.epoch'
    value: number
  }

  export interface PreparedReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Prepared>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Prepared.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Prepared>): Prepared {
    return decodeMessage(buf, Prepared.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Prepared>): Generator<PreparedEpochFieldEvent | PreparedReceiptFieldEvent> {
    return streamMessage(buf, Prepared.codec(), opts)
  }
}

export interface Decision {
  verdict: Decision.Verdict
  epoch: number
  reason: string
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace Decision {
  export enum Verdict {
    UNDECIDED = 'UNDECIDED',
    COMMIT = 'COMMIT',
    ABORT = 'ABORT'
  }

  enum __VerdictValues {
    UNDECIDED = 0,
    COMMIT = 1,
    ABORT = 2
  }

  export namespace Verdict {
    export const codec = (): Codec<Verdict> => {
      return enumeration<Verdict>(__VerdictValues)
    }
  }

  let _codec: Codec<Decision>

  export const codec = (): Codec<Decision> => {
    if (_codec == null) {
      _codec = message<Decision>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.verdict != null && __VerdictValues[obj.verdict] !== 0) {
          w.uint32(8)
          Decision.Verdict.codec().encode(obj.verdict, w)
        }

        if ((obj.epoch != null && obj.epoch !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.epoch)
        }

        if ((obj.reason != null && obj.reason !== '')) {
          w.uint32(26)
          w.string(obj.reason)
        }

        if (obj.receipt != null) {
          w.uint32(34)
          w.bytes(obj.receipt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          verdict: Verdict.UNDECIDED,
          epoch: 0,
          reason: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.verdict = Decision.Verdict.codec().decode(reader)
              break
            }
            case 2: {
              obj.epoch = reader.uint64Number()
              break
            }
            case 3: {
              obj.reason = reader.string()
              break
            }
            case 4: {
              obj.receipt = reader.bytes()
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
                field: `${prefix}.verdict`,
                value: Decision.Verdict.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.epoch`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.reason`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.receipt`,
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

  export interface DecisionVerdictFieldEvent {
    field: '$.verdict'
    value: Decision.Verdict
  }

  export interface DecisionEpochFieldEvent {
    field: '$.epoch'
    value: number
  }

  export interface DecisionReasonFieldEvent {
    field: '$.reason'
    value: string
  }

  export interface DecisionReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Decision>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Decision.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Decision>): Decision {
    return decodeMessage(buf, Decision.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Decision>): Generator<DecisionVerdictFieldEvent | DecisionEpochFieldEvent | DecisionReasonFieldEvent | DecisionReceiptFieldEvent> {
    return streamMessage(buf, Decision.codec(), opts)
  }
}

export interface Ack {
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace Ack {
  let _codec: Codec<Ack>

  export const codec = (): Codec<Ack> => {
    if (_codec == null) {
      _codec = message<Ack>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.receipt != null) {
          w.uint32(10)
          w.bytes(obj.receipt)
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
              obj.receipt = reader.bytes()
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
                field: `${prefix}.receipt`,
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

  export interface AckReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Ack>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Ack.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ack>): Ack {
    return decodeMessage(buf, Ack.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ack>): Generator<AckReceiptFieldEvent> {
    return streamMessage(buf, Ack.codec(), opts)
  }
}

export interface Ask {}

export namespace Ask {
  let _codec: Codec<Ask>

  export const codec = (): Codec<Ask> => {
    if (_codec == null) {
      _codec = message<Ask>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<Ask>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Ask.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ask>): Ask {
    return decodeMessage(buf, Ask.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Ask>): Generator<{}> {
    return streamMessage(buf, Ask.codec(), opts)
  }
}

export interface HandBack {
  epoch: number
  problem?: Problem
  receipt?: Uint8Array<ArrayBuffer>
}

export namespace HandBack {
  let _codec: Codec<HandBack>

  export const codec = (): Codec<HandBack> => {
    if (_codec == null) {
      _codec = message<HandBack>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.epoch != null && obj.epoch !== 0)) {
          w.uint32(8)
          w.uint64Number(obj.epoch)
        }

        if (obj.problem != null) {
          w.uint32(18)
          Problem.codec().encode(obj.problem, w)
        }

        if (obj.receipt != null) {
          w.uint32(26)
          w.bytes(obj.receipt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          epoch: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.epoch = reader.uint64Number()
              break
            }
            case 2: {
              obj.problem = Problem.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.problem
              })
              break
            }
            case 3: {
              obj.receipt = reader.bytes()
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
                field: `${prefix}.epoch`,
                value: reader.uint64Number()
              }
              break
            }
            case 2: {
              yield * Problem.codec().stream(reader, reader.uint32(), `${prefix}.problem`, {
                limits: opts.limits?.problem
              })

              break
            }
            case 3: {
              yield {
                field: `${prefix}.receipt`,
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

  export interface HandBackEpochFieldEvent {
    field: '$.epoch'
    value: number
  }

  export interface HandBackProblemCodeFieldEvent {
    field: '$.problem.code'
    value: string
  }

  export interface HandBackProblemHostFieldEvent {
    field: '$.problem.host'
    value: string
  }

  export interface HandBackProblemWhatFieldEvent {
    field: '$.problem.what'
    value: string
  }

  export interface HandBackProblemWhyFieldEvent {
    field: '$.problem.why'
    value: string
  }

  export interface HandBackProblemRemedyFieldEvent {
    field: '$.problem.remedy'
    value: string
  }

  export interface HandBackReceiptFieldEvent {
    field: '$.receipt'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<HandBack>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HandBack.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HandBack>): HandBack {
    return decodeMessage(buf, HandBack.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HandBack>): Generator<HandBackEpochFieldEvent | HandBackProblemCodeFieldEvent | HandBackProblemHostFieldEvent | HandBackProblemWhatFieldEvent | HandBackProblemWhyFieldEvent | HandBackProblemRemedyFieldEvent | HandBackReceiptFieldEvent> {
    return streamMessage(buf, HandBack.codec(), opts)
  }
}

export interface Witness {
  statement: Uint8Array<ArrayBuffer>
}

export namespace Witness {
  let _codec: Codec<Witness>

  export const codec = (): Codec<Witness> => {
    if (_codec == null) {
      _codec = message<Witness>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.statement != null && obj.statement.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.statement)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          statement: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.statement = reader.bytes()
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
                field: `${prefix}.statement`,
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

  export interface WitnessStatementFieldEvent {
    field: '$.statement'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Witness>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Witness.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Witness>): Witness {
    return decodeMessage(buf, Witness.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Witness>): Generator<WitnessStatementFieldEvent> {
    return streamMessage(buf, Witness.codec(), opts)
  }
}

export interface AskWitness {
  source: string
}

export namespace AskWitness {
  let _codec: Codec<AskWitness>

  export const codec = (): Codec<AskWitness> => {
    if (_codec == null) {
      _codec = message<AskWitness>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.source != null && obj.source !== '')) {
          w.uint32(10)
          w.string(obj.source)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          source: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.source = reader.string()
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
                field: `${prefix}.source`,
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

  export interface AskWitnessSourceFieldEvent {
    field: '$.source'
    value: string
  }

  export function encode (obj: Partial<AskWitness>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AskWitness.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AskWitness>): AskWitness {
    return decodeMessage(buf, AskWitness.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AskWitness>): Generator<AskWitnessSourceFieldEvent> {
    return streamMessage(buf, AskWitness.codec(), opts)
  }
}

export interface ReleaseWitness {}

export namespace ReleaseWitness {
  let _codec: Codec<ReleaseWitness>

  export const codec = (): Codec<ReleaseWitness> => {
    if (_codec == null) {
      _codec = message<ReleaseWitness>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<ReleaseWitness>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ReleaseWitness.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ReleaseWitness>): ReleaseWitness {
    return decodeMessage(buf, ReleaseWitness.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ReleaseWitness>): Generator<{}> {
    return streamMessage(buf, ReleaseWitness.codec(), opts)
  }
}

export interface Receipts {}

export namespace Receipts {
  let _codec: Codec<Receipts>

  export const codec = (): Codec<Receipts> => {
    if (_codec == null) {
      _codec = message<Receipts>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<Receipts>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Receipts.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Receipts>): Receipts {
    return decodeMessage(buf, Receipts.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Receipts>): Generator<{}> {
    return streamMessage(buf, Receipts.codec(), opts)
  }
}

export interface ReceiptHalf {
  entries: Uint8Array<ArrayBuffer>[]
}

export namespace ReceiptHalf {
  let _codec: Codec<ReceiptHalf>

  export const codec = (): Codec<ReceiptHalf> => {
    if (_codec == null) {
      _codec = message<ReceiptHalf>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.entries != null && obj.entries.length > 0) {
          for (const value of obj.entries) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          entries: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.entries != null && obj.entries.length === opts.limits.entries) {
                throw new MaxLengthError('Decode error - repeated field "entries" had too many elements')
              }

              if (obj.entries.length === 128) {
                throw new MaxLengthError('Decode error - repeated field "entries" had too many elements')
              }

              obj.entries.push(reader.bytes())
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
          entries: 128
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.entries != null && obj.entries === opts.limits.entries) {
                throw new MaxLengthError('Streaming decode error - repeated field "entries" had too many elements')
              }

              if (obj.entries === 128) {
                throw new MaxLengthError('Streaming decode error - repeated field "entries" had too many elements')
              }

              yield {
                field: `${prefix}.entries[]`,
                index: obj.entries,
                value: reader.bytes()
              }

              obj.entries++

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

  export interface ReceiptHalfEntriesFieldEvent {
    field: '$.entries[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<ReceiptHalf>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ReceiptHalf.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ReceiptHalf>): ReceiptHalf {
    return decodeMessage(buf, ReceiptHalf.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ReceiptHalf>): Generator<ReceiptHalfEntriesFieldEvent> {
    return streamMessage(buf, ReceiptHalf.codec(), opts)
  }
}

export interface Logs {}

export namespace Logs {
  let _codec: Codec<Logs>

  export const codec = (): Codec<Logs> => {
    if (_codec == null) {
      _codec = message<Logs>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<Logs>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Logs.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Logs>): Logs {
    return decodeMessage(buf, Logs.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Logs>): Generator<{}> {
    return streamMessage(buf, Logs.codec(), opts)
  }
}

export interface LogFiles {
  files: LogFile[]
}

export namespace LogFiles {
  let _codec: Codec<LogFiles>

  export const codec = (): Codec<LogFiles> => {
    if (_codec == null) {
      _codec = message<LogFiles>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.files != null && obj.files.length > 0) {
          for (const value of obj.files) {
            w.uint32(10)
            LogFile.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          files: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.files != null && obj.files.length === opts.limits.files) {
                throw new MaxLengthError('Decode error - repeated field "files" had too many elements')
              }

              if (obj.files.length === 8) {
                throw new MaxLengthError('Decode error - repeated field "files" had too many elements')
              }

              obj.files.push(LogFile.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.files$
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
          files: 8
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.files != null && obj.files === opts.limits.files) {
                throw new MaxLengthError('Streaming decode error - repeated field "files" had too many elements')
              }

              if (obj.files === 8) {
                throw new MaxLengthError('Streaming decode error - repeated field "files" had too many elements')
              }

              for (const evt of LogFile.codec().stream(reader, reader.uint32(), `${prefix}.files[]`, {
                limits: opts.limits?.files$
              })) {
                yield {
                  ...evt,
                  index: obj.files
                }
              }

              obj.files++

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

  export interface LogFilesFilesNameFieldEvent {
    field: '$.files[].name'
    value: string
    index: number
  }

  export interface LogFilesFilesTextFieldEvent {
    field: '$.files[].text'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export function encode (obj: Partial<LogFiles>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, LogFiles.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<LogFiles>): LogFiles {
    return decodeMessage(buf, LogFiles.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<LogFiles>): Generator<LogFilesFilesNameFieldEvent | LogFilesFilesTextFieldEvent> {
    return streamMessage(buf, LogFiles.codec(), opts)
  }
}

export interface LogFile {
  name: string
  text: Uint8Array<ArrayBuffer>
}

export namespace LogFile {
  let _codec: Codec<LogFile>

  export const codec = (): Codec<LogFile> => {
    if (_codec == null) {
      _codec = message<LogFile>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.text != null && obj.text.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.text)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          text: uint8ArrayAlloc(0)
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
              obj.text = reader.bytes()
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
                field: `${prefix}.text`,
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

  export interface LogFileNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface LogFileTextFieldEvent {
    field: '$.text'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<LogFile>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, LogFile.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<LogFile>): LogFile {
    return decodeMessage(buf, LogFile.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<LogFile>): Generator<LogFileNameFieldEvent | LogFileTextFieldEvent> {
    return streamMessage(buf, LogFile.codec(), opts)
  }
}

export interface Refused {
  problems: Problem[]
}

export namespace Refused {
  let _codec: Codec<Refused>

  export const codec = (): Codec<Refused> => {
    if (_codec == null) {
      _codec = message<Refused>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.problems != null && obj.problems.length > 0) {
          for (const value of obj.problems) {
            w.uint32(10)
            Problem.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          problems: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.problems != null && obj.problems.length === opts.limits.problems) {
                throw new MaxLengthError('Decode error - repeated field "problems" had too many elements')
              }

              if (obj.problems.length === 256) {
                throw new MaxLengthError('Decode error - repeated field "problems" had too many elements')
              }

              obj.problems.push(Problem.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.problems$
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
          problems: 256
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.problems != null && obj.problems === opts.limits.problems) {
                throw new MaxLengthError('Streaming decode error - repeated field "problems" had too many elements')
              }

              if (obj.problems === 256) {
                throw new MaxLengthError('Streaming decode error - repeated field "problems" had too many elements')
              }

              for (const evt of Problem.codec().stream(reader, reader.uint32(), `${prefix}.problems[]`, {
                limits: opts.limits?.problems$
              })) {
                yield {
                  ...evt,
                  index: obj.problems
                }
              }

              obj.problems++

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

  export interface RefusedProblemsCodeFieldEvent {
    field: '$.problems[].code'
    value: string
    index: number
  }

  export interface RefusedProblemsHostFieldEvent {
    field: '$.problems[].host'
    value: string
    index: number
  }

  export interface RefusedProblemsWhatFieldEvent {
    field: '$.problems[].what'
    value: string
    index: number
  }

  export interface RefusedProblemsWhyFieldEvent {
    field: '$.problems[].why'
    value: string
    index: number
  }

  export interface RefusedProblemsRemedyFieldEvent {
    field: '$.problems[].remedy'
    value: string
    index: number
  }

  export function encode (obj: Partial<Refused>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Refused.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Refused {
    return decodeMessage(buf, Refused.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Generator<RefusedProblemsCodeFieldEvent | RefusedProblemsHostFieldEvent | RefusedProblemsWhatFieldEvent | RefusedProblemsWhyFieldEvent | RefusedProblemsRemedyFieldEvent> {
    return streamMessage(buf, Refused.codec(), opts)
  }
}
