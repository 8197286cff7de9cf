// The operator API: HTTP on a Unix socket that only root may open.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { chmod } from 'node:fs/promises'
import {
  OperatorError,
  type MeshService,
  type OperatorService,
  type WholeMeshService
} from '../../protocols/operator/views.ts'
import { moveRequest, resolveRequest } from './body.ts'
import { streamEvents } from './events.ts'
import { problemOf, statusOf } from './problems.ts'
import { meshRoutes } from './mesh-routes.ts'
import { wholeRoutes } from './whole-routes.ts'
import { freeSocket } from './socket-file.ts'
import { ferryVersion } from './version.ts'

export interface OperatorApiOptions {
  readonly socket: string
  readonly service: OperatorService
  /** Without it the routes below /v1/mesh are not there. */
  readonly mesh?: MeshService
  /** Without it the routes below /v1/all, and those of the audit log and of cordons, are not there. */
  readonly whole?: WholeMeshService
  /** A pino logger fits. */
  readonly log: {
    debug(details: object, message: string): void
    error(details: object, message: string): void
  }
  /** Name of this host in the API's own problems. Default: the system's. */
  readonly host?: string
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly service: OperatorService
  readonly mesh: MeshService | undefined
  readonly whole: WholeMeshService | undefined
  readonly host: string
  readonly signal: AbortSignal
  readonly id: string
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  readonly status: number
  /** Returns the answer, or undefined if it wrote one itself. */
  readonly answer: (call: Call) => Promise<unknown>
}

const id = '(?<id>[^/]+)'
const routes: readonly Route[] = [
  get('containers', ({ service, signal }) => service.containers(signal)),
  get('peers', ({ service, signal }) => service.peers(signal)),
  get('migrations', ({ service, signal }) => service.migrations(signal)),
  get('version', () => Promise.resolve({ version: ferryVersion() })),
  get(`migrations/${id}`, ({ service, id, signal }) => service.migration(id, signal)),
  get(`migrations/${id}/logs`, ({ service, id, signal }) => service.logs(id, signal)),
  get(`migrations/${id}/receipt`, ({ service, id, signal }) => service.receipt(id, signal)),
  get(`migrations/${id}/events`, ({ response, service, id, signal }) => streamEvents(response, service, id, signal)),
  post('checks', 200, async ({ request, service, host, signal }) =>
    service.check(await moveRequest(request, host), signal)
  ),
  post('migrations', 201, async ({ request, service, host, signal }) =>
    service.move(await moveRequest(request, host), signal)
  ),
  post(`migrations/${id}/resolve`, 200, async ({ request, service, id, host, signal }) =>
    service.resolve({ id, ...(await resolveRequest(request, host)) }, signal)
  ),
  post(`migrations/${id}/cancel`, 200, ({ service, id, signal }) => service.cancel(id, signal)),
  get('doctor', ({ service, signal }) => service.doctor(signal)),
  post('doctor/repair', 200, ({ service, signal }) => service.repair(signal)),
  ...wholeRoutes.map(({ method, path, answer }) =>
    route(method, path, 200, async ({ request, whole, host, signal }) => {
      if (whole === undefined) throw noSuchRoute(`/v1/${path}`, host)
      return answer(whole, request, host, signal)
    })
  ),
  ...meshRoutes.map(({ method, path, answer }) =>
    route(method, path, 200, async ({ request, mesh, host, signal }) => {
      if (mesh === undefined) throw noSuchRoute(`/v1/${path}`, host)
      return answer(mesh, request, host, signal)
    })
  )
]

/**
 * Serves `service` on `socket` (mode 0600). Rejects with an OperatorError: DAEMON_ALREADY_RUNNING if somebody answers there,
 * SOCKET_TAKEN if the path is no socket. `close` ends every open stream.
 */
export async function serveOperatorApi(options: OperatorApiOptions): Promise<{ close(): Promise<void> }> {
  const host = options.host ?? hostname()
  await freeSocket(options.socket, host)
  const closing = new AbortController()
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    void serve(request, response, options, host, closing.signal)
  })
  await listen(server, options.socket)
  return {
    close: async () => {
      closing.abort(new Error('the daemon is shutting down'))
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
      })
      server.closeAllConnections()
      await closed
    }
  }
}

async function listen(server: Server, socket: string): Promise<void> {
  // The mode is right from the first moment: nobody may connect between bind and chmod.
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socket, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } finally {
    process.umask(before)
  }
  await chmod(socket, 0o600)
}

/** Never rejects. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { service, mesh, whole, log }: OperatorApiOptions,
  host: string,
  closing: AbortSignal
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort(new Error('the client has gone'))
  })
  const signal = AbortSignal.any([gone.signal, closing])
  try {
    const { route, id } = routeOf(request, host)
    const answer = await route.answer({ request, response, service, mesh, whole, host, signal, id })
    if (response.headersSent) response.end()
    else send(response, route.status, answer)
  } catch (error) {
    if (signal.aborted) {
      log.debug({ err: error, url: request.url }, 'a request of the operator API ended early')
      response.destroy()
      return
    }
    const problem = problemOf(host, error)
    log[problem.code === 'INTERNAL' ? 'error' : 'debug'](
      { err: error, url: request.url },
      'the operator API answers with a problem'
    )
    if (response.headersSent) response.end(`${JSON.stringify({ problem })}\n`)
    else send(response, statusOf(problem.code), { problem })
  }
}

function routeOf(request: IncomingMessage, host: string): { route: Route; id: string } {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const here = routes.filter((route) => route.path.test(path))
  const route = here.find(({ method }) => method === request.method)
  if (route !== undefined) return { route, id: decoded(route.path.exec(path)?.groups?.['id'] ?? '') }
  if (here.length === 0) throw noSuchRoute(path, host)
  throw new OperatorError({
    code: 'METHOD_NOT_ALLOWED',
    host,
    what: `${request.method ?? 'The method'} is not possible on ${path}`,
    remedy: `Use ${here.map(({ method }) => method).join(', ')}`
  })
}

function noSuchRoute(path: string, host: string): OperatorError {
  return new OperatorError({
    code: 'NO_SUCH_ROUTE',
    host,
    what: `The operator API has no ${path}`,
    remedy: 'See docs/cli.md for its routes; an older daemon may lack newer ones (GET /v1/version)'
  })
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return segment
    throw error
  }
}

function send(response: ServerResponse, status: number, answer: unknown): void {
  const body = Buffer.from(`${JSON.stringify(answer)}\n`)
  // A refused body is not read to its end, so that the connection can't serve another request.
  const close = status === 413 ? { connection: 'close' } : {}
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...close })
  response.end(body)
}

function get(path: string, answer: Route['answer']): Route {
  return route('GET', path, 200, answer)
}

function post(path: string, status: number, answer: Route['answer']): Route {
  return route('POST', path, status, answer)
}

function route(method: Route['method'], path: string, status: number, answer: Route['answer']): Route {
  return { method, path: new RegExp(`^/v1/${path}$`), status, answer }
}
