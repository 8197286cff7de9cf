// The set-up of all runs: two hosts with ferry, small disks and imps, the ledgers on them, a client.
import { setTimeout as sleep } from 'node:timers/promises'
import { createCluster, type Cluster } from '../migration/cluster.ts'
import { ChaosHost, connected } from './chaos-host.ts'
import { makeDisk } from '../lab/state-disk.ts'
import { LedgerClient } from './ledger-client.ts'
import { create, homeOn, ledgerOf, pidsOn, startAgain, type Ledger } from './ledger.ts'
import type { EngineName } from './plan.ts'
import { forgetRetained } from './residue.ts'

const MIB = 1024 * 1024

/** Short limits, so that a run is short; and a stream that takes long enough to be hit. */
const CONFIG = {
  rateBps: 40 * MIB,
  limits: { peerTimeoutMs: 4000, transferIdleMs: 4000, downtimeMs: 8000 },
  diskReserveBytes: 16 * MIB,
  memoryReserveBytes: 16 * MIB
}

const CLEAN_MOVE_MS = 60_000

export class Chaos {
  readonly cluster: Cluster
  readonly hosts: readonly [ChaosHost, ChaosHost]
  readonly client: LedgerClient
  /** Where each ledger was seen last, and whether it runs. */
  readonly #places = new Map<EngineName, { host: 'a' | 'b'; lost: boolean }>()

  /** How often each was moved: its epoch. */
  readonly #moves = new Map<EngineName, number>()

  private constructor(cluster: Cluster, hosts: readonly [ChaosHost, ChaosHost], client: LedgerClient) {
    this.cluster = cluster
    this.hosts = hosts
    this.client = client
  }

  static async up(name: string): Promise<Chaos> {
    const cluster = await createCluster({
      name,
      config: CONFIG,
      prepare: async (lab) => {
        await Promise.all([makeDisk(lab.host('a')), makeDisk(lab.host('b'))])
      }
    })
    try {
      const hosts = [new ChaosHost(cluster.host('a')), new ChaosHost(cluster.host('b'))] as const
      await Promise.all(hosts.map((host) => host.startImp()))
      return new Chaos(cluster, hosts, await LedgerClient.start(cluster.lab.client))
    } catch (error) {
      await cluster.down()
      throw error
    }
  }

  async down(): Promise<void> {
    await this.cluster.down()
  }

  host(name: 'a' | 'b'): ChaosHost {
    return this.hosts[name === 'a' ? 0 : 1]
  }

  /** Everything heals: power, links, disks, daemons. @throws Error when a daemon does not come back */
  async heal(): Promise<void> {
    for (const host of this.hosts) {
      await host.powerOn()
      await this.cluster.lab.heal(host.name)
      await host.freeDisk()
      await host.imp.ask('release')
      await host.startDaemon()
    }
    await connected(this.hosts)
  }

  /** The ledger runs on that host: made, started again after a power cut, or moved there; a move that a later run needs is one that must succeed. */
  async place(engine: EngineName, wanted: 'a' | 'b'): Promise<Ledger> {
    const ledger = ledgerOf(engine)
    await Promise.all(this.hosts.map(forgetRetained))
    const place = this.#places.get(engine)
    if (place === undefined) {
      await create(this.host(wanted), ledger)
      this.settled(engine, wanted)
      return ledger
    }
    if (place.lost) await this.revive(ledger, place.host)
    if (place.host !== wanted) await this.moveCleanly(ledger, place.host)
    return ledger
  }

  settled(engine: EngineName, host: 'a' | 'b'): void {
    this.#places.set(engine, { host, lost: false })
  }

  epochOf(engine: EngineName): number {
    return this.#moves.get(engine) ?? 0
  }

  moved(engine: EngineName, times: number): void {
    this.#moves.set(engine, this.epochOf(engine) + times)
  }

  /** The host's other containers are lost with its power. */
  powerLost(host: 'a' | 'b'): void {
    for (const place of this.#places.values()) if (place.host === host) place.lost = true
  }

  async revive(ledger: Ledger, host: 'a' | 'b'): Promise<void> {
    const home = await homeOn(this.host(host), ledger)
    if (home === undefined) throw new Error(`${host} has no folder from which ${ledger.name} could be started again`)
    await startAgain(this.host(host), ledger, home)
    this.settled(ledger.engine, host)
  }

  /** @throws Error when it does not succeed: nothing goes wrong here, so that only what an earlier migration left can hinder it */
  async moveCleanly(ledger: Ledger, from: 'a' | 'b'): Promise<void> {
    const to = from === 'a' ? 'b' : 'a'
    const { api } = this.host(from)
    const { id } = await api.move({ container: ledger.name, to }, AbortSignal.timeout(CLEAN_MOVE_MS))
    for await (const view of api.watch(id, AbortSignal.timeout(CLEAN_MOVE_MS))) {
      if (view.outcome === undefined || view.outcome === 'moved') continue
      throw new Error(`a move without any fault from ${from} ended as ${view.outcome}: ${JSON.stringify(view.problem)}`)
    }
    this.settled(ledger.engine, to)
    this.moved(ledger.engine, 1)
    for (let tries = 0; tries < 300; tries++) {
      const alone =
        (await pidsOn(this.host(to), ledger)).length === 1 && (await pidsOn(this.host(from), ledger)).length === 0
      // The target's own end comes after the source's, and the name there is taken until then.
      const ended = (await this.host(to).migrations()).every(({ outcome }) => outcome !== undefined)
      if (alone && ended) return
      await sleep(100)
    }
    throw new Error(`after a move without any fault ${ledger.name} does not run on ${to} alone`)
  }
}
