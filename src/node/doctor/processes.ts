// Programs that a daemon started and nobody owns any more: it died, and they did not.
import { descendants, endProcess, environmentOf, hostProcesses, type HostProcess } from '../../host/processes.ts'
import { cgroupOf } from '../../host/cgroup.ts'
import { holdScript, injectScript, sendScript } from '../../host/frames-perl.ts'
import { HostProblem } from '../../host/problem.ts'
import type { NodeParts } from '../parts.ts'
import type { Leftover } from './leftover.ts'
import type { Past } from './past.ts'

export interface SeenProcess {
  readonly process: HostProcess
  /** Undefined for one that names none and is ferry's by what it runs. */
  readonly migration?: string
  /** It works on a dump, and not on a restore. */
  readonly dumps: boolean
}

const SCRIPTS = new Set([holdScript, injectScript, sendScript])
/** What works on a dump or a restore, by its name; anything else that names a work folder (a pager, a shell) is an operator's. */
const WORKERS = /^(criu|lxc-checkpoint|\[lxc monitor\]|runc|crun|freeze-restored)/

export async function seeProcesses({ config }: Pick<NodeParts, 'config'>): Promise<SeenProcess[]> {
  const all = await hostProcesses()
  const own = descendants(all, process.pid)
  const found: SeenProcess[] = []
  for (const one of all) {
    if (own.has(one.pid)) continue
    const work = await workFileOf(one)
    const migration = work === undefined ? undefined : migrationIn(work, config.stateDir)
    if (migration !== undefined) {
      found.push({ process: one, migration, dumps: work?.endsWith('/criu-dump.conf') === true })
    } else if (one.parent === 1 && isFerrys(one)) {
      found.push({ process: one, dumps: false })
    }
  }
  return found
}

export function judgeProcesses(seen: readonly SeenProcess[], past: Past): Leftover[] {
  return seen.flatMap(({ process: one, migration, dumps }): Leftover[] => {
    if (migration !== undefined && past.isUnderWay(migration)) return []
    const { pid, comm } = one
    const whose =
      migration === undefined
        ? 'was started by an earlier daemon'
        : `works for migration ${migration}, which is not under way`
    const base = { code: 'PROCESS_LEFT', subject: String(pid), what: `${comm} (pid ${String(pid)}) ${whose}` }
    if (dumps && migration !== undefined && past.find(migration) === undefined) {
      return [
        {
          ...base,
          why: 'the journal does not know that migration, and a CRIU that is killed in a dump lets its container run',
          remedy: `Let it end, or kill -9 ${String(pid)} if the container is to run here`
        }
      ]
    }
    return [
      {
        ...base,
        remedy: `End it: ferry doctor --repair, or kill -9 ${String(pid)}`,
        repair: async () => {
          await endProcess(one)
          return `ended ${comm} (pid ${String(pid)})`
        }
      }
    ]
  })
}

/** The file of a migration's work folder that it was started with. */
async function workFileOf(one: HostProcess): Promise<string | undefined> {
  if (one.comm === 'rsync') {
    const config = '--config='
    return one.argv[1] === '--server'
      ? one.argv.find((word) => word.startsWith(config))?.slice(config.length)
      : undefined
  }
  if (!WORKERS.test(one.comm) || (await isMonitor(one))) return undefined
  return environmentOf(one.pid, 'CRIU_CONFIG_FILE')
}

function migrationIn(path: string, stateDir: string): string | undefined {
  const folder = `${stateDir}/migrations/`
  return path.startsWith(folder) ? /^[A-Za-z0-9._-]+(?=\/)/.exec(path.slice(folder.length))?.[0] : undefined
}

/** Programs that name no migration, in exactly the form in which ferry starts them. */
function isFerrys({ comm, argv }: HostProcess): boolean {
  if (comm === 'perl') return argv[1] === '-e' && SCRIPTS.has(argv[2] ?? '')
  return comm === 'rsync' && argv.at(-1) === 'target::rootfs/' && argv.at(-3) === '--'
}

/** liblxc's monitor of a container that runs was lxc-checkpoint once, and has its environment. */
async function isMonitor({ pid, comm }: HostProcess): Promise<boolean> {
  if (comm.startsWith('criu')) return false
  try {
    return (await cgroupOf(pid)).startsWith('/lxc.monitor.')
  } catch (error) {
    if (error instanceof HostProblem) return false
    throw error
  }
}
