// How much room records take, so that neither one member nor what is left of an expelled one keeps others from being heard.
import type { OpenRecord } from './record.ts'
import { takesOut } from './state.ts'

export interface RosterLimits {
  readonly rosterBytes: number
  readonly authorBytes: number
}

type Kind = 'out' | 'idle' | 'in'

/** What has to go on when all else is full is summed apart: the records that take somebody or something out. */
export class Sums {
  readonly #isIdle: (record: OpenRecord) => boolean
  readonly #limits: RosterLimits
  readonly #all = new Map<Kind, number>()
  readonly #byAuthor = new Map<string, number>()

  constructor(records: Iterable<OpenRecord>, isIdle: (record: OpenRecord) => boolean, limits: RosterLimits) {
    this.#isIdle = isIdle
    this.#limits = limits
    for (const record of records) this.#count(record)
  }

  /** Adds it, or says what is full: the share of its author, or the mesh. */
  add(record: OpenRecord): 'author' | 'mesh' | undefined {
    const { rosterBytes, authorBytes } = this.#limits
    const size = record.bytes.byteLength
    const kind = this.#kindOf(record)
    if ((this.#byAuthor.get(shareOf(record)) ?? 0) + size > authorBytes) return 'author'
    if ((this.#all.get(kind) ?? 0) + size > (kind === 'idle' ? rosterBytes / 2 : rosterBytes)) return 'mesh'
    this.#count(record)
    return undefined
  }

  #count(record: OpenRecord): void {
    const size = record.bytes.byteLength
    const kind = this.#kindOf(record)
    this.#all.set(kind, (this.#all.get(kind) ?? 0) + size)
    const share = shareOf(record)
    this.#byAuthor.set(share, (this.#byAuthor.get(share) ?? 0) + size)
  }

  #kindOf(record: OpenRecord): Kind {
    if (takesOut(record)) return 'out'
    return this.#isIdle(record) ? 'idle' : 'in'
  }
}

function shareOf(record: OpenRecord): string {
  return `${takesOut(record) ? 'out' : 'in'} ${record.body.author}`
}
