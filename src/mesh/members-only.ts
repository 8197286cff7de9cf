// The part of libp2p's node that is not public: who may use libp2p's own protocols (identify, relays) on it.
import type { Connection, Stream } from '@libp2p/interface'
import { endSoon } from './message-stream.ts'

type Handler = (stream: Stream, connection: Connection) => void | Promise<void>

interface Registered {
  readonly handler: Handler
  readonly options: object
}

export interface RegistrarComponents {
  readonly registrar: {
    getProtocols(): string[]
    getHandler(protocol: string): Registered
    handle(protocol: string, handler: Handler, options: object): Promise<void>
  }
}

/**
 * An operator connects to give commands. libp2p's handlers would answer it too, and leave what it sends behind its question in memory
 * for as long as it likes. (A middleware of libp2p's would be the way, were it not run once more for every stream before it.)
 */
export class MembersOnly {
  readonly #registrar: RegistrarComponents['registrar']
  readonly #isGuest: (peerId: string) => boolean

  constructor({ registrar }: RegistrarComponents, isGuest: (peerId: string) => boolean) {
    this.#registrar = registrar
    this.#isGuest = isGuest
  }

  start(): void {}

  /** Once they have registered their handlers. */
  async afterStart(): Promise<void> {
    for (const protocol of this.#registrar.getProtocols().filter((name) => !name.startsWith('/ferry/'))) {
      const { handler, options } = this.#registrar.getHandler(protocol)
      const guarded: Handler = async (stream, connection) => {
        if (this.#isGuest(connection.remotePeer.toString())) {
          stream.abort(new Error('an operator may give commands, and nothing else'))
          return
        }
        await handler(stream, connection)
        if (stream.writeStatus !== 'writable') endSoon(stream)
      }
      await this.#registrar.handle(protocol, guarded, { ...options, force: true })
    }
  }

  stop(): void {}
}
