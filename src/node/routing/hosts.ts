// The hosts of the mesh as this one knows them: who is connected, and what each has said of itself.
import type { HostView } from '../../../protocols/operator/views.ts'
import type { AdvertView, Mesh } from '../../mesh/mesh.ts'

export interface HostsParts {
  readonly name: string
  readonly mesh: Pick<Mesh, 'self' | 'peers' | 'advert'>
  readonly isMember: (peerId: string) => boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function hostViews({ name, mesh, isMember, now }: HostsParts): HostView[] {
  const { name: own, saysName: saysOwn, peerId: ownId } = mesh.self
  const self: HostView = {
    name: own,
    peerId: ownId,
    state: 'self',
    ...(saysOwn === undefined ? {} : { saysName: saysOwn })
  }
  const known = mesh.peers().filter(({ peerId }) => peerId !== '' && isMember(peerId))
  const others = known.map(({ peerId, name: called, saysName, admitted, state, lastSeen, problem }): HostView => {
    const advert = mesh.advert(peerId)
    const seen = newest(lastSeen, advert, now())
    const showsAll = advert !== undefined && advert.body.containersOmitted === 0
    return {
      name: called === '' ? (advert?.body.name ?? '') : called,
      ...(saysName === undefined ? {} : { saysName }),
      ...(admitted === undefined ? {} : { admitted }),
      peerId,
      state,
      ...(seen === undefined ? {} : { lastSeen: seen }),
      ...(showsAll ? { containers: advert.body.containers } : {}),
      ...(problem === undefined ? {} : { problem: { host: called === '' ? name : called, ...problem } })
    }
  })
  return [self, ...others]
}

function newest(lastSeen: Date | undefined, advert: AdvertView | undefined, nowMs: number): string | undefined {
  const heard = advert === undefined ? -Infinity : nowMs - advert.ageMs
  const at = Math.max(lastSeen?.getTime() ?? -Infinity, heard)
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined
}
