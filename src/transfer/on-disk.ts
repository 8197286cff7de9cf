// What arrived outlives a power cut only once it was given to the disk: rsync and rename leave that to the kernel, for half a minute or longer.
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { open, stat, utimes } from 'node:fs/promises'
import { promisify } from 'node:util'
import { wordsOf } from '../../protocols/problem.ts'
import { changedBelow } from './changed.ts'
import { TransferError } from './transfer-error.ts'

const run = promisify(execFile)

const SYNC_LIMIT_MS = 120_000
/** More of them are sooner on disk together with whatever else waits on the file system. */
const MAX_SINGLE = 512
/** As many as wait together: one commit of the file system's journal serves them all. */
const AT_ONCE = 4
/** A list of files never names a pipe, and nothing may be opened that a link points to. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** Everything of the file system that the path is on. @throws TransferError SYNC_FAILED; the signal's reason when aborted */
export async function syncFileSystem(path: string, signal?: AbortSignal): Promise<void> {
  await limited(path, signal, async (ending) => {
    await run('sync', ['-f', path], { signal: ending })
  })
}

/** Before whatever changes from now on, by the clock and the roundings of the file system that the folder is on. */
export async function momentOn(folder: string): Promise<Date> {
  const now = new Date()
  await utimes(folder, now, now)
  return new Date(Math.floor((await stat(folder)).ctimeMs) - 1)
}

/**
 * What changed below `root` since a moment (`momentOn`), and no more: what waits beside it on the file system may be gigabytes, CRIU's images for one.
 * What vanishes meanwhile is passed over. @throws TransferError SYNC_FAILED, FILE_FAILED; the signal's reason when aborted
 */
export async function syncChanged(root: string, since: Date, signal: AbortSignal): Promise<void> {
  const list = await changedBelow(root, { types: 'f,d', by: ['c'], since }, signal)
  const paths = split(list).map((name) => Buffer.concat([Buffer.from(`${root}/`), name]))
  if (paths.length > MAX_SINGLE) return syncFileSystem(root, signal)
  await limited(root, signal, async (ending) => {
    const rest = paths.values()
    const worker = async () => {
      for (const path of rest) {
        await orAborted(syncOne(path), ending)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  })
}

/** A disk that hangs can't be interrupted; whoever waits for it can. @throws the signal's reason when aborted */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => {
    aborted.reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function limited(
  path: string,
  signal: AbortSignal | undefined,
  work: (ending: AbortSignal) => Promise<void>
): Promise<void> {
  const limit = AbortSignal.timeout(SYNC_LIMIT_MS)
  try {
    await work(signal === undefined ? limit : AbortSignal.any([signal, limit]))
  } catch (error) {
    signal?.throwIfAborted()
    throw new TransferError(
      {
        code: 'SYNC_FAILED',
        what: `What was written below ${path} could not be given to the disk`,
        why: limit.aborted ? `it took longer than ${String(SYNC_LIMIT_MS / 1000)} s` : wordsOf(error),
        remedy: 'Check space and health of the file system it is on, then start the migration again'
      },
      { cause: error }
    )
  }
}

async function syncOne(path: Buffer): Promise<void> {
  try {
    await using file = await open(path, READ)
    await file.sync()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

function split(list: Buffer): Buffer[] {
  const names: Buffer[] = []
  for (let from = 0, end: number; (end = list.indexOf(0, from)) >= 0; from = end + 1) {
    names.push(list.subarray(from, end))
  }
  return names
}
