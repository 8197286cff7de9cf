import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isParkedLxc, parkedText, parkLxc, unparkedText, unparkLxc } from '../../src/engines/lxc-park.ts'

let home: string
const config = () => join(home, 'config')

/** What liblxc would run before a start, and whether lxc.service would try one: an empty value takes back those before it. */
function start() {
  const values = (key: string) =>
    readFileSync(config(), 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith(`${key} =`) ? [line.slice(key.length + 2).trim()] : []))
  const hooks = values('lxc.hook.pre-start')
  return { hooks: hooks.slice(hooks.lastIndexOf('') + 1), auto: values('lxc.start.auto').at(-1) }
}
const NEVER = { hooks: ['/bin/false'], auto: '0' }

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ferry-lxc-'))
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

describe('a container that is parked', () => {
  it.each([
    ['that starts at boot', 'lxc.start.auto = 1\nlxc.start.delay = 5\n'],
    ['that a unit of its own starts', 'lxc.uts.name = web\n'],
    ['with a hook of its own', 'lxc.hook.pre-start = /usr/local/sbin/mount-it\n'],
    ['whose last line has no end', 'lxc.uts.name = web\nlxc.start.auto = 1'],
    ['with an empty configuration', '']
  ])('%s does not start, whatever starts it, and is as it was afterwards', async (_, text) => {
    writeFileSync(config(), text)
    chmodSync(config(), 0o640)
    await parkLxc(home)
    expect(start()).toEqual(NEVER)
    expect(await isParkedLxc(home)).toBe(true)
    await unparkLxc(home)
    expect(readFileSync(config(), 'utf8')).toBe(text)
    expect(await isParkedLxc(home)).toBe(false)
    expect(statSync(config()).mode & 0o777).toBe(0o640)
    expect(readdirSync(home)).toEqual(['config'])
  })

  it('twice is so once', async () => {
    writeFileSync(config(), 'lxc.start.auto = 1\n')
    await parkLxc(home)
    const { ino } = statSync(config())
    await parkLxc(home)
    expect(statSync(config()).ino).toBe(ino)
    await unparkLxc(home)
    await unparkLxc(home)
    expect(readFileSync(config(), 'utf8')).toBe('lxc.start.auto = 1\n')
  })

  it('stays so when somebody writes behind it, and keeps what was written', async () => {
    for (const text of ['lxc.uts.name = web\n', 'lxc.uts.name = web']) {
      writeFileSync(config(), `${parkedText(text)}lxc.hook.pre-start =\nlxc.start.auto = 1\n`)
      await parkLxc(home)
      expect(start()).toEqual(NEVER)
      await unparkLxc(home)
      expect(readFileSync(config(), 'utf8')).toBe('lxc.uts.name = web\nlxc.hook.pre-start =\nlxc.start.auto = 1\n')
    }
  })

  it('also by an earlier version, is as it was afterwards', async () => {
    const earlier = parkedText('lxc.start.auto = 1\n').replaceAll(/^lxc\.hook.*\n/gm, '')
    writeFileSync(config(), earlier)
    expect(await isParkedLxc(home)).toBe(true)
    await parkLxc(home)
    expect(start()).toEqual(NEVER)
    await unparkLxc(home)
    expect(readFileSync(config(), 'utf8')).toBe('lxc.start.auto = 1\n')
  })

  it('leaves the files that it includes alone', async () => {
    writeFileSync(join(home, 'common'), 'lxc.start.auto = 1\n')
    writeFileSync(config(), `lxc.include = ${join(home, 'common')}\n`)
    await parkLxc(home)
    expect(start()).toEqual(NEVER)
    expect(readFileSync(join(home, 'common'), 'utf8')).toBe('lxc.start.auto = 1\n')
  })

  it('may have its configuration elsewhere', async () => {
    writeFileSync(join(home, 'real'), 'lxc.uts.name = web\n')
    symlinkSync('real', config())
    await parkLxc(home)
    expect(start()).toEqual(NEVER)
    await unparkLxc(home)
    expect(lstatSync(config()).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(home, 'real'), 'utf8')).toBe('lxc.uts.name = web\n')
  })
})

it('nothing is done where there is no container any more', async () => {
  await parkLxc(home)
  await unparkLxc(home)
  expect(await isParkedLxc(home)).toBe(false)
  expect(readdirSync(home)).toEqual([])
  await parkLxc(join(home, 'none'))
})

it('what a restore reads is what arrived, without what keeps it from being started', () => {
  expect(unparkedText(parkedText('lxc.tty.max = 0\n'))).toBe('lxc.tty.max = 0\n')
})
