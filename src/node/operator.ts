// What an operator's machine needs: a key, and the operator API of the whole mesh through one host of it. Commands are routed here
// and signed for the host that does them; the host that is asked passes them on and can't change them.
import { lstat } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { MeshService, OperatorService, WholeMeshService } from '../../protocols/operator/views.ts'
import type { AnswerOf, Arguments, MethodName } from '../../protocols/command/index.ts'
import { loadOrCreateKey } from '../mesh/key-file.ts'
import { connectAsOperator } from '../mesh/operator-client.ts'
import { asOperator, operatorError } from './problems.ts'
import { answersIn, oneAnswer, type Reach } from './routing/reach.ts'
import { Router } from './routing/router.ts'
import { signedCommand } from './routing/signed-command.ts'

export interface OperatorSession {
  readonly service: OperatorService
  readonly mesh: MeshService
  readonly whole: WholeMeshService
  close(): Promise<void>
}

/** Makes a key (mode 0600). @throws OperatorError FILE_EXISTS, KEY_FILE */
export function newOperator(keyFile: string): Promise<{ peerId: string }> {
  return asOperator(hostname(), async () => {
    if (await exists(keyFile)) {
      throw operatorError(hostname(), {
        code: 'FILE_EXISTS',
        what: `${keyFile} is there already`,
        remedy: 'Name another file; `ferry operator id FILE` prints the id of a key that there is'
      })
    }
    return { peerId: peerIdFromPrivateKey(await loadOrCreateKey(keyFile)).toString() }
  })
}

/** @throws OperatorError KEY_FILE */
export function operatorId(keyFile: string): Promise<{ peerId: string }> {
  return asOperator(hostname(), async () => ({ peerId: peerIdFromPrivateKey(await existingKey(keyFile)).toString() }))
}

/** @throws OperatorError KEY_FILE, BAD_ADDRESS, PEER_REFUSED, PEER_UNREACHABLE */
export async function operatorSession(
  options: { readonly keyFile: string; readonly address: string },
  signal: AbortSignal
): Promise<OperatorSession> {
  return asOperator(hostname(), async () => {
    const key = await existingKey(options.keyFile)
    const connection = await connectAsOperator(key, options.address, signal)
    const label = `${userInfo().username}@${hostname()}`.slice(0, 100)
    const name = hostname()
    const reach: Reach = {
      name,
      self: () => connection.peerId,
      hosts: (ended) => oneAnswer(reach, connection.peerId, 'hosts', {}, ended),
      async *ask<M extends MethodName>(
        target: string,
        method: M,
        args: Arguments<M>,
        ended: AbortSignal
      ): AsyncGenerator<AnswerOf<M>> {
        const said = { method, arguments: args, target }
        const command = await asOperator(name, () => signedCommand(said, { key, label, timeMs: Date.now() }))
        yield* answersIn(connection.command(command, ended), method, name)
      }
    }
    const router = new Router(reach)
    return { service: router, mesh: router.mesh, whole: router, close: () => connection.close() }
  })
}

async function existingKey(keyFile: string) {
  if (await exists(keyFile)) return loadOrCreateKey(keyFile)
  throw operatorError(hostname(), {
    code: 'KEY_FILE',
    what: `The private key ${keyFile} can't be used`,
    why: 'there is no such file',
    remedy: 'Make one with `ferry operator new FILE`'
  })
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
