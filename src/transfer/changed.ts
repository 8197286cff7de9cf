// What of a tree has changed since a moment, by what the file system says.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { wordsOf } from '../../protocols/problem.ts'
import { TransferError } from './transfer-error.ts'

const run = promisify(execFile)

const LIST_TIMEOUT_MS = 120_000
const MAX_LIST_BYTES = 256 * 1024 * 1024

export interface Change {
  /** As `find -type` takes them. */
  readonly types: 'f' | 'f,d'
  /** Which of its times says so: that of the content (mtime), which can be set, or that of anything (ctime), which can't. */
  readonly by: readonly ('m' | 'c')[]
  /** Later than this. */
  readonly since: Date
}

/** Names below `root`, each ended by a NUL; that of `root` itself is empty. @throws TransferError FILE_FAILED; the signal's reason when aborted */
export async function changedBelow(root: string, { types, by, since }: Change, signal: AbortSignal): Promise<Buffer> {
  const moment = `@${(since.getTime() / 1000).toFixed(3)}`
  const changed = by.flatMap((time, index) => [...(index === 0 ? [] : ['-o']), `-newer${time}t`, moment])
  // What vanishes while it looks is nobody's loss.
  const args = [root, '-ignore_readdir_race', '-xdev', '-type', types, '(', ...changed, ')', '-printf', '%P\\0']
  try {
    const options = { encoding: 'buffer', maxBuffer: MAX_LIST_BYTES, timeout: LIST_TIMEOUT_MS, signal } as const
    return (await run('find', args, options)).stdout
  } catch (error) {
    signal.throwIfAborted()
    throw new TransferError(
      {
        code: 'FILE_FAILED',
        what: `Looking for files that changed below ${root} failed`,
        why: wordsOf(error),
        remedy: 'Check space and health of the file system it is on'
      },
      { cause: error }
    )
  }
}
