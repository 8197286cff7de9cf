// Keeps what this node says of itself up to date: looks now and then, and at once when somebody says that something changed.
import { loadavg } from 'node:os'
import type { Logger } from 'pino'
import type { AdvertBody, Vitals } from '../../protocols/gossip/index.ts'
import type { ContainerSummary } from '../engines/engine.ts'
import type { HostFacts } from '../host/facts.ts'
import { initFacts } from '../host/init.ts'
import { diskBytes, storageOf } from '../host/storage.ts'
import { advertBody } from './advert.ts'
import type { Standing } from './cordon.ts'

export interface AdvertisingOptions {
  readonly name: string
  readonly ferryVersion: string
  readonly stateDir: string
  readonly addresses: () => readonly string[]
  readonly facts: (signal: AbortSignal) => Promise<HostFacts>
  readonly containers: (signal: AbortSignal) => Promise<readonly ContainerSummary[]>
  readonly standing: () => Standing
  readonly gossip: {
    publish(body: AdvertBody, vitals: Vitals): void
    report(vitals: Vitals): void
  }
  readonly log: Logger
}

/** Milliseconds: asking the engines starts programs. */
const LOOK_MS = 15_000
const LOOK_LIMIT_MS = 60_000
/** Milliseconds in which several changes are looked at together. */
const SETTLE_MS = 200
const PLACES = ['/var/lib/lxc']

export class Advertising {
  readonly #options: AdvertisingOptions
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #again = false

  constructor(options: AdvertisingOptions) {
    this.#options = options
  }

  start(): void {
    this.#wait(0)
  }

  /** Something of the advert has changed: it is looked at within a moment. */
  changed(): void {
    // Before the start nothing is advertised; the first look sees it.
    if (this.#timer === undefined) return
    if (this.#looking === undefined) this.#wait(SETTLE_MS)
    else this.#again = true
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stopping.abort(new Error('the node is stopping'))
    await this.#looking
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopping.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#again = false
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined
        this.#wait(this.#again ? SETTLE_MS : LOOK_MS)
      })
    }, ms)
  }

  async #look(): Promise<void> {
    const { name, ferryVersion, stateDir, addresses, standing, gossip, log } = this.#options
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(LOOK_LIMIT_MS)])
    try {
      const [facts, containers, init, storage, disk] = await Promise.all([
        this.#options.facts(signal),
        this.#options.containers(signal),
        initFacts(),
        storageOf([stateDir, ...PLACES]),
        diskBytes(stateDir)
      ])
      const [load = 0] = loadavg()
      const vitals = { memoryFreeBytes: facts.memoryFreeBytes, diskFreeBytes: disk.freeBytes, load }
      const body = advertBody({
        name,
        ferryVersion,
        addresses: addresses(),
        facts,
        init,
        storage,
        diskTotalBytes: disk.totalBytes,
        containers,
        ...standing()
      })
      gossip.publish(body, vitals)
      gossip.report(vitals)
    } catch (error) {
      if (!this.#stopping.signal.aborted) log.warn({ err: error }, 'what this node can do could not be looked at')
    }
  }
}
