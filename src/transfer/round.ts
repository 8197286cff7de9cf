// rsync's quick check compares size and mtime, and can miss a write: a page of a writable shared mapping that is dirty
// already takes further writes without a new mtime. So each round notes the time and then syncs the file system, which
// makes the pages clean and write-protected: from then on the first write to a page sets mtime to that time or later.
// A file that was copied after such a write and written again keeps its mtime, but it is not older than the round;
// hence the next round sends every file with an mtime or ctime since then without asking the quick check.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { wordsOf } from '../../protocols/problem.ts'
import { TransferError } from './transfer-error.ts'

const run = promisify(execFile)

/** File systems and the kernel's coarse clock round timestamps down; two seconds cover all that Linux has. */
const ROUNDING_MS = 2_000
const SYNC_TIMEOUT_MS = 120_000
const LIST_TIMEOUT_MS = 120_000
const MAX_LIST_BYTES = 256 * 1024 * 1024

export interface Round {
  /** Hand it to the next round's `sendRootfs` as `changedSince`. */
  readonly since: Date
}

/** Before each round, on the source. @throws TransferError FILE_FAILED */
export async function startRound(rootfs: string, signal?: AbortSignal): Promise<Round> {
  const since = new Date()
  try {
    await run('sync', ['-f', rootfs], { timeout: SYNC_TIMEOUT_MS, ...(signal && { signal }) })
  } catch (error) {
    throw failed('Syncing the file system of the rootfs failed', error)
  }
  return { since }
}

/** Writes the regular files changed since a round began to `list`, NUL-separated; resolves to whether there are any. */
export async function listChanged(rootfs: string, since: Date, list: string, signal: AbortSignal): Promise<boolean> {
  const moment = `@${((since.getTime() - ROUNDING_MS) / 1000).toFixed(3)}`
  const changed = ['(', '-newermt', moment, '-o', '-newerct', moment, ')']
  try {
    const { stdout } = await run('find', [rootfs, '-xdev', '-type', 'f', ...changed, '-printf', '%P\\0'], {
      encoding: 'buffer',
      maxBuffer: MAX_LIST_BYTES,
      timeout: LIST_TIMEOUT_MS,
      signal
    })
    await writeFile(list, stdout, { mode: 0o600 })
    return stdout.byteLength > 0
  } catch (error) {
    throw failed('Looking for files that changed during the last round failed', error)
  }
}

function failed(what: string, error: unknown): TransferError {
  return new TransferError(
    { code: 'FILE_FAILED', what, why: wordsOf(error), remedy: 'Check space and health of the file system it is on' },
    { cause: error }
  )
}
