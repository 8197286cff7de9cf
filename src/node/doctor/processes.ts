// Programs that a daemon started and nobody owns any more: it died, and they did not.
import {
  descendants,
  endProcess,
  environmentOf,
  hostProcesses,
  openPaths,
  type HostProcess
} from '../../host/processes.ts'
import { cgroupOf, thaw } from '../../host/cgroup.ts'
import { holdScript, injectScript, sendScript } from '../../host/frames-perl.ts'
import { HostProblem } from '../../host/problem.ts'
import { engineOf } from '../containers.ts'
import { foldersOf, type NodeParts } from '../parts.ts'
import type { Leftover } from './leftover.ts'
import { runsHere, sameTree, type Past, type PastMigration } from './past.ts'

export interface SeenProcess {
  readonly process: HostProcess
  /** Undefined for one that names none and is ferry's by what it runs. */
  readonly migration?: string
  /** It works on a dump, and not on a restore. */
  readonly dumps: boolean
}

type Parts = Pick<NodeParts, 'config' | 'engines'>

const SCRIPTS = new Set([holdScript, injectScript, sendScript])
/** What works on a dump or a restore, by its name; anything else that names a work folder (a pager, a shell) is an operator's. */
const WORKERS = /^(criu|lxc-checkpoint|\[lxc monitor\]|runc|crun|freeze-restored)/

export async function seeProcesses({ config }: Parts): Promise<SeenProcess[]> {
  const all = await hostProcesses()
  const own = descendants(all, process.pid)
  const found: SeenProcess[] = []
  for (const one of all) {
    if (own.has(one.pid)) continue
    const work = (await workFilesOf(one)).filter((path) => migrationIn(path, config.stateDir) !== undefined)
    const migration = migrationIn(work[0] ?? '', config.stateDir)
    if (migration !== undefined) {
      found.push({ process: one, migration, dumps: work.some((path) => /\/(criu-dump\.conf|dump\.log)$/.test(path)) })
    } else if (one.parent === 1 && isFerrys(one)) {
      found.push({ process: one, dumps: false })
    }
  }
  return found
}

export function judgeProcesses(parts: Parts, seen: readonly SeenProcess[], past: Past): Leftover[] {
  return seen.flatMap(({ process: one, migration, dumps }): Leftover[] => {
    if (migration !== undefined && past.isUnderWay(migration)) return []
    const { pid, comm } = one
    const known = migration === undefined ? undefined : past.find(migration)
    const whose =
      migration === undefined
        ? 'was started by an earlier daemon'
        : `works for migration ${migration}, which is not under way`
    const base = { code: 'PROCESS_LEFT', subject: String(pid), what: `${comm} (pid ${String(pid)}) ${whose}` }
    if (dumps && (known === undefined || !runsHere(known))) {
      return [
        {
          ...base,
          why: 'a CRIU that is killed in a dump lets its container run, and the journal does not say that it may',
          remedy: `Let it end, or kill -9 ${String(pid)} if the container is to run here`
        }
      ]
    }
    return [
      {
        ...base,
        remedy: `End it: ferry doctor --repair, or kill -9 ${String(pid)}`,
        ...(known === undefined ? {} : { container: known.container }),
        repair: async (signal) => {
          // Its tree must not run before its sockets are put right.
          const how = dumps && known !== undefined ? await endDump(parts, known, signal) : ''
          await endProcess(one)
          return `ended ${comm} (pid ${String(pid)})${how}`
        }
      }
    ]
  })
}

async function endDump({ config, engines }: Parts, known: PastMigration, signal: AbortSignal): Promise<string> {
  const engine = engineOf(engines, known.record.engine)
  if (known.source === undefined || engine === undefined || (await sameTree(known)) === undefined) return ''
  await engine.undoDump(known.source, foldersOf(config.stateDir, known.record.id), signal)
  await thaw(known.source.cgroup)
  return ` and let ${known.record.container} run`
}

/**
 * The files by which it is known which migration it works for. A criu that a runtime started has written over its environment (setproctitle) and is
 * known by its log, which it holds open.
 */
async function workFilesOf(one: HostProcess): Promise<string[]> {
  if (one.comm === 'rsync') {
    const config = '--config='
    if (one.argv[1] !== '--server') return []
    return one.argv.filter((word) => word.startsWith(config)).map((word) => word.slice(config.length))
  }
  if (!WORKERS.test(one.comm) || (await isMonitor(one))) return []
  const named = await environmentOf(one.pid, 'CRIU_CONFIG_FILE')
  return [...(named === undefined ? [] : [named]), ...(one.comm.startsWith('criu') ? await openPaths(one.pid) : [])]
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
