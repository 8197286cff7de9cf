// The disk, kernel and initrd that every VM host starts from, built once from Debian packages.
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageMirror } from '../mirror.ts'
import { cached } from './cache.ts'
import {
  APPARMOR_PROFILES,
  DISK_SIZE_BYTES,
  ENABLED_UNITS,
  GUEST_FOLDER,
  MASKED_UNITS,
  PACKAGES,
  SUITE,
  recipeHash
} from './recipe.ts'
import { run } from './run.ts'

export interface BaseImage {
  /** An ext4 file system without partitions. */
  readonly disk: string
  readonly kernel: string
  readonly initrd: string
}

const BOOTSTRAP_TIMEOUT_MS = 600_000

/** The base image, from the cache or made now (about a minute, and it needs the package mirror). */
export async function baseImage(): Promise<BaseImage> {
  const folder = await cached('vm', await recipeHash(), build)
  return { disk: join(folder, 'disk.img'), kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') }
}

async function build(folder: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'ferry-lab-root-'))
  try {
    await bootstrap(root)
    await configure(root)
    await makeKernelAndInitrd(root, folder)
    await makeDisk(root, join(folder, 'disk.img'))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function bootstrap(root: string): Promise<void> {
  const mirror = await packageMirror()
  const argv = [
    'mmdebstrap',
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
}

async function configure(root: string): Promise<void> {
  await run(['cp', '-r', '--no-preserve=ownership', join(GUEST_FOLDER, 'root') + '/.', root])
  await mkdir(join(root, 'opt/ferry'), { recursive: true })
  const units = join(root, 'etc/systemd/system')
  for (const unit of MASKED_UNITS) {
    await rm(join(units, unit), { force: true })
    await symlink('/dev/null', join(units, unit))
  }
  for (const unit of ENABLED_UNITS) await symlink(`../${unit}`, join(units, 'multi-user.target.wants', unit))
  await symlink('/opt/ferry/config/ferry.service', join(units, 'ferry.service'))
  const profiles = join(root, 'etc/apparmor.d')
  for (const entry of await readdir(profiles, { withFileTypes: true })) {
    if (!entry.isDirectory() && !APPARMOR_PROFILES.test(entry.name)) await rm(join(profiles, entry.name))
  }
  // Newer than /usr: systemd then leaves out what it does after an update (ldconfig, hardware database, catalog).
  for (const stamp of ['etc/.updated', 'var/.updated']) await writeFile(join(root, stamp), '')
}

async function makeKernelAndInitrd(root: string, folder: string): Promise<void> {
  const [version, ...others] = await readdir(join(root, 'usr/lib/modules'))
  if (version === undefined || others.length > 0) throw new Error(`${root} does not hold exactly one kernel`)
  await cp(join(root, `boot/vmlinuz-${version}`), join(folder, 'vmlinuz'))
  await rm(join(root, 'boot', `initrd.img-${version}`), { force: true })

  const content = join(folder, 'initrd.d')
  for (const name of ['bin', 'dev', 'root']) await mkdir(join(content, name), { recursive: true })
  const busybox = join(content, 'bin/busybox')
  await cp(join(root, 'usr/bin/busybox'), busybox)
  await cp(join(GUEST_FOLDER, 'init'), join(content, 'init'))
  await chmod(join(content, 'init'), 0o755)
  const driver = join(root, 'usr/lib/modules', version, 'kernel/drivers/block/virtio_blk.ko.xz')
  const { stdout: module } = await run([busybox, 'unxz', '-c'], { input: await readFile(driver) })
  await writeFile(join(content, 'virtio_blk.ko'), module)
  const names = ['.', 'init', 'virtio_blk.ko', 'bin', 'bin/busybox', 'dev', 'root']
  const archive = await run([busybox, 'cpio', '-o', '-H', 'newc'], { cwd: content, input: names.join('\n') + '\n' })
  await writeFile(join(folder, 'initrd'), archive.stdout)
  await rm(content, { recursive: true })
}

async function makeDisk(root: string, disk: string): Promise<void> {
  await writeFile(disk, '')
  await truncate(disk, DISK_SIZE_BYTES)
  await run(['mke2fs', '-q', '-t', 'ext4', '-E', 'nodiscard', '-d', root, disk], { timeoutMs: 180_000 })
}
