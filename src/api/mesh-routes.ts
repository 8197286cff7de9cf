// The routes below /v1/mesh: membership as operators change it.
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { MeshService } from '../../protocols/operator/views.ts'
import { parsed } from './body.ts'

interface MeshRoute {
  readonly method: 'GET' | 'POST'
  /** Below /v1/. */
  readonly path: string
  readonly answer: (mesh: MeshService, request: IncomingMessage, host: string, signal: AbortSignal) => Promise<unknown>
}

/** Longest time that an invitation is open. */
const MAX_TTL_MS = 30 * 86_400_000

const name = z.string().min(1).max(256)
const bodies = {
  init: { schema: z.strictObject({ meshName: name }), remedy: 'Send {"meshName": NAME} and nothing else' },
  invite: {
    schema: z.strictObject({ ttlMs: z.int().min(1000).max(MAX_TTL_MS) }),
    remedy: `Send {"ttlMs": MILLISECONDS}, from 1000 to ${MAX_TTL_MS} (30 days), and nothing else`
  },
  join: {
    schema: z.strictObject({ token: z.string().min(1).max(8192) }),
    remedy: 'Send {"token": WORD} and nothing else'
  },
  expel: {
    schema: z.strictObject({ peer: name, undo: z.boolean().optional() }),
    remedy: 'Send {"peer": NAME or PEER ID}, with "undo": true or without'
  },
  grant: {
    schema: z.strictObject({ operator: name, role: name }),
    remedy: 'Send {"operator": PEER ID, "role": ROLE} and nothing else'
  },
  revoke: {
    schema: z.strictObject({ operator: name, role: name.optional() }),
    remedy: 'Send {"operator": PEER ID}, with "role": ROLE or without'
  }
}

export const meshRoutes: readonly MeshRoute[] = [
  { method: 'GET', path: 'mesh', answer: (mesh, _request, _host, signal) => mesh.membership(signal) },
  post('mesh', async (mesh, request, host, signal) => mesh.init(await parsed(request, host, bodies.init), signal)),
  post('mesh/invitations', async (mesh, request, host, signal) =>
    mesh.invite(await parsed(request, host, bodies.invite), signal)
  ),
  post('mesh/join', async (mesh, request, host, signal) => mesh.join(await parsed(request, host, bodies.join), signal)),
  post('mesh/expulsions', async (mesh, request, host, signal) => {
    const { peer, undo } = await parsed(request, host, bodies.expel)
    return mesh.expel({ peer, ...(undo === undefined ? {} : { undo }) }, signal)
  }),
  post('mesh/key', (mesh, _request, _host, signal) => mesh.rotateKey(signal)),
  post('mesh/leave', (mesh, _request, _host, signal) => mesh.leave(signal)),
  post('mesh/grants', async (mesh, request, host, signal) =>
    mesh.grant(await parsed(request, host, bodies.grant), signal)
  ),
  post('mesh/revocations', async (mesh, request, host, signal) => {
    const { operator, role } = await parsed(request, host, bodies.revoke)
    return mesh.revoke({ operator, ...(role === undefined ? {} : { role }) }, signal)
  })
]

function post(path: string, answer: MeshRoute['answer']): MeshRoute {
  return { method: 'POST', path, answer }
}
