import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parkAutostart, unparkAutostart } from '../../src/engines/lxc-autostart.ts'
import { lastValue, readLxcConfig } from '../../src/engines/lxc-config.ts'

let home: string
const config = () => join(home, 'config')
const starts = async () => lastValue(await readLxcConfig(config()), 'lxc.start.auto')

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ferry-lxc-'))
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

it('a container that starts at boot does not while it is parked, and does again afterwards', async () => {
  const text = 'lxc.uts.name = web\nlxc.start.auto = 1\nlxc.start.delay = 5'
  writeFileSync(config(), text)
  chmodSync(config(), 0o640)
  await parkAutostart(home)
  expect(await starts()).toBe('0')
  expect(lastValue(await readLxcConfig(config()), 'lxc.start.delay')).toBe('5')
  await unparkAutostart(home)
  expect(readFileSync(config(), 'utf8').trimEnd()).toBe(text)
  expect(statSync(config()).mode & 0o777).toBe(0o640)
  expect(readdirSync(home)).toEqual(['config'])
})

it('parking it twice is undone by one unparking', async () => {
  writeFileSync(config(), 'lxc.start.auto = 1\n')
  await parkAutostart(home)
  await parkAutostart(home)
  await unparkAutostart(home)
  expect(readFileSync(config(), 'utf8')).toBe('lxc.start.auto = 1\n')
})

it('where the start at boot comes from an included file, that file is left alone', async () => {
  writeFileSync(join(home, 'common'), 'lxc.start.auto = 1\n')
  writeFileSync(config(), `lxc.include = ${join(home, 'common')}\n`)
  await parkAutostart(home)
  expect(await starts()).toBe('0')
  expect(readFileSync(join(home, 'common'), 'utf8')).toBe('lxc.start.auto = 1\n')
})

it('a container that does not start at boot is not touched', async () => {
  writeFileSync(config(), 'lxc.start.auto = 0\n')
  const before = statSync(config())
  await parkAutostart(home)
  await unparkAutostart(home)
  expect(statSync(config()).mtimeMs).toBe(before.mtimeMs)
  expect(statSync(config()).ino).toBe(before.ino)
})
