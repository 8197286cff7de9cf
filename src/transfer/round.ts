// rsync's quick check compares size and mtime, and can miss a write: a page of a writable shared mapping that is dirty
// already takes further writes without a new mtime. So each round notes the time and then syncs the file system, which
// makes the pages clean and write-protected: from then on the first write to a page sets mtime to that time or later.
// A file that was copied after such a write and written again keeps its mtime, but it is not older than the round;
// hence the next round sends every file with an mtime or ctime since then without asking the quick check.
import { writeFile } from 'node:fs/promises'
import { changedBelow } from './changed.ts'
import { syncFileSystem } from './on-disk.ts'

/** File systems and the kernel's coarse clock round timestamps down; two seconds cover all that Linux has. */
const ROUNDING_MS = 2_000

export interface Round {
  /** Hand it to the next round's `sendRootfs` as `changedSince`. */
  readonly since: Date
}

/** Before each round, on the source. @throws TransferError SYNC_FAILED; the signal's reason when aborted */
export async function startRound(rootfs: string, signal?: AbortSignal): Promise<Round> {
  const since = new Date()
  await syncFileSystem(rootfs, signal)
  return { since }
}

/** Writes the regular files changed since a round began to `list`, NUL-separated; resolves to whether there are any. @throws TransferError FILE_FAILED */
export async function listChanged(rootfs: string, since: Date, list: string, signal: AbortSignal): Promise<boolean> {
  const before = new Date(since.getTime() - ROUNDING_MS)
  const names = await changedBelow(rootfs, { types: 'f', by: ['m', 'c'], since: before }, signal)
  await writeFile(list, names, { mode: 0o600 })
  return names.byteLength > 0
}
