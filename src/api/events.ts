// The NDJSON stream of one migration: what it is now, then every change, until it has an outcome.
import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import { OperatorError, type MigrationView, type OperatorService } from '../../protocols/operator/views.ts'

/** Rejects before the first byte if the migration is unknown. Ends when the client goes: `signal` says so. */
export async function streamEvents(
  response: ServerResponse,
  service: OperatorService,
  id: string,
  host: string,
  signal: AbortSignal
): Promise<void> {
  const changes = service.watch(id, signal)[Symbol.asyncIterator]()
  // Asked for before the present view is read, so that no change falls between the two.
  let next = changes.next()
  next.catch(() => undefined)
  try {
    const present = await migrationOf(service, id, host, signal)
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    await writeLine(response, present, signal)
    if (present.outcome !== undefined) return
    for (let change = await next; change.done !== true; change = await next) {
      await writeLine(response, change.value, signal)
      if (change.value.outcome !== undefined) return
      next = changes.next()
    }
  } finally {
    await changes.return?.()
  }
}

/** Rejects with UNKNOWN_MIGRATION. */
export async function migrationOf(
  service: OperatorService,
  id: string,
  host: string,
  signal: AbortSignal
): Promise<MigrationView> {
  const found = (await service.migrations(signal)).find((view) => view.id === id)
  if (found !== undefined) return found
  throw new OperatorError({
    code: 'UNKNOWN_MIGRATION',
    host,
    what: `No migration has the id ${id}`,
    why: `${host} had no part in it, or it was forgotten after its retention`,
    remedy: 'See the ids with `ferry migrations`, here or on the other host'
  })
}

async function writeLine(response: ServerResponse, view: MigrationView, signal: AbortSignal): Promise<void> {
  if (!response.write(`${JSON.stringify(view)}\n`)) await once(response, 'drain', { signal })
}
