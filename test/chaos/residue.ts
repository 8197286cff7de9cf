// What must not be left on either host once a run is over.
import type { ChaosHost } from './chaos-host.ts'
import { homeOn, type Ledger } from './ledger.ts'
import { leftovers, whatStays } from '../migration/leftovers.ts'

/** Kept by retention, and the monitors of containers that were restored. */
const MAY_STAY = /\.ferry-retired-|\[lxc monitor\]/

/** A line for each thing that is left. `owner` is where the container is, running or not. */
export async function residue(hosts: readonly ChaosHost[], owner: string, ledger: Ledger): Promise<string[]> {
  const found = await Promise.all(
    hosts.map(async (host) =>
      [
        ...(host.name === owner ? [] : await leftovers(host.host, ledger.name, MAY_STAY)),
        ...(host.name === owner || (await homeOn(host, ledger)) === undefined ? [] : ['a folder to start it from']),
        ...(await ofAnyHost(host))
      ].map((line) => `left on ${host.name}: ${line}`)
    )
  )
  return found.flat()
}

function ofAnyHost(host: ChaosHost): Promise<string[]> {
  return whatStays(async () => {
    const { stdout } = await host.host.exec([
      'sh',
      '-c',
      `for group in $(find /sys/fs/cgroup -mindepth 2 -name cgroup.freeze); do read -r frozen < $group; [ "$frozen" = 0 ] || echo "frozen $group"; done
       ip -o link show master ferrypark0 2>/dev/null | sed 's/^/parked /'
       ls -d /var/lib/ferry/containers/.ferry-* /var/lib/lxc/.ferry-* 2>/dev/null | sed 's/^/staged /'
       ls -d /var/lib/ferry/migrations/*/images 2>/dev/null | sed 's/^/images /'
       pgrep -ax 'criu|runc|crun|lxc-checkpoint|perl|rsync' | sed 's/^/process /'`
    ])
    return stdout.split('\n').filter((line) => line !== '' && !MAY_STAY.test(line))
  })
}

/** What retention keeps would fill the small disk in a long series. */
export async function forgetRetained(host: ChaosHost): Promise<void> {
  await host.host.exec([
    'sh',
    '-c',
    'rm -rf /var/lib/ferry/retained/* /var/lib/ferry/migrations/* /srv/.*.ferry-retired-* /var/lib/lxc/.*.ferry-retired-*'
  ])
}
