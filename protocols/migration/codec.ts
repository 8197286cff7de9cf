import * as field from '../fields.ts'
import * as limits from './constants.ts'
import { Request, Response, type Decision, type Offer, type Problem } from './pb/message.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

const REQUESTS = [
  'offer',
  'preflight',
  'restore',
  'decision',
  'ask',
  'logs',
  'handBack',
  'witness',
  'askWitness',
  'receipts',
  'releaseWitness'
] as const
const RESPONSES = [
  'accepted',
  'report',
  'prepared',
  'ack',
  'decision',
  'logFiles',
  'refused',
  'handBack',
  'receiptHalf'
] as const

/** @throws ProtocolError */
export function encodeRequest(request: Request): Uint8Array {
  const { handBack } = request
  const clipped = { ...request, ...(handBack && { handBack: { ...handBack, ...clippedProblem(handBack.problem) } }) }
  checkRequest(clipped)
  return sized('Request', Request.encode(clipped))
}

/** @throws ProtocolError */
export function decodeRequest(bytes: Uint8Array | Uint8ArrayList): Request {
  const request = field.decodeWith('Request', bytes, limits.MAX_MESSAGE_BYTES, (b) => Request.decode(b))
  checkRequest(request)
  return request
}

/** Sentences of problems and logs are cut to what fits. @throws ProtocolError */
export function encodeResponse(response: Response): Uint8Array {
  const { report, refused, handBack, logFiles } = response
  const clipped: Response = {
    ...response,
    ...(report && { report: { findings: report.findings.map((f) => ({ ...f, ...clippedProblem(f.problem) })) } }),
    ...(refused && { refused: { problems: refused.problems.map((p) => field.clipProblem(p)) } }),
    ...(handBack && { handBack: { ...handBack, ...clippedProblem(handBack.problem) } }),
    ...(logFiles && {
      logFiles: { files: logFiles.files.map((f) => ({ ...f, text: f.text.subarray(-limits.MAX_LOG_BYTES) })) }
    })
  }
  checkResponse(clipped)
  return sized('Response', Response.encode(clipped))
}

/** @throws ProtocolError */
export function decodeResponse(bytes: Uint8Array | Uint8ArrayList): Response {
  const response = field.decodeWith('Response', bytes, limits.MAX_MESSAGE_BYTES, (b) => Response.decode(b))
  checkResponse(response)
  return response
}

function clippedProblem(problem: Problem | undefined): { problem?: Problem } {
  return problem === undefined ? {} : { problem: field.clipProblem(problem) }
}

function sized(message: string, bytes: Uint8Array): Uint8Array {
  field.checkSize(message, bytes.byteLength, limits.MAX_MESSAGE_BYTES)
  return bytes
}

function checkOneBody(message: string, present: readonly string[]): void {
  if (present.length !== 1) {
    throw field.invalidField(`${message}.body`, present.length === 0 ? 'missing' : `${present.join(' and ')} at once`)
  }
}

function checkRequest(request: Request): void {
  checkOneBody(
    'Request',
    REQUESTS.filter((name) => request[name] !== undefined)
  )
  field.checkText('Request.migration', request.migration, { maxBytes: 32, pattern: limits.MIGRATION_ID })
  const { offer, preflight, restore, decision, handBack, witness, askWitness } = request
  if (offer) checkOffer(offer)
  if (preflight) field.checkJson('Preflight.facts', preflight.facts, limits.MAX_FACTS_BYTES)
  if (restore) {
    field.checkLength('Restore.imagesDigest', restore.imagesDigest, exactly(field.DIGEST_BYTES))
    if (restore.neighbours !== '') {
      field.checkJson('Restore.neighbours', restore.neighbours, limits.MAX_NEIGHBOURS_BYTES)
    }
    field.checkCount('Restore.witnesses', restore.witnesses.length, limits.MAX_WITNESSES)
    for (const witness of restore.witnesses) checkPeerId('Restore.witnesses', witness)
    checkReceipt('Restore.receipt', restore.receipt)
  }
  if (decision) checkDecision(decision)
  if (handBack) checkHandBack(handBack)
  if (witness) {
    field.checkLength('Witness.statement', witness.statement, { min: 1, max: limits.MAX_RECEIPT_ENTRY_BYTES })
  }
  if (askWitness) checkPeerId('AskWitness.source', askWitness.source)
}

function checkResponse(response: Response): void {
  checkOneBody(
    'Response',
    RESPONSES.filter((name) => response[name] !== undefined)
  )
  const { accepted, report, prepared, ack, decision, logFiles, refused, handBack, receiptHalf } = response
  if (accepted) {
    field.checkText('Accepted.targetName', accepted.targetName, { maxBytes: 63, pattern: field.HOST_NAME })
    checkReceipt('Accepted.receipt', accepted.receipt)
  }
  if (report) {
    field.checkCount('Report.findings', report.findings.length, limits.MAX_FINDINGS)
    for (const finding of report.findings) field.checkProblem('Finding.problem', finding.problem)
  }
  if (prepared) {
    field.checkCount('Prepared.epoch', prepared.epoch)
    checkReceipt('Prepared.receipt', prepared.receipt)
  }
  if (ack) checkReceipt('Ack.receipt', ack.receipt)
  if (decision) checkDecision(decision)
  if (logFiles) {
    field.checkCount('LogFiles.files', logFiles.files.length, limits.MAX_LOG_FILES)
    for (const file of logFiles.files) {
      field.checkText('LogFile.name', file.name, { maxBytes: 68, pattern: limits.LOG_NAME })
      field.checkLength('LogFile.text', file.text, { max: limits.MAX_LOG_BYTES })
    }
  }
  if (refused) {
    field.checkCount('Refused.problems', refused.problems.length, limits.MAX_FINDINGS)
    for (const problem of refused.problems) field.checkProblem('Refused.problems', problem)
  }
  if (handBack) checkHandBack(handBack)
  if (receiptHalf) {
    field.checkCount('ReceiptHalf.entries', receiptHalf.entries.length, limits.MAX_RECEIPT_ENTRIES)
    for (const entry of receiptHalf.entries) checkReceipt('ReceiptHalf.entries', entry)
  }
}

function checkOffer(offer: Offer): void {
  field.checkText('Offer.container', offer.container, { maxBytes: 128, pattern: limits.CONTAINER_NAME })
  field.checkText('Offer.engine', offer.engine, { maxBytes: 16, pattern: limits.ENGINE_NAME })
  field.checkText('Offer.sourceName', offer.sourceName, { maxBytes: 63, pattern: field.HOST_NAME })
  field.checkCount('Offer.epoch', offer.epoch)
  field.checkCount('Offer.memoryBytes', offer.memoryBytes)
  field.checkCount('Offer.rootfsBytes', offer.rootfsBytes)
  field.checkJson('Offer.spec', offer.spec, limits.MAX_SPEC_BYTES)
  checkReceipt('Offer.receipt', offer.receipt)
}

function checkDecision(decision: Decision): void {
  field.checkCount('Decision.epoch', decision.epoch)
  field.checkText('Decision.reason', decision.reason, { maxBytes: limits.MAX_REASON_BYTES })
  checkReceipt('Decision.receipt', decision.receipt)
}

function checkHandBack(handBack: { epoch: number; problem?: Problem; receipt?: Uint8Array }): void {
  field.checkCount('HandBack.epoch', handBack.epoch)
  if (handBack.problem !== undefined) field.checkProblem('HandBack.problem', handBack.problem)
  checkReceipt('HandBack.receipt', handBack.receipt)
}

/** A check (dry run) makes no record, and has none to show. */
function checkReceipt(name: string, entry: Uint8Array | undefined): void {
  if (entry !== undefined) field.checkLength(name, entry, { min: 1, max: limits.MAX_RECEIPT_ENTRY_BYTES })
}

function checkPeerId(name: string, peerId: string): void {
  field.checkText(name, peerId, { maxBytes: 64, pattern: limits.PEER_ID })
}

function exactly(bytes: number): { min: number; max: number } {
  return { min: bytes, max: bytes }
}
