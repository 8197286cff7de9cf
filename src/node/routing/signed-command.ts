// An operator's signature over a command: what, with which arguments, on which host, when, and once.
import { randomBytes } from 'node:crypto'
import { publicKeyFromMultihash } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import {
  COMMAND_DOMAIN,
  NONCE_BYTES,
  decodeRequest,
  encodeRequest,
  type Command,
  type Request
} from '../../../protocols/command/index.ts'

export interface Said {
  readonly method: string
  readonly arguments: unknown
  /** Peer id of the host that shall do it. */
  readonly target: string
}

/** @throws ProtocolError for arguments that are too long */
export async function signedCommand(
  said: Said,
  { key, label, timeMs }: { readonly key: PrivateKey; readonly label: string; readonly timeMs: number }
): Promise<Command> {
  const request = encodeRequest({
    ...requestOf(said, timeMs),
    operator: peerIdFromPrivateKey(key).toString(),
    label
  })
  return { request, signature: new Uint8Array(await key.sign(signable(request))) }
}

/** What a member says for its own root: the connection says whose word it is. @throws ProtocolError */
export function memberCommand(said: Said, timeMs: number): Command {
  return { request: encodeRequest(requestOf(said, timeMs)), signature: new Uint8Array(0) }
}

/**
 * The request, and whether it is signed by the operator that it names; undefined where it has no signature.
 * @throws ProtocolError
 */
export async function openCommand(command: Command): Promise<{ request: Request; signed: boolean | undefined }> {
  const request = decodeRequest(command.request)
  if (command.signature.byteLength === 0) return { request, signed: undefined }
  return { request, signed: await isSigned(command, request.operator) }
}

async function isSigned({ request, signature }: Command, operator: string): Promise<boolean> {
  try {
    const id = peerIdFromString(operator)
    // The text of a peer id has more forms than one; ids are compared as text.
    if (id.type !== 'Ed25519' || id.toString() !== operator) return false
    return await publicKeyFromMultihash(id.toMultihash()).verify(signable(request), signature)
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

function requestOf(said: Said, timeMs: number): Request {
  return {
    method: said.method,
    arguments: JSON.stringify(said.arguments),
    target: said.target,
    operator: '',
    label: '',
    nonce: new Uint8Array(randomBytes(NONCE_BYTES)),
    timeMs
  }
}

function signable(request: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(COMMAND_DOMAIN), request])
}
