import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { operatorClient } from '../../src/api/client.ts'
import { serveOperatorApi } from '../../src/api/server.ts'
import type { MigrationView, Problem } from '../../protocols/operator/views.ts'
import { FakeService, unknownContainer, view } from './cli-service.ts'

const log = { debug: () => undefined, error: () => undefined }
const signal = (): AbortSignal => AbortSignal.timeout(30_000)

describe('the operator API', () => {
  let folder: string
  let socket: string
  let service: FakeService
  let api: { close(): Promise<void> }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-api-'))
    socket = join(folder, 'run/ferry.sock')
    service = new FakeService()
    api = await serveOperatorApi({ socket, service, log, host: 'host-a' })
  })
  afterEach(async () => {
    await api.close()
    await rm(folder, { recursive: true })
  })

  function http(
    method: string,
    path: string,
    body?: string
  ): Promise<{ status: number; problem?: Problem; body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: socket, method, path, agent: false, signal: signal() }, (response) => {
        text(response).then((answer) => {
          const parsed = JSON.parse(answer) as { problem?: Problem }
          resolve({
            status: response.statusCode ?? 0,
            body: answer,
            ...(parsed.problem ? { problem: parsed.problem } : {})
          })
        }, reject)
      })
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }

  async function all(views: AsyncIterable<MigrationView>): Promise<string[]> {
    const seen: string[] = []
    for await (const { state } of views) seen.push(state)
    return seen
  }

  it('takes no other word for a resolve than its two', async () => {
    const answer = await http('POST', '/v1/migrations/m1/resolve', '{"how":"maybe"}')
    expect([answer.status, answer.problem?.code, service.requests]).toEqual([422, 'BAD_REQUEST', []])
  })

  it('lets its client see what the service says', async () => {
    const client = operatorClient(socket)
    expect(await client.containers(signal())).toEqual(await service.containers(signal()))
    expect(await client.peers(signal())).toEqual(await service.peers(signal()))
    expect(await client.check({ container: 'web', to: 'host-b' }, signal())).toMatchObject({ ok: false })
    expect(await client.move({ container: 'web', to: 'host-b' }, signal())).toEqual(view())
    expect(await client.logs('m1', signal())).toMatchObject({ diagnosis: { lineNumber: 7 } })
    expect(await client.cancel('m1', signal())).toMatchObject({ state: 'aborting' })
  })

  it('is open to its owner alone', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'run'))).mode & 0o777).toBe(0o755)
  })

  it('carries the error of the service with its host and remedy', async () => {
    const refused = operatorClient(socket).move({ container: 'nope', to: 'host-b' }, signal())
    await expect(refused).rejects.toMatchObject({ problem: unknownContainer.problem })
  })

  it('answers 201 to a move and says the version', async () => {
    expect((await http('POST', '/v1/migrations', '{"container":"web","to":"host-b"}')).status).toBe(201)
    expect((await http('GET', '/v1/version')).body).toMatch(/"version":"\d/)
  })

  it('begins the events with the present view and ends them with the outcome', async () => {
    service.changes = [view({ state: 'restoring' }), view({ state: 'moved', outcome: 'moved' })]
    expect(await all(operatorClient(socket).watch('m1', signal()))).toEqual(['offering', 'restoring', 'moved'])
  })

  it('ends the events of a migration that is over at once', async () => {
    service.present = [view({ state: 'moved', outcome: 'moved' })]
    service.changes = []
    expect(await all(operatorClient(socket).watch('m1', signal()))).toEqual(['moved'])
  })

  it('ends the watch of a client that goes', async () => {
    service.changes = [undefined]
    const gone = new AbortController()
    const seen: string[] = []
    const watching = (async () => {
      for await (const { state } of operatorClient(socket).watch('m1', gone.signal)) {
        seen.push(state)
        gone.abort(new Error('enough'))
      }
    })()
    await expect(watching).rejects.toThrow('enough')
    expect(seen).toEqual(['offering'])
    await vi.waitFor(() => {
      expect(service.watchers).toBe(0)
    }, 20_000)
  })

  it('tells the error of a stream that broke after it began', async () => {
    service.watch = async function* () {
      yield view({ state: 'restoring' })
      throw unknownContainer
    }
    await expect(all(operatorClient(socket).watch('m1', signal()))).rejects.toMatchObject({
      problem: unknownContainer.problem
    })
  })

  it.each([
    ['GET', '/v1/migrations/m9', undefined, 404, 'UNKNOWN_MIGRATION'],
    ['GET', '/v1/migrations/m9/events', undefined, 404, 'UNKNOWN_MIGRATION'],
    ['GET', '/v1/nothing', undefined, 404, 'NO_SUCH_ROUTE'],
    ['DELETE', '/v1/migrations', undefined, 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/v1/migrations', '{', 422, 'BAD_REQUEST'],
    ['POST', '/v1/migrations', '{"container":"web"}', 422, 'BAD_REQUEST'],
    ['POST', '/v1/checks', '{"container":"web","to":"b","force":true}', 422, 'BAD_REQUEST'],
    ['POST', '/v1/migrations', 'x'.repeat(70_000), 413, 'BODY_TOO_LARGE'],
    ['POST', '/v1/migrations', '{"container":"nope","to":"b"}', 404, 'UNKNOWN_CONTAINER']
  ])('answers %s %s with the right status and a remedy', async (method, path, body, status, code) => {
    const answer = await http(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.problem).toMatchObject({ code, host: 'host-a', remedy: expect.stringMatching(/./) as string })
  })

  it('keeps the stack of an unforeseen error to itself', async () => {
    service.containers = () => Promise.reject(new TypeError('boom'))
    const answer = await http('GET', '/v1/containers')
    expect(answer.status).toBe(500)
    expect(answer.problem).toMatchObject({ code: 'INTERNAL', why: 'boom' })
    expect(answer.body).not.toMatch(/\bat .*:\d+/)
  })

  it('does not take the socket of a daemon that answers', async () => {
    await expect(serveOperatorApi({ socket, service, log })).rejects.toMatchObject({
      problem: { code: 'DAEMON_ALREADY_RUNNING' }
    })
    expect(await operatorClient(socket).containers(signal())).toHaveLength(1)
  })

  it('takes the place of a socket that nobody answers on', async () => {
    const stale = join(folder, 'stale.sock')
    const left = createServer()
    await new Promise<void>((resolve) => left.listen(`${stale}.now`, resolve))
    // Closing removes the first name only: what is left is the file of a socket that has gone.
    const { link } = await import('node:fs/promises')
    await link(`${stale}.now`, stale)
    await new Promise((resolve) => left.close(resolve))
    const second = await serveOperatorApi({ socket: stale, service, log })
    expect(await operatorClient(stale).containers(signal())).toHaveLength(1)
    await second.close()
  })

  it('never removes a file that is no socket', async () => {
    const file = join(folder, 'precious')
    await writeFile(file, 'x')
    await expect(serveOperatorApi({ socket: file, service, log })).rejects.toMatchObject({
      problem: { code: 'SOCKET_TAKEN' }
    })
    expect((await stat(file)).size).toBe(1)
  })

  it('closes with a stream open, and the client says that the daemon went', async () => {
    service.changes = [undefined]
    const watching = (async () => {
      for await (const _ of operatorClient(socket).watch('m1', signal())) await api.close()
    })()
    await expect(watching).rejects.toMatchObject({ problem: { code: 'DAEMON_UNREACHABLE' } })
    api = await serveOperatorApi({ socket, service, log })
  })

  it('is unreachable where there is no socket, with what to do', async () => {
    const missing = operatorClient(join(folder, 'none')).containers(signal())
    await expect(missing).rejects.toMatchObject({
      problem: { code: 'DAEMON_UNREACHABLE', remedy: expect.stringContaining('systemctl start ferry') as string }
    })
  })
})
