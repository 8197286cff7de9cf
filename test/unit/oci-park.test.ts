// A bundle whose configuration is set aside is one that nothing starts, and comes back as it was.
import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  CONFIG,
  isParkedBundle,
  lendConfig,
  parkBundle,
  PARKED_CONFIG,
  unparkBundle
} from '../../src/engines/oci-park.ts'
import { retireHome } from '../../src/engines/retire.ts'

let top: string
let home: string
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'ferry-park-'))
  home = join(top, 'web')
  await mkdir(home)
  await writeFile(join(home, CONFIG), '{"a":1}')
})
afterEach(async () => {
  await rm(top, { recursive: true })
})

it('is set aside and put back, however often each is done', async () => {
  for (const _ of [1, 2]) await parkBundle(home)
  expect(await readdir(home)).toEqual([PARKED_CONFIG])
  expect(await isParkedBundle(home)).toBe(true)
  for (const _ of [1, 2]) await unparkBundle(home)
  expect(await readdir(home)).toEqual([CONFIG])
  expect(await readFile(join(home, CONFIG), 'utf8')).toBe('{"a":1}')
  expect(await isParkedBundle(home)).toBe(false)
})

it('is put back where the power went half-way', async () => {
  await parkBundle(home)
  await link(join(home, PARKED_CONFIG), join(home, CONFIG))
  await unparkBundle(home)
  expect(await readdir(home)).toEqual([CONFIG])
})

it('never takes the place of a configuration that somebody made meanwhile', async () => {
  await parkBundle(home)
  await writeFile(join(home, CONFIG), '{"mine":true}')
  await unparkBundle(home)
  expect(await readFile(join(home, CONFIG), 'utf8')).toBe('{"mine":true}')
  expect(await isParkedBundle(home)).toBe(true)
})

it('is set aside again when somebody put it back', async () => {
  await parkBundle(home)
  await writeFile(join(home, CONFIG), '{"again":true}')
  await parkBundle(home)
  expect(await readdir(home)).toEqual([PARKED_CONFIG])
})

it('is lent to a restore and taken back', async () => {
  await parkBundle(home)
  await lendConfig(home)
  expect(await readdir(home)).toEqual([CONFIG])
  await parkBundle(home)
  expect(await readdir(home)).toEqual([PARKED_CONFIG])
})

it('is nothing where there is no bundle any more', async () => {
  const none = join(top, 'none')
  await parkBundle(none)
  await unparkBundle(none)
  expect(await isParkedBundle(none)).toBe(false)
})

it.each([
  ['set aside', true],
  ['in its place', false]
])('leaves for where it is kept, its configuration %s', async (_, parked) => {
  if (parked) await parkBundle(home)
  const retained = join(top, 'retained', 'id')
  for (const __ of [1, 2]) await retireHome(home, retained, CONFIG, PARKED_CONFIG)
  expect(await readdir(top)).toEqual(['retained'])
  expect(await readdir(retained)).toEqual([parked ? PARKED_CONFIG : CONFIG])
})
