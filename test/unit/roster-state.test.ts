import { beforeAll, describe, expect, test } from 'vitest'
import { bytesOf, type OpenRecord } from '../../src/mesh/roster/record.ts'
import { stateOf } from '../../src/mesh/roster/state.ts'
import { Records, dice, person, plain, shuffled, type Person } from './roster-records.ts'

let founder: Person
let bob: Person
let carol: Person
let dave: Person
let eve: Person
let records: Records

beforeAll(async () => {
  ;[founder, bob, carol, dave, eve] = (await Promise.all(['founder', 'bob', 'carol', 'dave', 'eve'].map(person))) as [
    Person,
    Person,
    Person,
    Person,
    Person
  ]
  records = await Records.by(founder)
})

const members = (...all: OpenRecord[]): string[] => [...stateOf(all).members.keys()].sort()
const ids = (...people: Person[]): string[] => people.map(({ id }) => id).sort()

describe('members', () => {
  test('are the founder and whoever a member admits', async () => {
    const b = await records.admit(founder, bob)
    const c = await records.admit(bob, carol)
    expect(members(records.genesis, b, c)).toEqual(ids(founder, bob, carol))
    // Nobody admits themselves, or by somebody who is none.
    expect(members(records.genesis, c)).toEqual(ids(founder))
    expect(members(records.genesis, await records.admit(eve, eve), await records.admit(eve, dave))).toEqual(
      ids(founder)
    )
  })

  test('that were expelled never come back, whoever admits them again and whenever', async () => {
    const b = await records.admit(founder, bob)
    const gone = await records.expel(founder, bob, [b])
    const again = await records.admit(founder, bob)
    expect(members(records.genesis, b, gone, again)).toEqual(ids(founder))
  })

  test('that an expelled one admitted before stay, and those it admits later are none', async () => {
    const b = await records.admit(founder, bob)
    const before = await records.admit(bob, carol)
    const gone = await records.expel(founder, bob, [records.genesis, b, before])
    const after = await records.admit(bob, dave)
    expect(members(records.genesis, b, before, gone, after)).toEqual(ids(founder, carol))
  })

  test('that were admitted on the other side of a partition are out when it heals, if their admitter was expelled', async () => {
    const b = await records.admit(founder, bob)
    const there = await records.admit(bob, carol)
    const here = await records.expel(founder, bob, [b])
    expect(members(records.genesis, b, there, here)).toEqual(ids(founder))
    // Somebody who knew of it may say so, and then it counts.
    const kept = await records.expel(founder, bob, [b, there])
    expect(members(records.genesis, b, there, here, kept)).toEqual(ids(founder, carol))
  })

  test('who expel each other at the same time are both out', async () => {
    const b = await records.admit(founder, bob)
    const c = await records.admit(founder, carol)
    const one = await records.expel(bob, carol)
    const other = await records.expel(carol, bob)
    expect(members(records.genesis, b, c, one, other)).toEqual(ids(founder))
  })

  test('can not keep records of anybody but the peer that they expel', async () => {
    const b = await records.admit(founder, bob)
    const c = await records.admit(founder, carol)
    const gone = await records.expel(founder, bob, [b])
    const later = await records.admit(bob, eve)
    const trick = await records.sign(carol, { expulsion: { peer: dave.id, keeps: [bytesOf(later.id)] } })
    expect(members(records.genesis, b, c, gone, later, trick)).toEqual(ids(founder, carol))
  })
})

describe('the thief of a key', () => {
  let b: OpenRecord
  let c: OpenRecord
  beforeAll(async () => {
    b = await records.admit(founder, bob)
    c = await records.admit(founder, carol)
  })

  test('expels nobody any more once the key was replaced, and what it had expelled before stays out', async () => {
    const d = await records.admit(founder, dave)
    const before = await records.expel(bob, dave, [d])
    const turn = await records.rotate(bob, eve, [b, before])
    const late = [await records.expel(bob, founder, [b, c]), await records.expel(bob, carol)]
    expect(members(records.genesis, b, c, d, before, turn, ...late)).toEqual(ids(founder, carol, eve))
  })

  test('expels nobody with the key of a host that left, and lets nobody in, also if it says once more that it leaves', async () => {
    const left = await records.expel(bob, bob, [b])
    const late = await records.expel(bob, carol)
    const puppet = await records.admit(bob, dave)
    expect(members(records.genesis, b, c, left, late, puppet)).toEqual(ids(founder, carol))
    const again = await records.expel(bob, bob, [puppet])
    expect(members(records.genesis, b, c, left, puppet, again)).toEqual(ids(founder, carol))
  })

  test('expels nobody by somebody whom it admits with a replaced key', async () => {
    const turn = await records.rotate(bob, eve, [b])
    const puppet = await records.admit(bob, dave)
    const late = [await records.expel(dave, founder), await records.expel(dave, bob, [puppet])]
    expect(members(records.genesis, b, c, turn, puppet, ...late)).toEqual(ids(founder, carol, eve))
  })

  test('brings nobody back whom the replaced key had expelled, by replacing it once more', async () => {
    const before = await records.expel(bob, carol, [c])
    const honest = await records.rotate(bob, eve, [b, before])
    const thief = await records.rotate(bob, dave, [])
    expect(members(records.genesis, b, c, before, honest, thief)).toEqual(ids(founder))
  })

  test('ends no role with a replaced key', async () => {
    const grant = await records.sign(founder, { grant: { operator: dave.id, role: 'move' } })
    const turn = await records.rotate(bob, eve, [b])
    const late = await records.sign(bob, { revocation: { operator: dave.id, grants: [bytesOf(grant.id)] } })
    const { roles } = stateOf([records.genesis, b, grant, turn, late])
    expect([...(roles.get(dave.id) ?? [])]).toEqual(['move'])
  })

  test('of a key that others expelled expels whoever hears of it: nobody can know that it was not before', async () => {
    const gone = await records.expel(founder, bob, [b])
    const late = await records.expel(bob, carol)
    expect(members(records.genesis, b, c, gone, late)).toEqual(ids(founder))
  })

  test('of an expelled key lets nobody in by one who expels the key once more, nor by leaving with it', async () => {
    const gone = await records.expel(founder, bob, [b])
    const puppet = await records.admit(bob, dave)
    const vouches = await records.expel(dave, bob, [puppet])
    const leaves = await records.expel(bob, bob, [puppet])
    expect(members(records.genesis, b, c, gone, puppet, vouches)).toEqual(ids(founder, carol))
    expect(members(records.genesis, b, c, gone, puppet, leaves)).toEqual(ids(founder, carol))
  })

  test('of two expelled keys lets nobody in by one that keeps what the other one admits', async () => {
    const first = await records.admit(bob, dave)
    const gone = [await records.expel(founder, bob, [b, first]), await records.expel(founder, dave)]
    const puppet = await records.admit(bob, eve)
    const vouches = await records.expel(dave, bob, [puppet])
    expect(members(records.genesis, b, c, first, ...gone, puppet, vouches)).toEqual(ids(founder, carol))
  })
})

describe('those whom an expelled one had admitted', () => {
  test('stay when one of them expels the founder, or two expel each other', async () => {
    const b = await records.admit(founder, bob)
    const c = await records.admit(founder, carol)
    const d = await records.admit(bob, dave)
    const byBob = await records.expel(bob, founder, [records.genesis, b, c])
    expect(members(records.genesis, b, c, d, byBob)).toEqual(ids(bob, carol, dave))
    const e = await records.admit(carol, eve)
    const one = await records.expel(bob, carol, [c, e])
    const other = await records.expel(carol, bob, [b, d])
    expect(members(records.genesis, b, c, d, e, one, other)).toEqual(ids(founder, dave, eve))
    const back = await records.expel(founder, bob, [b, d])
    expect(members(records.genesis, b, c, d, byBob, back)).toEqual(ids(carol, dave))
  })
})

describe('a new key', () => {
  test('is the member, and the old one is none', async () => {
    const b = await records.admit(founder, bob, 'bobs-host')
    const turn = await records.rotate(bob, carol, [b])
    const state = stateOf([records.genesis, b, turn])
    expect([...state.members.keys()].sort()).toEqual(ids(founder, carol))
    expect(state.members.get(carol.id)?.hostName).toBe('bobs-host')
    expect(state.replacedBy.get(bob.id)).toBe(carol.id)
  })

  test('leaves those in that the old one had admitted, and nobody that a thief admits with it later', async () => {
    const before = await records.admit(founder, bob)
    const turn = await records.rotate(founder, carol, [before])
    const stolen = await records.admit(founder, eve)
    expect(members(records.genesis, before, turn, stolen)).toEqual(ids(bob, carol))
  })

  test('is out too when the old one was expelled by somebody who did not know of it', async () => {
    const b = await records.admit(founder, bob)
    const turn = await records.rotate(bob, carol, [b])
    const gone = await records.expel(founder, bob, [b])
    expect(members(records.genesis, b, turn, gone)).toEqual(ids(founder))
    const knowing = await records.expel(founder, bob, [b, turn])
    expect(members(records.genesis, b, turn, knowing)).toEqual(ids(founder, carol))
  })

  test('of which there are two is a key in two hands: both are out, and what it had done before stays', async () => {
    const b = await records.admit(founder, bob)
    const honest = await records.rotate(founder, carol, [b])
    const puppet = await records.admit(founder, dave)
    const thief = await records.rotate(founder, eve, [b, puppet])
    expect(members(records.genesis, b, honest, puppet, thief)).toEqual(ids(bob))
  })
})

describe('roles', () => {
  const rolesOf = (all: OpenRecord[]) => [...(stateOf(all).roles.get(eve.id) ?? [])].sort()

  test('are what members grant, until a member takes that grant back', async () => {
    const move = await records.sign(founder, { grant: { operator: eve.id, role: 'move' } })
    const view = await records.sign(founder, { grant: { operator: eve.id, role: 'view' } })
    expect(rolesOf([records.genesis, move, view])).toEqual(['move', 'view'])
    const back = await records.sign(founder, { revocation: { operator: eve.id, grants: [bytesOf(move.id)] } })
    expect(rolesOf([records.genesis, move, view, back])).toEqual(['view'])
    const again = await records.sign(founder, { grant: { operator: eve.id, role: 'move' } })
    expect(rolesOf([records.genesis, move, view, back, again])).toEqual(['move', 'view'])
  })

  test('granted by somebody who is no member, or by an expelled one, are none', async () => {
    const b = await records.admit(founder, bob)
    const gone = await records.expel(founder, bob, [b])
    const late = await records.sign(bob, { grant: { operator: eve.id, role: 'admin' } })
    const stranger = await records.sign(eve, { grant: { operator: eve.id, role: 'admin' } })
    expect(rolesOf([records.genesis, b, gone, late, stranger])).toEqual([])
  })
})

describe('any set of records', () => {
  /** People who admit, expel, rotate and grant as they like, each knowing some of what was signed before. */
  async function history(seed: number): Promise<OpenRecord[]> {
    const random = dice(seed)
    const people = [founder, ...(await Promise.all(Array.from({ length: 7 }, (_, at) => person(`p${String(at)}`))))]
    const any = (): Person => people[Math.floor(random() * people.length)] ?? founder
    const all = [records.genesis]
    for (let step = 0; step < 24; step++) {
      const known = all.filter(() => random() < 0.7)
      const what = random()
      const [by, peer] = [any(), any()]
      if (what < 0.55) all.push(await records.admit(by, peer))
      else if (what < 0.75) all.push(await records.expel(by, peer, known))
      else if (what < 0.85 && by !== peer) all.push(await records.rotate(by, peer, known))
      else all.push(await records.sign(by, { grant: { operator: peer.id, role: 'view' } }))
    }
    return all
  }

  test('means the same in every order, and whenever and however often its parts are merged', async () => {
    for (let seed = 1; seed <= 120; seed++) {
      const all = await history(seed)
      const random = dice(seed * 7919)
      const wanted = plain(stateOf(all))
      for (let round = 0; round < 5; round++) {
        expect(plain(stateOf(shuffled(all, random)))).toEqual(wanted)
        const left = all.filter(() => random() < 0.6)
        const right = all.filter((record) => !left.includes(record) || random() < 0.3)
        const merged = new Map([...right, ...left].map((record) => [record.id, record]))
        expect(plain(stateOf(merged.values()))).toEqual(wanted)
      }
    }
  })

  test('never has an expelled member, nor one that nobody known admitted, and none comes back but by a word of its expeller on its own key', async () => {
    for (let seed = 1; seed <= 120; seed++) {
      const all = await history(seed)
      let gone = new Set<string>()
      for (let size = 1; size <= all.length; size++) {
        const { members, expelled, known } = stateOf(all.slice(0, size))
        for (const id of members.keys()) {
          expect(expelled.has(id)).toBe(false)
          expect(known.has(id)).toBe(true)
        }
        const body = all[size - 1]?.body
        const ownWord = body?.rotation !== undefined || body?.expulsion?.peer === body?.author
        if (!ownWord) for (const id of gone) expect(expelled.has(id)).toBe(true)
        gone = new Set(expelled)
      }
    }
  })
})
