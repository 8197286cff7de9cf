/** What `ferry` ends with; docs/cli.md has the same table. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  interrupted: 5
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeHelp = `
Exit codes:
  0  done
  1  failed, or rolled back: the container runs where it was
  2  wrong usage or input: an unknown container, peer or migration, a wrong configuration
  3  refused before anything was touched: there are blockers
  4  the daemon can't be reached
  5  interrupted: the migration goes on without this command`

const badInput = new Set([
  'BAD_REQUEST',
  'CONFIG_INVALID',
  'AMBIGUOUS_CONTAINER',
  'AMBIGUOUS_PEER',
  'MOVE_TO_SELF',
  'RECEIPT_FILE',
  'BODY_TOO_LARGE'
])

export function exitCodeOf(problemCode: string): ExitCode {
  if (problemCode === 'DAEMON_UNREACHABLE') return exitCodes.unreachable
  if (problemCode === 'CORDONED') return exitCodes.refused
  return badInput.has(problemCode) || problemCode.startsWith('UNKNOWN_') ? exitCodes.usage : exitCodes.failed
}
