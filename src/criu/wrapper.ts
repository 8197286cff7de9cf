// The criu that liblxc finds on its PATH: it puts liblxc's command line right and becomes the real one.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface WrapperOptions {
  /** The real criu, absolute. */
  readonly criu: string
  /**
   * Where liblxc's `--external veth[eth0]:vethX@br0` puts the restored port instead of its own bridge: a bridge that is down.
   * Undefined: on no bridge, and the host's end stays down (CRIU takes `veth[eth0]:vethX`; move_to_bridge in criu/net.c then does nothing).
   */
  readonly park?: string
}

/** Names a file whose lines are added to criu's arguments, one argument a line. */
export const EXTRA_ARGUMENTS = 'FERRY_CRIU_ARGUMENTS'

/**
 * What it changes, and why:
 * - `--cgroup-root controllers:lxc.payload.NAME` becomes `:/lxc.payload.NAME`: CRIU's path joining needs the slash, and the empty controller is
 *   the v2 hierarchy; named for all, CRIU would make cgroups in every v1 hierarchy that the kernel still has.
 * - `--external veth[…]:…@BRIDGE` parks: the port may join its bridge only after the decision.
 * - `--lsm-profile apparmor:generated` goes: no such profile exists, the restore would hang for ever; CRIU brings the dumped one back.
 */
export function wrapperText(options: WrapperOptions): string {
  const park = options.park === undefined ? '' : quoted(`@${options.park}`)
  return `#!/bin/sh
count=$# last=
while [ "$count" -gt 0 ]; do
  argument=$1; shift; count=$((count - 1))
  case $last in
    --cgroup-root)
      path=\${argument#*:}
      case $path in /*) ;; *) path=/$path ;; esac
      argument=:$path ;;
    --external)
      case $argument in veth\\[*\\]:*) argument=\${argument%%@*}${park} ;; esac ;;
    --lsm-profile)
      last=
      [ "$argument" = apparmor:generated ] || set -- "$@" --lsm-profile "$argument"
      continue ;;
  esac
  last=$argument
  [ "$argument" = --lsm-profile ] || set -- "$@" "$argument"
done
if [ -n "\${${EXTRA_ARGUMENTS}:-}" ]; then
  while IFS= read -r argument; do set -- "$@" "$argument"; done < "$${EXTRA_ARGUMENTS}"
fi
exec ${quoted(options.criu)} "$@"
`
}

/** Writes `folder`/criu and returns the folder, to be put first on PATH. */
export async function installWrapper(folder: string, options: WrapperOptions): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'criu'), wrapperText(options), { mode: 0o700 })
  return folder
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
