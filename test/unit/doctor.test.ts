// What the doctor says of books and folders, without a container: a journal, a state folder, and hands that left things there.
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import type { DoctorView } from '../../protocols/operator/views.ts'
import { doctorText } from '../../src/cli/doctor.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { parkLxc } from '../../src/engines/lxc-park.ts'
import { LxcEngine } from '../../src/engines/lxc.ts'
import { CONFIG, PARKED_CONFIG } from '../../src/engines/oci-park.ts'
import { OciEngine } from '../../src/engines/oci.ts'
import { writeRecord } from '../../src/engines/staging.ts'
import { parseStat } from '../../src/host/processes.ts'
import { openJournal, type Journal, type MigrationRecord } from '../../src/journal/journal.ts'
import { judgeBooks, temporaryFolders } from '../../src/node/doctor/books.ts'
import { Doctor } from '../../src/node/doctor/doctor.ts'
import { judgeFolders, seeFolders } from '../../src/node/doctor/folders.ts'
import { Past } from '../../src/node/doctor/past.ts'
import { judgeStarts } from '../../src/node/doctor/starts.ts'
import { Reservations } from '../../src/node/reservations.ts'
import { pruneEnded } from '../../src/node/retention.ts'

const HOUR_MS = 3_600_000
const now = Date.parse('2026-01-02T00:00:00.000Z')
let stateDir: string
let journal: Journal
let active: string[]
const signal = AbortSignal.timeout(60_000)

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'ferry-doctor-'))
  journal = await openJournal(join(stateDir, 'journal'))
  active = []
})
afterEach(async () => {
  await journal.close()
  await rm(stateDir, { recursive: true, force: true })
})

/** A target of runc; ended an hour ago unless told otherwise. */
function record(id: string, more: Partial<MigrationRecord> = {}): MigrationRecord {
  return {
    id,
    role: 'target',
    container: 'web',
    engine: 'runc',
    peer: '12D3KooWx',
    peerName: 'a',
    epoch: 1,
    state: 'discarded',
    view: {},
    data: {},
    startedAt: new Date(now - 2 * HOUR_MS).toISOString(),
    updatedAt: new Date(now - HOUR_MS).toISOString(),
    endedAt: new Date(now - HOUR_MS).toISOString(),
    ...more
  }
}

function underWay(id: string): MigrationRecord {
  const { endedAt: _, ...rest } = record(id, { state: 'receiving' })
  return rest
}

function parts(retentionHours = 24) {
  const config = configSchema.parse({ name: 'b', stateDir, retentionHours })
  const engines = new Map([['runc' as const, new OciEngine('runc', { allowedPaths: [] })]])
  return { config, engines, journal, reservations: new Reservations(), now: () => now }
}

const read = () => Past.read(journal, active)

async function folders(retentionHours = 24) {
  const at = parts(retentionHours)
  return judgeFolders(at, await seeFolders(at), await read())
}

async function staged(name: string, of: string, more: Partial<Parameters<typeof writeRecord>[1]> = {}) {
  const folder = join(stateDir, 'containers', name)
  await mkdir(join(folder, 'rootfs'), { recursive: true })
  await writeRecord(folder, { migration: of, outer: [], restoring: false, ...more })
  return folder
}

it('what a migration has that ends while the host is looked at is not left over', async () => {
  await journal.putMigration(record('m1'))
  await staged('.ferry-m1', 'm1')
  active = ['m1']
  const runc = Object.assign(new OciEngine('runc', { allowedPaths: [] }), {
    strayStates: () => {
      active = []
      return Promise.resolve([])
    }
  })
  const doctor = new Doctor(
    { ...parts(), engines: new Map([['runc', runc]] as const), name: 'b', log: pino({ level: 'silent' }) },
    () => active,
    () => new Map()
  )
  const codes = async () => (await doctor.look(signal)).findings.map(({ code }) => code)
  expect(await codes()).not.toContain('STAGING_LEFT')
  expect(await codes()).toContain('STAGING_LEFT')
})

describe('books', () => {
  it('a claim of a migration that has ended is released, one of a migration under way is not', async () => {
    await journal.putMigration(record('m1'))
    await journal.putMigration(underWay('m2'))
    await journal.claim('runc/web', 'm1')
    await journal.claim('runc/db', 'm2')
    const found = await judgeBooks(parts(), await read(), read)
    expect(found.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['CLAIM_LEFT runc/web'])
    await found[0]?.repair?.(signal)
    expect(await journal.claims()).toEqual([{ container: 'runc/db', migration: 'm2' }])
  })

  it('a claim whose migration is only just being written down is none of an old one', async () => {
    await journal.claim('runc/web', 'm1')
    const past = await read()
    const later = async () => {
      await journal.putMigration(underWay('m1'))
      return read()
    }
    expect(await judgeBooks(parts(), past, later)).toEqual([])
  })

  it('a reservation of no migration is given up', async () => {
    const at = parts()
    active = ['m2']
    at.reservations.hold('m1', { memoryBytes: 1, diskBytes: 1 })
    at.reservations.hold('m2', { memoryBytes: 2, diskBytes: 2 })
    const found = await judgeBooks(at, await read(), read)
    expect(found.map(({ subject }) => subject)).toEqual(['m1'])
    await found[0]?.repair?.(signal)
    expect(at.reservations.holders()).toEqual(['m2'])
  })

  it('temporary folders are those of an earlier daemon, and not of this one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ferry-rootfs-'))
    try {
      const began = Date.now()
      const of = async (ms: number) => (await temporaryFolders(ms)).some(({ subject }) => subject === folder)
      expect(await of(began - HOUR_MS)).toBe(false)
      const [left] = (await temporaryFolders(began + HOUR_MS)).filter(({ subject }) => subject === folder)
      await left?.repair?.(signal)
      expect(await of(began + HOUR_MS)).toBe(false)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('folders', () => {
  it('a folder staged by a migration that the journal does not know goes; that of one under way is not seen', async () => {
    await journal.putMigration(underWay('m2'))
    const left = await staged('.ferry-m1', 'm1')
    await staged('.ferry-m2', 'm2')
    await staged('db', 'm2', { restoring: true })
    const found = await folders()
    expect(found.map(({ code, subject }) => `${code} ${subject}`)).toEqual([`STAGING_LEFT ${left}`])
    await found[0]?.repair?.(signal)
    expect((await readdir(join(stateDir, 'containers'))).sort()).toEqual(['.ferry-m2', 'db'])
  })

  it('a staging folder without a record is known by its name, as long as nothing is in it', async () => {
    await mkdir(join(stateDir, 'containers/.ferry-m1'), { recursive: true })
    await mkdir(join(stateDir, 'containers/.ferry-m2/rootfs'), { recursive: true })
    const [runc] = parts().engines.values()
    for (const migration of ['m1', 'm2'])
      await runc?.discardStaging({ migration, bundles: join(stateDir, 'containers') }, signal)
    expect(await readdir(join(stateDir, 'containers'))).toEqual(['.ferry-m2'])
  })

  it('what was restored by a migration that the journal does not know is listed and never touched', async () => {
    await staged('web', 'm1', { restoring: true })
    const found = await folders()
    expect(found.map(({ code }) => code)).toEqual(['RESTORED_UNKNOWN'])
    expect(found[0]?.repair).toBeUndefined()
  })

  it('a container that was activated is adopted, whatever its folder still says', async () => {
    const spec = {
      engine: 'runc',
      name: 'web',
      staging: '',
      rootfs: '',
      home: '',
      cgroup: '/web',
      spec: '',
      bridges: []
    }
    await journal.putMigration(
      record('m1', { state: 'owner', data: { staged: { ...spec, home: join(stateDir, 'containers/web') } } })
    )
    await journal.mark('m1', 'prepared')
    await journal.mark('m1', 'activating')
    const folder = await staged('web', 'm1', { restoring: true })
    const found = await folders()
    expect(found.map(({ code }) => code)).toEqual(['NOT_ADOPTED'])
    await found[0]?.repair?.(signal)
    expect(await readdir(folder)).toEqual(['rootfs'])
  })

  describe('a mark that a power cut left empty', () => {
    const web = () => join(stateDir, 'containers/web')
    const stagedAs = (home: string) => ({
      ...{ engine: 'runc', name: 'web', rootfs: '', cgroup: '/ferry-test-none', spec: '{}', bridges: [] },
      staging: join(stateDir, 'containers/.ferry-m1'),
      home
    })
    async function torn(name: string): Promise<string> {
      const folder = await staged(name, 'm1')
      await writeFile(join(folder, '.ferry.json'), '')
      return folder
    }

    it('is judged by itself, and the rest of the folders as ever', async () => {
      await torn('web')
      const left = await staged('.ferry-m2', 'm2')
      const found = await folders()
      expect(found.map(({ code, subject }) => `${code} ${subject}`).sort()).toEqual([
        `RESTORED_UNKNOWN ${web()}`,
        `STAGING_LEFT ${left}`
      ])
      expect(found.find(({ subject }) => subject === web())?.repair).toBeUndefined()
    })

    it('in a folder that is named after its migration goes with that', async () => {
      const folder = await torn('.ferry-m1')
      const found = await folders()
      expect(found.map(({ code, subject }) => `${code} ${subject}`)).toEqual([`STAGING_LEFT ${folder}`])
      await found[0]?.repair?.(signal)
      expect(await readdir(join(stateDir, 'containers'))).toEqual([])
    })

    it('is of the migration under way that staged there, by the journal', async () => {
      await torn('web')
      await journal.putMigration({ ...underWay('m1'), data: { staged: stagedAs(web()) } })
      expect(await folders()).toEqual([])
    })

    it('is taken away where the container runs here', async () => {
      const folder = await torn('web')
      await journal.putMigration(record('m1', { state: 'owner', data: { staged: stagedAs(web()) } }))
      await journal.mark('m1', 'activating')
      const found = await folders()
      expect(found.map(({ code }) => code)).toEqual(['NOT_ADOPTED'])
      await found[0]?.repair?.(signal)
      expect(await readdir(folder)).toEqual(['rootfs'])
    })
  })

  it('images of an ended migration go and its logs stay; of an unknown one nothing stays', async () => {
    await journal.putMigration(record('m1'))
    await journal.putMigration(underWay('m2'))
    for (const id of ['m1', 'm2', 'm3']) {
      for (const kind of ['images', 'work']) await mkdir(join(stateDir, 'migrations', id, kind), { recursive: true })
      await writeFile(join(stateDir, 'migrations', id, 'work/dump.log'), 'log')
    }
    const found = await folders()
    expect(found.map(({ code }) => code)).toEqual(['IMAGES_LEFT', 'WORK_LEFT'])
    for (const { repair } of found) await repair?.(signal)
    expect(await readdir(join(stateDir, 'migrations'))).toEqual(['m1', 'm2'])
    expect(await readdir(join(stateDir, 'migrations/m1'))).toEqual(['work'])
    expect(await readdir(join(stateDir, 'migrations/m2'))).toEqual(['images', 'work'])
  })
})

describe('retention', () => {
  const beside = (id: string) => join(stateDir, 'containers', `.web.ferry-retired-${id}`)
  const aside = (id: string) => join(stateDir, 'retained', id)

  beforeEach(async () => {
    const old = {
      endedAt: new Date(now - 30 * HOUR_MS).toISOString(),
      startedAt: new Date(now - 31 * HOUR_MS).toISOString()
    }
    await journal.putMigration(record('old', { ...old, data: {} }))
    await journal.putMigration(record('new'))
    for (const id of ['old', 'new'])
      for (const folder of [beside(id), aside(id)]) await mkdir(join(folder, 'rootfs'), { recursive: true })
  })

  it('ends what was put aside beside its old place too', async () => {
    await pruneEnded(parts())
    expect(await readdir(join(stateDir, 'containers'))).toEqual(['.web.ferry-retired-new'])
    expect(await readdir(join(stateDir, 'retained'))).toEqual(['new'])
  })

  it('leaves the folder of a container that is a mount point to its operator, and the doctor says so', async () => {
    const home = join(stateDir, 'containers/box')
    await mkdir(home, { recursive: true })
    await writeFile(join(home, '.config.ferry-retired-old'), 'config')
    await pruneEnded(parts())
    expect(await readdir(home)).toEqual(['.config.ferry-retired-old'])
    const found = await folders()
    expect(found.map(({ code, repair }) => [code, repair])).toEqual([['RETAINED_LEFT', undefined]])
  })

  it('what the journal has forgotten goes by its age', async () => {
    await mkdir(aside('lost'), { recursive: true })
    await utimes(aside('lost'), 0, 0)
    await pruneEnded({ ...parts(), now: () => Date.now() })
    expect(await readdir(join(stateDir, 'retained'))).toContain('lost')
    await pruneEnded({ ...parts(), now: () => Date.now() + 25 * HOUR_MS })
    expect(await readdir(join(stateDir, 'retained'))).not.toContain('lost')
  })
})

it('a process is what /proc says, whatever it calls itself', () => {
  const stat = `42 (a) S 1 (b) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 1234 1000 1 18446744073709551615 0 0`
  expect(parseStat(stat, 1_000_000)).toEqual({
    pid: 42,
    parent: 7,
    comm: 'a) S 1 (b',
    state: 'S',
    startedMs: 1_012_340
  })
  expect(parseStat('', 0)).toBeUndefined()
})

describe('what the command prints', () => {
  const terminal = { json: false, width: undefined, style: (_: unknown, text: string) => text } as unknown as Terminal
  const finding = {
    code: 'STAGING_LEFT',
    host: 'b',
    what: '/x was staged',
    why: 'it ended',
    remedy: 'Remove it',
    repairable: true
  }
  const text = (view: Partial<DoctorView>) => doctorText({ host: 'b', findings: [], notes: [], ...view }, terminal)

  it('says that nothing is left', () => {
    expect(text({ notes: ['the bridge stays'] })).toBe('note: the bridge stays\nb: nothing is left')
  })

  it('says what is left and which of it can be repaired', () => {
    const shown = text({ findings: [finding, { ...finding, code: 'TREE_UNKNOWN', repairable: false }] })
    expect(shown).toContain('left: /x was staged  [STAGING_LEFT]\n  why:         it ended\n  what to do:  Remove it')
    expect(shown).toContain('b: 2 things left, 1 of which `ferry doctor --repair` puts right')
  })

  it('says what was repaired and what is left after it', () => {
    const shown = text({
      findings: [
        { ...finding, repaired: 'removed /x' },
        { ...finding, repairable: false }
      ]
    })
    expect(shown).toContain(
      'repaired: /x was staged  [STAGING_LEFT]\n  why:         it ended\n  done:        removed /x'
    )
    expect(shown).toContain('b: 1 thing repaired, 1 thing left')
  })
})

describe('what starts a container', () => {
  const ofSource = (id: string, home: string, more: Partial<MigrationRecord> = {}) =>
    record(id, {
      role: 'source',
      state: 'rolledBack',
      data: { container: { home, rootfs: join(home, 'rootfs'), cgroup: '/none-of-ferry', initPid: 1 } },
      ...more
    })
  async function parkedBundle(folder: string): Promise<string> {
    const home = join(stateDir, folder)
    await mkdir(home, { recursive: true })
    await writeFile(join(home, PARKED_CONFIG), '{}')
    return home
  }
  const starts = async () => judgeStarts(parts(), await read())

  it('is put back where the journal says that the container runs here', async () => {
    const home = await parkedBundle('srv/web')
    await journal.putMigration(ofSource('m1', home), [])
    const [found, ...rest] = await starts()
    expect(rest).toEqual([])
    expect(found).toMatchObject({ code: 'START_PARKED', subject: home, container: 'runc/web' })
    await found?.repair?.(signal)
    expect(await readdir(home)).toEqual([CONFIG])
    expect(await starts()).toEqual([])
  })

  it('is left to a migration that is under way', async () => {
    const { endedAt: _, ...rest } = ofSource('m1', await parkedBundle('srv/web'), { state: 'committed' })
    await journal.putMigration(rest, [])
    expect(await starts()).toEqual([])
  })

  it('is listed, and no more, where the container has left, and where the journal knows nothing', async () => {
    const home = await parkedBundle('srv/web')
    await journal.putMigration(ofSource('m1', home, { state: 'moved' }), [])
    await journal.decide('m1', 'commit', 1, () => [])
    const unknown = await parkedBundle('containers/other')
    const found = await starts()
    expect(found.map(({ code, subject, repair }) => [code, subject, repair])).toEqual([
      ['START_PARKED', home, undefined],
      ['START_PARKED', unknown, undefined]
    ])
    expect(found[1]?.remedy).toContain(`mv ${unknown}/${PARKED_CONFIG} ${unknown}/${CONFIG}`)
  })

  it('is listed too where it is an LXC container, with what is to be done', async () => {
    const place = join(stateDir, 'lxc')
    await mkdir(join(place, 'web'), { recursive: true })
    await mkdir(join(place, 'other'))
    for (const name of ['web', 'other']) await writeFile(join(place, name, 'config'), `lxc.uts.name = ${name}\n`)
    await parkLxc(join(place, 'web'))
    const lxc = new LxcEngine({ criu: '/usr/sbin/criu', allowedPaths: [] })
    lxc.place = () => place
    const found = await judgeStarts({ ...parts(), engines: new Map([['lxc' as const, lxc]]) }, await read())
    expect(found.map(({ code, subject, repair }) => [code, subject, repair])).toEqual([
      ['START_PARKED', join(place, 'web'), undefined]
    ])
    expect(found[0]?.remedy).toContain(`${place}/web/config`)
  })
})
