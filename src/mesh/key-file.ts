import { randomBytes } from 'node:crypto'
import { link, lstat, mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { wordsOf } from '../../protocols/problem.ts'
import { MeshError } from './mesh-error.ts'

/** This host's identity: read, or made (ed25519, mode 0600) where there is none yet. @throws MeshError KEY_FILE */
export async function loadOrCreateKey(path: string): Promise<PrivateKey> {
  try {
    return (await load(path)) ?? (await create(path))
  } catch (error) {
    if (error instanceof MeshError) throw error
    throw keyProblem(path, wordsOf(error), 'Make the folder writable for root, or name another file', error)
  }
}

/** Where a key waits that is to take the place of the one at `path`. */
export function nextKeyFile(path: string): string {
  return `${path}.next`
}

/** The key that waits, if one does. @throws MeshError KEY_FILE */
export async function loadNextKey(path: string): Promise<PrivateKey | undefined> {
  try {
    return await load(nextKeyFile(path))
  } catch (error) {
    if (error instanceof MeshError) throw error
    throw keyProblem(nextKeyFile(path), wordsOf(error), 'Put its mode and owner right', error)
  }
}

/** The waiting key becomes the key: the old one is gone when this resolves. @throws MeshError KEY_FILE */
export async function useNextKey(path: string): Promise<void> {
  try {
    await rename(nextKeyFile(path), path)
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    throw keyProblem(path, wordsOf(error), 'Make the folder writable for root', error)
  }
}

async function load(path: string): Promise<PrivateKey | undefined> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stat === undefined) return undefined
  if (!stat.isFile()) throw keyProblem(path, 'it is no regular file', 'Name a regular file, or none')
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8)
    throw keyProblem(
      path,
      `its mode is ${mode}, so others may know the key`,
      `Delete it to get a new identity (and tell the peers), or chmod 600 it if nobody has read it`
    )
  }
  if (stat.uid !== process.geteuid?.()) {
    throw keyProblem(path, `it belongs to user ${stat.uid}`, `chown it to the user that runs ferry`)
  }
  const text = await readFile(path, 'utf8')
  try {
    return privateKeyFromProtobuf(Buffer.from(text.trim(), 'base64'))
  } catch (error) {
    throw keyProblem(
      path,
      `it holds no key: ${wordsOf(error)}`,
      'Restore it from a backup, or delete it to get a new identity',
      error
    )
  }
}

async function create(path: string): Promise<PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(fresh, 'wx', 0o600)
  try {
    await file.writeFile(Buffer.from(privateKeyToProtobuf(key)).toString('base64') + '\n')
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    // A link and not a rename: it never replaces a key that another start has made meanwhile.
    await link(fresh, path)
    return key
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await load(path) : undefined
    if (other === undefined) throw error
    return other
  } finally {
    await unlink(fresh)
  }
}

function keyProblem(path: string, why: string, remedy: string, cause?: unknown): MeshError {
  return new MeshError({ code: 'KEY_FILE', what: `The private key ${path} can't be used`, why, remedy }, { cause })
}
