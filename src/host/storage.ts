// What lies below the places where containers are kept.
import { access, readFile, statfs } from 'node:fs/promises'

export interface StoragePlace {
  readonly path: string
  /** As the kernel calls it, e.g. `ext4`. */
  readonly fileSystem: string
}

/** File systems of those places that exist. */
export async function storageOf(paths: readonly string[]): Promise<StoragePlace[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const there = await Promise.all(paths.map(async (path) => ((await exists(path)) ? [path] : [])))
  return there.flat().map((path) => ({ path, fileSystem: fileSystemOf(path, mounts) }))
}

/** Of the file system that holds the path, for root. */
export async function diskBytes(path: string): Promise<{ totalBytes: number; freeBytes: number }> {
  const { blocks, bavail, bsize } = await statfs(path)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}

/** @param mounts contents of /proc/self/mounts */
export function fileSystemOf(path: string, mounts: string): string {
  let found = { where: '', type: 'unknown' }
  for (const line of mounts.split('\n')) {
    const [, escaped = '', type = ''] = line.split(' ')
    const where = escaped.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    const holds = where === '/' || path === where || path.startsWith(`${where}/`)
    // Later mounts cover earlier ones at the same place.
    if (where !== '' && holds && where.length >= found.where.length) found = { where, type }
  }
  return found.type
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false
    throw error
  }
}
