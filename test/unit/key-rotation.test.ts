import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadOrCreateKey, nextKeyFile } from '../../src/mesh/key-file.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { bytesOf } from '../../src/mesh/roster/record.ts'
import { Roster } from '../../src/mesh/roster/roster.ts'
import { KeyRotation } from '../../src/node/key-rotation.ts'
import { person, Records, type Person } from './roster-records.ts'

const PEOPLE = 450
const log = pino({ level: 'silent' })
let folder: string
let records: Records
let self: Person
let next: PrivateKey

const open = (): Promise<Roster> => Roster.open({ folder: join(folder, 'mesh'), log, now: () => 2_000_000 })
const admission = (peer: string) => ({ admission: { peer, hostName: 'host', token: new Uint8Array(16) } })

/** The host founded the mesh and admitted more than one record can name. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-test-rotation-'))
  const key = await loadOrCreateKey(join(folder, 'key'))
  self = { id: peerIdFromPrivateKey(key).toString(), key }
  next = await loadOrCreateKey(nextKeyFile(join(folder, 'key')))
  records = await Records.by(self)
  const all = [records.genesis]
  for (let at = 0; at < PEOPLE; at++) all.push(await records.admit(self, await person(`many${String(at)}`)))
  const roster = await open()
  await roster.enter(
    records.genesis.id,
    all.map(({ bytes }) => bytes),
    self.id
  )
})
afterEach(() => rm(folder, { recursive: true }))

/** With one other member, who hears of everything. */
function rotation(roster: Roster, spread: string[] = []): KeyRotation {
  const mesh = {
    peers: () => [{ peerId: 'another', state: 'connected' }],
    spread: async (ids: readonly string[]) => {
      spread.push(...ids)
      return ['another']
    },
    rekey: async () => undefined
  }
  return new KeyRotation({
    keyFile: join(folder, 'key'),
    roster,
    mesh: mesh as unknown as Mesh,
    log,
    onKey: () => undefined,
    checkIdle: async () => undefined
  })
}

describe('the new key of a host that has admitted many', () => {
  test('leaves every one of them in', async () => {
    const roster = await open()
    await rotation(roster).rotate(self.key)
    expect(roster.state.members.size).toBe(PEOPLE + 1)
    expect(roster.isMember(peerIdFromPrivateKey(next).toString())).toBe(true)
  })

  test('leaves them in where an earlier ferry was killed when it had said only a part, and lets no thief in', async () => {
    const before = await open()
    const own = before.ids().slice(0, 400).map(bytesOf)
    const newPeer = peerIdFromPrivateKey(next).toString()
    await before.sign({ rotation: { newPeer, keeps: own } }, self.key, next)
    const thief = await before.sign(admission((await person('thief')).id), self.key)
    expect(before.state.members.size).toBeLessThan(PEOPLE + 1)
    const roster = await open()
    const spread: string[] = []
    expect(await rotation(roster, spread).resume(AbortSignal.timeout(30_000))).toBe(self.id)
    expect(roster.state.members.size).toBe(PEOPLE + 1)
    expect(roster.isMember(thief.body.admission?.peer ?? '')).toBe(false)
    expect(spread).toHaveLength(2)
    expect((await open()).digest()).toBe(roster.digest())
    expect(await loadOrCreateKey(join(folder, 'key'))).toEqual(next)
  })

  test('is not begun where it could not be written', async () => {
    const roster = await open()
    await rm(join(folder, 'mesh/records'))
    await expect(rotation(roster).rotate(self.key)).rejects.toMatchObject({ details: { code: 'MESH_FILES' } })
    expect(await rotation(roster).begun()).toBeUndefined()
    expect(roster.isMember(self.id)).toBe(true)
  })
})
