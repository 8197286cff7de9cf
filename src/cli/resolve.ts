// `ferry resolve`: an operator's word in place of a decision that nobody can tell any more.
import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationView, OperatorService, Resolution } from '../../protocols/operator/views.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { findingsText } from './problem-text.ts'
import { summaryText } from './progress.ts'
import type { Terminal } from './terminal.ts'

export interface ResolveOptions {
  readonly runHere?: boolean
  readonly discard?: boolean
  readonly yes?: boolean
}

/** Milliseconds; thawing or killing a tree takes less than a second, and hosts that are gone some seconds each. */
const SETTLE_MS = 30_000

export async function resolve(
  service: OperatorService,
  id: string,
  options: ResolveOptions,
  terminal: Terminal,
  signal: AbortSignal
): Promise<ExitCode> {
  if ((options.runHere === true) === (options.discard === true)) {
    terminal.err('ferry resolve: say either --run-here or --discard')
    return exitCodes.usage
  }
  const how: Resolution = options.runHere === true ? 'run-here' : 'discard'
  if (options.yes !== true) {
    terminal.err(
      `${risk(await service.migration(id, signal), how)}\nNothing was done. To do it: ferry resolve ${id} --${how} --yes`
    )
    return exitCodes.usage
  }
  const accepted = await service.resolve({ id, how }, signal)
  // What comes then may fail to reach this host; that the word was taken must be known all the same.
  if (!terminal.json) terminal.out('Accepted.')
  const end = await settled(service, accepted, signal)
  if (!terminal.json && end.warnings.length > 0) terminal.out(findingsText(end.warnings, terminal))
  terminal.out(terminal.json ? JSON.stringify(end) : summaryText(end, terminal))
  return exitCodes.done
}

/** What the operator takes upon themselves, in plain words. */
export function risk({ role, container, source, target }: MigrationView, how: Resolution): string {
  const [here, there] = role === 'source' ? [source, target] : [target, source]
  if (how === 'run-here') {
    return (
      `${container} will run on ${here}. If it runs on ${there} too, or ${there} ever comes back with its frozen copy and ` +
      `decides otherwise, two copies run at once and what they write can no longer be brought together. Do this only if ` +
      `${there} is gone for good, or after you have seen that no process of ${container} is left there.`
    )
  }
  return (
    `The copy of ${container} on ${here} will be killed. If ${there} has none that runs, the container's memory is lost` +
    `${role === 'source' ? ' (its root file system is kept for a while)' : ''}. Do this only if it runs on ${there}, or can do without its memory.`
  )
}

async function settled(service: OperatorService, view: MigrationView, signal: AbortSignal): Promise<MigrationView> {
  const ends = performance.now() + SETTLE_MS
  let last = view
  while (last.outcome === undefined && performance.now() < ends) {
    await sleep(100, undefined, { signal })
    last = await service.migration(view.id, signal)
  }
  return last
}
