// Files that a power cut leaves either as they were or as they were to become.
import { chmod, chown, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface FileOwnership {
  /** Permission bits. */
  readonly mode: number
  /** Default: whoever runs this. */
  readonly uid?: number
  readonly gid?: number
}

/** Where the next content is written first; what is left of a writer that died is written over by the next one. */
export function freshPath(path: string): string {
  return `${path}.ferry-new`
}

/** At every instant the file is the old one or the new one; the new one is on disk when this resolves. One writer at a time. */
export async function replaceFile(path: string, text: string, { mode, uid, gid }: FileOwnership): Promise<void> {
  const fresh = freshPath(path)
  {
    await using file = await open(fresh, 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
  }
  await chmod(fresh, mode)
  if (uid !== undefined && gid !== undefined) await chown(fresh, uid, gid)
  await rename(fresh, path)
  await syncFolder(dirname(path))
}

/** What was made, renamed or removed in it is on disk when this resolves; nothing is done for a folder that is gone. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (folder === undefined) return
  await using opened = folder
  await opened.sync()
}
