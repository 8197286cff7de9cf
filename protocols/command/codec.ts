import * as field from '../fields.ts'
import * as limits from './constants.ts'
import { Answer, Command, Request } from './pb/message.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

const ANSWERS = ['item', 'refused', 'end'] as const

/** @throws ProtocolError */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  checkRequest(request)
  return new Uint8Array(Request.encode(request))
}

/** @throws ProtocolError */
export function decodeRequest(bytes: Uint8Array): Request {
  const request = field.decodeWith('Request', bytes, limits.MAX_COMMAND_BYTES, (b) => Request.decode(b))
  checkRequest(request)
  return request
}

/** @throws ProtocolError */
export function encodeCommand(command: Command): Uint8Array {
  checkCommand(command)
  const bytes = Command.encode(command)
  field.checkSize('Command', bytes.byteLength, limits.MAX_COMMAND_BYTES)
  return bytes
}

/** Its request is not looked into. @throws ProtocolError */
export function decodeCommand(bytes: Uint8Array | Uint8ArrayList): Command {
  const command = field.decodeWith('Command', bytes, limits.MAX_COMMAND_BYTES, (b) => Command.decode(b))
  checkCommand(command)
  return command
}

/** Sentences of a problem are cut to what fits. @throws ProtocolError */
export function encodeAnswer(answer: Answer): Uint8Array {
  const { refused } = answer
  const clipped = { ...answer, ...(refused && { refused: field.clipProblem(refused) }) }
  checkAnswer(clipped)
  const bytes = Answer.encode(clipped)
  field.checkSize('Answer', bytes.byteLength, limits.MAX_ANSWER_BYTES)
  return bytes
}

/** @throws ProtocolError */
export function decodeAnswer(bytes: Uint8Array | Uint8ArrayList): Answer {
  const answer = field.decodeWith('Answer', bytes, limits.MAX_ANSWER_BYTES, (b) => Answer.decode(b))
  checkAnswer(answer)
  return answer
}

function checkRequest(request: Request): void {
  field.checkText('Request.method', request.method, { maxBytes: 32, pattern: limits.METHOD_NAME })
  field.checkJson('Request.arguments', request.arguments, limits.MAX_ARGUMENTS_BYTES)
  field.checkText('Request.target', request.target, { maxBytes: 64, pattern: limits.PEER_ID })
  if (request.operator !== '') {
    field.checkText('Request.operator', request.operator, { maxBytes: 64, pattern: limits.PEER_ID })
  }
  // It is shown on terminals.
  field.checkText('Request.label', request.label, { maxBytes: limits.MAX_LABEL_BYTES, pattern: /^[^\p{C}]*$/u })
  field.checkLength('Request.nonce', request.nonce, { min: limits.NONCE_BYTES, max: limits.NONCE_BYTES })
  field.checkCount('Request.timeMs', request.timeMs)
}

function checkCommand({ request, signature }: Command): void {
  field.checkLength('Command.request', request, { min: 1, max: limits.MAX_COMMAND_BYTES })
  if (signature.byteLength === 0) return
  field.checkLength('Command.signature', signature, { min: limits.SIGNATURE_BYTES, max: limits.SIGNATURE_BYTES })
}

function checkAnswer(answer: Answer): void {
  const present = ANSWERS.filter((name) => answer[name] !== undefined)
  if (present.length !== 1) {
    throw field.invalidField('Answer.body', present.length === 0 ? 'missing' : `${present.join(' and ')} at once`)
  }
  if (answer.item !== undefined) checkItem(answer.item)
  if (answer.refused !== undefined) field.checkProblem('Answer.refused', answer.refused)
}

function checkItem(item: string): void {
  try {
    JSON.parse(item)
  } catch (error) {
    throw field.invalidField('Answer.item', `not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`)
  }
}
