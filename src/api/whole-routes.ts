// The routes that gather from the whole mesh, and the audit log.
import type { IncomingMessage } from 'node:http'
import type { WholeMeshService } from '../../protocols/operator/views.ts'
import { badRequest } from './problems.ts'

interface WholeRoute {
  /** Below /v1/. */
  readonly path: string
  readonly answer: (
    whole: WholeMeshService,
    request: IncomingMessage,
    host: string,
    signal: AbortSignal
  ) => Promise<unknown>
}

const ENTRIES = 200
const MAX_ENTRIES = 1000

export const wholeRoutes: readonly WholeRoute[] = [
  { path: 'all/containers', answer: (whole, _request, _host, signal) => whole.allContainers(signal) },
  { path: 'all/migrations', answer: (whole, _request, _host, signal) => whole.allMigrations(signal) },
  { path: 'all/audit', answer: async (whole, request, host, signal) => whole.allAudit(newest(request, host), signal) },
  { path: 'audit', answer: async (whole, request, host, signal) => whole.audit(newest(request, host), signal) }
]

/** @throws OperatorError BAD_REQUEST */
function newest(request: IncomingMessage, host: string): { entries: number } {
  const text = new URL(request.url ?? '', 'http://ferry').searchParams.get('entries')
  if (text === null) return { entries: ENTRIES }
  const entries = Number(text)
  if (Number.isInteger(entries) && entries >= 1 && entries <= MAX_ENTRIES) return { entries }
  throw badRequest(
    host,
    `"${text.slice(0, 64)}" is no number of entries`,
    `from 1 to ${String(MAX_ENTRIES)} can be asked for`,
    'Ask for fewer with --last N'
  )
}
