// A container's start, put off while its right to run is on its way to another host: no unit asks a journal. lxc.service starts what has
// lxc.start.auto, and lxc@NAME.service (Debian's lxc) runs lxc-start whatever the configuration says: a hook that fails ends both.
import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../host/durable-file.ts'
import { HostProblem } from '../host/problem.ts'

/**
 * Behind everything else: the second line takes back hooks of the container's own, which are not to run for a start that fails. A container that runs, and
 * whoever asks for its state or enters it, has no need of these lines.
 */
const EARLIER = `# ferry moves this container: until it knows where it may run, nothing starts it here.
lxc.start.auto = 0
`
const PARKED = `${EARLIER}lxc.hook.pre-start =
lxc.hook.pre-start = /bin/false
`
/** Before those lines, where the text had no end to its last line. */
const ENDED = '# (ferry ended the line above.)\n'

/** Of this host for as long as a start is put off. */
export function parkedText(text: string): string {
  return text === '' || text.endsWith('\n') ? `${text}${PARKED}` : `${text}\n${ENDED}${PARKED}`
}

/** As it was; what somebody wrote behind those lines meanwhile stays. */
export function unparkedText(text: string): string {
  // Earlier versions put these lines there alone, for containers that start at boot.
  const rest = text.replaceAll(PARKED, '').replaceAll(EARLIER, '')
  return rest.endsWith(`\n${ENDED}`) ? rest.slice(0, -ENDED.length - 1) : rest.replaceAll(ENDED, '')
}

/**
 * On disk when it resolves. Idempotent; nothing is done where there is no configuration. Somebody's lines behind ferry's don't undo it.
 * @throws HostProblem PARK_FAILED
 */
export async function parkLxc(home: string): Promise<void> {
  const path = join(home, 'config')
  try {
    const text = await textOf(path)
    if (text === undefined) return
    const parked = parkedText(unparkedText(text))
    if (parked !== text) await replace(path, parked)
  } catch (error) {
    throw new HostProblem(
      {
        code: 'PARK_FAILED',
        what: `${path} could not be changed so that nothing starts the container, and a second copy of it could be started`,
        why: error instanceof Error ? error.message : String(error),
        remedy: `See that root may write in ${home}, and that its disk is well`
      },
      { cause: error }
    )
  }
}

/** As it was, and on disk. Idempotent. */
export async function unparkLxc(home: string): Promise<void> {
  const path = join(home, 'config')
  const text = await textOf(path)
  if (text?.includes(EARLIER) === true) await replace(path, unparkedText(text))
}

export async function isParkedLxc(home: string): Promise<boolean> {
  return (await textOf(join(home, 'config')))?.includes(EARLIER) === true
}

/** Whoever removed the container removed its configuration too. */
async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Modes and owner stay as they are. */
async function replace(link: string, text: string): Promise<void> {
  const path = await realpath(link)
  const { mode, uid, gid } = await stat(path)
  await replaceFile(path, text, { mode: mode & 0o7777, uid, gid })
}
