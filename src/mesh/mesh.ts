// The mesh as the rest of ferry sees it: peers by name, requests, bulk streams. libp2p stays in here.
import type { Logger } from 'pino'
import type { BulkKind, BulkStream, Header } from '../../protocols/bulk/index.ts'
import type { Answer, Command } from '../../protocols/command/index.ts'
import type { Request, Response } from '../../protocols/migration/index.ts'
import { Libp2pMesh } from './libp2p-mesh.ts'
import type { AdvertBody, Vitals } from '../../protocols/gossip/index.ts'
import type { AdvertView } from './gossip/index.ts'
import type { AddressFile } from './address-file.ts'
import { loadOrCreateKey } from './key-file.ts'
import { parseBootstrap, trustOf } from './membership.ts'
import type { MeshPeer } from './peer-book.ts'
import type { Roster } from './roster/roster.ts'
import type { PrivateKey } from '@libp2p/interface'

export type { AdvertView } from './gossip/index.ts'
export type { MeshPeer } from './peer-book.ts'

export interface MeshOptions {
  /** Made with mode 0600 if it isn't there. */
  readonly privateKeyFile: string
  readonly name: string
  /** Multiaddrs, e.g. /ip4/0.0.0.0/tcp/4860. */
  readonly listen: readonly string[]
  /** Addresses to tell peers instead of the listening ones. */
  readonly announce?: readonly string[]
  readonly bootstrap: readonly string[]
  /** Peer ids that may connect, besides those that bootstrap addresses name; 'any' lets everybody in. */
  readonly trustedPeers: readonly string[] | 'any'
  /** Looks for peers on the segments of this host and says there where it is; default false. */
  readonly mdns?: boolean
  /** As soon as the roster has a mesh it alone says who may connect. */
  readonly membership?: MembershipFiles
  /** JSON, 64 KiB at most; asked whenever a peer wants to know. */
  readonly facts: () => Promise<string>
  readonly ferryVersion: string
  /** A peer that gives no sign of life for this long is gone; milliseconds, default 5000. */
  readonly silenceMs?: number
  readonly log: Logger
  /** The signal aborts when the peer is gone or the mesh stops. A rejection is told to the peer as a refusal. */
  readonly onRequest: (from: string, request: Request, signal: AbortSignal) => Promise<Response>
  /** Owns the stream until it resolves; a rejection resets the stream. The signal is that of onRequest. */
  readonly onBulk: (
    from: string,
    kind: BulkKind,
    header: Header,
    stream: BulkStream,
    signal: AbortSignal
  ) => Promise<void>
  /**
   * A member's or an operator's command; without it nobody's is taken. The last answer is a refusal or an end. The signal aborts
   * when whoever asks is gone.
   */
  readonly onCommand?: (from: string, command: Command, signal: AbortSignal) => AsyncIterable<Answer>
}

export interface MembershipFiles {
  readonly roster: Roster
  readonly addresses: AddressFile
}

export interface Mesh {
  /** Names as of MeshPeer. */
  readonly self: {
    readonly peerId: string
    readonly name: string
    readonly saysName?: string
    readonly addresses: readonly string[]
  }
  peers(): MeshPeer[]
  /** The peer id of a name or of an id; this host's own for its own name. @throws MeshError UNKNOWN_PEER, AMBIGUOUS_PEER */
  resolve(nameOrPeerId: string): string
  /** @throws MeshError PEER_UNREACHABLE, PEER_TIMEOUT, PEER_PROTOCOL, REQUEST_ABORTED; ProtocolError for a bad request */
  request(peerId: string, request: Request, signal: AbortSignal): Promise<Response>
  /** Errors as of `request`. */
  openBulk(peerId: string, kind: BulkKind, header: Header, signal: AbortSignal): Promise<BulkStream>
  /**
   * Gives a peer a command; yields its answers, the last of them perhaps a refusal. Errors as of `request`. Ending the iteration
   * lets go of the answers, and of the command where it is no change.
   */
  command(peerId: string, command: Command, signal: AbortSignal): AsyncIterable<Answer>
  /** Called when the last connection to a peer is gone; returns what ends the calls. */
  onDisconnect(callback: (peerId: string) => void): () => void
  /** Called when addresses of this node have come or gone; returns what ends the calls. */
  onAddresses(callback: () => void): () => void
  /** Asks every connected peer for its facts again; one that does not answer keeps its old ones. */
  refresh(signal: AbortSignal): Promise<void>
  /** What this node says of itself to all members from now on. @throws ProtocolError for what is over a limit */
  publish(body: AdvertBody, vitals: Vitals): void
  /** The figures of it that change all the time. */
  report(vitals: Vitals): void
  /** What a member says of itself, whether it is connected or not. */
  advert(peerId: string): AdvertView | undefined
  /** Tells every connected member of records; resolves with the peer ids of those that have them now. */
  spread(recordIds: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Goes on as another peer id; all connections are made anew. @throws MeshError BAD_ADDRESS */
  rekey(privateKey: PrivateKey): Promise<void>
  stop(): Promise<void>
}

/** @throws MeshError KEY_FILE, BAD_ADDRESS */
export async function createMesh(options: MeshOptions): Promise<Mesh> {
  const bootstrap = parseBootstrap(options.bootstrap)
  const privateKey = await loadOrCreateKey(options.privateKeyFile)
  return Libp2pMesh.start({
    options,
    bootstrap,
    privateKey,
    trust: trustOf(options.trustedPeers, bootstrap)
  })
}
