// CRIU's logs have no bound: on a truncated pages file CRIU 4.2 repeats one error for ever, 25 MB of it a second.
import { open, stat, truncate } from 'node:fs/promises'

/** More than any sound run writes; what follows is repetition. Bytes. */
const MAX_LOG = 16 * 1024 * 1024
const RUNAWAY_LOG = 128 * 1024 * 1024
const LOOK_EVERY_MS = 200

export interface LogWatch extends Disposable {
  /** The caller's signal, which also fires when the log runs away. */
  readonly signal: AbortSignal
}

/** Ends a CRIU run whose log fills the disk: its end is not to be waited for. Dispose it when CRIU has ended. */
export function watchLog(path: string, signal: AbortSignal): LogWatch {
  const runaway = new AbortController()
  const timer = setInterval(() => {
    sizeOf(path).then(
      (bytes) => {
        if (bytes > RUNAWAY_LOG) runaway.abort(new RunawayLog())
      },
      (error: unknown) => runaway.abort(error)
    )
  }, LOOK_EVERY_MS)
  return {
    signal: AbortSignal.any([signal, runaway.signal]),
    [Symbol.dispose]: () => clearInterval(timer)
  }
}

/** What `watchLog` ends a run with; the log itself says why. */
export class RunawayLog extends Error {
  override readonly name = 'RunawayLog'
}

/** Cuts a log to a size that can be read: its beginning, where the first error is. */
export async function boundLog(path: string): Promise<void> {
  if ((await sizeOf(path)) > MAX_LOG) await truncate(path, MAX_LOG)
}

/** The last error that a runtime wrote with `--log-format json`; empty where it wrote none. */
export async function lastRuntimeError(path: string): Promise<string> {
  const lines = (await tail(path)).trimEnd().split('\n')
  for (const line of lines.reverse()) {
    const message = /"msg":\s*"((?:[^"\\]|\\.)*)"/.exec(line)?.[1]
    if (message !== undefined) return JSON.parse(`"${message}"`) as string
  }
  return ''
}

async function tail(path: string): Promise<string> {
  const limit = 64 * 1024
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(limit), 0, limit, Math.max(0, size - limit))
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}
