// The target's end of the rootfs: one rsync daemon session on stdin and stdout, in a chroot of the staging folder.
// Whatever the peer says (rsync's options come from it), the module's configuration and the chroot are ours.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What `sendRootfs` asks of the daemon; everything else a client could ask for is refused. */
const ALLOWED = [
  'a',
  'H',
  'A',
  'X',
  'S',
  'D',
  'x',
  'numeric-ids',
  'delete*',
  'ignore-times',
  'files-from',
  'from0',
  'relative',
  'one-file-system',
  'modify-window',
  'timeout',
  'checksum-choice',
  'compress-choice'
]

const CONFIG = (path: string, log: string): string => `log file = ${log}
reverse lookup = no
forward lookup = no
use chroot = yes
uid = 0
gid = 0
numeric ids = yes
munge symlinks = no
max verbosity = 0
transfer logging = no
list = no
read only = no
write only = yes
timeout = 90
dont compress = *
refuse options = * ${ALLOWED.map((option) => '!' + option).join(' ')}

[rootfs]
path = ${path}
`

export interface RsyncDaemon {
  readonly args: readonly string[]
  readonly log: string
}

/** Writes the configuration into `workDir` (a folder only root can read). @throws Error for a path that rsync's configuration can't hold */
export async function configureDaemon(into: string, workDir: string): Promise<RsyncDaemon> {
  const config = join(workDir, 'rsyncd.conf')
  const log = join(workDir, 'rsyncd.log')
  for (const path of [into, log]) {
    // A line break would add settings; a per cent sign is rsync's own substitution.
    if (!/^\/[^\n\r%\\]*[^\n\r%\\\s]$/.test(path)) throw new Error(`rsync's configuration can't hold the path ${path}`)
  }
  await writeFile(config, CONFIG(into, log), { mode: 0o600 })
  return { args: ['--server', '--daemon', `--config=${config}`, '.'], log }
}
