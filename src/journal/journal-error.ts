import { messageOf, type ProblemDetails } from '../../protocols/problem.ts'

export type JournalErrorCode =
  /** A record, or one of the store's own files, is not what was written. */
  | 'JOURNAL_CORRUPT'
  /** Another process has the journal open. */
  | 'DAEMON_ALREADY_RUNNING'
  /** The folder or a file of it can't be made, read or written. */
  | 'JOURNAL_UNAVAILABLE'

export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly details: ProblemDetails<JournalErrorCode>

  constructor(details: ProblemDetails<JournalErrorCode>, options?: ErrorOptions) {
    super(messageOf(details), options)
    this.details = details
  }
}

export function corrupt(folder: string, subject: string, why: string, options?: ErrorOptions): JournalError {
  return new JournalError(
    {
      code: 'JOURNAL_CORRUPT',
      what: `${subject} in the journal ${folder} is damaged`,
      why,
      remedy: `Restore ${folder} from a backup that is newer than every migration of this host (an older one would deny decisions that were made since), or look with \`ferry migrations\` on the peers which side owns each container, end the other side's by hand, and only then move ${folder} aside and start ferry with an empty journal`
    },
    options
  )
}
