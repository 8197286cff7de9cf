import * as field from '../fields.ts'
import * as limits from './constants.ts'
import { Request, Response, type Decision, type Offer, type Problem } from './pb/message.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

const REQUESTS = ['offer', 'preflight', 'restore', 'decision', 'ask', 'logs', 'handBack'] as const
const RESPONSES = ['accepted', 'report', 'prepared', 'ack', 'decision', 'logFiles', 'refused', 'handBack'] as const

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
  const { offer, preflight, restore, decision, handBack } = request
  if (offer) checkOffer(offer)
  if (preflight) field.checkJson('Preflight.facts', preflight.facts, limits.MAX_FACTS_BYTES)
  if (restore) {
    field.checkLength('Restore.imagesDigest', restore.imagesDigest, exactly(field.DIGEST_BYTES))
    if (restore.neighbours !== '') {
      field.checkJson('Restore.neighbours', restore.neighbours, limits.MAX_NEIGHBOURS_BYTES)
    }
  }
  if (decision) checkDecision(decision)
  if (handBack) checkHandBack(handBack)
}

function checkResponse(response: Response): void {
  checkOneBody(
    'Response',
    RESPONSES.filter((name) => response[name] !== undefined)
  )
  const { accepted, report, prepared, decision, logFiles, refused, handBack } = response
  if (accepted) {
    field.checkText('Accepted.targetName', accepted.targetName, { maxBytes: 63, pattern: field.HOST_NAME })
  }
  if (report) {
    field.checkCount('Report.findings', report.findings.length, limits.MAX_FINDINGS)
    for (const finding of report.findings) field.checkProblem('Finding.problem', finding.problem)
  }
  if (prepared) field.checkCount('Prepared.epoch', prepared.epoch)
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
}

function checkOffer(offer: Offer): void {
  field.checkText('Offer.container', offer.container, { maxBytes: 128, pattern: limits.CONTAINER_NAME })
  field.checkText('Offer.engine', offer.engine, { maxBytes: 16, pattern: limits.ENGINE_NAME })
  field.checkText('Offer.sourceName', offer.sourceName, { maxBytes: 63, pattern: field.HOST_NAME })
  field.checkCount('Offer.epoch', offer.epoch)
  field.checkCount('Offer.memoryBytes', offer.memoryBytes)
  field.checkCount('Offer.rootfsBytes', offer.rootfsBytes)
  field.checkJson('Offer.spec', offer.spec, limits.MAX_SPEC_BYTES)
}

function checkDecision(decision: Decision): void {
  field.checkCount('Decision.epoch', decision.epoch)
  field.checkText('Decision.reason', decision.reason, { maxBytes: limits.MAX_REASON_BYTES })
}

function checkHandBack(handBack: { epoch: number; problem?: Problem }): void {
  field.checkCount('HandBack.epoch', handBack.epoch)
  if (handBack.problem !== undefined) field.checkProblem('HandBack.problem', handBack.problem)
}

function exactly(bytes: number): { min: number; max: number } {
  return { min: bytes, max: bytes }
}
