// Which host can say something about a migration: this one if it has a side in it, else whoever else has.
import { MIGRATION_ID } from '../../../protocols/fields.ts'
import type { HostView, MigrationView } from '../../../protocols/operator/views.ts'
import { operatorError } from '../problems.ts'
import { askHosts, nameOf } from './gather.ts'
import type { Reach } from './reach.ts'

export interface Side {
  readonly host: HostView
  readonly view: MigrationView
}

/** Migrations whose host is remembered. */
const MAX_KNOWN = 1024

export class MigrationPlaces {
  readonly #reach: Reach
  /** Peer id by migration. */
  readonly #known = new Map<string, string>()

  constructor(reach: Reach) {
    this.#reach = reach
  }

  remember(id: string, peerId: string): void {
    this.#known.delete(id)
    this.#known.set(id, peerId)
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }

  forget(id: string): void {
    this.#known.delete(id)
  }

  /** @throws OperatorError UNKNOWN_MIGRATION */
  async find(id: string, signal: AbortSignal): Promise<string> {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const sides = await this.sides(id, signal)
    const self = sides.find(({ host }) => host.state === 'self')
    const side = self ?? sides.find(({ view }) => view.role === 'source') ?? sides[0]
    if (side === undefined) throw this.#unknown(id, [])
    this.remember(id, side.host.peerId)
    return side.host.peerId
  }

  /** This host's own side alone, where it has one; otherwise those of all that can be asked. @throws OperatorError UNKNOWN_MIGRATION */
  async sides(id: string, signal: AbortSignal): Promise<readonly Side[]> {
    if (!MIGRATION_ID.test(id)) throw this.#unknown(id, [])
    const hosts = await this.#reach.hosts(signal)
    const own = hosts.filter(({ state }) => state === 'self')
    const others = hosts.filter(({ state }) => state !== 'self')
    const missing: string[] = []
    for (const some of [own, others]) {
      const asked = await askHosts(this.#reach, some, 'migration', { id }, signal)
      if (asked.told.length > 0) return asked.told.map(({ host, answer }) => ({ host, view: answer }))
      for (const { host, problem } of asked.missing) {
        if (problem.code !== 'UNKNOWN_MIGRATION') missing.push(`${nameOf(host)}: ${problem.why ?? problem.what}`)
      }
    }
    throw this.#unknown(id, missing)
  }

  #unknown(id: string, missing: readonly string[]) {
    const { name } = this.#reach
    return operatorError(name, {
      code: 'UNKNOWN_MIGRATION',
      what: `there is no migration "${id.slice(0, 64)}" on ${name} or on any host that could be asked`,
      ...(missing.length === 0 ? {} : { why: `not asked could be ${missing.join('; ')}` }),
      remedy: 'see ferry migrations --all'
    })
  }
}
