// The tables of `ls`, `peers`, `migrations` and `check`.
import type { CheckView, ContainerView, MigrationView, PeerView } from '../../protocols/operator/views.ts'
import { findingsText } from './problem-text.ts'
import { printable, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { bytesText, durationText } from './units.ts'

export function containersText(containers: readonly ContainerView[], terminal: Terminal): string {
  if (containers.length === 0) return 'There are no containers on this host (runc, crun and LXC were asked).'
  const rows = containers.map((c) => [
    c.name,
    c.engine,
    c.state,
    c.initPid === undefined ? '-' : String(c.initPid),
    c.host
  ])
  return table(['NAME', 'ENGINE', 'STATE', 'PID', 'HOST'], rows, options(terminal))
}

export function peersText(peers: readonly PeerView[], terminal: Terminal): string {
  if (peers.length === 0)
    return 'No peers are known: `ferry init` or `ferry join`, or name some in "bootstrap" of the configuration.'
  const bytes = (count: number | undefined): string => (count === undefined ? '-' : bytesText(count))
  const rows = peers.map((p) => [
    p.name,
    stateOf(p),
    p.state === 'self' ? 'now' : p.ageMs === undefined ? '-' : durationText(p.ageMs),
    p.criu ?? '-',
    p.kernel ?? '-',
    bytes(p.memoryFreeBytes),
    bytes(p.diskFreeBytes),
    Object.entries(p.engines ?? {})
      .map(([engine, version]) => `${engine} ${version}`)
      .join(', ') || '-',
    p.peerId
  ])
  const why = peers.flatMap(({ name, peerId, problem }) =>
    problem === undefined
      ? []
      : [`${name || peerId}: ${problem.what}${problem.why === undefined ? '' : `: ${problem.why}`}. ${problem.remedy}`]
  )
  const cordons = peers.flatMap(({ name, peerId, cordonReason }) =>
    cordonReason === undefined ? [] : [printable(`${name || peerId} takes no containers: ${cordonReason}`)]
  )
  const shown = table(
    ['NAME', 'STATE', 'AGE', 'CRIU', 'KERNEL', 'FREE MEMORY', 'FREE DISK', 'ENGINES', 'PEER ID'],
    rows,
    options(terminal)
  )
  return [shown, ...cordons, ...why].join('\n')
}

function stateOf({ state, stale, cordoned, maintenance }: PeerView): string {
  const standing = maintenance !== undefined ? 'maintenance' : cordoned === true ? 'cordoned' : undefined
  return [state, stale === true ? 'stale' : undefined, standing].filter((word) => word !== undefined).join(', ')
}

export function migrationsText(migrations: readonly MigrationView[], terminal: Terminal): string {
  if (migrations.length === 0) return 'No migrations are on record.'
  const rows = migrations.map((m) => [
    m.id,
    `${m.engine}:${m.container}`,
    `${m.source} -> ${m.target}`,
    m.startedAt,
    m.downtimeMs === undefined ? '-' : durationText(m.downtimeMs),
    m.outcome ?? m.state,
    m.problem?.what ?? ''
  ])
  return table(['ID', 'CONTAINER', 'FROM -> TO', 'STARTED', 'DOWNTIME', 'OUTCOME', 'PROBLEM'], rows, options(terminal))
}

export function checkText(check: CheckView, terminal: Terminal): string {
  const name = `${check.engine}:${check.container}`
  const blockers = check.findings.filter(({ level }) => level === 'blocker').length
  const verdict = check.ok
    ? `${terminal.style(['bold', 'green'], 'can move:')} ${name} from ${check.source} to ${check.target}`
    : `${terminal.style(['bold', 'red'], 'can not move:')} ${name} from ${check.source} to ${check.target}: ${String(blockers)} blocker${blockers === 1 ? '' : 's'}`
  return check.findings.length === 0 ? verdict : `${findingsText(check.findings, terminal)}\n${verdict}`
}

function options(terminal: Terminal): { width: number | undefined; style: (text: string) => string } {
  return { width: terminal.width, style: (text) => terminal.style('bold', text) }
}
