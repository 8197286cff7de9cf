// What `ferry peers` shows of a host from what it advertises.
import type { CapabilitiesView, PeerView } from '../../protocols/operator/views.ts'
import type { AdvertView } from '../mesh/mesh.ts'
import { standingIn } from './cordon.ts'

/** What the peer said to this host itself counts before what reached it over others. */
export function withAdvert(peer: PeerView, advert: AdvertView | undefined): PeerView {
  if (advert === undefined) return peer
  const { body, vitals } = advert
  const known = peer.state === 'unreachable' && peer.problem === undefined && !advert.stale
  return {
    ferry: body.ferry,
    kernel: body.kernel,
    ...(body.criu === undefined ? {} : { criu: body.criu.version }),
    engines: body.engines,
    ...(vitals === undefined
      ? {}
      : { memoryFreeBytes: vitals.memoryFreeBytes, diskFreeBytes: vitals.diskFreeBytes, load: vitals.load }),
    containers: body.containers.length + body.containersOmitted,
    ...standingIn(body),
    capabilities: capabilitiesOf(advert),
    ...peer,
    addresses: peer.addresses.length > 0 ? peer.addresses : body.addresses,
    ...(known ? { state: 'known' as const } : {}),
    ageMs: Math.round(advert.ageMs),
    stale: advert.stale
  }
}

function capabilitiesOf({ body }: AdvertView): CapabilitiesView {
  const { arch, cpu, criu, cgroup, lsm, init, lxcfs, storage, bridges, memoryTotalBytes, diskTotalBytes, protocols } =
    body
  return {
    arch,
    cpu: { ...cpu, flags: cpu.flags === '' ? [] : cpu.flags.split(' ') },
    criuFeatures: criu?.features ?? [],
    cgroup,
    lsm,
    init,
    lxcfs,
    storage,
    bridges,
    memoryTotalBytes,
    diskTotalBytes,
    protocols
  }
}
