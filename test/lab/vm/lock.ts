// A lock between processes that is gone when its holder is, whatever ended it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs `work` while no other process holds the lock on `path`.
 * @throws Error when the lock was not free within `timeoutMs`.
 */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const seconds = String(Math.ceil(timeoutMs / 1000))
  // The child ends with this process's end of the pipe, and the lock with the child.
  const holder = spawn('flock', ['--wait', seconds, path, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const ended = once(holder, 'exit')
  const locked = once(holder.stdout, 'data').then(() => true)
  const held = await Promise.race([locked, ended.then(() => false)])
  if (!held) throw new Error(`the lock ${path} was not free within ${seconds} s; another lab is being set up`)
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
