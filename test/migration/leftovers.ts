// What a migration must not leave on a host that has no side in it any more.
import type { LabHost } from '../lab/lab.ts'

/** A line for everything that still speaks of the container, but what may: processes, cgroups, ports, network namespaces, folders. */
export async function leftovers(host: LabHost, name: string, mayStay?: RegExp): Promise<string[]> {
  // A target goes on announcing the container's new place for a second.
  return whatStays(async () => (await traces(host, name)).filter((line) => mayStay?.test(line) !== true))
}

/** What is seen still after all the time that what ends by itself may take. */
export async function whatStays(look: () => Promise<string[]>): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const found = await look()
    if (found.length === 0 || tries === 50) return found
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

async function traces(host: LabHost, name: string): Promise<string[]> {
  const { stdout } = await host.exec([
    'sh',
    '-c',
    `find /sys/fs/cgroup -mindepth 1 -type d -name '*${name}*' | sed 's/^/cgroup /'
     ls /run/netns 2>/dev/null | grep -x '${name}' | sed 's/^/netns /'
     ip -o link show | grep -o 'v${name}' | sort -u | sed 's/^/port /'
     ls -d /var/lib/ferry/containers/* /var/lib/ferry/containers/.[!.]* /var/lib/lxc/* /var/lib/lxc/.[!.]* 2>/dev/null | grep -e '${name}' -e ferry- | sed 's/^/folder /'
     ls /run/runc /run/crun 2>/dev/null | grep -x '${name}' | sed 's/^/runtime state /'
     ls -d /var/lib/ferry/migrations/*/images 2>/dev/null | sed 's/^/images /'
     pgrep -ax 'criu|runc|crun|lxc-checkpoint|perl|rsync' | sed 's/^/process /'`
  ])
  return stdout.split('\n').filter((line) => line !== '')
}
