// What the journal says of this host's migrations, read after the host was looked at: whatever is found then has its record already.
import type { Inspection, RestoredTree, Staged } from '../../engines/engine.ts'
import type { ProcessIdentity } from '../../host/processes.ts'
import type { Decision, Journal, Mark, MigrationRecord } from '../../journal/journal.ts'
import { containerKey } from '../parts.ts'
import { sameTree as isSame } from '../same-tree.ts'
import type { SourceRecordData } from '../source-migration.ts'
import type { TargetRecordData } from '../target-migration.ts'

export interface PastMigration {
  readonly record: MigrationRecord
  /** As the journal's claims call it. */
  readonly container: string
  readonly decision: Decision | undefined
  readonly marks: ReadonlySet<Mark>
  readonly source?: Inspection
  /** The first process of the tree that the migration had here. */
  readonly init?: ProcessIdentity
  readonly staged?: Staged
  readonly tree?: RestoredTree
}

export class Past {
  readonly #all: ReadonlyMap<string, PastMigration>
  readonly #underWay: ReadonlySet<string>

  constructor(all: readonly PastMigration[], underWay: ReadonlySet<string>) {
    this.#all = new Map(all.map((one) => [one.record.id, one]))
    this.#underWay = underWay
  }

  /** @param active migrations that the node has in hand, their last moments included */
  static async read(journal: Journal, active: Iterable<string>): Promise<Past> {
    const underWay = new Set(active)
    const all: PastMigration[] = []
    for (const record of await journal.migrations()) {
      if (record.endedAt === undefined) underWay.add(record.id)
      all.push(await pastOf(journal, record))
    }
    return new Past(all, underWay)
  }

  get all(): readonly PastMigration[] {
    return [...this.#all.values()]
  }

  isUnderWay(id: string): boolean {
    return this.#underWay.has(id)
  }

  underWay(): PastMigration[] {
    return this.all.filter(({ record }) => this.isUnderWay(record.id))
  }

  /** Undefined where the journal knows nothing of it. */
  find(id: string): PastMigration | undefined {
    return this.#all.get(id)
  }

  /** The last one that brought a container into this folder. */
  lastStagedIn(home: string): PastMigration | undefined {
    const found = this.all.filter(({ staged }) => staged?.home === home)
    return found.sort((a, b) => (a.record.startedAt < b.record.startedAt ? 1 : -1))[0]
  }

  /** A container's last migration here, if it has ended: what earlier ones say of it holds no more. */
  lastEnded(): PastMigration[] {
    const last = new Map<string, PastMigration>()
    for (const one of this.all) {
      const other = last.get(one.container)
      if (other === undefined || other.record.startedAt <= one.record.startedAt) last.set(one.container, one)
    }
    const held = new Set(this.underWay().map(({ container }) => container))
    return [...last.values()].filter(({ container }) => !held.has(container))
  }
}

/** The journal says that this host never runs what the migration brought. */
export function isDiscarded({ record, marks }: PastMigration): boolean {
  return record.role === 'target' && record.endedAt !== undefined && !marks.has('activating')
}

/** The journal gives the right to run to this host: its source kept or got it back, or its target took it. */
export function runsHere({ record, decision, marks }: PastMigration): boolean {
  if (record.endedAt === undefined) return false
  if (record.role === 'target') return marks.has('activating')
  return decision !== 'commit' || marks.has('taken-back')
}

/** The container left this host, and the target said that it runs there. */
export function movedAway({ record, decision, marks }: PastMigration): boolean {
  return record.role === 'source' && record.state === 'moved' && decision === 'commit' && !marks.has('taken-back')
}

/** First process and cgroup of the tree that the migration had here, as the record has them. */
export function treeOf({ source, staged, tree }: PastMigration): { initPid?: number; cgroup: string } | undefined {
  if (source !== undefined) return { initPid: source.initPid, cgroup: source.cgroup }
  if (tree !== undefined) return { initPid: tree.initPid, cgroup: tree.cgroup }
  return staged === undefined ? undefined : { cgroup: staged.cgroup }
}

/**
 * The pids in the cgroup, if the very process of the record is among them: it has its pid, and was there before the migration ended. A
 * container that was started since is another one.
 */
export async function sameTree(migration: PastMigration): Promise<readonly number[] | undefined> {
  const known = treeOf(migration)
  const { endedAt } = migration.record
  if (known?.initPid === undefined || endedAt === undefined) return undefined
  const { cgroup, initPid } = known
  const init = migration.init === undefined ? {} : { init: migration.init }
  return isSame({ cgroup, initPid, ...init }, Date.parse(endedAt))
}

async function pastOf(journal: Journal, record: MigrationRecord): Promise<PastMigration> {
  const common = {
    record,
    container: containerKey(record.engine, record.container),
    decision: await journal.decision(record.id),
    marks: await journal.marks(record.id)
  }
  if (record.role === 'source') {
    const { container, init } = dataOf<SourceRecordData>(record)
    return {
      ...common,
      ...(container === undefined ? {} : { source: container }),
      ...(init === undefined ? {} : { init })
    }
  }
  const { staged, tree } = dataOf<TargetRecordData>(record)
  return {
    ...common,
    ...(staged === undefined ? {} : { staged }),
    ...(tree === undefined ? {} : { tree }),
    ...(tree?.init === undefined ? {} : { init: tree.init })
  }
}

/** Of a migration that could not be taken up it may lack anything. */
function dataOf<Data>({ data }: MigrationRecord): Partial<Data> {
  return (data as Partial<Data> | null | undefined) ?? {}
}
