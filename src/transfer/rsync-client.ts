// The source's end of the rootfs. rsync wants to start the program that connects it; that program is two cats between
// rsync and the descriptors 3 (from the target) and 4 (to the target). Like ssh it ends when the target's side has ended,
// which rsync waits for; the other cat ends with rsync. Each closes what is not its own, or no end would be seen.

const CONNECTOR = `sh -c 'exec 5<&0; cat <&5 >&4 3<&- 4>&- 5<&- & exec cat <&3 3<&- 4>&- 5<&-' connector`

/**
 * Everything a root filesystem is made of; --one-file-system leaves what is mounted in it as empty folders. Without
 * --modify-window=-1 rsync neither compares nor corrects the nanoseconds of a time.
 */
const EVERYTHING = [
  '--archive',
  '--hard-links',
  '--acls',
  '--xattrs',
  '--sparse',
  '--numeric-ids',
  '--one-file-system',
  '--modify-window=-1',
  '--timeout=90'
]

/** The whole tree, by rsync's quick check (size and nanosecond mtime), deletions included. */
export function wholeTreeArgs(rootfs: string, excludes: readonly string[]): string[] {
  return [
    ...EVERYTHING,
    '--delete',
    ...excludes.map((pattern) => `--exclude=${pattern}`),
    `--rsh=${CONNECTOR}`,
    ...ends(rootfs)
  ]
}

/** The files of a NUL-separated list, whatever the quick check says of them. */
export function listedFilesArgs(rootfs: string, list: string): string[] {
  return [...EVERYTHING, '--ignore-times', '--from0', `--files-from=${list}`, `--rsh=${CONNECTOR}`, ...ends(rootfs)]
}

function ends(rootfs: string): string[] {
  return ['--', `${rootfs.replace(/\/+$/, '')}/`, 'target::rootfs/']
}
