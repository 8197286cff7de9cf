// A child process with an owner: its whole process group ends when the signal aborts or `end` is called.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what it wrote to its standard error. */
  readonly words: string
  /** It could not be started. */
  readonly error?: NodeJS.ErrnoException
}

export interface OwnedChild {
  readonly process: ChildProcess
  /** Resolves when it has ended and its standard error is read; never rejects. */
  readonly exit: Promise<Exit>
  /** Kills what is left of the group; resolves when the child has ended, and where it was made to all that it had started. */
  end(): Promise<void>
}

const MAX_WORDS = 4096
/** How often, and every how many milliseconds, it is looked whether a group that was killed is gone. */
const MAX_LOOKS = 100
const LOOK_MS = 10

/** `stdio[2]` must be 'pipe'. */
export function own(command: string, args: readonly string[], stdio: StdioOptions, signal: AbortSignal): OwnedChild {
  const child = spawn(command, args, { stdio, detached: true, env: { PATH: process.env['PATH'], LC_ALL: 'C' } })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-MAX_WORDS)))
  const exit = new Promise<Exit>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ code: null, signal: null, words, error }))
    // 'exit' and not 'close': somebody in the group may still hold the pipes.
    child.once('exit', (code, by) => setImmediate(() => resolve({ code, signal: by, words: words.trim() })))
  })
  /** False where no process of the group is left. */
  const kill = (): boolean => {
    if (child.pid === undefined) return false
    try {
      return process.kill(-child.pid, 'SIGKILL')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
      throw error
    }
  }
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  return {
    process: child,
    exit,
    end: async () => {
      signal.removeEventListener('abort', kill)
      kill()
      await exit
      // What it had started dies by itself, and until then what it was about to write may still come.
      if (!signal.aborted) return
      for (let tries = 0; tries < MAX_LOOKS && kill(); tries++) await sleep(LOOK_MS)
    }
  }
}
