// The ledger's peer (client.ts) as a run commands it. One program serves all runs; a run has a connection of its own.
import type { LabHost, LabProcess } from '../lab/lab.ts'
import type { ClientDeed, ClientEvent, Seen } from './client.ts'

const EVERY_MS = 5

export class LedgerClient {
  readonly #process: LabProcess
  #events: ClientEvent[] = []
  #wake: (() => void) | undefined
  #ended = false

  private constructor(process: LabProcess) {
    this.#process = process
  }

  static async start(host: LabHost): Promise<LedgerClient> {
    // The host's own node is built without what runs TypeScript.
    const argv = ['/opt/ferry/node_modules/node/bin/node', '/opt/ferry/test/chaos/client.ts']
    const client = new LedgerClient(await host.spawn(argv))
    void client.#read()
    return client
  }

  async #read(): Promise<void> {
    for await (const line of this.#process.lines) {
      this.#events.push(JSON.parse(line) as ClientEvent)
      this.#wake?.()
    }
    this.#ended = true
    this.#wake?.()
  }

  #do(deed: ClientDeed): void {
    this.#process.write(`${JSON.stringify(deed)}\n`)
  }

  /** The first event of that name from now on that nobody has taken, or that the connection broke. */
  async #next(name: ClientEvent['event'], limitMs: number): Promise<ClientEvent | undefined> {
    const end = Date.now() + limitMs
    for (;;) {
      const index = this.#events.findIndex(({ event }) => event === name || event === 'broken')
      const found = this.#events[index]
      if (found !== undefined) {
        // What broke stays broken for whoever asks next.
        if (found.event !== 'broken' || name === 'broken') this.#events.splice(index, 1)
        return found
      }
      const left = end - Date.now()
      if (this.#ended || left <= 0) return undefined
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** @throws Error when there is no answer within the limit */
  async connect(address: string, limitMs = 15_000): Promise<{ count: number; beatAddress: string }> {
    for (const end = Date.now() + limitMs; Date.now() < end;) {
      this.#events = []
      this.#do({ do: 'connect', address, everyMs: EVERY_MS })
      const event = await this.#next('connected', end - Date.now())
      if (event?.event === 'connected') return event
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    throw new Error(`the client gets no connection to ${address}`)
  }

  async say(line: string): Promise<void> {
    this.#do({ do: 'say', line })
    const answer = await this.#next('said', 10_000)
    if (answer?.event !== 'said' || answer.line !== line)
      throw new Error(`"${line}" was answered ${JSON.stringify(answer)}`)
  }

  /** Sends no more, and has container and disk checked. Undefined when nothing is answered within the limit. */
  async finish(limitMs: number): Promise<ClientEvent | undefined> {
    this.#do({ do: 'finish' })
    return this.#next('finished', limitMs)
  }

  /** Gives the connection up. */
  async drop(): Promise<Seen> {
    this.#do({ do: 'drop' })
    const event = await this.#next('broken', 10_000)
    if (event?.event !== 'broken') throw new Error('the client does not say what it saw')
    return event
  }
}
