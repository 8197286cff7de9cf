// The daemon says to systemd that it is ready, and to nobody that it was asked.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { takeNotifySocket } from '../../src/node/service-manager.ts'

let folder: string
const path = process.env['PATH']
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-notify-'))
  const tool = join(folder, 'systemd-notify')
  await writeFile(tool, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" > ${folder}/said\n`)
  await chmod(tool, 0o755)
  process.env['PATH'] = `${folder}:${path ?? ''}`
})
afterEach(async () => {
  process.env['PATH'] = path
  await rm(folder, { recursive: true })
})

it('says READY on the socket that systemd gave, which nothing else is handed on', async () => {
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', HOME: '/root' }
  const ready = takeNotifySocket(env)
  expect(env).toEqual({ HOME: '/root' })
  await ready(AbortSignal.timeout(10_000))
  expect(await readFile(join(folder, 'said'), 'utf8')).toBe('/run/systemd/notify --ready\n')
})

it('says nothing where it was started by hand', async () => {
  await takeNotifySocket({})(AbortSignal.timeout(10_000))
  await expect(readFile(join(folder, 'said'))).rejects.toThrow('ENOENT')
})
