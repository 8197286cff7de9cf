// The new host's side of joining: finds the host that invited it, proves the invitation, gets the mesh's records.
import { setTimeout as sleep } from 'node:timers/promises'
import { noise } from '@chainsafe/libp2p-noise'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import {
  JOIN_PROTOCOL,
  JOIN_TIMEOUT_MS,
  MAX_JOIN_ANSWER_BYTES,
  decodeJoinAnswer,
  encodeJoinRequest,
  type JoinAnswer
} from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { MeshError, type MeshErrorCode } from '../mesh-error.ts'
import { readMessage, sendMessage } from '../message-stream.ts'
import { proofOf, tokenId, type Token } from './token.ts'

const DIAL_TIMEOUT_MS = 5_000
/** The answer may get lost; whoever was let in may ask again. */
const ATTEMPTS = 3
const PAUSE_MS = 1_000

/** @throws MeshError JOIN_REFUSED, TOKEN_USED, TOKEN_EXPIRED, TOKEN_VOID, EXPELLED, NAME_TAKEN */
export async function knock(
  token: Token,
  options: { readonly privateKey: PrivateKey; readonly hostName: string; readonly signal: AbortSignal }
): Promise<JoinAnswer> {
  const node = await createLibp2p({
    start: false,
    privateKey: options.privateKey,
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ enableKeepAlive: false, maxInboundStreams: 1 })],
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyOutboundEncryptedConnection: (peerId) => peerId.toString() !== token.issuer
    },
    connectionManager: { reconnectRetries: 0, dialTimeout: DIAL_TIMEOUT_MS },
    connectionMonitor: { enabled: false }
  })
  try {
    await node.start()
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await ask(node, token, options)
        if (answer.refused !== '') throw refusal(answer.refused, options.hostName)
        return answer
      } catch (error) {
        if (error instanceof MeshError || options.signal.aborted) throw error
        if (attempt === ATTEMPTS) throw notLetIn(token, error)
        await sleep(PAUSE_MS, undefined, { signal: options.signal })
      }
    }
  } finally {
    await node.stop()
  }
}

async function ask(
  node: Libp2p,
  token: Token,
  options: { readonly privateKey: PrivateKey; readonly hostName: string; readonly signal: AbortSignal }
): Promise<JoinAnswer> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(JOIN_TIMEOUT_MS)])
  const joiner = peerIdFromPrivateKey(options.privateKey).toString()
  const proof = proofOf(token.secret, { mesh: token.mesh, issuer: token.issuer, joiner })
  const connection = await node.dial(addressesOf(token), { signal })
  const stream = await connection.newStream(JOIN_PROTOCOL, { signal })
  sendMessage(stream, encodeJoinRequest({ token: tokenId(token.secret), proof, hostName: options.hostName }))
  const [answer] = await Promise.all([readMessage(stream, MAX_JOIN_ANSWER_BYTES, signal), stream.close({ signal })])
  return decodeJoinAnswer(answer)
}

function addressesOf({ addresses, issuer }: Token): Multiaddr[] {
  try {
    return addresses.map((text) => multiaddr(text.includes('/p2p/') ? text : `${text}/p2p/${issuer}`))
  } catch (error) {
    throw new MeshError(
      {
        code: 'BAD_TOKEN',
        what: 'The invitation names an address that is none',
        why: wordsOf(error),
        remedy: 'Ask for a new invitation'
      },
      { cause: error }
    )
  }
}

function notLetIn(token: Token, error: unknown): MeshError {
  const expired = token.expiresMs <= Date.now() ? 'The invitation has expired by the clock of this host. ' : ''
  return new MeshError(
    {
      code: 'JOIN_REFUSED',
      what: `The host that made the invitation did not let this one in (${token.addresses.join(', ')})`,
      why: `${expired}${wordsOf(error)}`,
      remedy:
        'See that the host runs and that its port can be reached; it listens only while an invitation is open, so a used, expired or void one finds nobody: ask for a new one'
    },
    { cause: error }
  )
}

const REFUSALS: Readonly<
  Record<string, { readonly code: MeshErrorCode; readonly what: string; readonly remedy: string }>
> = {
  TOKEN_USED: {
    code: 'TOKEN_USED',
    what: 'The invitation was used already',
    remedy: 'Ask for a new one; each lets one host in'
  },
  TOKEN_EXPIRED: { code: 'TOKEN_EXPIRED', what: 'The invitation has expired', remedy: 'Ask for a new one' },
  TOKEN_VOID: {
    code: 'TOKEN_VOID',
    what: 'The invitation is void, as a member was expelled after it was made',
    remedy: 'Ask for a new one'
  },
  EXPELLED: {
    code: 'EXPELLED',
    what: 'This host was expelled from the mesh, and its peer id never comes back',
    remedy: 'Take a new key with `ferry leave`, then ask for a new invitation'
  }
}

function refusal(code: string, hostName: string): MeshError {
  if (code === 'NAME_TAKEN') {
    return new MeshError({
      code,
      what: `The mesh has a member called ${hostName} already`,
      why: 'hosts of a mesh are told apart by their names, and this one has that name too',
      remedy:
        'Set another `name` in the configuration of this host, restart ferry, and join with the same word. If that member is this very host before it was installed anew: `ferry expel` it there, then ask for a new word'
    })
  }
  return new MeshError(
    REFUSALS[code] ?? {
      code: 'JOIN_REFUSED',
      what: 'The host that made the invitation did not let this one in',
      remedy: `Look at its log; it said ${code}`
    }
  )
}
