/** What went wrong on this host, in the words an operator needs. src/node adds the host's name and shows it. */
export interface ProblemDetails {
  /** Stable identifier that tests and callers switch on, e.g. `CRIU_DUMP_FAILED`. */
  readonly code: string
  /** What failed, as a sentence without a full stop. */
  readonly what: string
  /** The cause as far as it is known: a log line, an errno, the program's own words. */
  readonly why?: string
  /** What to do next, as an imperative. */
  readonly remedy: string
}

/** The error every driver throws: it names what failed, why and what to do; the message is for logs. */
export class HostProblem extends Error {
  override readonly name = 'HostProblem'
  readonly details: ProblemDetails

  constructor(details: ProblemDetails, options?: ErrorOptions) {
    super(details.why === undefined ? details.what : `${details.what}: ${details.why}`, options)
    this.details = details
  }
}

/** One thing found before a migration: a blocker stops it, a warning is shown. */
export interface Finding extends ProblemDetails {
  readonly level: 'blocker' | 'warning'
}
