// Something that a migration left on this host and that no migration under way needs.

export interface Leftover {
  readonly code: string
  /** What it is: a path, a port, a cgroup, a pid. With the code it says whether two looks found the same. */
  readonly subject: string
  /** A sentence without a full stop. */
  readonly what: string
  /** How ferry knows whose it is, or why it does not. */
  readonly why?: string
  /** What an operator does about it where `repair` is absent or fails. */
  readonly remedy: string
  /** As the journal calls it: no migration of this container may begin while it is repaired. */
  readonly container?: string
  /** Repairs it, and says what was done. Absent where the journal does not clearly give it to ferry. */
  readonly repair?: (signal: AbortSignal) => Promise<string>
}
