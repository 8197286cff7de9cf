import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { admittedIn, ledgerOf, leastKept, type Kept, type Ledger } from '../../src/mesh/roster/reach.ts'
import { bytesOf, type OpenRecord, type Statement } from '../../src/mesh/roster/record.ts'
import { stateOf } from '../../src/mesh/roster/state.ts'
import { dice, Records, person, type Person } from './roster-records.ts'

type Rules = Parameters<typeof leastKept>[2]

/** The definition itself: everything is gone through again until nothing new is found. */
function byDefinition(founder: string, { all, keepers }: Ledger, rules: Rules): Kept {
  const ids = new Set(rules.start)
  for (;;) {
    const admitted = new Set([founder])
    for (let before = 0; before < admitted.size;) {
      before = admitted.size
      for (const record of all) {
        const peer = record.body.genesis === undefined ? admittedIn(record) : undefined
        if (peer !== undefined && admitted.has(record.body.author) && rules.counts(record, ids.has(record.id))) {
          admitted.add(peer)
        }
      }
    }
    const before = ids.size
    for (const keeper of keepers.values()) {
      const { id, body } = keeper.record
      const standing = { authorAdmitted: admitted.has(body.author), isKept: ids.has(id) }
      if (rules.believes(keeper, standing)) for (const kept of keeper.keeps) ids.add(kept)
    }
    if (ids.size === before) return { admitted, ids }
  }
}

describe('what is kept, and who is admitted by it', () => {
  let people: readonly Person[]
  let records: Records
  beforeAll(async () => {
    people = await Promise.all(Array.from({ length: 8 }, (_, at) => person(`p${String(at)}`)))
    records = await Records.by(people[0] ?? (await person('p0')))
  })

  async function history(random: () => number): Promise<OpenRecord[]> {
    const any = (): Person => people[Math.floor(random() * people.length)] ?? records.founder
    const all = [records.genesis]
    for (let step = 0; step < 30; step++) {
      const known = all.filter(() => random() < 0.6)
      const [by, peer, what] = [any(), any(), random()]
      if (what < 0.5) all.push(await records.admit(by, peer))
      else if (what < 0.9 || by === peer) all.push(await records.expel(by, peer, known))
      else all.push(await records.rotate(by, peer, known))
    }
    return all
  }

  test('is by the short way what it is by its definition, whatever the rules are', async () => {
    let kept = 0
    for (let seed = 1; seed <= 200; seed++) {
      const random = dice(seed)
      const all = await history(random)
      const ledger = ledgerOf(all)
      const founder = records.founder.id
      for (let round = 0; round < 10; round++) {
        const out = new Set(people.filter(() => random() < 0.5).map(({ id }) => id))
        const settled = new Set(people.filter(() => random() < 0.7).map(({ id }) => id))
        const heeded = new Set(all.filter(() => random() < 0.8))
        const counts = ({ body }: OpenRecord, isKept: boolean): boolean => isKept || !out.has(body.author)
        const rules: Rules = {
          start: all.filter(() => random() < 0.05).map(({ id }) => id),
          counts,
          believes: ({ record, removed }, { authorAdmitted, isKept }) =>
            heeded.has(record) &&
            (authorAdmitted || removed === founder) &&
            (counts(record, isKept) || !settled.has(removed))
        }
        const found = leastKept(founder, ledger, rules)
        const wanted = byDefinition(founder, ledger, rules)
        expect([...found.admitted].sort()).toEqual([...wanted.admitted].sort())
        expect([...found.ids].sort()).toEqual([...wanted.ids].sort())
        kept += found.ids.size
      }
    }
    expect(kept).toBeGreaterThan(2_000)
  })
})

/** Nothing looks at signatures any more where records are made sense of. */
function unsigned(): (author: string, statement: Statement) => OpenRecord {
  let number = 0
  return (author, statement) => {
    const id = createHash('sha256').update(String(number)).digest('hex')
    return { id, bytes: new Uint8Array(), body: { ...statement, mesh: new Uint8Array(32), author, timeMs: number++ } }
  }
}

test('a member that signs as much as it may in the worst order does not keep the others busy for minutes', () => {
  const length = 20_000
  const sign = unsigned()
  const admit = (by: string, peer: string): OpenRecord =>
    sign(by, { admission: { peer, hostName: 'host', token: new Uint8Array(16) } })
  const name = (at: number): string => `p${String(at)}`
  const all = [
    sign('founder', { genesis: { meshName: 'mesh', hostName: 'host', nonce: new Uint8Array(16) } }),
    admit('founder', name(0)),
    admit(name(0), name(1))
  ]
  const admissions: OpenRecord[] = []
  for (let at = 1; at < length; at++) {
    const admission = admit(name(at), name(at + 1))
    admissions.push(admission)
    all.push(admission, sign(name(at), { expulsion: { peer: name(at), keeps: [] } }))
  }
  // Each is expelled by the one before, who keeps its admission and its word about the next one: the last word is believed last.
  let word: OpenRecord | undefined
  for (let at = length - 1; at >= 1; at--) {
    const keeps = [admissions[at - 1], word].flatMap((record) => (record === undefined ? [] : [bytesOf(record.id)]))
    word = sign(name(at - 1), { expulsion: { peer: name(at), keeps } })
    all.push(word)
  }
  const { members, expelled } = stateOf(all)
  expect([...members.keys()].sort()).toEqual(['founder', name(0), name(length)].sort())
  expect(expelled.size).toBe(length - 1)
})

test('nor does one that has a long chain of keys, and many others, end in one and the same', () => {
  const length = 20_000
  const sign = unsigned()
  const name = (at: number): string => `p${String(at)}`
  const admit = (peer: string): OpenRecord =>
    sign('founder', { admission: { peer, hostName: `of-${peer}`, token: new Uint8Array(16) } })
  const all = [
    sign('founder', { genesis: { meshName: 'mesh', hostName: 'host', nonce: new Uint8Array(16) } }),
    admit(name(0))
  ]
  for (let at = 0; at < length; at++) {
    const other = `q${String(at)}`
    all.push(admit(other), sign(other, { rotation: { newPeer: name(length), keeps: [] } }))
  }
  // The newest word about the heir is the one whose chain is long.
  for (let at = 0; at < length; at++) all.push(sign(name(at), { rotation: { newPeer: name(at + 1), keeps: [] } }))
  const { members } = stateOf(all)
  expect([...members.keys()].sort()).toEqual(['founder', name(length)].sort())
  expect(members.get(name(length))?.hostName).toBe(`of-${name(0)}`)
})
