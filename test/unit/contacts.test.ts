import { describe, expect, it } from 'vitest'
import { Absences, contactsOf } from '../../src/mesh/contacts.ts'

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `peer-${String(index)}`)

/** What each of those that are up comes to after it has looked often enough, with those that are away told by its own tries alone. */
function settled(self: string, members: readonly string[], up: ReadonlySet<string>): string[] {
  const absences = new Absences(30_000)
  let contacts = contactsOf(self, members)
  for (let now = 0; now < 3_600_000; now += 10_000) {
    if (absences.look(contacts, (peer) => up.has(peer), now))
      contacts = contactsOf(self, members, (peer) => absences.isAway(peer))
  }
  return contacts
}

function pieces(members: readonly string[], up: ReadonlySet<string>): number {
  const links = new Map([...up].map((peer) => [peer, new Set<string>()]))
  for (const peer of up) {
    for (const contact of settled(peer, members, up).filter((one) => up.has(one))) {
      links.get(peer)?.add(contact)
      links.get(contact)?.add(peer)
    }
  }
  let count = 0
  const left = new Set(up)
  while (left.size > 0) {
    count++
    const reach = [...left].slice(0, 1)
    for (let at = reach.pop(); at !== undefined; at = reach.pop()) {
      if (!left.delete(at)) continue
      reach.push(...(links.get(at) ?? []))
    }
  }
  return count
}

describe('contacts of a large mesh', () => {
  it('are few while all are there', () => {
    expect(contactsOf('peer-0', names(1000))).toHaveLength(10)
  })

  it.each([
    [26, 6],
    [40, 10],
    [100, 20],
    [100, 2]
  ])('hold those that are left of %i members together, where %i are up', (count, upCount) => {
    const members = names(count)
    for (let seed = 0; seed < 20; seed++) {
      // A step that has no divisor in common with the count gives another choice each time.
      const up = new Set(
        Array.from({ length: upCount }, (_, index) => `peer-${String((seed * 7 + index * (2 * seed + 3) * 3) % count)}`)
      )
      expect(pieces(members, up), [...up].join(' ')).toBe(1)
    }
  })

  it('are back to the few when all have come back', () => {
    const members = names(40)
    const absences = new Absences(30_000)
    const first = contactsOf('peer-0', members)
    absences.look(first, () => false, 0)
    expect(absences.look(first, () => false, 29_000)).toBe(false)
    expect(absences.look(first, () => false, 30_000)).toBe(true)
    const more = contactsOf('peer-0', members, (peer) => absences.isAway(peer))
    expect(more.length).toBeGreaterThan(first.length)
    expect(absences.look(more, () => true, 40_000)).toBe(true)
    expect(contactsOf('peer-0', members, (peer) => absences.isAway(peer))).toEqual(first)
  })
})
