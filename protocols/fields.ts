// Limits on the fields of a message, checked on the way out and on the way in.
import { ProtocolError, wordsOf } from './problem.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Name of a host in the mesh: a DNS label. */
export const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Id of a migration, made by its source. */
export const MIGRATION_ID = /^[0-9a-z]{10,32}$/
/** A problem's code, e.g. `CRIU_DUMP_FAILED`. */
export const PROBLEM_CODE = /^[A-Z][A-Z0-9_]{0,63}$/
/** Bytes of UTF-8 in each of a problem's sentences; longer ones are cut by `clip` before they are sent. */
export const MAX_SENTENCE_BYTES = 2048
export const DIGEST_BYTES = 32

const WHOSE_FAULT = 'Run the same ferry version on both hosts, and check who the peer is'

/** Refuses a message for one of its fields. */
export function invalidField(field: string, why: string): ProtocolError {
  return new ProtocolError({ code: 'INVALID_FIELD', what: `The field ${field} is not valid`, why, remedy: WHOSE_FAULT })
}

/** UTF-8 of `maxBytes` at most, of the form of `pattern` where there is one. */
export function checkText(field: string, value: string, limits: { maxBytes: number; pattern?: RegExp }): void {
  const length = Buffer.byteLength(value)
  if (length > limits.maxBytes) throw invalidField(field, `${length} bytes, ${limits.maxBytes} allowed`)
  if (limits.pattern !== undefined && !limits.pattern.test(value)) {
    throw invalidField(field, `${JSON.stringify(value.slice(0, 80))} is not of the form ${limits.pattern.source}`)
  }
}

/** Text that other programs parse as JSON: an object. */
export function checkJson(field: string, value: string, maxBytes: number): void {
  checkText(field, value, { maxBytes })
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch (error) {
    throw invalidField(field, `not JSON: ${wordsOf(error).slice(0, 200)}`)
  }
  if (typeof parsed !== 'object' || parsed === null) throw invalidField(field, 'neither a JSON object nor an array')
}

/** Whole, not negative, and exact as a JavaScript number. */
export function checkCount(field: string, value: number, max: number = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw invalidField(field, `${value} is not a whole number from 0 to ${max}`)
  }
}

export function checkLength(field: string, value: Uint8Array, limits: { min?: number; max: number }): void {
  if (value.byteLength < (limits.min ?? 0) || value.byteLength > limits.max) {
    throw invalidField(field, `${value.byteLength} bytes, ${limits.min ?? 0} to ${limits.max} allowed`)
  }
}

interface ProblemFields {
  readonly code: string
  readonly host?: string
  readonly what: string
  readonly why: string
  readonly remedy: string
}

export function checkProblem(field: string, problem: ProblemFields | undefined): void {
  if (problem === undefined) throw invalidField(field, 'missing')
  checkText(`${field}.code`, problem.code, { maxBytes: 64, pattern: PROBLEM_CODE })
  if (problem.host !== undefined && problem.host !== '') {
    checkText(`${field}.host`, problem.host, { maxBytes: 63, pattern: HOST_NAME })
  }
  checkText(`${field}.what`, problem.what, { maxBytes: MAX_SENTENCE_BYTES })
  checkText(`${field}.why`, problem.why, { maxBytes: MAX_SENTENCE_BYTES })
  checkText(`${field}.remedy`, problem.remedy, { maxBytes: MAX_SENTENCE_BYTES })
}

/** The sentences of a problem, cut to what a message may carry: a program's long output must not cost the whole message. */
export function clipProblem<T extends ProblemFields>(problem: T): T {
  return { ...problem, what: clip(problem.what), why: clip(problem.why), remedy: clip(problem.remedy) }
}

function clip(sentence: string): string {
  const bytes = Buffer.from(sentence)
  if (bytes.byteLength <= MAX_SENTENCE_BYTES) return sentence
  // The replacement character that half a code point turns into is three bytes long, the ellipsis too.
  return bytes.toString('utf8', 0, MAX_SENTENCE_BYTES - 9).replace(/\uFFFD+$/, '') + '…'
}

/** Runs a generated decoder on bytes from the network: whatever it throws becomes a ProtocolError. */
export function decodeWith<T>(
  message: string,
  bytes: Uint8Array | Uint8ArrayList,
  maxBytes: number,
  decode: (bytes: Uint8Array | Uint8ArrayList) => T
): T {
  checkSize(message, bytes.byteLength, maxBytes)
  try {
    return decode(bytes)
  } catch (error) {
    throw new ProtocolError(
      { code: 'MALFORMED_MESSAGE', what: `These bytes are no ${message}`, why: wordsOf(error), remedy: WHOSE_FAULT },
      { cause: error }
    )
  }
}

export function checkSize(message: string, byteLength: number, maxBytes: number): void {
  if (byteLength <= maxBytes) return
  throw new ProtocolError({
    code: 'MESSAGE_TOO_LARGE',
    what: `A ${message} is too large`,
    why: `${byteLength} bytes, ${maxBytes} allowed`,
    remedy: WHOSE_FAULT
  })
}
