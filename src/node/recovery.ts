// What a daemon that starts does with migrations an earlier one left unfinished: the journal alone says.
import type { MigrationView } from '../../protocols/operator/views.ts'
import { engineOf } from './containers.ts'
import type { NodeParts } from './parts.ts'
import { SourceMigration, type SourceRecordData } from './source-migration.ts'
import { TargetMigration, type TargetRecordData } from './target-migration.ts'

export async function recover(parts: NodeParts): Promise<(SourceMigration | TargetMigration)[]> {
  const { journal, engines, log } = parts
  await releaseOrphans(parts)
  const taken: (SourceMigration | TargetMigration)[] = []
  for (const record of await journal.migrations()) {
    if (record.endedAt !== undefined) continue
    const engine = engineOf(engines, record.engine)
    if (engine === undefined)
      throw new Error(`unfinished migration ${record.id} is of an unknown engine ${record.engine}`)
    const marks = await journal.marks(record.id)
    const view = record.view as MigrationView
    const receipts = await journal.receipts(record.id)
    log.warn(
      { migration: record.id, role: record.role, state: record.state, marks },
      'takes up an unfinished migration'
    )
    if (record.role === 'source') {
      const data = record.data as unknown as SourceRecordData
      const decision = await journal.decision(record.id)
      taken.push(
        new SourceMigration(parts, engine, {
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
      )
    } else {
      const data = record.data as unknown as TargetRecordData
      taken.push(
        new TargetMigration(parts, engine, {
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
      )
    }
  }
  return taken
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
