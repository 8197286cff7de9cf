// What `ferry peers NAME` prints: all that one host says of itself.
import { OperatorError, type PeerView } from '../../protocols/operator/views.ts'
import { printable } from './table.ts'
import { bytesText, durationText } from './units.ts'

/** @throws OperatorError UNKNOWN_PEER, AMBIGUOUS_PEER */
export function peerCalled(name: string, peers: readonly PeerView[]): PeerView {
  const found = peers.filter((peer) => peer.peerId === name || peer.name === name)
  const host = peers.find(({ state }) => state === 'self')?.name ?? ''
  const [peer] = found
  if (peer === undefined) {
    throw new OperatorError({
      code: 'UNKNOWN_PEER',
      host,
      what: `no host is known as "${name}"`,
      remedy: 'see the names with ferry peers'
    })
  }
  if (found.length > 1) {
    throw new OperatorError({
      code: 'AMBIGUOUS_PEER',
      host,
      what: `${String(found.length)} hosts are called ${name}`,
      remedy: `write the peer id: ${found.map(({ peerId }) => peerId).join(', ')}`
    })
  }
  return peer
}

export function peerText(peer: PeerView): string {
  const { capabilities: can } = peer
  const bytes = (free: number | undefined, total: number | undefined): string | undefined =>
    free === undefined ? undefined : `${bytesText(free)}${total === undefined ? '' : ` of ${bytesText(total)}`} free`
  const list = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '))
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['name', peer.name],
    ['peer id', peer.peerId],
    ['state', peer.stale === true ? `${peer.state}, stale` : peer.state],
    ['heard of', peer.ageMs === undefined ? undefined : `${durationText(peer.ageMs)} ago`],
    ['addresses', list(peer.addresses)],
    ['cordoned', peer.cordoned === true ? (peer.cordonReason ?? 'yes') : undefined],
    ['maintenance', peer.maintenance],
    ['ferry', peer.ferry],
    ['kernel', peer.kernel],
    ['criu', peer.criu],
    ['criu features', can && list(can.criuFeatures)],
    ['engines', list(Object.entries(peer.engines ?? {}).map(([engine, version]) => `${engine} ${version}`))],
    ['cpu', can && `${String(can.cpu.count)} x ${can.cpu.model} (${can.arch})`],
    ['cpu flags', can?.cpu.flags.join(' ')],
    ['memory', bytes(peer.memoryFreeBytes, can?.memoryTotalBytes)],
    ['disk', bytes(peer.diskFreeBytes, can?.diskTotalBytes)],
    ['load', peer.load?.toFixed(2)],
    ['containers', peer.containers === undefined ? undefined : String(peer.containers)],
    ['cgroups', can?.cgroup],
    ['lsm', can && list(can.lsm)],
    ['init', can && `${can.init.program}${can.init.sharedMounts ? ', mounts shared' : ''}`],
    ['lxcfs', can && (can.lxcfs ? 'yes' : 'no')],
    ['storage', can && list(can.storage.map(({ path, fileSystem }) => `${path} (${fileSystem})`))],
    ['bridges', can && list(can.bridges)],
    ['protocols', can && list(can.protocols)],
    ['problem', peer.problem && `${peer.problem.what}. ${peer.problem.remedy}`]
  ]
  return lines
    .flatMap(([title, text]) => (text === undefined ? [] : [printable(`${title.padEnd(15)}${text}`)]))
    .join('\n')
}
