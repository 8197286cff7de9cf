import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AuditLog, type AuditLine } from '../../src/node/audit.ts'

let folder: string
let audit: AuditLog
let now: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-audit-'))
  now = 0
  audit = await AuditLog.open({ folder, host: 'b', now: () => now++, maxBytes: 1024, keptFiles: 2 })
})
afterEach(async () => {
  await audit.close()
  await rm(folder, { recursive: true })
})

function line(event: AuditLine['event'], command: string): AuditLine {
  return { who: 'root@a', method: 'move', arguments: { container: 'web', to: 'c' }, event, command }
}

it('keeps what was done, however much is refused or looked at meanwhile', async () => {
  await audit.record(line('accepted', '1'))
  await audit.note(line('begun', '1'))
  for (let times = 0; times < 200; times++) await audit.note(line(times % 2 === 0 ? 'refused' : 'viewed', '2'))
  const all = await audit.read(1000)
  expect(all.filter(({ command }) => command === '1').map(({ event }) => event)).toEqual(['accepted', 'begun'])
  expect(all[0]?.command).toBe('1')
  expect(all.at(-1)?.event).toBe('viewed')
})

it('stays within so many files of a size, which only root may read', async () => {
  for (let times = 0; times < 50; times++) await audit.record(line('accepted', 'x'))
  for (let times = 0; times < 50; times++) await audit.note(line('refused', 'y'))
  const files = (await readdir(folder)).sort()
  expect(files).toEqual(
    ['audit', 'audit-unchanged'].flatMap((name) => [`${name}.log`, `${name}.log.1`, `${name}.log.2`]).sort()
  )
  for (const file of files) {
    const { size, mode } = await stat(join(folder, file))
    expect(size).toBeLessThanOrEqual(1024)
    expect(mode & 0o777).toBe(0o600)
  }
})

it('lists lines of both kinds in the order of their time, the newest so many', async () => {
  await audit.record(line('accepted', '1'))
  await audit.note(line('refused', '2'))
  await audit.note(line('done', '1'))
  expect((await audit.read(2)).map(({ event }) => event)).toEqual(['refused', 'done'])
})
