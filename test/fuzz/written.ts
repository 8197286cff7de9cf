// What a node may write because of what peers send it, and how much of it; anything else is a stray file.
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const MIB = 2 ** 20

interface Allowed {
  readonly what: string
  /** Of the path below the folder of the node's state. */
  readonly path: RegExp
  readonly maxBytes: number
}

const ALLOWED: readonly Allowed[] = [
  { what: 'key', path: /^key$/, maxBytes: 4096 },
  // Twice five files of 4 MiB, see src/node/audit.ts.
  { what: 'audit log', path: /^audit(-unchanged)?\.log(\.[1-4])?$/, maxBytes: 40 * MIB },
  // A root of a member may cordon any host.
  { what: 'cordon', path: /^cordon\.json$/, maxBytes: 4096 },
  // Offers that were well-formed, each with its receipt.
  { what: 'journal', path: /^journal\/[^/]+$/, maxBytes: 256 * MIB },
  // MAX_ROSTER_BYTES, see protocols/membership/constants.ts.
  { what: 'membership', path: /^mesh\/(records|addresses\.json|invitations\.json)$/, maxBytes: 16 * MIB },
  {
    what: 'images and logs of migrations',
    path: /^migrations\/[0-9a-z]{10,32}\/(images|work)\/[A-Za-z0-9][^/]*$/,
    maxBytes: 16 * MIB
  },
  {
    what: 'root file systems that arrive',
    path: /^containers\/\.arriving-[0-9a-z]{10,32}\/rootfs\//,
    maxBytes: 16 * MIB
  }
]

/** The next content of a file that is replaced is beside it until it is on the disk. */
const REPLACING = /^(cordon|mesh\/(addresses|invitations))\.json\.new$|^mesh\/records\.new$/
const REPLACED_MS = 20_000
const LOOK_MS = 20

export interface Written {
  /** Bytes by what they are for. */
  readonly bytes: Readonly<Record<string, number>>
  /** Files where none may be, and kinds of files that are larger together than they may be. */
  readonly strays: readonly string[]
}

/** @param around the folder that holds the state's, for files that got out of it; `known` are the others that belong there */
export async function written(stateDir: string, around: string, known: readonly string[]): Promise<Written> {
  const bytes: Record<string, number> = Object.fromEntries(ALLOWED.map(({ what }) => [what, 0]))
  const strays = (await readdir(around)).filter((name) => join(around, name) !== stateDir && !known.includes(name))
  for (const entry of await settledBelow(stateDir)) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(stateDir.length + 1)
    const allowed = ALLOWED.find((one) => one.path.test(name))
    if (allowed === undefined || !entry.isFile()) strays.push(name)
    else bytes[allowed.what] = (bytes[allowed.what] ?? 0) + (await sizeOf(path))
  }
  for (const { what, maxBytes } of ALLOWED) {
    if ((bytes[what] ?? 0) > maxBytes) strays.push(`${what}: ${bytes[what] ?? 0} bytes, ${maxBytes} are allowed`)
  }
  return { bytes, strays }
}

/** What is there when nothing is being replaced; what is said to be for longer than a disk takes is there too. */
async function settledBelow(stateDir: string): Promise<Dirent[]> {
  const end = performance.now() + REPLACED_MS
  for (;;) {
    const entries = await filesBelow(stateDir)
    const isReplacing = entries.some(({ parentPath, name }) =>
      REPLACING.test(join(parentPath, name).slice(stateDir.length + 1))
    )
    if (!isReplacing || performance.now() > end) return entries
    await sleep(LOOK_MS)
  }
}

async function filesBelow(folder: string): Promise<Dirent[]> {
  const entries = await unlessGone([], () => readdir(folder, { withFileTypes: true }))
  const each = entries.map((entry) => {
    return entry.isDirectory() ? filesBelow(join(folder, entry.name)) : Promise.resolve([entry])
  })
  return (await Promise.all(each)).flat()
}

function sizeOf(path: string): Promise<number> {
  return unlessGone(0, async () => (await stat(path)).size)
}

/** The node goes on meanwhile, and removes what it has staged. */
async function unlessGone<T>(gone: T, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return gone
    throw error
  }
}
