// A container's own start at boot, put off while its right to run is on its way to another host: lxc.service asks no journal.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../host/durable-file.ts'
import { lastValue, readLxcConfig } from './lxc-config.ts'

/** Behind everything else: liblxc takes the last value of a key. */
const PARKED = `# ferry moves this container: until it knows where it may run, nothing starts it here.
lxc.start.auto = 0
`

/**
 * Source, before the decision: a host that loses power after it must not start a second copy from its disk. On disk when it resolves. Nothing is
 * done to a container that does not start by itself.
 */
export async function parkAutostart(home: string): Promise<void> {
  const path = join(home, 'config')
  if (lastValue(await readLxcConfig(path), 'lxc.start.auto') !== '1') return
  const text = await readFile(path, 'utf8')
  await replace(path, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${PARKED}`)
}

/** Source, when it may run here again: as it was. */
export async function unparkAutostart(home: string): Promise<void> {
  const path = join(home, 'config')
  const text = await textOf(path)
  if (text.includes(PARKED)) await replace(path, text.replaceAll(PARKED, ''))
}

export async function isAutostartParked(home: string): Promise<boolean> {
  return (await textOf(join(home, 'config'))).includes(PARKED)
}

/** Whoever removed the container removed its configuration too. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
}

/** Modes and owner stay as they are. */
async function replace(path: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(path)
  await replaceFile(path, text, { mode: mode & 0o7777, uid, gid })
}
