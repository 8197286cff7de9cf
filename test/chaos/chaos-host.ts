// A lab host as a run sees it: its daemon's states as they come, its operator API without a command's start, its disk, its imp.
import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationView, OperatorService } from '../../protocols/operator/views.ts'
import { operatorClient } from '../../src/api/client.ts'
import type { LabHost } from '../lab/lab.ts'
import { NsHost } from '../lab/ns-host.ts'
import { fillDisk, freeDisk, mountDisk } from '../lab/state-disk.ts'
import type { FerryHost } from '../migration/cluster.ts'
import { Imp, type Beat } from './imp.ts'
import type { Side } from './plan.ts'

const API_MS = 20_000

export interface SeenState {
  readonly migration: string
  readonly side: Side
  readonly state: string
}

export class ChaosHost {
  readonly ferry: FerryHost
  /** Of this run, in the order in which the daemon logged them. */
  readonly states: SeenState[] = []
  /** Of this run: what its daemons logged, one after the other. */
  readonly lines: string[] = []
  /** Of this run: when the container ran here. */
  readonly beats: Beat[] = []
  isOn = true
  #imp: Imp | undefined
  #daemonRuns = true
  #starting: Promise<void> | undefined
  #wake: (() => void)[] = []

  constructor(ferry: FerryHost) {
    this.ferry = ferry
    ferry.onLine = (line) => {
      this.#take(line)
    }
  }

  get name(): string {
    return this.ferry.name
  }

  get host(): LabHost {
    return this.ferry.host
  }

  get imp(): Imp {
    if (this.#imp === undefined) throw new Error(`no imp on ${this.name}`)
    return this.#imp
  }

  /** What was seen so far is of an earlier run. */
  forget(): void {
    for (const seen of [this.states, this.lines, this.beats]) seen.length = 0
  }

  get daemonRuns(): boolean {
    return this.#daemonRuns
  }

  get api(): OperatorService {
    const { host } = this
    if (!(host instanceof NsHost)) throw new Error('chaos runs need namespace hosts')
    return operatorClient(`/proc/${String(host.init)}/root/run/ferry/ferry.sock`)
  }

  async startImp(): Promise<void> {
    this.#imp = await Imp.start(this.host, (beat) => this.beats.push(beat))
  }

  async killDaemon(): Promise<void> {
    this.#daemonRuns = false
    await this.ferry.stop('SIGKILL')
  }

  /** @throws Error when it does not start, and why */
  async startDaemon(): Promise<void> {
    if (this.#daemonRuns || !this.isOn) return
    this.#starting ??= this.ferry
      .start()
      .then(() => {
        this.#daemonRuns = true
      })
      .finally(() => {
        this.#starting = undefined
      })
    await this.#starting
  }

  async cutPower(): Promise<void> {
    if (!this.isOn) return
    this.isOn = false
    this.#daemonRuns = false
    await this.host.kill()
    await this.ferry.stop('SIGKILL')
  }

  async powerOn(): Promise<void> {
    if (this.isOn) return
    await this.host.boot()
    await mountDisk(this.host)
    await this.startImp()
    this.isOn = true
    await this.startDaemon()
  }

  async fillDisk(): Promise<void> {
    await fillDisk(this.host)
  }

  async freeDisk(): Promise<void> {
    await freeDisk(this.host)
  }

  async migrations(): Promise<readonly MigrationView[]> {
    return this.api.migrations(AbortSignal.timeout(API_MS))
  }

  /** Resolves when the machine of that side has entered the state in this run. */
  async reaches(side: Side, state: string, signal: AbortSignal): Promise<void> {
    await this.#until((seen) => seen.side === side && seen.state === state, signal)
  }

  async #until(wanted: (seen: SeenState) => boolean, signal: AbortSignal): Promise<void> {
    while (!this.states.some(wanted)) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          resolve()
        }
        signal.addEventListener('abort', wake, { once: true })
        this.#wake.push(wake)
      })
    }
  }

  #take(line: string): void {
    this.lines.push(line)
    if (!line.startsWith('{')) return
    const { migration, state, msg } = JSON.parse(line) as Record<string, unknown>
    if (typeof migration !== 'string' || typeof state !== 'string' || (msg !== 'source' && msg !== 'target')) return
    this.states.push({ migration, side: msg, state })
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** Until every daemon sees every other. */
export async function connected(hosts: readonly ChaosHost[]): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
    const peers = await Promise.all(hosts.map(({ api }) => api.peers(AbortSignal.timeout(API_MS))))
    if (peers.every((list) => list.filter(({ state }) => state === 'connected').length === hosts.length - 1)) return
  }
  throw new Error('the daemons do not find each other again')
}
