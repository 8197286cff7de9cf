// ferry itself as a read-only disk: VM hosts have no network to install it from.
import { createHash } from 'node:crypto'
import { access, cp, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { cached } from './cache.ts'
import { run } from './run.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
const BUILT = ['dist', 'config', 'package.json']

/** A disk image of /opt/ferry, from the cache or made now. @throws Error when ferry has not been built. */
export async function softwareImage(): Promise<string> {
  await access(join(REPOSITORY, 'dist')).catch((cause: unknown) => {
    throw new Error('ferry is not built, there is no dist/; run: npm run build', { cause })
  })
  const folder = await cached('software', await contentHash(), build)
  return join(folder, 'disk.img')
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return [path]
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** The lock file stands for node_modules. */
async function contentHash(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(import.meta.filename))
  for (const name of [...BUILT, 'package-lock.json']) {
    for (const file of (await filesBelow(join(REPOSITORY, name))).sort()) {
      hash.update(relative(REPOSITORY, file)).update('\0')
      hash.update(await readFile(file))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

/** Folders below node_modules that ferry needs to run, nested ones left out. */
async function productionPackages(): Promise<string[]> {
  const argv = ['npm', 'ls', '--omit=dev', '--all', '--parseable']
  // npm ls exits with 1 for a package it finds extraneous; the list is complete all the same.
  const { stdout } = await run(argv, { cwd: REPOSITORY, check: false })
  const paths = stdout
    .toString()
    .split('\n')
    .map((line) => relative(REPOSITORY, line.trim()))
    .filter((path) => path.startsWith('node_modules/'))
  if (paths.length === 0) throw new Error(`${argv.join(' ')} lists no packages; run: npm ci`)
  return [...new Set(paths)].sort()
}

async function build(folder: string): Promise<void> {
  const root = join(folder, 'root')
  for (const name of BUILT) await cp(join(REPOSITORY, name), join(root, name), { recursive: true })
  for (const path of await productionPackages()) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await cp(join(REPOSITORY, path), join(root, path), {
      recursive: true,
      // Source maps, sources and types: half of the size, and nothing reads them there.
      filter: (source) => !/\.(map|ts|md)$/.test(source) && relative(join(REPOSITORY, path), source) !== 'node_modules'
    })
  }
  const disk = join(folder, 'disk.img')
  const { stdout } = await run(['du', '-s', '--block-size=1M', root])
  await writeFile(disk, '')
  await truncate(disk, Math.ceil(Number.parseInt(stdout.toString(), 10) * 1.3 + 32) * 1024 ** 2)
  await run(['mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'nodiscard,root_owner=0:0', '-d', root, disk])
  await rm(root, { recursive: true })
}
