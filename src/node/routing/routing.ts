// What makes a host take any command of the mesh: the desk where things are done, the router that finds where, the handler for what
// comes from others.
import type { MeshService } from '../../../protocols/operator/views.ts'
import { parseBootstrap, trustOf } from '../../mesh/membership.ts'
import type { Roster } from '../../mesh/roster/roster.ts'
import type { AuditLog } from '../audit.ts'
import type { Cordon } from '../cordon.ts'
import type { NodeParts } from '../parts.ts'
import { Commands } from './commands.ts'
import { Desk, type HostService } from './desk.ts'
import { hostViews } from './hosts.ts'
import { nodeReach } from './reach.ts'
import { Router } from './router.ts'

export interface RoutingParts extends Pick<NodeParts, 'name' | 'config' | 'log' | 'mesh' | 'now'> {
  /** Of this host alone. */
  readonly service: HostService
  readonly admin: MeshService
  readonly cordon: Cordon
  readonly roster: Pick<Roster, 'meshId' | 'isMember' | 'rolesOf'>
  readonly audit: AuditLog
}

export interface Routing {
  /** The operator API of the whole mesh, for root of this host. */
  readonly router: Router
  readonly commands: Commands
}

/** @throws MeshError BAD_ADDRESS */
export function startRouting(parts: RoutingParts): Routing {
  const { name, config, log, mesh, roster, audit, now } = parts
  const { trusts } = trustOf(config.trustedPeers, parseBootstrap(config.bootstrap))
  const isMember = (peerId: string): boolean => (roster.meshId === undefined ? trusts(peerId) : roster.isMember(peerId))
  const hosts = () => hostViews({ name, mesh, isMember, now })
  const desk = new Desk({
    name,
    service: parts.service,
    mesh: parts.admin,
    cordon: parts.cordon,
    hosts,
    audit,
    log,
    now
  })
  const commands = new Commands({
    name,
    mesh,
    desk,
    isMember,
    rolesOf: (operator) => (roster.meshId === undefined ? new Set<string>() : roster.rolesOf(operator)),
    now
  })
  return { router: new Router(nodeReach({ name, mesh, desk, hosts, now })), commands }
}
