// The containers of the runs: one for each engine, with the ledger as its program. They live on from run to run.
import { startCounter, runBundle, type CounterOptions } from '../migration/containers.ts'
import type { ChaosHost } from './chaos-host.ts'
import { ENGINES, type EngineName } from './plan.ts'

const MEMORY_MIB = 8

export interface Ledger extends CounterOptions {
  readonly program: 'ledger'
  /** Below /sys/fs/cgroup of its host. */
  readonly cgroup: string
  /** Folders in which it may lie on a host. */
  readonly homes: readonly string[]
}

export function ledgerOf(engine: EngineName): Ledger {
  const number = ENGINES.indexOf(engine)
  const name = `ledger-${engine}`
  return {
    engine,
    name,
    address: `10.77.0.${String(150 + number)}`,
    mac: `00:16:3e:00:00:${String(50 + number)}`,
    memoryMiB: MEMORY_MIB,
    program: 'ledger',
    cgroup: engine === 'lxc' ? `lxc.payload.${name}` : name,
    homes: engine === 'lxc' ? [`/var/lib/lxc/${name}`] : [`/srv/${name}`, `/var/lib/ferry/containers/${name}`]
  }
}

export async function create(host: ChaosHost, ledger: Ledger): Promise<void> {
  await startCounter(host.host, ledger)
}

/** The folder from which it can be started, where the host has one. */
export async function homeOn(host: ChaosHost, ledger: Ledger): Promise<string | undefined> {
  const config = ledger.engine === 'lxc' ? 'config' : 'config.json'
  const files = ledger.homes.map((home) => `${home}/${config}`)
  const { stdout } = await host.host.exec(['sh', '-c', 'ls "$@" 2>/dev/null; true', 'ls', ...files])
  return stdout
    .split('\n')
    .find((line) => line !== '')
    ?.replace(/\/[^/]*$/, '')
}

/** Its memory was lost with its host's power: an operator starts it again. */
export async function startAgain(host: ChaosHost, ledger: Ledger, home: string): Promise<void> {
  if (ledger.engine === 'lxc') {
    await host.host.exec(['sh', '-ec', `lxc-start -n ${ledger.name} </dev/null >/dev/null 2>&1`])
  } else {
    // A rollback that found no process may have left what was the container's.
    await host.host.exec([
      'sh',
      '-c',
      `${ledger.engine} delete -f ${ledger.name} 2>/dev/null; ip netns del ${ledger.name} 2>/dev/null; true`
    ])
    await runBundle(host.host, ledger, home)
  }
}

/** Its processes on a host, as pids of the host. */
export async function pidsOn(host: ChaosHost, ledger: Ledger): Promise<number[]> {
  const pids = await host.host.pids('ledger')
  const found = await Promise.all(
    pids.map(async (pid) => {
      // It may end between the two looks.
      const cgroup = await host.host.readFile(`/proc/${String(pid)}/cgroup`).catch(() => '')
      return cgroup.toString().includes(ledger.name) ? [pid] : []
    })
  )
  return found.flat()
}

export async function isFrozen(host: ChaosHost, ledger: Ledger): Promise<boolean> {
  const events = await host.host.readFile(`/sys/fs/cgroup/${ledger.cgroup}/cgroup.events`)
  return events.toString().includes('frozen 1')
}

/** The log on disk, as the host sees it. */
export async function diskLog(host: ChaosHost, pid: number): Promise<number[]> {
  const text = (await host.host.readFile(`/proc/${String(pid)}/root/ledger.log`)).toString()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
}
