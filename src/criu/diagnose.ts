// Finds in a CRIU log the error that the others follow from, and explains it where it is known.
import { dumpExplanations } from './dump-explanations.ts'
import { explanations, type Explanation } from './explanations.ts'
import { restoreExplanations } from './restore-explanations.ts'

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
const HARMLESS = [/Can't setup RLIMIT_NOFILE for self/, /Unable to get \S+ network namespace/]

/** Errors that CRIU goes on after, in logs of runs that ended well too; here and there one matters. */
const SURVIVED = [/execvp\("ip6?tables[^"]*"/]

/** Errors that only report that something before them went wrong. */
const CONSEQUENCES = [
  /(Pre-dumping|Dumping|Restoring) FAILED/,
  /Dump files .* failed with/,
  /Dump (core|mappings|mm|creds|fs) .* failed with/,
  /Can't (catch all tasks|switch to next stage)/,
  /\d+ (killed by signal|exited, status=|was killed by)/,
  /Restorer fail/,
  /Killing processes because of failure on restore/,
  /`- /
]

/**
 * The first error that is no consequence of another, unless only a later one is understood: CRIU often says the telling thing second.
 * @param logName `dump.log` or `restore.log`: some words mean different things in them
 */
export function diagnose(logName: string, text: string): Diagnosis | undefined {
  const all = text
    .split('\n')
    .flatMap((line, index) => (isError(line) ? [{ line: line.trim(), lineNumber: index + 1 }] : []))
  const causes = all.filter((error) => !CONSEQUENCES.some((pattern) => pattern.test(error.line)))
  const first = causes[0] ?? all[0]
  if (first === undefined) return undefined
  for (const error of [first, ...causes]) {
    const known = explain(error.line, logName, error === first)
    if (known !== undefined) return { ...error, meaning: known.meaning, remedy: known.remedy }
  }
  return {
    ...first,
    meaning: 'an error of CRIU that ferry has no explanation for',
    remedy: `Read ${logName} around line ${String(first.lineNumber)}; search CRIU's issues (github.com/checkpoint-restore/criu) for the words of that line`
  }
}

/**
 * A CRIU that was killed says nothing of it: its log just ends. To be asked only of a run that is over.
 * @param logName `dump.log` or `restore.log`
 */
export function diagnoseEnd(logName: string, text: string): Diagnosis | undefined {
  const found = diagnose(logName, text)
  const lines = text.trimEnd().split('\n')
  const last = lines.at(-1)?.trim() ?? ''
  const toItsEnd = isError(last) || /(Dumping|Restoring) FAILED|finished successfully/.test(text)
  if (last === '' || toItsEnd || (found !== undefined && !SURVIVED.some((pattern) => pattern.test(found.line))))
    return found
  return {
    line: last,
    lineNumber: lines.length,
    meaning: 'the last line of its log: CRIU was killed or crashed there',
    remedy: 'See what killed it (dmesg has the out-of-memory killer and crashes), then move the container again'
  }
}

function explain(line: string, logName: string, vagueToo: boolean): Explanation | undefined {
  const own = logName.includes('restore') ? restoreExplanations : dumpExplanations
  return [...own, ...explanations].find((entry) => entry.pattern.test(line) && (vagueToo || entry.vague !== true))
}

/** `Error (file.c:123): …`, behind a time stamp and sometimes a pid; BUG lines are errors too. */
function isError(line: string): boolean {
  return /(Error \([^)]*\.c:\d+\)|BUG at )/.test(line) && !HARMLESS.some((pattern) => pattern.test(line))
}
