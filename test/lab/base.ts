// The root file system that every namespace host starts from, built once from Debian packages and then shared read-only.
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageMirror } from './mirror.ts'
import { cached } from './vm/cache.ts'
import { run } from './vm/run.ts'

/** Debian testing: the first release whose CRIU works on current kernels. */
const SUITE = 'forky'

const PACKAGES: readonly string[] = [
  'acl',
  'attr',
  'criu',
  'crun',
  'e2fsprogs',
  'ethtool',
  'iproute2',
  'iputils-ping',
  'libcap2-bin',
  'libcriu2',
  'lxc',
  'netcat-openbsd',
  'nftables',
  'nodejs',
  'perl-base',
  'procps',
  'python3-minimal',
  'rsync',
  'runc',
  'uidmap',
  'util-linux'
]

const BOOTSTRAP_TIMEOUT_MS = 600_000

/** The folder of the base, from the cache or made now (about a minute, and it needs the package mirror). */
export async function baseFolder(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([SUITE, PACKAGES]))
  hash.update(await readFile(import.meta.filename))
  return join(await cached('ns', hash.digest('hex').slice(0, 16), build), 'root')
}

async function build(folder: string): Promise<void> {
  const root = join(folder, 'root')
  const mirror = await packageMirror()
  const argv = [
    'mmdebstrap',
    '--quiet',
    '--mode=root',
    '--format=directory',
    '--variant=minbase',
    // A mirror that is a stale copy has a Release file that has expired.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=APT::Install-Recommends "false"',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    `--include=${PACKAGES.join(',')}`,
    SUITE,
    root,
    `deb ${mirror} ${SUITE} main`
  ]
  await run(argv, { timeoutMs: BOOTSTRAP_TIMEOUT_MS })
  await chmod(root, 0o755)
  await mkdir(join(root, 'opt/ferry'), { recursive: true })
}
