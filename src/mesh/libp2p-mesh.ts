// The mesh over libp2p: who is there, what they ask, what is asked of them.
import type { Connection, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import type { Logger } from 'pino'
import {
  BULK_KINDS,
  BULK_PROTOCOLS,
  MAX_BULK_STREAMS,
  MAX_HEADER_BYTES,
  decodeHeader,
  encodeHeader,
  type BulkKind,
  type BulkStream,
  type Header
} from '../../protocols/bulk/index.ts'
import {
  HELLO_PROTOCOL,
  HELLO_TIMEOUT_MS,
  MAX_HELLO_BYTES,
  MAX_HELLO_STREAMS,
  decodeHello,
  encodeHello,
  type Hello
} from '../../protocols/hello/index.ts'
import {
  MAX_MESSAGE_BYTES,
  MAX_MIGRATION_STREAMS,
  MIGRATION_PROTOCOL,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type Request,
  type Response
} from '../../protocols/migration/index.ts'
import { wordsOf, type ProblemDetails } from '../../protocols/problem.ts'
import {
  COMMAND_PROTOCOL,
  MAX_COMMAND_STREAMS,
  MAX_OPERATOR_CONNECTIONS,
  type Answer,
  type Command
} from '../../protocols/command/index.ts'
import { giveCommand, takeCommand } from './command-stream.ts'
import { dialProblem, requestError } from './failure.ts'
import { watchLiveness } from './liveness.ts'
import { GossipService } from './gossip-service.ts'
import { Absences, ContactTasks, contactsOf } from './contacts.ts'
import { Dialler } from './dialler.ts'
import { Discovery } from './discovery.ts'
import { createNode, listenProblem, type MeshNode } from './libp2p-node.ts'
import type { BootstrapAddress, Trust } from './membership.ts'
import type { MeshErrorCode } from './mesh-error.ts'
import { renamed } from './host-names.ts'
import {
  abortingOnFailure,
  ask,
  firstMessage,
  pause,
  readMessage,
  readOnlyMessage,
  sendMessage
} from './message-stream.ts'
import { PeerBook, type MeshPeer } from './peer-book.ts'
import { RecordsExchange } from './records-exchange.ts'
import { redial } from './redial.ts'
import { serve } from './serving.ts'
import { tellable } from './tellable.ts'
import { bestOf, waysTo } from './ways.ts'
import type { Roster } from './roster/roster.ts'
import { MAX_RECORDS_STREAMS, RECORDS_PROTOCOL, RECORDS_TIMEOUT_MS } from '../../protocols/membership/index.ts'

import {
  GOSSIP_PROTOCOL,
  MAX_GOSSIP_BYTES,
  MAX_GOSSIP_STREAMS,
  type AdvertBody,
  type Vitals
} from '../../protocols/gossip/index.ts'
import type { AdvertView } from './gossip/index.ts'
import type { MembershipFiles, Mesh, MeshOptions } from './mesh.ts'

const DIAL_TIMEOUT_MS = 5_000
const FAREWELL_MS = 3_000

const ABSENCE_LOOK_MS = 10_000
/** Longer than a daemon takes to be restarted. */
const AWAY_AFTER_MS = 30_000

interface MeshParts {
  readonly options: MeshOptions
  readonly bootstrap: readonly BootstrapAddress[]
  readonly privateKey: PrivateKey
  /** By the configuration. */
  readonly trust: Trust
}

export class Libp2pMesh implements Mesh {
  readonly #options: MeshOptions
  readonly #log: Logger
  readonly #bootstrap: readonly BootstrapAddress[]
  readonly #trust: Trust
  readonly #membership: MembershipFiles | undefined
  readonly #exchange: RecordsExchange | undefined
  readonly #gossip: GossipService | undefined
  readonly #dialler: Dialler
  readonly #discovery: Discovery
  readonly #contacts = new ContactTasks((peerId, signal) =>
    this.#dialler.keep(peerId, AbortSignal.any([signal, this.#stopping.signal]))
  )
  readonly #absences = new Absences(AWAY_AFTER_MS)
  #stopping = new AbortController()
  readonly #onDisconnect = new Set<(peerId: string) => void>()
  readonly #onAddresses = new Set<() => void>()
  readonly #activity = new Map<string, number>()
  #redialling: Promise<void>[] = []
  readonly #introductions = new WeakMap<Connection, Promise<void>>()
  /** What ends what `#run` began. */
  #ends: (() => void)[] = []
  #node: MeshNode
  #book: PeerBook

  private constructor(parts: MeshParts, node: MeshNode) {
    this.#options = parts.options
    this.#bootstrap = parts.bootstrap
    this.#trust = parts.trust
    this.#membership = parts.options.membership
    this.#log = parts.options.log
    this.#node = node
    this.#book = this.#emptyBook()
    this.#discovery = new Discovery({
      mdns: parts.options.mdns === true,
      node: () => this.#node,
      mayRelay: (peerId) => this.mayRelay(peerId),
      belongs: (peerId) => (this.#roster === undefined ? this.#trust.named.includes(peerId) : this.isMember(peerId)),
      isAlone: () => this.#roster === undefined && this.#trust.named.length === 0,
      missing: () => this.#dialler.missing(),
      onHint: (peerId) => this.#dialler.news(peerId),
      log: this.#log
    })
    this.#dialler = new Dialler({
      dial: (ways, signal) => this.#node.dial(ways, { signal }),
      connections: (peerId) => this.#node.getConnections(peerIdFromString(peerId)),
      addresses: (peerId) => this.#addressesOf(peerId),
      isConnected: (peerId) => this.#book.get(peerId)?.state === 'connected',
      introduced: async (connection) => this.#introductions.get(connection),
      failed: (peerId, error) => {
        // Whoever was expelled while it was dialled is forgotten already, and has no place among the peers.
        if (this.#roster !== undefined && !this.isMember(peerId)) return
        const { state, problem } = dialProblem(peerId, error)
        this.#book.seen(peerId, state, [], problem)
      },
      log: this.#log
    })
    if (this.#membership !== undefined) {
      const { roster, addresses } = this.#membership
      this.#exchange = new RecordsExchange({
        records: roster,
        addresses,
        self: () => ({ peerId: this.self.peerId, addresses: tellable(this.self.addresses) }),
        members: () => roster.state.members.keys(),
        isMember: (peerId) => roster.isMember(peerId)
      })
      this.#gossip = new GossipService({
        roster,
        addresses,
        log: this.#log,
        transport: {
          peers: () => (this.#roster === undefined ? [] : this.#memberIds()),
          exchange: (peer, request, signal) => this.#gossipWith(peer, request, signal)
        }
      })
    }
  }

  /** @throws MeshError BAD_ADDRESS */
  static async start(parts: MeshParts): Promise<Libp2pMesh> {
    // The node asks the mesh whom to let in, and the mesh is made of the node.
    const made: { mesh?: Libp2pMesh } = {}
    const node = await makeNode(parts.options, parts.privateKey, () => made.mesh)
    const mesh = new Libp2pMesh(parts, node)
    made.mesh = mesh
    await mesh.#run(parts.privateKey)
    return mesh
  }

  /** Whom this host lets in: whoever the roster names, or on a host in no mesh whoever the configuration names. */
  isMember(peerId: string): boolean {
    const roster = this.#roster
    return roster === undefined ? this.#trust.trusts(peerId) : roster.isMember(peerId)
  }

  /** Whoever has a role may give commands, and nothing else. */
  #isOperator(peerId: string): boolean {
    return this.#options.onCommand !== undefined && (this.#roster?.rolesOf(peerId).size ?? 0) > 0
  }

  mayConnect(peerId: string): boolean {
    return this.isMember(peerId) || this.#isOperator(peerId)
  }

  /** Only members relay for each other: a host in no mesh is told no addresses of others. */
  mayRelay(peerId: string): boolean {
    return this.#roster?.isMember(peerId) ?? false
  }

  /** An operator, who speaks no protocol but that of commands. */
  isGuest(peerId: string): boolean {
    return !this.isMember(peerId) && this.#isOperator(peerId)
  }

  get #roster(): Roster | undefined {
    const roster = this.#membership?.roster
    return roster?.meshId === undefined ? undefined : roster
  }

  #emptyBook(): PeerBook {
    return new PeerBook({ name: this.#options.name, peerId: this.#node.peerId.toString() }, (peerId) =>
      this.#roster?.nameOf(peerId)
    )
  }

  async #run(privateKey: PrivateKey): Promise<void> {
    for (const { peerId, address } of this.#bootstrap.map((one) => this.#present(one))) {
      if (peerId !== undefined && peerId !== this.self.peerId) {
        this.#book.seen(peerId, 'unreachable', [address.toString()])
      }
    }
    this.#node.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    this.#node.addEventListener('peer:disconnect', ({ detail }) => this.#disconnected(detail.toString()))
    this.#node.addEventListener('self:peer:update', () => {
      for (const callback of this.#onAddresses) callback()
    })
    await this.#handle(HELLO_PROTOCOL, MAX_HELLO_STREAMS, (stream, connection, signal) =>
      this.#answerHello(stream, connection, signal)
    )
    await this.#handle(MIGRATION_PROTOCOL, MAX_MIGRATION_STREAMS, (stream, connection, signal) =>
      this.#answerRequest(stream, connection, signal)
    )
    for (const kind of BULK_KINDS) {
      await this.#handle(BULK_PROTOCOLS[kind], MAX_BULK_STREAMS, (stream, connection, signal) =>
        this.#acceptBulk(kind, stream, connection, signal)
      )
    }
    const { onCommand } = this.#options
    if (onCommand !== undefined) {
      await this.#handle(COMMAND_PROTOCOL, MAX_COMMAND_STREAMS, (stream, { remotePeer }, signal) =>
        takeCommand(stream, { first: firstMessage(signal), signal }, (command, ended) =>
          onCommand(remotePeer.toString(), command, ended)
        )
      )
    }
    const gossip = this.#gossip
    if (gossip !== undefined) {
      await this.#handle(GOSSIP_PROTOCOL, MAX_GOSSIP_STREAMS, (stream, { remotePeer }, signal) =>
        this.#answerGossip(gossip, stream, remotePeer.toString(), firstMessage(signal))
      )
    }
    const exchange = this.#exchange
    if (exchange !== undefined) {
      await this.#handle(RECORDS_PROTOCOL, MAX_RECORDS_STREAMS, (stream, { remotePeer }, signal) =>
        exchange.answer(
          remotePeer.toString(),
          stream,
          AbortSignal.any([signal, AbortSignal.timeout(RECORDS_TIMEOUT_MS)])
        )
      )
    }
    try {
      await this.#node.start()
    } catch (error) {
      await this.#node.stop()
      throw listenProblem(this.#options.listen, error)
    }
    const endLiveness = watchLiveness<Connection>({
      ...(this.#options.silenceMs === undefined ? {} : { timeoutMs: this.#options.silenceMs }),
      connections: () => this.#connections(),
      probe: async (connection, signal) => {
        await this.#sayHello(connection, true, signal)
      },
      lastActivity: (connection) => this.#activity.get(connection.remotePeer.toString()) ?? -Infinity,
      lost: (connection, why) => {
        this.#log.warn({ peer: connection.remotePeer.toString(), why }, 'the peer does not answer any more')
        connection.abort(new Error(`the peer does not answer: ${why}`))
      }
    })
    this.#ends.push(endLiveness)
    for (const address of this.#bootstrap) this.#redialling.push(this.#keepConnected(address))
    this.#ends.push(this.#discovery.start())
    this.#runMembership(privateKey)
    if (this.#roster === undefined) {
      this.#contacts.set(this.#trust.named.filter((peerId) => peerId !== this.self.peerId))
    }
  }

  #runMembership(privateKey: PrivateKey): void {
    const membership = this.#membership
    if (membership === undefined) return
    this.#ends.push(membership.roster.onChange(() => this.#rosterChanged()))
    const { peerId, name, saysName } = this.self
    if (saysName !== undefined) {
      const { what, why, remedy } = renamed(peerId, { admitted: name, name: saysName })
      this.#log.warn({ why, remedy }, what)
    }
    membership.addresses.onNews((peerId) => this.#dialler.news(peerId))
    this.#gossip?.start(privateKey)
    this.#ends.push(() => this.#gossip?.stop())
    const absences = setInterval(() => this.#lookForAbsences(), ABSENCE_LOOK_MS)
    this.#ends.push(() => clearInterval(absences))
    this.#rosterChanged()
  }

  /** Lets go of whoever is no member any more and keeps in touch with those who are. Gossip tells them what has changed. */
  #rosterChanged(): void {
    const roster = this.#roster
    if (roster === undefined || this.#stopping.signal.aborted) return
    const self = this.self.peerId
    for (const { peerId, state } of this.#book.all()) {
      // One that is still connected is forgotten when its disconnection has been told.
      if (!roster.isMember(peerId) && state !== 'connected') this.#book.forget(peerId)
    }
    for (const { peerId, hostName } of roster.state.members.values()) {
      if (peerId !== self) this.#book.expect(peerId, hostName, this.#membership?.addresses.of(peerId) ?? [])
    }
    this.#membership?.addresses.keep((peerId) => roster.isMember(peerId))
    for (const connection of this.#node.getConnections().filter(({ status }) => status === 'open')) {
      const peerId = connection.remotePeer.toString()
      if (this.mayConnect(peerId)) continue
      if (roster.state.left.has(peerId)) {
        this.#letGo(connection)
        continue
      }
      this.#log.warn({ peer: peerId }, 'it is no member of the mesh (any more) and is disconnected')
      connection.abort(new Error('no member of the mesh'))
    }
    this.#chooseContacts(roster)
  }

  #chooseContacts(roster: Roster): void {
    const self = this.self.peerId
    // With a key that was replaced it still tells a member so, and goes on with the new one then.
    const inTouch = roster.isMember(self) || roster.state.replacedBy.has(self)
    const isAway = (peerId: string): boolean => this.#absences.isAway(peerId)
    this.#contacts.set(inTouch ? contactsOf(self, roster.state.members.keys(), isAway) : [])
  }

  #lookForAbsences(): void {
    const roster = this.#roster
    if (roster === undefined || this.#stopping.signal.aborted) return
    const isConnected = (peerId: string): boolean => this.#book.get(peerId)?.state === 'connected'
    if (this.#absences.look(this.#contacts.contacts, isConnected, performance.now())) this.#chooseContacts(roster)
  }

  /** Whoever leaves or takes a new key must hear that this is known before its old connection is closed. */
  #letGo(connection: Connection): void {
    const timer = setTimeout(() => {
      if (connection.status === 'open') connection.abort(new Error('the peer has left, or has another key now'))
    }, FAREWELL_MS)
    connection.addEventListener('close', () => {
      clearTimeout(timer)
    })
  }

  publish(body: AdvertBody, vitals: Vitals): void {
    this.#gossip?.publish(body, vitals)
  }

  report(vitals: Vitals): void {
    this.#gossip?.report(vitals)
  }

  advert(peerId: string): AdvertView | undefined {
    return this.#gossip?.get(peerId)
  }

  #memberIds(): string[] {
    const ids = this.#connections().map(({ remotePeer }) => remotePeer.toString())
    return [...new Set(ids)].filter((peerId) => this.isMember(peerId))
  }

  async #gossipWith(peer: string, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const connection = bestOf(this.#connections().filter(({ remotePeer }) => remotePeer.toString() === peer))
    if (connection === undefined) throw new Error('the peer is not connected')
    const stream = await connection.newStream(GOSSIP_PROTOCOL, { signal })
    const answer = await ask(stream, request, MAX_GOSSIP_BYTES, signal)
    this.#active(peer)
    return answer.subarray()
  }

  async #answerGossip(gossip: GossipService, stream: Stream, peer: string, signal: AbortSignal): Promise<void> {
    const request = await readOnlyMessage(stream, MAX_GOSSIP_BYTES, signal)
    this.#active(peer)
    sendMessage(stream, await gossip.receive(peer, request.subarray()))
    await stream.close({ signal })
  }

  async spread(recordIds: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const exchange = this.#exchange
    if (exchange === undefined) return []
    const each = Map.groupBy(this.#connections(), ({ remotePeer }) => remotePeer.toString())
    const told = await Promise.all(
      [...each].map(async ([peer, connections]) => {
        const limit = AbortSignal.any([signal, this.#stopping.signal, AbortSignal.timeout(RECORDS_TIMEOUT_MS)])
        // Two that dial each other have two connections, one of which may end just then. The newest is the likeliest to be good.
        for (const connection of connections.toReversed()) {
          try {
            await exchange.push(peer, () => connection.newStream(RECORDS_PROTOCOL, { signal: limit }), recordIds, limit)
            return [peer]
          } catch (error) {
            this.#log.debug({ peer, why: wordsOf(error) }, 'a peer was not told of membership records; it will compare')
          }
        }
        return []
      })
    )
    return told.flat()
  }

  async rekey(privateKey: PrivateKey): Promise<void> {
    await this.#end()
    this.#node = await makeNode(this.#options, privateKey, () => this)
    this.#book = this.#emptyBook()
    this.#stopping = new AbortController()
    await this.#run(privateKey)
  }

  async #compare(connection: Connection): Promise<void> {
    const exchange = this.#exchange
    if (exchange === undefined || this.#roster === undefined) return
    const peer = connection.remotePeer.toString()
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(RECORDS_TIMEOUT_MS)])
    try {
      await exchange.compare(peer, () => connection.newStream(RECORDS_PROTOCOL, { signal }), signal)
    } catch (error) {
      if (!signal.aborted) this.#log.debug({ peer, why: wordsOf(error) }, 'membership records could not be compared')
    }
  }

  /** Those of hosts. */
  #connections(): Connection[] {
    return this.#node
      .getConnections()
      .filter(({ status, remotePeer }) => status === 'open' && !this.isGuest(remotePeer.toString()))
  }

  /** The best first: where it says now that it is, where it was, what was heard of it. */
  #addressesOf(peerId: string): string[] {
    const stored = this.#roster === undefined ? [] : (this.#membership?.addresses.of(peerId) ?? [])
    return [...this.#discovery.hints(peerId), ...stored]
  }

  get self(): Mesh['self'] {
    const peerId = this.#node.peerId.toString()
    const { name } = this.#options
    const admitted = this.#roster?.nameOf(peerId) ?? name
    return {
      peerId,
      name: admitted,
      ...(admitted !== name && { saysName: name }),
      addresses: this.#node.getMultiaddrs().map(String)
    }
  }

  peers(): MeshPeer[] {
    return this.#book.all()
  }

  resolve(nameOrPeerId: string): string {
    return this.#book.resolve(nameOrPeerId)
  }

  async request(peerId: string, request: Request, signal: AbortSignal): Promise<Response> {
    const bytes = encodeRequest(request)
    return this.#withStream(peerId, MIGRATION_PROTOCOL, signal, async (stream) => {
      const message = await ask(stream, bytes, MAX_MESSAGE_BYTES, signal)
      this.#active(peerId)
      return decodeResponse(message)
    })
  }

  async openBulk(peerId: string, kind: BulkKind, header: Header, signal: AbortSignal): Promise<BulkStream> {
    const bytes = encodeHeader(header)
    return this.#withStream(peerId, BULK_PROTOCOLS[kind], signal, async (stream) => {
      pause(stream)
      sendMessage(stream, bytes)
      return this.#watched(stream, peerId)
    })
  }

  async *command(peerId: string, command: Command, signal: AbortSignal): AsyncGenerator<Answer> {
    try {
      signal.throwIfAborted()
      const connection = await this.#connection(peerId, signal)
      const stream = await connection.newStream(COMMAND_PROTOCOL, { signal })
      yield* giveCommand(stream, command, signal)
      this.#active(peerId)
    } catch (error) {
      throw requestError(this.#book.get(peerId)?.name || peerId, error, signal)
    }
  }

  onDisconnect(callback: (peerId: string) => void): () => void {
    this.#onDisconnect.add(callback)
    return () => this.#onDisconnect.delete(callback)
  }

  onAddresses(callback: () => void): () => void {
    this.#onAddresses.add(callback)
    return () => this.#onAddresses.delete(callback)
  }

  async refresh(signal: AbortSignal): Promise<void> {
    const each = new Map(this.#connections().map((connection) => [connection.remotePeer.toString(), connection]))
    await Promise.all(
      [...each].map(async ([peer, connection]) => {
        try {
          await this.#sayHello(connection, false, AbortSignal.any([signal, AbortSignal.timeout(HELLO_TIMEOUT_MS)]))
        } catch (error) {
          this.#log.warn({ peer, why: wordsOf(error) }, 'the peer did not say hello again; its last facts are kept')
        }
      })
    )
  }

  async stop(): Promise<void> {
    await this.#end()
    await this.#membership?.addresses.close()
  }

  async #end(): Promise<void> {
    this.#stopping.abort(new Error('the mesh is stopping'))
    for (const end of this.#ends.splice(0)) end()
    await Promise.all([...this.#redialling.splice(0), this.#contacts.end()])
    await this.#node.stop()
  }

  /** Whoever is dialled may have taken a new key since it was written into the configuration. */
  #present(one: BootstrapAddress): BootstrapAddress {
    const peerId = one.peerId && this.#roster?.present(one.peerId)
    return peerId === undefined || peerId === one.peerId
      ? one
      : { peerId, address: one.address.decapsulateCode(CODE_P2P).encapsulate(`/p2p/${peerId}`) }
  }

  async #keepConnected(bootstrap: BootstrapAddress): Promise<void> {
    let found: string | undefined
    await redial({
      signal: this.#stopping.signal,
      connected: () => {
        const peerId = this.#present(bootstrap).peerId ?? found
        return peerId !== undefined && (peerId === this.self.peerId || this.#book.get(peerId)?.state === 'connected')
      },
      dial: async (signal) => {
        const { address, peerId } = this.#present(bootstrap)
        try {
          const timeout = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
          const connection = await this.#node.dial(address, { signal: timeout })
          found = connection.remotePeer.toString()
          await this.#introductions.get(connection)
        } catch (error) {
          if (signal.aborted) return
          this.#log.debug({ address: address.toString(), why: wordsOf(error) }, 'dialling failed')
          if (peerId !== undefined && (this.#roster === undefined || this.isMember(peerId))) {
            const { state, problem } = dialProblem(peerId, error)
            this.#book.seen(peerId, state, [address.toString()], problem)
          }
        }
      }
    })
  }

  /** A connection is worth something when a hello was heard on it: whoever is not trusted over there is let in and dropped at once. */
  #opened(connection: Connection): void {
    // It was let in by its key, and may have been expelled since.
    if (!this.mayConnect(connection.remotePeer.toString())) {
      connection.abort(new Error('no member of the mesh'))
      return
    }
    // The side that dialled speaks; the answer tells it who the other one is.
    if (connection.direction === 'outbound') this.#introductions.set(connection, this.#introduce(connection))
    const { remotePeer } = connection
    if (
      this.isGuest(remotePeer.toString()) &&
      this.#node.getConnections(remotePeer).length > MAX_OPERATOR_CONNECTIONS
    ) {
      connection.abort(new Error(`an operator may have ${MAX_OPERATOR_CONNECTIONS} connections`))
    }
  }

  async #introduce(connection: Connection): Promise<void> {
    const peerId = connection.remotePeer.toString()
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(HELLO_TIMEOUT_MS)])
    try {
      await this.#sayHello(connection, false, signal)
      await this.#compare(connection)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      if (this.#book.get(peerId)?.state === 'connected') return
      if (this.#roster !== undefined && !this.isMember(peerId)) return
      const { state, problem } = dialProblem(peerId, error)
      const level = this.#book.get(peerId)?.state === state ? 'debug' : 'warn'
      this.#log[level]({ peer: peerId, why: problem.why, remedy: problem.remedy }, problem.what)
      this.#book.seen(peerId, state, [connection.remoteAddr.toString()], problem)
    }
  }

  #disconnected(peerId: string): void {
    if (this.#book.get(peerId)?.state !== 'connected') return
    this.#log.info({ peer: peerId }, 'disconnected')
    this.#discovery.lost()
    this.#book.seen(peerId, 'unreachable', [], {
      code: 'PEER_UNREACHABLE',
      what: `The connection to ${this.#book.get(peerId)?.name || peerId} was lost`,
      remedy: 'Look at that host: is its ferry running, is the link up?'
    })
    for (const callback of this.#onDisconnect) {
      try {
        callback(peerId)
      } catch (error) {
        this.#log.error({ err: error }, 'a callback for a lost connection failed')
      }
    }
    if (this.#roster !== undefined && !this.isMember(peerId)) this.#book.forget(peerId)
  }

  stranger(peerId: string, address: string): void {
    if (this.#roster !== undefined) {
      // Not among the peers: who comes by has no place in the list of members.
      this.#log.debug({ peer: peerId, address }, 'somebody who is no member was turned away')
      return
    }
    const problem: ProblemDetails<MeshErrorCode> = {
      code: 'PEER_REFUSED',
      what: `${peerId} is not trusted here`,
      why: 'its id is neither among the trusted peers nor in a bootstrap address',
      remedy: `If it belongs to the mesh, add ${peerId} to the trusted peers of this host's configuration`
    }
    if (this.#book.get(peerId)?.state !== 'refused') this.#log.warn({ peer: peerId, address }, problem.what)
    this.#book.seen(peerId, 'refused', [address], problem)
  }

  async #ownHello(probe: boolean): Promise<Hello> {
    const { name, ferryVersion } = this.#options
    return { name, ferryVersion, probe, facts: probe ? '' : await this.#options.facts() }
  }

  #heard(connection: Connection, hello: Hello): void {
    const peerId = connection.remotePeer.toString()
    const address = connection.remoteAddr.toString()
    this.#active(peerId)
    if (connection.status !== 'open') return
    if (this.#book.get(peerId)?.state !== 'connected')
      this.#log.info({ peer: peerId, address, name: hello.name }, 'connected')
    if (this.#book.get(peerId)?.state !== 'connected') this.#gossip?.connected()
    this.#book.seen(peerId, 'connected', [address])
    if (connection.direction === 'outbound' && this.#roster !== undefined) {
      this.#membership?.addresses.reached(peerId, address)
    }
    const problem = this.#book.said(peerId, hello)
    if (problem !== undefined) this.#log.warn({ peer: peerId, remedy: problem.remedy, why: problem.why }, problem.what)
  }

  async #sayHello(connection: Connection, probe: boolean, signal: AbortSignal): Promise<void> {
    const bytes = encodeHello(await this.#ownHello(probe))
    const stream = await connection.newStream(HELLO_PROTOCOL, { signal })
    this.#heard(connection, decodeHello(await ask(stream, bytes, MAX_HELLO_BYTES, signal)))
  }

  async #answerHello(stream: Stream, connection: Connection, signal: AbortSignal): Promise<void> {
    const hello = decodeHello(await readOnlyMessage(stream, MAX_HELLO_BYTES, firstMessage(signal)))
    this.#heard(connection, hello)
    sendMessage(stream, encodeHello(await this.#ownHello(hello.probe)))
    await stream.close({ signal: firstMessage(signal) })
  }

  async #answerRequest(stream: Stream, { remotePeer }: Connection, signal: AbortSignal): Promise<void> {
    const from = remotePeer.toString()
    const request = decodeRequest(await readOnlyMessage(stream, MAX_MESSAGE_BYTES, firstMessage(signal)))
    this.#active(from)
    let response: Response
    try {
      response = await this.#options.onRequest(from, request, signal)
    } catch (error) {
      if (signal.aborted) throw error
      this.#log.error({ err: error, peer: from, migration: request.migration }, 'a request of a peer failed')
      const problem = {
        code: 'REQUEST_FAILED',
        host: this.#options.name,
        what: 'The request failed on the peer',
        why: wordsOf(error),
        remedy: "See that host's log"
      }
      response = { refused: { problems: [problem] } }
    }
    sendMessage(stream, encodeResponse(response))
    await stream.close({ signal: firstMessage(signal) })
  }

  async #acceptBulk(kind: BulkKind, stream: Stream, { remotePeer }: Connection, signal: AbortSignal): Promise<void> {
    const from = remotePeer.toString()
    const header = decodeHeader(await readMessage(stream, MAX_HEADER_BYTES, firstMessage(signal)))
    await this.#options.onBulk(from, kind, header, this.#watched(stream, from), signal)
  }

  /** Registers a protocol. Whatever its handler throws is logged and resets the stream. */
  async #handle(
    protocol: string,
    maxInboundStreams: number,
    handler: (stream: Stream, connection: Connection, signal: AbortSignal) => Promise<void>
  ): Promise<void> {
    const admit = async (stream: Stream, connection: Connection): Promise<void> => {
      // It may have been let in before it was expelled.
      const peerId = connection.remotePeer.toString()
      const leaving = protocol === RECORDS_PROTOCOL && this.#roster?.state.left.has(peerId) === true
      if (protocol === COMMAND_PROTOCOL ? !this.mayConnect(peerId) : !this.isMember(peerId) && !leaving) {
        connection.abort(new Error('no member of the mesh'))
        return
      }
      await serve(stream, connection, {
        protocol,
        stopping: this.#stopping.signal,
        log: this.#log,
        handler: (signal) => handler(stream, connection, signal)
      })
    }
    await this.#node.handle(protocol, (stream, connection) => void admit(stream, connection), {
      maxInboundStreams,
      maxOutboundStreams: maxInboundStreams
    })
  }

  async #withStream<T>(
    peerId: string,
    protocol: string,
    signal: AbortSignal,
    work: (stream: Stream) => Promise<T>
  ): Promise<T> {
    try {
      signal.throwIfAborted()
      const connection = await this.#connection(peerId, signal)
      const stream = await connection.newStream(protocol, { signal })
      return await abortingOnFailure(stream, () => work(stream))
    } catch (error) {
      throw requestError(this.#book.get(peerId)?.name || peerId, error, signal)
    }
  }

  async #connection(peerId: string, signal: AbortSignal): Promise<Connection> {
    const id = peerIdFromString(peerId)
    const open = bestOf(this.#node.getConnections(id))
    if (open !== undefined) return open
    const known = waysTo(peerId, this.#addressesOf(peerId))
    const seen = this.#book.get(peerId)?.addresses.filter((address) => address.includes('/p2p/')) ?? []
    const ways = known.length > 0 ? known : seen.map((address) => multiaddr(address))
    if (ways.length > 0) return this.#dialler.reach(ways, signal)
    return this.#node.dial(id, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]) })
  }

  /** A bulk stream whose movement counts as a sign of life. It must be paused: listening may not start the reading. */
  #watched(stream: Stream, peerId: string): Stream {
    const active = (): void => this.#active(peerId)
    stream.addEventListener('message', active)
    stream.addEventListener('drain', active)
    return stream
  }

  #active(peerId: string): void {
    this.#activity.set(peerId, performance.now())
  }
}

function makeNode(options: MeshOptions, privateKey: PrivateKey, mesh: () => Libp2pMesh | undefined): Promise<MeshNode> {
  return createNode({
    privateKey,
    listen: options.listen,
    announce: options.announce ?? [],
    isMember: (peerId) => mesh()?.mayConnect(peerId) ?? false,
    isGuest: (peerId) => mesh()?.isGuest(peerId) ?? false,
    mayRelay: (peerId) => mesh()?.mayRelay(peerId) ?? false,
    onStranger: (peerId, address) => mesh()?.stranger(peerId, address)
  })
}
