import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeRecord } from '../../protocols/membership/index.ts'
import { SignedRecord } from '../../protocols/membership/pb/message.ts'
import { bytesOf, signRecord, type OpenRecord } from '../../src/mesh/roster/record.ts'
import { Roster } from '../../src/mesh/roster/roster.ts'
import { Records, dice, person, plain, shuffled, type Person } from './roster-records.ts'

let folder: string
let founder: Person
let bob: Person
let eve: Person
let records: Records

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-test-roster-'))
  founder = await person('founder')
  bob = await person('bob')
  eve = await person('eve')
  records = await Records.by(founder)
})
afterEach(() => rm(folder, { recursive: true }))

const open = (name: string): Promise<Roster> =>
  Roster.open({ folder: join(folder, name), log: pino({ level: 'silent' }), now: () => 2_000_000 })
const bytes = (...all: OpenRecord[]): Uint8Array[] => all.map((record) => record.bytes)

/** A roster of founder and bob, as bob has it. */
async function bobs(name = 'bob'): Promise<Roster> {
  const roster = await open(name)
  await roster.enter(records.genesis.id, bytes(records.genesis, await records.admit(founder, bob)), bob.id)
  return roster
}

describe('a roster', () => {
  test('is the same after a restart', async () => {
    const roster = await bobs()
    await roster.expel(eve.id, bob.key)
    const again = await open('bob')
    expect(again.ids()).toEqual(roster.ids())
    expect(again.digest()).toBe(roster.digest())
    expect(plain(again.state)).toEqual(plain(roster.state))
    expect(again.meshName).toBe('test')
  })

  test('loses at most what was being written when the power went, and goes on from there', async () => {
    const roster = await bobs()
    const before = roster.ids()
    const { length } = await readFile(join(folder, 'bob/records'))
    await roster.expel(eve.id, bob.key)
    const whole = await readFile(join(folder, 'bob/records'))
    for (const cut of [length + 1, length + 36, whole.length - 1]) {
      await writeFile(join(folder, 'bob/records'), whole)
      await truncate(join(folder, 'bob/records'), cut)
      const again = await open('bob')
      expect(again.ids()).toEqual(before)
      await again.expel(eve.id, bob.key)
      expect((await open('bob')).ids()).toHaveLength(before.length + 1)
    }
  })

  test('whose beginning is damaged is refused, and not taken for none', async () => {
    await bobs()
    const path = join(folder, 'bob/records')
    const damaged = await readFile(path)
    damaged[60] = (damaged[60] ?? 0) ^ 1
    await writeFile(path, damaged)
    await expect(open('bob')).rejects.toMatchObject({ details: { code: 'MESH_FILES' } })
  })

  test('tells of every addition once, and has one digest for one set', async () => {
    const one = await bobs('one')
    const other = await bobs('other')
    const told: string[] = []
    one.onChange((added) => told.push(...added))
    const carol = await records.admit(bob, await person('carol'))
    expect(await one.add([carol.bytes, carol.bytes], 'somebody')).toEqual([carol.id])
    expect(await one.add([carol.bytes], 'somebody')).toEqual([])
    expect(told).toEqual([carol.id])
    expect(one.digest()).not.toBe(other.digest())
    await other.add([carol.bytes], 'somebody')
    // The two were admitted by different records of one admission.
    await one.add(
      other.ids().flatMap((id) => other.get(id) ?? []),
      'somebody'
    )
    await other.add(
      one.ids().flatMap((id) => one.get(id) ?? []),
      'somebody'
    )
    expect(one.digest()).toBe(other.digest())
  })

  test('takes records in any order, a batch at a time or all at once, to the same end', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, (_, at) => person(`m${String(at)}`)))
    const chain: OpenRecord[] = []
    let by = bob
    for (const next of people) {
      chain.push(await records.admit(by, next))
      by = next
    }
    const admitted = await records.admit(founder, bob)
    for (let seed = 1; seed <= 5; seed++) {
      const roster = await open(`order${String(seed)}`)
      await roster.enter(records.genesis.id, bytes(records.genesis, admitted), bob.id)
      const order = shuffled(chain, dice(seed))
      if (seed === 1) await roster.add(bytes(...order), 'somebody')
      // What comes before its author's admission is dropped, and comes again in the next round.
      else
        for (let round = 0; round < chain.length; round++) for (const one of order) await roster.add([one.bytes], 'x')
      expect(roster.state.members.size).toBe(14)
    }
  })
})

describe('a forgery', () => {
  async function refused(roster: Roster, forged: Uint8Array): Promise<void> {
    const before = roster.digest()
    expect(await roster.add([forged], 'somebody')).toEqual([])
    expect(roster.digest()).toBe(before)
  }

  test('of any one bit is refused', async () => {
    const roster = await bobs()
    const { bytes: good } = await records.admit(founder, eve)
    for (let bit = 0; bit < good.length * 8; bit += 5) {
      const forged = new Uint8Array(good)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await refused(roster, forged)
    }
  })

  test('in the name of a member, by another key, is refused', async () => {
    const roster = await bobs()
    const good = await records.admit(founder, eve)
    const signed = SignedRecord.decode(good.bytes)
    const text = Buffer.concat([Buffer.from('ferry membership record 1\n'), signed.body])
    const signature = new Uint8Array(await eve.key.sign(text))
    await refused(roster, encodeRecord({ ...signed, signature }))
    await refused(roster, encodeRecord({ ...signed, signature: new Uint8Array(64) }))
    await refused(roster, SignedRecord.encode({ ...signed, signature: new Uint8Array(0) }))
  })

  test('by somebody who was never a member is not even kept', async () => {
    const roster = await bobs()
    await refused(roster, (await records.admit(eve, eve)).bytes)
    await refused(roster, (await records.expel(eve, founder)).bytes)
  })

  test('of another mesh is refused, and so is a second beginning', async () => {
    const roster = await bobs()
    const other = await Records.by(founder)
    await refused(roster, (await other.admit(founder, eve)).bytes)
    await refused(roster, other.genesis.bytes)
  })

  test('of a new key that did not sign is refused', async () => {
    const roster = await bobs()
    const rotation = { newPeer: eve.id, keeps: [] }
    const options = { mesh: records.genesis.id, key: bob.key, timeMs: 1 }
    await refused(roster, (await signRecord({ rotation }, { ...options, newKey: bob.key })).bytes)
    const unsigned = await signRecord({ rotation }, options).catch(() => undefined)
    if (unsigned !== undefined) await refused(roster, unsigned.bytes)
  })

  test('that is the same record in other bytes is refused: a record has one name', async () => {
    const roster = await bobs()
    const { bytes: good } = await records.admit(founder, eve)
    // Protobuf allows an unknown field at the end, and a length that takes more bytes than it needs.
    await refused(roster, Buffer.concat([good, Buffer.from([0x7a, 0x01, 0x00])]))
    const [tag = 0, length = 0] = good
    if (length < 0x80) await refused(roster, Buffer.concat([Buffer.from([tag, length | 0x80, 0x00]), good.subarray(2)]))
    else
      await refused(
        roster,
        Buffer.concat([good.subarray(0, 2), Buffer.from([0x80 | (good[2] ?? 0), 0x00]), good.subarray(3)])
      )
  })

  test('of any random bytes is refused', async () => {
    const roster = await bobs()
    const random = dice(42)
    for (let round = 0; round < 500; round++) {
      await refused(
        roster,
        Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256)
      )
    }
  })
})

describe('what comes with an admission', () => {
  test('is refused where it is another mesh than the invitation names, or does not admit this host', async () => {
    const roster = await open('eve')
    const admitted = await records.admit(founder, bob)
    const other = await Records.by(eve)
    const bad = { details: { code: 'BAD_MESH' } }
    const enter = (mesh: string, all: OpenRecord[], self: Person) => roster.enter(mesh, bytes(...all), self.id)
    await expect(enter(records.genesis.id, [other.genesis], eve)).rejects.toMatchObject(bad)
    await expect(enter(records.genesis.id, [records.genesis, other.genesis], founder)).rejects.toMatchObject(bad)
    await expect(enter(records.genesis.id, [records.genesis, admitted], eve)).rejects.toMatchObject(bad)
    expect(roster.meshId).toBeUndefined()
    await enter(records.genesis.id, [records.genesis, admitted], bob)
    expect(roster.meshId).toBe(records.genesis.id)
  })
})

describe('a member that signs far too many', () => {
  const limits = { rosterBytes: 8_000, authorBytes: 5_000 }
  const full = { details: { code: 'MESH_FULL' } }

  /** The founder's roster, with members bob and carol. */
  async function small(): Promise<{ roster: Roster; carol: Person; grant: (by: Person) => Promise<OpenRecord> }> {
    const log = pino({ level: 'silent' })
    let timeMs = 2_000_000
    const roster = await Roster.open({ folder: join(folder, 'small'), log, now: () => ++timeMs, limits })
    const carol = await person('carol')
    const admitted = [await records.admit(founder, bob), await records.admit(founder, carol)]
    await roster.enter(records.genesis.id, bytes(records.genesis, ...admitted), founder.id)
    return { roster, carol, grant: (by) => roster.sign({ grant: { operator: eve.id, role: 'view' } }, by.key) }
  }

  async function flood(roster: Roster, by: Person): Promise<string[]> {
    const all = await Promise.all(Array.from({ length: 40 }, (_, at) => person(`${by.id} ${String(at)}`)))
    const signed = await Promise.all(all.map((one) => records.admit(by, one)))
    await roster.add(bytes(...signed), 'somebody')
    return all.map(({ id }) => id).filter((id) => roster.isMember(id))
  }

  test('is stopped at its own share, and others go on', async () => {
    const { roster, grant } = await small()
    expect((await flood(roster, bob)).length).toBeGreaterThan(0)
    await expect(grant(bob)).rejects.toMatchObject(full)
    await grant(founder)
  })

  test('keeps nobody from taking roles and members out, and makes room when it is expelled and nothing of it is kept', async () => {
    const { roster, carol, grant } = await small()
    await grant(founder)
    const puppets = [...(await flood(roster, bob)), ...(await flood(roster, carol))]
    await expect(grant(founder)).rejects.toMatchObject(full)
    await roster.revoke(eve.id, 'view', founder.key)
    expect(roster.rolesOf(eve.id).size).toBe(0)
    for (const one of [bob, carol]) {
      const goes = await roster.alsoOut(one.id, founder.key, 'nothing')
      expect(goes.length).toBeGreaterThan(0)
      expect(puppets).toEqual(expect.arrayContaining([...goes]))
      await roster.expel(one.id, founder.key, 'nothing')
    }
    expect([...roster.state.members.keys()]).toEqual([founder.id])
    await grant(founder)
    expect([...roster.rolesOf(eve.id)]).toEqual(['view'])
  })
})

test('a host that leaves keeps all that it did, and its key does nothing afterwards, whatever it says', async () => {
  const roster = await open('founder')
  await roster.found({ mesh: 'big', host: 'founder' }, founder.key)
  const admit = (peer: string) =>
    roster.sign({ admission: { peer, hostName: 'host', token: new Uint8Array(16) } }, founder.key)
  const gone = await person('gone')
  for (const { id } of [bob, gone]) await admit(id)
  await roster.expel(gone.id, founder.key)
  for (let at = 0; at < 405; at++) await admit((await person(`many${String(at)}`)).id)
  await roster.leave(founder.key)
  expect(roster.state.members.size).toBe(406)
  expect(roster.isMember(founder.id)).toBe(false)
  expect(roster.isMember(gone.id)).toBe(false)
  await roster.expel(bob.id, founder.key)
  const puppet = await admit(eve.id)
  await roster.sign({ expulsion: { peer: founder.id, keeps: [bytesOf(puppet.id)] } }, founder.key)
  expect(roster.isMember(eve.id)).toBe(false)
  expect(roster.isMember(gone.id)).toBe(false)
}, 60_000)

describe('when somebody is expelled who has signed more than one expulsion can name', () => {
  const PEOPLE = 795
  const limits = { rosterBytes: 2 ** 20, authorBytes: 200_000 }
  const log = pino({ level: 'silent' })
  let all: OpenRecord[]
  beforeAll(async () => {
    const host = await person('founder')
    const signed = await Records.by(host)
    all = [signed.genesis, await signed.admit(host, await person('bob'))]
    for (let at = 0; at < PEOPLE; at++) all.push(await signed.admit(host, await person(`many${String(at)}`)))
  })

  /** Of a founder who admitted everybody. */
  async function big(): Promise<Roster> {
    let timeMs = 2_000_000
    const roster = await Roster.open({ folder: join(folder, 'big'), log, now: () => ++timeMs, limits })
    await roster.enter(all[0]?.id ?? '', bytes(...all), bob.id)
    return roster
  }

  test('everybody else stays, and it is told in one go', async () => {
    const roster = await big()
    const told: (readonly string[])[] = []
    roster.onChange((added) => told.push(added))
    const signed = await roster.expel(founder.id, bob.key)
    expect(signed).toHaveLength(2)
    expect(told).toEqual([signed])
    expect(roster.state.members.size).toBe(PEOPLE + 1)
    expect(roster.ids().every((id) => (roster.get(id)?.byteLength ?? 0) < 15 * 1024)).toBe(true)
  })

  test('it is done or not done, wherever the power went', async () => {
    const roster = await big()
    const path = join(folder, 'big/records')
    const { length } = await readFile(path)
    await roster.expel(founder.id, bob.key)
    const whole = await readFile(path)
    for (let cut = length; cut < whole.length; cut += 6_000) {
      await writeFile(path, whole.subarray(0, cut))
      expect((await open('big')).state.members.size).toBe(PEOPLE + 2)
    }
    await writeFile(path, whole)
    const again = await open('big')
    expect(again.state.members.size).toBe(PEOPLE + 1)
    expect(again.digest()).toBe(roster.digest())
    await again.sign({ grant: { operator: eve.id, role: 'view' } }, bob.key)
    expect([...(await open('big')).rolesOf(eve.id)]).toEqual(['view'])
  })

  test('nothing is done where there is room for the first half only', async () => {
    const roster = await big()
    const stranger = { peer: eve.id, keeps: all.slice(0, 400).map(({ id }) => bytesOf(id)) }
    for (let at = 0; at < 13; at++) await roster.sign({ expulsion: stranger }, bob.key)
    const before = roster.digest()
    await expect(roster.expel(founder.id, bob.key)).rejects.toMatchObject({ details: { code: 'MESH_FULL' } })
    expect(roster.digest()).toBe(before)
    expect((await open('big')).digest()).toBe(before)
    await roster.sign({ expulsion: stranger }, bob.key)
    await expect(roster.sign({ expulsion: stranger }, bob.key)).rejects.toMatchObject({
      details: { code: 'MESH_FULL' }
    })
  })
})

test('a role that somebody granted more often than one revocation can name is taken back all the same', async () => {
  const roster = await bobs()
  const grants: OpenRecord[] = []
  for (let at = 0; at < 401; at++) {
    grants.push(await records.sign(bob, { grant: { operator: eve.id, role: 'admin' } }))
  }
  await roster.add(bytes(...grants), 'somebody')
  expect([...roster.rolesOf(eve.id)]).toEqual(['admin'])
  expect(await roster.revoke(eve.id, 'admin', bob.key)).toHaveLength(2)
  expect([...roster.rolesOf(eve.id)]).toEqual([])
})
