import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { TransferError, refused } from './transfer-error.ts'

export interface SafeFolder {
  /** A new file in the folder; one that exists, as whatever it may be, is refused. */
  create(name: string): Promise<FileHandle>
  close(): Promise<void>
}

/**
 * Opens a folder that nobody but root (or who runs ferry) can change, and creates files relative to what was opened, so
 * that a folder that is renamed or replaced by a link meanwhile leads nowhere else. @throws TransferError FOLDER_UNSAFE
 */
export async function openSafeFolder(path: string): Promise<SafeFolder> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(
    (error: unknown) => {
      throw unsafe(path, error instanceof Error ? error.message : String(error))
    }
  )
  const { uid, mode } = await folder.stat()
  const why =
    uid !== process.geteuid?.()
      ? `it belongs to user ${uid}`
      : (mode & 0o022) !== 0
        ? `its mode is ${(mode & 0o7777).toString(8)}`
        : undefined
  if (why !== undefined) {
    await folder.close()
    throw unsafe(path, why)
  }
  return {
    create: async (name) => {
      if (name.includes('/') || name === '.' || name === '..') throw refused(`the file name ${JSON.stringify(name)}`)
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
      return open(`/proc/self/fd/${folder.fd}/${name}`, flags, 0o600).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
          throw refused(`the file ${name}, which exists`)
        }
        throw error
      })
    },
    close: () => folder.close()
  }
}

function unsafe(path: string, why: string): TransferError {
  return new TransferError({
    code: 'FOLDER_UNSAFE',
    what: `${path} is no folder to receive into`,
    why,
    remedy: `Make it a folder that belongs to root with mode 0700`
  })
}
