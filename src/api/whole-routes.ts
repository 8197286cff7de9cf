// The routes that gather from the whole mesh or speak to a host of it by its name, and the audit log.
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { CORDON_REASON } from '../../protocols/command/index.ts'
import type { WholeMeshService } from '../../protocols/operator/views.ts'
import { parsed } from './body.ts'
import { badRequest } from './problems.ts'

interface WholeRoute {
  readonly method: 'GET' | 'POST'
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

const host = z.string().min(1).max(256).optional()
const bodies = {
  cordon: {
    schema: z.strictObject({ host, reason: CORDON_REASON.optional(), maintenance: z.boolean().optional() }),
    remedy:
      'Send {"host": NAME or PEER ID, "reason": a line of 256 characters at most, "maintenance": true or false}, each of them or none'
  },
  uncordon: {
    schema: z.strictObject({ host }),
    remedy: 'Send {"host": NAME or PEER ID}, or {} for the host that is asked'
  }
}

export const wholeRoutes: readonly WholeRoute[] = [
  get('all/containers', (whole, _request, _host, signal) => whole.allContainers(signal)),
  get('all/migrations', (whole, _request, _host, signal) => whole.allMigrations(signal)),
  get('all/audit', async (whole, request, host, signal) => whole.allAudit(newest(request, host), signal)),
  get('audit', async (whole, request, host, signal) => whole.audit(newest(request, host), signal)),
  post('cordon', async (whole, request, host, signal) => {
    const { host: named, reason, maintenance = false } = await parsed(request, host, bodies.cordon)
    return whole.cordon({ ...called(named), ...(reason === undefined ? {} : { reason }), maintenance }, signal)
  }),
  post('uncordon', async (whole, request, host, signal) =>
    whole.uncordon(called((await parsed(request, host, bodies.uncordon)).host), signal)
  )
]

function called(host: string | undefined): { host?: string } {
  return host === undefined ? {} : { host }
}

function get(path: string, answer: WholeRoute['answer']): WholeRoute {
  return { method: 'GET', path, answer }
}

function post(path: string, answer: WholeRoute['answer']): WholeRoute {
  return { method: 'POST', path, answer }
}

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
