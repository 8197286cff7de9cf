// The operator's service as seen through the socket: the same interface, no dependency but node's.
import { request, type IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import {
  OperatorError,
  type MeshService,
  type MigrationView,
  type OperatorService,
  type Problem,
  type WholeMeshService
} from '../../protocols/operator/views.ts'

/** Every method rejects with the daemon's OperatorError, or with DAEMON_UNREACHABLE, or with the signal's reason. */
export function operatorClient(socket: string): OperatorService {
  const get = <T>(path: string, signal: AbortSignal): Promise<T> => call<T>(socket, 'GET', path, undefined, signal)
  const post = <T>(path: string, body: unknown, signal: AbortSignal): Promise<T> =>
    call<T>(socket, 'POST', path, body, signal)
  const of = (id: string): string => `/v1/migrations/${encodeURIComponent(id)}`
  return {
    containers: (signal) => get('/v1/containers', signal),
    peers: (signal) => get('/v1/peers', signal),
    check: (body, signal) => post('/v1/checks', body, signal),
    move: (body, signal) => post('/v1/migrations', body, signal),
    watch: (id, signal) => watch(socket, `${of(id)}/events`, signal),
    migrations: (signal) => get('/v1/migrations', signal),
    migration: (id, signal) => get(of(id), signal),
    logs: (id, signal) => get(`${of(id)}/logs`, signal),
    receipt: (id, signal) => get(`${of(id)}/receipt`, signal),
    resolve: ({ id, how }, signal) => post(`${of(id)}/resolve`, { how }, signal),
    cancel: (id, signal) => post(`${of(id)}/cancel`, undefined, signal),
    doctor: (signal) => get('/v1/doctor', signal),
    repair: (signal) => post('/v1/doctor/repair', undefined, signal)
  }
}

/** Errors as of `operatorClient`. */
export function meshClient(socket: string): MeshService {
  const post = <T>(path: string, body: unknown, signal: AbortSignal): Promise<T> =>
    call<T>(socket, 'POST', `/v1/mesh${path}`, body, signal)
  return {
    membership: (signal) => call(socket, 'GET', '/v1/mesh', undefined, signal),
    init: (body, signal) => post('', body, signal),
    invite: (body, signal) => post('/invitations', body, signal),
    join: (body, signal) => post('/join', body, signal),
    expel: (body, signal) => post('/expulsions', body, signal),
    rotateKey: (signal) => post('/key', undefined, signal),
    leave: (signal) => post('/leave', undefined, signal),
    grant: (body, signal) => post('/grants', body, signal),
    revoke: (body, signal) => post('/revocations', body, signal)
  }
}

/** Errors as of `operatorClient`. */
export function wholeMeshClient(socket: string): WholeMeshService {
  const get = <T>(path: string, signal: AbortSignal): Promise<T> =>
    call<T>(socket, 'GET', `/v1/${path}`, undefined, signal)
  const post = <T>(path: string, body: unknown, signal: AbortSignal): Promise<T> =>
    call<T>(socket, 'POST', `/v1/${path}`, body, signal)
  return {
    allContainers: (signal) => get('all/containers', signal),
    allMigrations: (signal) => get('all/migrations', signal),
    allAudit: ({ entries }, signal) => get(`all/audit?entries=${String(entries)}`, signal),
    audit: ({ entries }, signal) => get(`audit?entries=${String(entries)}`, signal),
    cordon: (body, signal) => post('cordon', body, signal),
    uncordon: (body, signal) => post('uncordon', body, signal)
  }
}

async function call<T>(socket: string, method: string, path: string, body: unknown, signal: AbortSignal): Promise<T> {
  const response = await open(socket, method, path, body, signal)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (error) {
    throw signal.aborted ? signal.reason : unreachable(socket, error)
  }
  const answer = parse(socket, Buffer.concat(chunks).toString('utf8'))
  if ((response.statusCode ?? 500) >= 400) throw errorIn(socket, answer)
  return answer as T
}

async function* watch(socket: string, path: string, signal: AbortSignal): AsyncGenerator<MigrationView> {
  const response = await open(socket, 'GET', path, undefined, signal)
  try {
    for await (const line of linesOf(response)) {
      const answer = parse(socket, line)
      if (typeof answer === 'object' && answer !== null && 'id' in answer) yield answer as MigrationView
      else throw errorIn(socket, answer)
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw error instanceof OperatorError ? error : unreachable(socket, error)
  } finally {
    response.destroy()
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
}

function open(
  socket: string,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: socket,
      method,
      path,
      signal,
      agent: false,
      headers:
        text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    })
    outgoing.once('response', resolve)
    outgoing.once('error', (error) => {
      reject(signal.aborted && signal.reason instanceof Error ? signal.reason : unreachable(socket, error))
    })
    outgoing.end(text)
  })
}

function parse(socket: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unreachable(socket, error, 'Something that is no ferry daemon answers on the socket: see `ss -xlp`')
  }
}

function errorIn(socket: string, answer: unknown): OperatorError {
  if (typeof answer === 'object' && answer !== null && 'problem' in answer)
    return new OperatorError(answer.problem as Problem)
  return unreachable(socket, new Error(`it answered ${JSON.stringify(answer).slice(0, 200)}`))
}

function unreachable(socket: string, error: unknown, remedy?: string): OperatorError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return new OperatorError(
    {
      code: 'DAEMON_UNREACHABLE',
      host: hostname(),
      what: `The ferry daemon can't be reached at ${socket}`,
      why: error instanceof Error ? error.message : String(error),
      remedy:
        remedy ??
        remedies[String(code)] ??
        'See what the daemon says (journalctl -u ferry) and start it again: `systemctl start ferry`'
    },
    { cause: error }
  )
}

const start =
  'Start it as root with `systemctl start ferry` or `ferry daemon`, or name its socket with --socket or FERRY_SOCKET'
const remedies: Readonly<Record<string, string>> = {
  ENOENT: start,
  ECONNREFUSED: start,
  EACCES: 'Run the command as root: the socket is open to root alone',
  EPERM: 'Run the command as root: the socket is open to root alone'
}
