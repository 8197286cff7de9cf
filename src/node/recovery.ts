// What a daemon that starts does with migrations an earlier one left unfinished: the journal alone says. One that can't be taken
// up keeps no other from it.
import type { MigrationView, Problem } from '../../protocols/operator/views.ts'
import { wordsOf } from '../../protocols/problem.ts'
import type { MigrationRecord } from '../journal/journal.ts'
import { engineOf } from './containers.ts'
import type { NodeParts } from './parts.ts'
import { SourceMigration, type SourceRecordData } from './source-migration.ts'
import { TargetMigration, type TargetRecordData } from './target-migration.ts'

export interface Recovered {
  readonly taken: readonly (SourceMigration | TargetMigration)[]
  /** Migrations that could not be taken up, by their ids: what they have here stays as it is, and their claims are held. */
  readonly broken: ReadonlyMap<string, Problem>
}

export async function recover(parts: NodeParts): Promise<Recovered> {
  const { journal, log, name } = parts
  await releaseOrphans(parts)
  const taken: (SourceMigration | TargetMigration)[] = []
  const broken = new Map<string, Problem>()
  for (const record of await journal.migrations()) {
    if (record.endedAt !== undefined) continue
    try {
      taken.push(await takeUp(parts, record))
    } catch (error) {
      const problem = notTakenUp(name, record, error)
      log.error({ err: error, migration: record.id, role: record.role, state: record.state, problem }, problem.what)
      broken.set(record.id, problem)
    }
  }
  return { taken, broken }
}

/** @throws ReceiptError, or whatever a record that is not well brings about */
async function takeUp(parts: NodeParts, record: MigrationRecord): Promise<SourceMigration | TargetMigration> {
  const { journal, engines, log } = parts
  const engine = engineOf(engines, record.engine)
  if (engine === undefined) throw new Error(`it is of an unknown engine ${record.engine}`)
  const marks = await journal.marks(record.id)
  const view = record.view as MigrationView
  const receipts = await journal.receipts(record.id)
  log.warn({ migration: record.id, role: record.role, state: record.state, marks }, 'takes up an unfinished migration')
  if (record.role === 'source') {
    const data = record.data as unknown as SourceRecordData
    const decision = await journal.decision(record.id)
    return new SourceMigration(parts, engine, {
      id: record.id,
      epoch: record.epoch,
      peer: record.peer,
      peerName: record.peerName,
      container: data.container,
      startedAt: record.startedAt,
      resume: {
        machine: { ...(decision === undefined ? {} : { decision }), takenBack: marks.has('taken-back') },
        data,
        view,
        receipts
      }
    })
  }
  const data = record.data as unknown as TargetRecordData
  return new TargetMigration(parts, engine, {
    id: record.id,
    peer: record.peer,
    offer: data.offer,
    startedAt: record.startedAt,
    resume: {
      machine: {
        prepared: marks.has('prepared'),
        activating: marks.has('activating'),
        handBack: marks.has('hand-back')
      },
      data,
      view,
      receipts
    }
  })
}

function notTakenUp(host: string, { id, container, peerName }: MigrationRecord, error: unknown): Problem {
  return {
    code: 'NOT_TAKEN_UP',
    host,
    what: `migration ${id} of ${container} could not be taken up again; what it has on ${host} stays as it is, frozen where it is frozen`,
    why: wordsOf(error),
    remedy: `put right what is named, or restore the journal of ${host} from a backup, and restart ferry there; thaw or kill nothing of it by hand before ferry migrations and ferry receipt ${id} on ${peerName} say which side has the right to run it`
  }
}

/** What operators see of it: its record may lack anything. */
export function brokenView(host: string, record: MigrationRecord, problem: Problem): MigrationView {
  const { id, container, engine, role, state, startedAt, peerName } = record
  const [source, target] = role === 'source' ? [host, peerName] : [peerName, host]
  const known = record.view as Partial<MigrationView> | null | undefined
  return {
    phases: [],
    warnings: [],
    rootfsBytes: 0,
    imageBytes: 0,
    framesHeld: 0,
    ...known,
    id,
    container,
    engine,
    role,
    state,
    source,
    target,
    startedAt,
    problem
  }
}

/** A daemon that died between a claim and its record, or between an end and its release, left a claim of no migration. */
async function releaseOrphans({ journal, log }: Pick<NodeParts, 'journal' | 'log'>): Promise<void> {
  for (const { container, migration } of await journal.claims()) {
    const record = await journal.migration(migration)
    if (record !== undefined && record.endedAt === undefined) continue
    log.warn({ container, migration }, 'releases a container that no migration under way holds')
    await journal.release(container, migration)
  }
}
