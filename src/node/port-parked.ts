import type { FindingView } from '../../protocols/operator/views.ts'
import { PARK_BRIDGE, type UnattachedPort } from '../host/ports.ts'
import { wordsOf } from '../../protocols/problem.ts'

/** A container that is let run all the same: frozen, it would be no use to anybody. */
export function portParked(host: string, container: string, { outer, bridge, error }: UnattachedPort): FindingView {
  return {
    level: 'warning',
    host,
    code: 'PORT_PARKED',
    what: `${container} runs on ${host}, and its port ${outer} could not be put on bridge ${bridge}: nobody can reach it there`,
    why: wordsOf(error),
    remedy: `See that bridge ${bridge} is there (ip link add ${bridge} type bridge), then take the port from ${PARK_BRIDGE}: ferry doctor --repair, or ip link set ${outer} master ${bridge} up`
  }
}
