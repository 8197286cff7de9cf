// The script that freezes a restored tree at CRIU's last stop, so that nobody inside sees a SIGCONT.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface HookOptions {
  /** Existing folder of this migration on a local file system; the script leaves its record there. */
  readonly folder: string
  /** Cgroup, below /sys/fs/cgroup, that takes what is not the container's (criu itself). Default `/ferry`. */
  readonly shelter?: string
}

export interface HookRecord {
  readonly initPid: number
  readonly cgroup: string
  /** What was moved out of the cgroup before it was frozen: `PID COMM`. */
  readonly moved: readonly string[]
}

/**
 * POSIX sh, without a fork before it knows that the stage is its own: each stage of CRIU starts it, inside the freeze. runc and crun put criu
 * itself into the container's cgroup; a criu that is frozen never ends, so whatever is not of the container's pid namespace goes first. Its end is not
 * checked by CRIU: whoever restores looks at cgroup.events afterwards.
 */
export function hookText(options: HookOptions): string {
  return `#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" = pre-resume ] || exit 0
set -u
folder=${quoted(options.folder)} shelter=${quoted(`/sys/fs/cgroup${options.shelter ?? '/ferry'}`)} group=
while IFS= read -r line; do case $line in 0::*) group=\${line#0::} ;; esac; done < "/proc/$CRTOOLS_INIT_PID/cgroup"
[ -n "$group" ] && [ "$group" != / ] || exit 1
mkdir -p "$shelter" || exit 1
ours=$(readlink "/proc/$CRTOOLS_INIT_PID/ns/pid")
for pid in $(cat "/sys/fs/cgroup$group/cgroup.procs"); do
  [ "$(readlink "/proc/$pid/ns/pid")" = "$ours" ] && continue
  read -r comm < "/proc/$pid/comm" && echo "$pid $comm" >> "$folder/moved"
  echo "$pid" > "$shelter/cgroup.procs"
done
echo 1 > "/sys/fs/cgroup$group/cgroup.freeze" || exit 1
echo "$CRTOOLS_INIT_PID $group" > "$folder/frozen"
`
}

export async function writeHook(path: string, options: HookOptions): Promise<void> {
  await writeFile(path, hookText(options), { mode: 0o700 })
}

/** What the script did; undefined where it never got to the freeze. */
export async function readHookRecord(folder: string): Promise<HookRecord | undefined> {
  const frozen = await optional(join(folder, 'frozen'))
  const [, pid, cgroup] = /^(\d+) (\/.*)$/m.exec(frozen) ?? []
  if (pid === undefined || cgroup === undefined) return undefined
  const moved = (await optional(join(folder, 'moved'))).split('\n').filter((line) => line !== '')
  return { initPid: Number(pid), cgroup, moved }
}

async function optional(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
