// `ferry doctor`: what migrations left on this host, and how it is put right. Rules 1 and 2 of docs/protocol.md stand above tidiness:
// what the journal does not clearly give to ferry is listed and never touched.
import { randomBytes } from 'node:crypto'
import type { DoctorFinding, DoctorView, Problem } from '../../../protocols/operator/views.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { startedMs } from '../../host/processes.ts'
import type { NodeParts } from '../parts.ts'
import { toProblem } from '../problems.ts'
import { DOCTORS_CLAIM, judgeBooks, temporaryFolders } from './books.ts'
import { judgeFolders, seeFolders } from './folders.ts'
import type { Leftover } from './leftover.ts'
import { Past } from './past.ts'
import { judgeProcesses, seeProcesses } from './processes.ts'
import { judgeStates, seeStates } from './states.ts'
import { judgeStarts } from './starts.ts'
import { tracesOf } from './traces.ts'
import { judgeTrees, seeTrees } from './trees.ts'
import { Turns } from '../../mesh/turns.ts'

type Parts = Pick<NodeParts, 'name' | 'config' | 'log' | 'journal' | 'engines' | 'reservations' | 'now'>

const MAX_PASSES = 3

interface Examined {
  readonly leftovers: readonly Leftover[]
  readonly notes: readonly string[]
}

export class Doctor {
  readonly #parts: Parts
  readonly #active: () => Iterable<string>
  readonly #broken: () => ReadonlyMap<string, Problem>
  /** One at a time: two would repair the same. */
  readonly #turns = new Turns()

  /**
   * @param active migrations that the node has in hand
   * @param broken those that it could not take up, by their ids
   */
  constructor(parts: Parts, active: () => Iterable<string>, broken: () => ReadonlyMap<string, Problem>) {
    this.#parts = parts
    this.#active = active
    this.#broken = broken
  }

  /** Lists; changes nothing. */
  async look(signal: AbortSignal): Promise<DoctorView> {
    const { leftovers, notes } = await this.#examine(signal)
    return { host: this.#parts.name, findings: leftovers.map((one) => this.#finding(one)), notes }
  }

  /** Repairs what can be, then looks again: findings are what was repaired, with what was done, and what is left. */
  async repair(signal: AbortSignal): Promise<DoctorView> {
    return this.#turns.take(() => this.#repair(signal))
  }

  async #repair(signal: AbortSignal): Promise<DoctorView> {
    const done: DoctorFinding[] = []
    const failed = new Map<string, string>()
    for (let pass = 1; ; pass++) {
      await this.#pass(done, failed, signal)
      const after = await this.#examine(signal)
      // A migration that ended meanwhile leaves what was its own until then.
      const fresh = after.leftovers.some((one) => one.repair !== undefined && !failed.has(keyOf(one)))
      if (fresh && pass < MAX_PASSES) continue
      const left = after.leftovers.map((one) => this.#finding(one, failed.get(keyOf(one))))
      return { host: this.#parts.name, findings: [...done, ...left], notes: after.notes }
    }
  }

  async #pass(done: DoctorFinding[], failed: Map<string, string>, signal: AbortSignal): Promise<void> {
    const { log, journal } = this.#parts
    const first = await this.#examine(signal)
    const repairable = first.leftovers.filter(({ repair }) => repair !== undefined)
    const holder = DOCTORS_CLAIM + randomBytes(6).toString('hex')
    const held = new Set<string>()
    try {
      for (const { container } of repairable)
        if (container !== undefined && (await journal.claim(container, holder)) === holder) held.add(container)
      // Anew, now that nothing of it can begin to move.
      const known = new Set(repairable.map(keyOf))
      for (const leftover of (await this.#examine(signal)).leftovers) {
        const { container, repair } = leftover
        if (repair === undefined || !known.has(keyOf(leftover))) continue
        if (container !== undefined && !held.has(container)) {
          failed.set(keyOf(leftover), 'a migration of the container is under way; say it again when that has ended')
          continue
        }
        try {
          const repaired = await repair(signal)
          log.warn({ code: leftover.code, subject: leftover.subject, repaired }, 'the doctor repaired what was left')
          done.push({ ...this.#finding(leftover), repaired })
        } catch (error) {
          signal.throwIfAborted()
          log.error({ err: error, code: leftover.code, subject: leftover.subject }, 'the doctor could not repair')
          failed.set(keyOf(leftover), wordsOf(error))
        }
      }
    } finally {
      for (const container of held) await journal.release(container, holder)
    }
  }

  async #examine(signal: AbortSignal): Promise<Examined> {
    const parts = this.#parts
    const blind: Leftover[] = []
    // What a migration that ends while the host is looked at still had then is not left over.
    const before = [...this.#active()]
    const part = async <T>(what: string, nothing: T, look: () => Promise<T>): Promise<T> => {
      try {
        return await look()
      } catch (error) {
        signal.throwIfAborted()
        blind.push(notSeen(toProblem(parts.name, error), what))
        return nothing
      }
    }
    // The host first, then the journal: what belongs to a migration that begins meanwhile has its record by then.
    const trees = await part('cgroups and ports', undefined, () => seeTrees(signal))
    const folders = await part('folders', { staged: [], work: [] }, () => seeFolders(parts))
    const processes = await part('processes', [], () => seeProcesses(parts))
    const states = await part("the runtimes' records", [], () => seeStates(parts, signal))
    const isHeld = async (container: string) =>
      (await parts.journal.claims()).some(
        (claim) => claim.container === container && !claim.migration.startsWith(DOCTORS_CLAIM)
      )
    const read = () => Past.read(parts.journal, [...before, ...this.#active()])
    const past = await read()
    const judged = await part('cgroups and ports', { leftovers: [], notes: [] }, async () =>
      trees === undefined ? { leftovers: [], notes: [] } : judgeTrees(parts, trees, folders.staged, past, signal)
    )
    const began = (await startedMs(process.pid)) ?? 0
    const leftovers = [
      ...[...this.#broken()].map(([subject, { host: _, ...problem }]) => ({ subject, ...problem })),
      ...(await part('processes', [], async () => judgeProcesses(parts, processes, past))),
      ...judged.leftovers,
      ...(await part('sockets', [], () => tracesOf(past, isHeld, signal))),
      ...(await part('folders', [], () => judgeFolders(parts, folders, past))),
      ...(await part("the runtimes' records", [], () => judgeStates(parts, states, past))),
      ...(await part('starts at boot', [], () => judgeStarts(parts, past))),
      ...(await part('temporary folders', [], () => temporaryFolders(began))),
      ...(await part('claims', [], () => judgeBooks(parts, past, read)))
    ]
    return { leftovers: [...leftovers, ...blind], notes: [...judged.notes, ...parts.journal.dropped.map(droppedNote)] }
  }

  #finding({ code, what, why, remedy, repair }: Leftover, failure?: string): DoctorFinding {
    const words = failure === undefined ? why : `it could not be repaired: ${failure}`
    return {
      code,
      host: this.#parts.name,
      what,
      ...(words === undefined ? {} : { why: words }),
      remedy,
      repairable: repair !== undefined
    }
  }
}

function droppedNote({ file, at, bytes }: NodeParts['journal']['dropped'][number]): string {
  return `${file} ended in ${String(bytes)} bytes, from byte ${String(at)} on, that are no whole record; they were left out when this daemon opened its journal: a power cut or a full disk cuts off a write like that`
}

function keyOf({ code, subject }: Leftover): string {
  return `${code} ${subject}`
}

function notSeen(
  { what: failure, why, remedy }: { what: string; why?: string; remedy: string },
  what: string
): Leftover {
  return {
    code: 'NOT_EXAMINED',
    subject: what,
    what: `The ${what} of this host could not be looked at`,
    why: why === undefined ? failure : `${failure}: ${why}`,
    remedy
  }
}
