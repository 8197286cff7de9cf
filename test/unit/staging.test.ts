// What a migration has on its target is found again by its record, also by one that a power cut left empty.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LxcEngine } from '../../src/engines/lxc.ts'
import { makeStaging, moveIntoPlace, ownRecord, readRecord, removeStaged } from '../../src/engines/staging.ts'

const signal = AbortSignal.timeout(60_000)
let top: string
let staged: { staging: string; home: string }

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'ferry-staging-'))
  staged = { staging: join(top, '.ferry-m1'), home: join(top, 'web') }
  await makeStaging(staged.staging, 'm1', async () => {
    await mkdir(join(staged.staging, 'rootfs'))
  })
})
afterEach(async () => {
  await rm(top, { recursive: true, force: true })
})

it('a record is whole, only root can read it, and nothing lies beside it', async () => {
  expect(await readRecord(staged.staging)).toEqual({ migration: 'm1', outer: [], restoring: false })
  expect((await stat(join(staged.staging, '.ferry.json'))).mode & 0o777).toBe(0o600)
  expect((await readdir(staged.staging)).sort()).toEqual(['.ferry.json', 'rootfs'])
})

it.each([
  ['empty', ''],
  ['cut short', '{"migration":"m'],
  ['no record', '[]']
])('what is in place with a record that is %s is the migration’s that staged it, and goes', async (_, text) => {
  await moveIntoPlace(staged.staging, staged.home)
  await writeFile(join(staged.home, '.ferry.json'), text)
  // Nothing says what was begun: all of it may have been.
  expect(await ownRecord(staged)).toEqual({ migration: 'm1', outer: [], restoring: true })
  for (const __ of [1, 2]) await removeStaged(staged, signal)
  expect(await readdir(top)).toEqual([])
})

it('so does what was not renamed into place yet; a container of that name is left alone, whatever its record', async () => {
  await writeFile(join(staged.staging, '.ferry.json'), '')
  await mkdir(staged.home)
  await writeFile(join(staged.home, '.ferry.json'), '')
  expect(await ownRecord(staged)).toBeUndefined()
  await removeStaged(staged, signal)
  expect(await readdir(top)).toEqual(['web'])
})

it("another migration's folder in that place is not touched", async () => {
  await moveIntoPlace(staged.staging, staged.home)
  await writeFile(join(staged.home, '.ferry.json'), JSON.stringify({ migration: 'm2' }))
  expect(await ownRecord(staged)).toBeUndefined()
  await removeStaged(staged, signal)
  expect(JSON.parse(await readFile(join(staged.home, '.ferry.json'), 'utf8'))).toEqual({ migration: 'm2' })
})

it('an LXC container is adopted as often as that is asked for, and what an earlier try left is written over', async () => {
  await moveIntoPlace(staged.staging, staged.home)
  const lines = [
    { key: 'lxc.uts.name', value: 'web' },
    { key: 'lxc.start.auto', value: '1' }
  ]
  const spec = JSON.stringify({ version: 1, name: 'web', lines, ports: [], ttys: [] })
  const all = { engine: 'lxc' as const, name: 'web', rootfs: '', cgroup: '/none', bridges: [], spec, ...staged }
  const engine = new LxcEngine({ criu: '/usr/sbin/criu', allowedPaths: [] })
  await writeFile(join(staged.home, 'config'), 'lxc.start.auto = 0\n')
  await writeFile(join(staged.home, 'config.ferry-new'), 'lxc.uts')
  await writeFile(join(staged.home, '.ferry.json'), '')
  for (const _ of [1, 2]) await engine.adopt(all, signal)
  expect((await readdir(staged.home)).sort()).toEqual(['config', 'rootfs'])
  const text = await readFile(join(staged.home, 'config'), 'utf8')
  expect(text).toContain(`lxc.rootfs.path = dir:${staged.home}/rootfs\n`)
  expect(text).toMatch(/^lxc.start.auto = 1$/m)
  expect((await stat(join(staged.home, 'config'))).mode & 0o777).toBe(0o644)
})
