// Folders: what is staged, work folders with images, what was put aside when a container left.
import { readdir, rm } from 'node:fs/promises'
import { mountsBelow, unmountBelow } from '../../engines/criu-session.ts'
import { present } from '../../engines/host-paths.ts'
import { gone, removeUnrestored, stagedFolders, type StagedFolder } from '../../engines/leftovers.ts'
import { engineOf } from '../containers.ts'
import { bundlesOf, foldersOf, type NodeParts } from '../parts.ts'
import { removeRetired, removeWork, retiredOnHost, type Retired } from '../retention.ts'
import type { Leftover } from './leftover.ts'
import { isDiscarded, type Past } from './past.ts'

type Parts = Pick<NodeParts, 'config' | 'engines' | 'now'>

/** Retention looks only now and then; what is this much late is left over. Milliseconds. */
const RETENTION_SLACK_MS = 3_600_000

export interface SeenFolders {
  readonly staged: readonly StagedFolder[]
  readonly work: readonly { readonly migration: string; readonly images: boolean; readonly mounts: number }[]
}

export async function seeFolders({ config, engines }: Parts): Promise<SeenFolders> {
  const places = new Set([...engines.values()].map((engine) => engine.place(bundlesOf(config.stateDir))))
  const staged = (await Promise.all([...places].map(stagedFolders))).flat()
  const work = []
  for (const migration of (await readdir(`${config.stateDir}/migrations`).catch(gone)) ?? []) {
    const { top, images } = foldersOf(config.stateDir, migration)
    work.push({ migration, images: await present(images), mounts: (await mountsBelow(top)).length })
  }
  return { staged, work }
}

export async function judgeFolders(parts: Parts, seen: SeenFolders, past: Past): Promise<Leftover[]> {
  // Containers lived where they liked; only the journal knows where.
  const homes = past.all.flatMap(({ source }) => (source === undefined ? [] : [source.home]))
  const retired = await retiredOnHost(parts, homes)
  return [
    ...seen.staged.flatMap((folder) => judgeStaged(parts, folder, past)),
    ...seen.work.flatMap((folder) => judgeWork(parts, folder, past)),
    ...retired.flatMap((folder) => judgeRetired(parts, folder, past))
  ]
}

function judgeStaged({ engines }: Parts, seen: SeenFolders['staged'][number], past: Past): Leftover[] {
  const { folder, inPlace, record } = seen
  const torn = record === 'torn'
  const migration = seen.migration ?? past.lastStagedIn(folder)?.record.id
  if (migration === undefined)
    return [
      restoredUnknown(folder, 'a migration', 'its mark can not be read, and the journal knows none that put it there')
    ]
  if (past.isUnderWay(migration)) return []
  const known = past.find(migration)
  const base = { code: 'STAGING_LEFT', subject: folder }
  const what = `${folder} was staged by migration ${migration}, which is not under way`
  if (!inPlace || !(torn || record?.restoring === true)) {
    return [
      {
        ...base,
        what,
        why: known === undefined ? 'the journal does not know it' : `it ended as ${known.record.state}`,
        remedy: `Remove it: ferry doctor --repair, or rm -r ${folder}`,
        repair: async (signal) => {
          await removeUnrestored(seen, migration, signal)
          return `removed ${folder}`
        }
      }
    ]
  }
  const engine = known === undefined ? undefined : engineOf(engines, known.record.engine)
  if (known?.staged === undefined || engine === undefined || known.record.endedAt === undefined) {
    return [restoredUnknown(folder, `migration ${migration}`, 'the journal does not know that migration')]
  }
  const { staged, container } = known
  if (isDiscarded(known)) {
    return [
      {
        ...base,
        container,
        what: `${folder} and what was restored from it are left of migration ${migration}`,
        why: `the journal says that this host never runs it: it ended as ${known.record.state}`,
        remedy: 'Remove it: ferry doctor --repair',
        repair: async (signal) => {
          await engine.discard(staged, signal)
          return `killed and removed what migration ${migration} had restored as ${known.record.container}`
        }
      }
    ]
  }
  return [
    {
      ...base,
      code: 'NOT_ADOPTED',
      container,
      what: `${folder} still carries the mark of migration ${migration}, though the container runs here now`,
      remedy: `Take the mark away: ferry doctor --repair, or rm ${folder}/.ferry.json`,
      repair: async (signal) => {
        await engine.adopt(staged, signal)
        return `made ${known.record.container} an ordinary container of this host`
      }
    }
  ]
}

function restoredUnknown(folder: string, by: string, why: string): Leftover {
  return {
    code: 'RESTORED_UNKNOWN',
    subject: folder,
    what: `${folder} holds a container that ${by} restored here`,
    why: `${why}: it may be the only copy, or a second one of a container that runs elsewhere`,
    remedy: `See on the host it came from (ferry ls, ferry migrations) whether it runs there: if it does, kill and remove this one; if it does not, let this one run (echo 0 to its cgroup.freeze, its port from ferrypark0 to its bridge), remove ${folder}/.ferry.json, and rename what it has as config.json.ferry-parked to config.json, or take ferry's four lines from the end of its config`
  }
}

function judgeWork(
  { config }: Parts,
  { migration, images, mounts }: SeenFolders['work'][number],
  past: Past
): Leftover[] {
  if (past.isUnderWay(migration)) return []
  const folders = foldersOf(config.stateDir, migration)
  const found: Leftover[] = []
  if (past.find(migration) === undefined) {
    found.push({
      code: 'WORK_LEFT',
      subject: folders.top,
      what: `${folders.top} belongs to a migration that the journal does not know`,
      remedy: 'Remove it: ferry doctor --repair',
      repair: async () => {
        await removeWork(config.stateDir, migration)
        return `removed ${folders.top}`
      }
    })
    return found
  }
  if (mounts > 0) {
    found.push({
      code: 'MOUNTS_LEFT',
      subject: folders.top,
      what: `${String(mounts)} file systems of this host are mounted below ${folders.top}`,
      why: 'a CRIU that was killed left them; whoever removes the folder would remove what is in them',
      remedy: 'Unmount them: ferry doctor --repair',
      repair: async (signal) => {
        await unmountBelow(folders.top, signal)
        return `unmounted ${String(mounts)} file systems below ${folders.top}`
      }
    })
  }
  if (images) {
    found.push({
      code: 'IMAGES_LEFT',
      subject: folders.images,
      what: `${folders.images} holds images of migration ${migration}, which has ended`,
      remedy: 'Remove them: ferry doctor --repair',
      repair: async (signal) => {
        await unmountBelow(folders.images, signal)
        await rm(folders.images, { recursive: true, force: true })
        return `removed ${folders.images}`
      }
    })
  }
  return found
}

function judgeRetired({ config, now }: Parts, retired: Retired, past: Past): Leftover[] {
  const { migration, path, inMount, sinceMs } = retired
  if (past.isUnderWay(migration)) return []
  const keptMs = config.retentionHours * 3_600_000
  const endedAt = past.find(migration)?.record.endedAt
  if (now() - (endedAt === undefined ? sinceMs : Date.parse(endedAt)) < keptMs + RETENTION_SLACK_MS) return []
  const base = { code: 'RETAINED_LEFT', subject: path }
  const what = `${path} was put aside when its container left, longer ago than retentionHours`
  if (inMount) {
    return [
      {
        ...base,
        what,
        why: 'the folder is a mount point, so that ferry does not empty it',
        remedy: `Remove what is of the container that left, and ${path}`
      }
    ]
  }
  return [
    {
      ...base,
      what,
      remedy: 'Remove it: ferry doctor --repair',
      repair: async () => {
        await removeRetired(retired)
        return `removed ${path}`
      }
    }
  ]
}
