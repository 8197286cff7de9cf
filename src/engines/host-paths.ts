// Which of a host's own files a container that comes from a peer may be shown.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Finding } from '../host/problem.ts'
import { blocker } from './findings.ts'

/**
 * A bind mount hands a piece of the host to whoever wrote the container's configuration, and that is another host: `/` or
 * `/etc/shadow` must never be had by asking for them. These are files every container is shown and that hold no secret.
 */
const HARMLESS = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/localtime',
  '/etc/timezone',
  '/etc/ssl/certs',
  '/usr/share/ca-certificates',
  '/usr/share/zoneinfo',
  '/sys/fs/fuse/connections',
  '/sys/kernel/debug',
  '/sys/kernel/security',
  '/sys/kernel/tracing',
  '/sys/fs/pstore',
  '/var/lib/lxcfs'
]

export interface HostBind {
  readonly source: string
  readonly destination: string
  /** The container starts without it where the source does not exist. */
  readonly optional: boolean
}

/** What the target has against a bind mount. `allowed` are paths this host's operator shares with containers that arrive. */
export async function examineBind(bind: HostBind, allowed: readonly string[]): Promise<Finding[]> {
  const { source, destination } = bind
  const path = resolve('/', source)
  const within = (folder: string) => path === folder || path.startsWith(folder + '/')
  if (path !== source || ![...HARMLESS, ...allowed].some(within)) {
    return [
      blocker(
        'HOST_PATH_REFUSED',
        `The container mounts ${source} of its host at ${destination}`,
        `Put the data into the container's rootfs, or have it on both hosts and add ${source} to allowedPaths in this host's configuration`,
        'only a few harmless paths of a host are given to containers that arrive from a peer'
      )
    ]
  }
  if (bind.optional || (await present(path))) return []
  return [
    blocker(
      'HOST_PATH_MISSING',
      `The container mounts ${source} at ${destination}, and this host has no ${source}`,
      `Make ${source} on this host, or take the mount out of the container's configuration`
    )
  ]
}

export async function present(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false
    throw error
  }
}
