/** What went wrong, in the words an operator needs; errors of the wire, the mesh and the transfer all carry it. */
export interface ProblemDetails<Code extends string = string> {
  /** Stable identifier that tests and callers switch on. */
  readonly code: Code
  /** What failed, as a sentence without a full stop. */
  readonly what: string
  /** The cause as far as it is known: an errno, the other side's or a program's own words. */
  readonly why?: string
  /** What to do next, as an imperative. */
  readonly remedy: string
}

export type ProtocolErrorCode =
  /** Bytes that are no message of this protocol. */
  | 'MALFORMED_MESSAGE'
  /** A message, or what it announces, is larger than the protocol allows. */
  | 'MESSAGE_TOO_LARGE'
  /** A field is missing, too long, or not of its form. */
  | 'INVALID_FIELD'

/** Every encoder and decoder of protocols/ throws this and nothing else. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly details: ProblemDetails<ProtocolErrorCode>

  constructor(details: ProblemDetails<ProtocolErrorCode>, options?: ErrorOptions) {
    super(messageOf(details), options)
    this.details = details
  }
}

/** The one line that stands for a problem in a log. */
export function messageOf(details: ProblemDetails): string {
  return details.why === undefined ? details.what : `${details.what}: ${details.why}`
}

/** The words of whatever was thrown. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.message === '') return error.errors.map(wordsOf).join('; ')
  return error.message === '' ? error.name : error.message
}
