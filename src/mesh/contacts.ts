// To whom a member keeps connections: to all others in a small mesh, in a large one to as many as keep it in one piece.
import { createHash } from 'node:crypto'

/** Others up to which everybody is connected with everybody. */
export const FULL_MESH = 24

/**
 * On the ring of the members' hashes: the next one, and those 2, 4, 8, … places on. Everybody chooses by the same rule and
 * connections serve both sides, so the mesh hangs together and is crossed in as many steps as the number of members has bits.
 * Whoever comes after one that is away takes its place beside it: those that are left would else be in several pieces.
 */
export function contactsOf(
  self: string,
  members: Iterable<string>,
  isAway: (peerId: string) => boolean = () => false
): string[] {
  const others = [...new Set(members)].filter((peerId) => peerId !== self)
  if (others.length <= FULL_MESH) return others.sort()
  const ring = [...others, self].map((peerId) => ({ peerId, at: placeOf(peerId) }))
  ring.sort((a, b) => (a.at < b.at ? -1 : 1))
  const own = ring.findIndex(({ peerId }) => peerId === self)
  const chosen = new Set<string>()
  for (let step = 1; step < ring.length; step *= 2) {
    for (let place = step; place < ring.length; place++) {
      const next = ring[(own + place) % ring.length]
      if (next !== undefined) chosen.add(next.peerId)
      if (next === undefined || !isAway(next.peerId)) break
    }
  }
  return [...chosen].sort()
}

function placeOf(peerId: string): string {
  return createHash('sha256').update(peerId).digest('hex')
}

/** Which contacts have not been connected for longer than a restart takes. */
export class Absences {
  readonly #patienceMs: number
  readonly #missedSince = new Map<string, number>()
  #away: ReadonlySet<string> = new Set()

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** @param nowMs of a clock that is never set back @returns whether others are away than at the last look */
  look(contacts: readonly string[], isConnected: (peerId: string) => boolean, nowMs: number): boolean {
    const missed = new Set(contacts.filter((peerId) => !isConnected(peerId)))
    for (const peerId of this.#missedSince.keys()) if (!missed.has(peerId)) this.#missedSince.delete(peerId)
    for (const peerId of missed) if (!this.#missedSince.has(peerId)) this.#missedSince.set(peerId, nowMs)
    const before = this.#away
    this.#away = new Set(
      [...missed].filter((peerId) => nowMs - (this.#missedSince.get(peerId) ?? nowMs) >= this.#patienceMs)
    )
    return before.size !== this.#away.size || [...before].some((peerId) => !this.#away.has(peerId))
  }

  isAway(peerId: string): boolean {
    return this.#away.has(peerId)
  }
}

/** Runs one task for each contact, and ends it when it is none any more. */
export class ContactTasks {
  readonly #task: (peerId: string, signal: AbortSignal) => Promise<void>
  readonly #running = new Map<string, { readonly controller: AbortController; readonly ended: Promise<void> }>()

  constructor(task: (peerId: string, signal: AbortSignal) => Promise<void>) {
    this.#task = task
  }

  set(contacts: readonly string[]): void {
    const wanted = new Set(contacts)
    for (const [peerId, { controller }] of this.#running) {
      if (wanted.has(peerId)) continue
      controller.abort(new Error('no contact any more'))
      this.#running.delete(peerId)
    }
    for (const peerId of wanted) {
      if (this.#running.has(peerId)) continue
      const controller = new AbortController()
      this.#running.set(peerId, { controller, ended: this.#task(peerId, controller.signal) })
    }
  }

  get contacts(): readonly string[] {
    return [...this.#running.keys()]
  }

  async end(): Promise<void> {
    const ended = [...this.#running.values()].map((task) => task.ended)
    this.set([])
    await Promise.all(ended)
  }
}
