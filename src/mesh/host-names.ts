// Whom a name means, and what is wrong with the name that a peer says it has.
import type { ProblemDetails } from '../../protocols/problem.ts'

/** A peer as far as its name goes: of the book, or of what another host tells of its own. */
export interface Named {
  readonly name: string
  readonly saysName?: string
  readonly admitted?: boolean
  readonly peerId: string
  readonly state: string
}

/**
 * Whom a name means: by the membership where there is one. What a peer calls itself besides makes nobody it, but where it is
 * another's name too it may be meant, so that neither is taken.
 */
export function hostNamed<T extends Named>(
  name: string,
  all: readonly T[]
): T | { readonly refusal: ProblemDetails<'AMBIGUOUS_PEER' | 'UNKNOWN_PEER'> } | undefined {
  const named = all.filter((peer) => peer.name === name)
  const claiming = all.filter((peer) => peer.saysName === name)
  // Without a membership a host that got a new key is there twice for a while.
  const connected = named.filter(({ state }) => state === 'self' || state === 'connected')
  const meant = connected.length > 0 && !named.some(({ admitted }) => admitted === true) ? connected : named
  const [one] = meant
  if (one === undefined) {
    return claiming.length === 0 ? undefined : { refusal: unadmittedName(name, claiming) }
  }
  const candidates = [...meant, ...claiming]
  if (candidates.length === 1) return one
  const why = candidates.map(({ peerId, saysName, name: own }) =>
    saysName === name ? `${peerId} calls itself so, and was admitted as ${own}` : peerId
  )
  return {
    refusal: {
      code: 'AMBIGUOUS_PEER',
      what: `More than one host is called ${name}`,
      why: why.join('; '),
      remedy: 'Say which by its peer id, and give each host a name of its own in its configuration'
    }
  }
}

export function unadmittedName(name: string, claiming: readonly Named[]): ProblemDetails<'UNKNOWN_PEER'> {
  return {
    code: 'UNKNOWN_PEER',
    what: `No host was admitted to the mesh as ${name}`,
    why: claiming.map((peer) => `${peer.name} (${peer.peerId}) calls itself so`).join('; '),
    remedy: `Say ${claiming.map((peer) => peer.name).join(' or ')}, or its peer id`
  }
}

export function renamed(
  peerId: string,
  { admitted, name, other }: { admitted: string; name: string; other?: string | undefined }
): ProblemDetails<'NAME_CHANGED' | 'NAME_TAKEN'> {
  return {
    code: other === undefined ? 'NAME_CHANGED' : 'NAME_TAKEN',
    what: `The host ${admitted} (${peerId}) calls itself ${name}`,
    why:
      other === undefined
        ? `it was admitted as ${admitted}, and commands go by that name`
        : `it was admitted as ${admitted}, and ${name} is the name of ${other}`,
    remedy: `Set "name" to ${admitted} in its configuration and restart ferry there; or, for another name to count, \`ferry leave\` there and join with a new invitation`
  }
}
