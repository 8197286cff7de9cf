// What goes into the disk of a VM host. Its hash names the cached image, so that a change here makes a new one.
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Debian testing: the first release whose CRIU works on current kernels. */
export const SUITE = 'forky'

export const PACKAGES: readonly string[] = [
  'linux-image-cloud-amd64',
  'systemd-sysv',
  'udev',
  'dbus',
  'kmod',
  'apparmor',
  'iproute2',
  'iputils-ping',
  'ethtool',
  'nftables',
  'netcat-openbsd',
  'procps',
  'lxc',
  'lxcfs',
  'uidmap',
  'criu',
  'libcriu2',
  'runc',
  'crun',
  'nodejs',
  'perl-base',
  'python3-minimal',
  'busybox-static',
  'openssh-server',
  'rsync',
  'acl',
  'attr',
  'libcap2-bin',
  'e2fsprogs',
  'util-linux'
]

/** lxc.service waits half a minute for containers to start by themselves; the others only cost time under emulation. */
export const MASKED_UNITS: readonly string[] = [
  'lxc.service',
  'lxc-net.service',
  'lxc-monitord.service',
  'ssh.service',
  'ssh.socket',
  'sshd-keygen.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty@tty1.service',
  'serial-getty@ttyS0.service',
  'systemd-pstore.service'
]

export const ENABLED_UNITS: readonly string[] = [
  'ferry-lab-network.service',
  'ferry-lab-shell.socket',
  'ferry-lab-ready.service'
]

/** AppArmor profiles that stay. Compiling all that Debian ships takes 40 s of an emulated boot, and those left out
 * only give programs of unprivileged users what root has anyway. */
export const APPARMOR_PROFILES = /^(lxc-containers|usr\.bin\.lxc-start|runc|crun)$/

export const DISK_SIZE_BYTES = 6 * 1024 ** 3

/** Files copied over the root of the disk, and the initrd's init. */
export const GUEST_FOLDER = join(import.meta.dirname, 'guest')

/** The image's key in the cache: everything that decides what is in it, except what the package mirror has today. */
export async function recipeHash(): Promise<string> {
  const hash = createHash('sha256')
  const settings = [SUITE, PACKAGES, MASKED_UNITS, ENABLED_UNITS, APPARMOR_PROFILES.source, DISK_SIZE_BYTES]
  hash.update(JSON.stringify(settings))
  // The steps that build the image are part of what is in it.
  hash.update(await readFile(join(import.meta.dirname, 'image.ts')))
  const entries = await readdir(GUEST_FOLDER, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort()) {
    hash.update(file.slice(GUEST_FOLDER.length))
    hash.update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 16)
}
