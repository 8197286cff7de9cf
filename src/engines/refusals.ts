// The three ways in which a container can't be inspected.
import { HostProblem } from '../host/problem.ts'

export function unknownContainer(engine: string, name: string): HostProblem {
  return new HostProblem({
    code: 'UNKNOWN_CONTAINER',
    what: `This host has no ${engine} container ${JSON.stringify(name)}`,
    remedy: 'See what there is with: ferry ls'
  })
}

export function notRunning(name: string, state: string): HostProblem {
  return new HostProblem({
    code: 'NOT_RUNNING',
    what: `${name} is not running`,
    why: `its state is ${state}`,
    remedy:
      state === 'paused' || state === 'frozen'
        ? `Resume it first`
        : `Start it first; a stopped container can simply be copied`
  })
}

export function unsupported(what: string, why: string, remedy: string, cause?: unknown): HostProblem {
  return new HostProblem({ code: 'UNSUPPORTED_CONTAINER', what, why, remedy }, { cause })
}
