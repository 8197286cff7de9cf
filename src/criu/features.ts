// What this host's CRIU is and what it can do on this kernel.
import { parseCriuVersion } from '../host/facts.ts'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'

/**
 * As in `4.2.1`; undefined where it is not installed.
 * @throws HostProblem CRIU_VERSION
 */
export async function criuVersion(criu: string, signal: AbortSignal): Promise<string | undefined> {
  let said: string
  try {
    said = (await run([criu, '--version'], { signal, check: false })).stdout
  } catch (error) {
    if (error instanceof HostProblem && error.details.code === 'COMMAND_MISSING') return undefined
    throw error
  }
  const version = parseCriuVersion(said)
  if (version !== undefined) return version
  throw new HostProblem({
    code: 'CRIU_VERSION',
    what: `\`${criu} --version\` did not say a version`,
    why: said.trim(),
    remedy: 'See that the configured path is CRIU itself'
  })
}

/** Asks `criu check --feature NAME`; pre-dump aborts where `mem_dirty_track` is missing, so ask before. */
export async function hasFeature(criu: string, feature: string, signal: AbortSignal): Promise<boolean> {
  return (await run([criu, 'check', '--feature', feature], { signal, check: false })).exitCode === 0
}
