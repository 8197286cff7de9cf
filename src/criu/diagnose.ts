// Finds in a CRIU log the error that the others follow from, and explains it where it is known.
import { explanations } from './explanations.ts'

export interface Diagnosis {
  /** Counted from 1. */
  readonly lineNumber: number
  readonly line: string
  /** What it means, as a clause without a full stop. */
  readonly meaning: string
  /** What to do, as an imperative. */
  readonly remedy: string
}

/** Errors that say nothing: seen in logs of runs that ended well. */
const HARMLESS = [/Can't setup RLIMIT_NOFILE for self/, /Unable to get .* network namespace/]

/** Errors that only report that something before went wrong. */
const FOLLOWS = [
  /Dumping FAILED/,
  /Restoring FAILED/,
  /Pre-dumping FAILED/,
  /Dump files .*failed with/,
  /`- .*/,
  /Can't (dump|restore) (task|files|mnt|net)/,
  /Killed by signal 9/,
  /\d+ killed by signal \d+/,
  /exited, status=1/,
  /Can't switch to next stage/,
  /Unable to restore namespaces|Failed to (restore|dump)( .*)? ns/
]

/** An explained error is looked for first, from the top; then the first error that is neither harmless nor a consequence. */
export function diagnose(logName: string, text: string): Diagnosis | undefined {
  const errors = text
    .split('\n')
    .flatMap((line, index) => (isError(line) ? [{ line: line.trim(), lineNumber: index + 1 }] : []))
  for (const error of errors) {
    const known = explanations.find((entry) => entry.pattern.test(error.line) && applies(entry.in, logName))
    if (known !== undefined) return { ...error, meaning: known.meaning, remedy: known.remedy }
  }
  const first = errors.find((error) => !FOLLOWS.some((pattern) => pattern.test(error.line))) ?? errors[0]
  if (first === undefined) return undefined
  return {
    ...first,
    meaning: 'an error of CRIU that ferry has no explanation for',
    remedy: `Read ${logName} around line ${String(first.lineNumber)}; search CRIU's issues (github.com/checkpoint-restore/criu) for the words of that line`
  }
}

/** `Error (file.c:123): …`, behind a time stamp and sometimes a pid; BUG lines are errors too. */
function isError(line: string): boolean {
  return /(Error \([^)]*\.c:\d+\)|BUG at )/.test(line) && !HARMLESS.some((pattern) => pattern.test(line))
}

function applies(where: 'dump' | 'restore' | undefined, logName: string): boolean {
  return where === undefined || !/(dump|restore)/.test(logName) || logName.includes(where)
}
