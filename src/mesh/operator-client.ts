// An operator's own connection to one host of the mesh. It listens nowhere and answers nothing.
import type { PrivateKey } from '@libp2p/interface'
import { noise } from '@chainsafe/libp2p-noise'
import { tcp } from '@libp2p/tcp'
import { CODE_P2P, multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { COMMAND_PROTOCOL, type Answer, type Command } from '../../protocols/command/index.ts'
import { wordsOf } from '../../protocols/problem.ts'
import { giveCommand } from './command-stream.ts'
import { requestError } from './failure.ts'
import { MeshError } from './mesh-error.ts'
import { ferryMuxer } from './muxer.ts'

export interface OperatorConnection {
  /** Of the host that it is connected with. */
  readonly peerId: string
  /** Errors as of Mesh.command. */
  command(command: Command, signal: AbortSignal): AsyncIterable<Answer>
  close(): Promise<void>
}

const DIAL_TIMEOUT_MS = 10_000

/** @throws MeshError BAD_ADDRESS, PEER_REFUSED, PEER_UNREACHABLE */
export async function connectAsOperator(
  privateKey: PrivateKey,
  address: string,
  signal: AbortSignal
): Promise<OperatorConnection> {
  const { to, peerId } = hostAddress(address)
  const node = await createLibp2p({
    start: false,
    privateKey,
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [ferryMuxer()],
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyOutboundEncryptedConnection: (found) => found.toString() !== peerId
    },
    connectionManager: { reconnectRetries: 0, dialTimeout: DIAL_TIMEOUT_MS },
    connectionMonitor: { enabled: false }
  })
  const dial = () => node.dial(to, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]) })
  try {
    await node.start()
    await dial()
  } catch (error) {
    await node.stop()
    throw notConnected(address, error)
  }
  return {
    peerId,
    async *command(command, ended) {
      try {
        ended.throwIfAborted()
        const connection = await dial()
        const stream = await connection.newStream(COMMAND_PROTOCOL, { signal: ended })
        yield* giveCommand(stream, command, ended)
      } catch (error) {
        if (!ended.aborted && turnedAway(error)) throw refused(address, error)
        throw requestError(address, error, ended)
      }
    },
    close: async () => {
      await node.stop()
    }
  }
}

function hostAddress(address: string): { to: Multiaddr; peerId: string } {
  try {
    const to = multiaddr(address)
    const peerId = to.getComponents().findLast((component) => component.code === CODE_P2P)?.value
    if (peerId !== undefined) return { to, peerId }
  } catch (error) {
    throw badAddress(address, wordsOf(error), error)
  }
  throw badAddress(address, 'it does not say which peer id the host has, so that anybody could pass for it')
}

function badAddress(address: string, why: string, cause?: unknown): MeshError {
  return new MeshError(
    {
      code: 'BAD_ADDRESS',
      what: `${address} is no address of a host`,
      why,
      remedy: 'Write it like /ip4/192.0.2.1/tcp/4860/p2p/12D3Koo…; `ferry id` on that host prints it'
    },
    { cause }
  )
}

/** A host closes the connection of whoever has no role, and says no more. */
function turnedAway(error: unknown): boolean {
  return !/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|timed? ?out/i.test(wordsOf(error))
}

function notConnected(address: string, error: unknown): MeshError {
  return turnedAway(error) ? refused(address, error) : requestError(address, error, new AbortController().signal)
}

function refused(address: string, error: unknown): MeshError {
  return new MeshError(
    {
      code: 'PEER_REFUSED',
      what: `${address} can be reached, but ends the connection`,
      why: wordsOf(error),
      remedy:
        "See on a member with `ferry members` that this key has a role (`ferry operator id FILE` prints its id), and that the address has that host's present peer id"
    },
    { cause: error }
  )
}
