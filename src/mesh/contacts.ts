// To whom a member keeps connections: to all others in a small mesh, in a large one to as many as keep it in one piece.
import { createHash } from 'node:crypto'

/** Others up to which everybody is connected with everybody. */
export const FULL_MESH = 24

/**
 * On the ring of the members' hashes: the next one, and those 2, 4, 8, … places on. Everybody chooses by the same rule and
 * connections serve both sides, so the mesh hangs together and is crossed in as many steps as the number of members has bits.
 */
export function contactsOf(self: string, members: Iterable<string>): string[] {
  const others = [...new Set(members)].filter((peerId) => peerId !== self)
  if (others.length <= FULL_MESH) return others.sort()
  const ring = [...others, self].map((peerId) => ({ peerId, at: placeOf(peerId) }))
  ring.sort((a, b) => (a.at < b.at ? -1 : 1))
  const own = ring.findIndex(({ peerId }) => peerId === self)
  const chosen = new Set<string>()
  for (let step = 1; step < ring.length; step *= 2) {
    const next = ring[(own + step) % ring.length]
    if (next !== undefined) chosen.add(next.peerId)
  }
  return [...chosen].sort()
}

function placeOf(peerId: string): string {
  return createHash('sha256').update(peerId).digest('hex')
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

  async end(): Promise<void> {
    const ended = [...this.#running.values()].map((task) => task.ended)
    this.set([])
    await Promise.all(ended)
  }
}
