// The NDJSON stream of one migration: what it is now, then every change, until it has an outcome.
import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { MigrationView, OperatorService } from '../../protocols/operator/views.ts'

/** Rejects before the first byte if the migration is unknown. Ends when the client goes: `signal` says so. */
export async function streamEvents(
  response: ServerResponse,
  service: OperatorService,
  id: string,
  signal: AbortSignal
): Promise<void> {
  const changes = service.watch(id, signal)[Symbol.asyncIterator]()
  // Asked for before the present view is read, so that no change falls between the two.
  let next = changes.next()
  next.catch(() => undefined)
  try {
    const present = await service.migration(id, signal)
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

async function writeLine(response: ServerResponse, view: MigrationView, signal: AbortSignal): Promise<void> {
  if (!response.write(`${JSON.stringify(view)}\n`)) await once(response, 'drain', { signal })
}
