// The socket's file: a stale one is taken away, one that somebody answers on is not.
import { chmod, lstat, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { OperatorError } from '../../protocols/operator/views.ts'

const answerMs = 2000

/** Makes the folder (0755) and the path free. Throws OperatorError DAEMON_ALREADY_RUNNING or SOCKET_TAKEN. */
export async function freeSocket(path: string, host: string): Promise<void> {
  const folder = dirname(path)
  const made = await mkdir(folder, { recursive: true })
  if (made !== undefined) await chmod(folder, 0o755)
  const kind = await kindOf(path)
  if (kind === 'none') return
  if (kind === 'other') {
    throw new OperatorError({
      code: 'SOCKET_TAKEN',
      host,
      what: `The operator socket ${path} can't be made`,
      why: 'there is a file of that name that is no socket',
      remedy: `Move ${path} away, or set "socket" in the configuration to another path`
    })
  }
  if (await answers(path)) {
    throw new OperatorError({
      code: 'DAEMON_ALREADY_RUNNING',
      host,
      what: `The operator socket ${path} is in use`,
      why: 'another daemon answers on it',
      remedy: 'Use the ferry daemon that already runs (systemctl status ferry), or end it first'
    })
  }
  await rm(path, { force: true })
}

async function kindOf(path: string): Promise<'none' | 'socket' | 'other'> {
  try {
    return (await lstat(path)).isSocket() ? 'socket' : 'other'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'none'
    throw error
  }
}

/** A daemon too busy to accept in time counts as there: its socket must not be taken from it. */
async function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.setTimeout(answerMs, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.destroy()
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else reject(error)
    })
  })
}
