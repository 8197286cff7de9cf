// One UDP socket in the multicast DNS group of every segment. It opens again when it fails; nothing of it is ever thrown.
import { createSocket, type Socket } from 'node:dgram'

const GROUP = '224.0.0.251'
const PORT = 5353
const TTL = 255
const REOPEN_MS = 30_000

export interface MulticastSocketOptions {
  readonly onPacket: (bytes: Buffer, from: string) => void
  /** Something does not work: told each time, with where. */
  readonly onTrouble: (error: unknown, where: string) => void
}

export class MulticastSocket {
  readonly #options: MulticastSocketOptions
  #socket: Socket | undefined
  #ready = false
  #reopen: NodeJS.Timeout | undefined
  #sending: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: MulticastSocketOptions) {
    this.#options = options
  }

  /** `onReady` is called each time that it has been opened. */
  open(onReady: () => void): void {
    if (this.#stopped) return
    // Shared with avahi and others; bound to the group, so that what is sent to them alone does not end here.
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    this.#socket = socket
    socket.on('message', (bytes, { address }) => this.#options.onPacket(bytes, address))
    socket.on('error', (error) => {
      this.#options.onTrouble(error, `${GROUP}:${PORT}`)
      this.#close()
      if (!this.#stopped) this.#reopen = setTimeout(() => this.open(onReady), REOPEN_MS).unref()
    })
    socket.on('listening', () => {
      this.#ready = true
      onReady()
    })
    socket.bind({ address: GROUP, port: PORT })
  }

  /** Again and again: an interface that has come back is in no group. */
  join(addresses: readonly string[]): void {
    if (!this.#ready) return
    for (const address of addresses) {
      try {
        this.#socket?.addMembership(GROUP, address)
      } catch (error) {
        // It has been in the group all the time.
        if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) {
          this.#options.onTrouble(error, address)
        }
      }
    }
  }

  /** By the interface with this address, whatever the routes say. One after the other, as the interface is the socket's. */
  send(bytes: Buffer, address: string): void {
    this.#sending = this.#sending
      .then(() => this.#send(bytes, address))
      .catch((error: unknown) => {
        if (!this.#stopped) this.#options.onTrouble(error, address)
      })
  }

  async #send(bytes: Buffer, address: string): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || !this.#ready) return
    socket.setMulticastInterface(address)
    socket.setMulticastTTL(TTL)
    await new Promise<void>((resolve, reject) => {
      socket.once('close', resolve)
      socket.send(bytes, PORT, GROUP, (error) => {
        socket.removeListener('close', resolve)
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#reopen)
    this.#close()
  }

  #close(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#ready = false
    try {
      socket?.close()
    } catch (error) {
      this.#options.onTrouble(error, `${GROUP}:${PORT}`)
    }
  }
}
