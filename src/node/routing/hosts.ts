// The hosts of the mesh as this one knows them: who is connected, and what each has said of itself.
import type { HostView, PeerView } from '../../../protocols/operator/views.ts'
import type { AdvertView } from '../../mesh/gossip/index.ts'
import type { Mesh } from '../../mesh/mesh.ts'

export interface HostsParts {
  readonly name: string
  readonly mesh: Pick<Mesh, 'self' | 'peers'>
  readonly isMember: (peerId: string) => boolean
  /** Nothing where hosts advertise nothing. */
  readonly adverts: () => readonly AdvertView[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function hostViews({ name, mesh, isMember, adverts, now }: HostsParts): HostView[] {
  const said = new Map(adverts().map((advert) => [advert.peer, advert]))
  const self: HostView = { name, peerId: mesh.self.peerId, state: 'self' }
  const known = mesh.peers().filter(({ peerId }) => peerId !== '' && isMember(peerId))
  const others = known.map(({ peerId, name: called, state, lastSeen, problem }): HostView => {
    const advert = said.get(peerId)
    const seen = newest(lastSeen, advert, now())
    const showsAll = advert !== undefined && advert.body.containersOmitted === 0
    return {
      name: called === '' ? (advert?.body.name ?? '') : called,
      peerId,
      state,
      ...(seen === undefined ? {} : { lastSeen: seen }),
      ...(showsAll ? { containers: advert.body.containers } : {}),
      ...(problem === undefined ? {} : { problem: { host: called === '' ? name : called, ...problem } })
    }
  })
  return [self, ...others]
}

/** Where a peer can't be asked, its advert says the rest. */
export function withAdverts(peers: readonly PeerView[], adverts: readonly AdvertView[], nowMs: number): PeerView[] {
  const said = new Map(adverts.map((advert) => [advert.peer, advert]))
  return peers.map((peer) => {
    const advert = said.get(peer.peerId)
    if (advert === undefined || peer.state === 'self') return peer
    const { body, vitals } = advert
    const seen = newest(peer.lastSeen === undefined ? undefined : new Date(peer.lastSeen), advert, nowMs)
    return {
      ferry: body.ferry,
      kernel: body.kernel,
      ...(body.criu === undefined ? {} : { criu: body.criu.version }),
      engines: body.engines,
      ...(vitals === undefined ? {} : { memoryFreeBytes: vitals.memoryFreeBytes, diskFreeBytes: vitals.diskFreeBytes }),
      ...peer,
      name: peer.name === '' ? body.name : peer.name,
      ...(seen === undefined ? {} : { lastSeen: seen })
    }
  })
}

function newest(lastSeen: Date | undefined, advert: AdvertView | undefined, nowMs: number): string | undefined {
  const heard = advert === undefined ? -Infinity : nowMs - advert.ageMs
  const at = Math.max(lastSeen?.getTime() ?? -Infinity, heard)
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined
}
