// Where members were found or say that they are: kept on disk, so that one of them is found again after a week.
import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { MAX_ADDRESSES, MAX_ADDRESS_BYTES, PEER_ID } from '../../protocols/membership/index.ts'
import { wordsOf } from '../../protocols/problem.ts'
import { readFileIfThere, replaceFile } from './roster/durable-file.ts'

const addresses = z.array(z.string().max(MAX_ADDRESS_BYTES)).max(MAX_ADDRESSES)
const entrySchema = z.strictObject({
  /** Where it was reached; the latest first. */
  reached: addresses,
  /** What it said of itself. */
  told: addresses,
  /** What others said of it. */
  heard: addresses
})
const fileSchema = z.record(z.string().regex(PEER_ID), entrySchema)

type Entry = z.output<typeof entrySchema>

const WRITE_AFTER_MS = 500

export class AddressFile {
  readonly #path: string
  readonly #log: Pick<Logger, 'warn'>
  #entries = new Map<string, Entry>()
  #onNews: (peerId: string) => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(folder: string, log: Pick<Logger, 'warn'>) {
    this.#path = join(folder, 'addresses.json')
    this.#log = log
  }

  /** A file that can't be read costs nothing but time: addresses are learnt again. */
  static async open(folder: string, log: Pick<Logger, 'warn'>): Promise<AddressFile> {
    const file = new AddressFile(folder, log)
    try {
      const text = await readFileIfThere(file.#path)
      if (text !== undefined)
        file.#entries = new Map(Object.entries(fileSchema.parse(JSON.parse(text.toString('utf8')))))
    } catch (error) {
      log.warn({ path: file.#path, why: wordsOf(error) }, 'the stored addresses of members can not be used')
    }
    return file
  }

  /** Where to dial a peer, the best first. */
  of(peerId: string): readonly string[] {
    const entry = this.#entries.get(peerId)
    if (entry === undefined) return []
    return [...new Set([...entry.reached, ...entry.told, ...entry.heard])]
  }

  /** What to tell others of a peer. */
  toTell(peerId: string): readonly string[] {
    return this.of(peerId).slice(0, MAX_ADDRESSES)
  }

  reached(peerId: string, address: string): void {
    const before = this.#entry(peerId)
    if (before.reached[0] !== address) this.#put(peerId, { ...before, reached: newest([address], before.reached) })
  }

  told(peerId: string, told: readonly string[]): void {
    const before = this.#entry(peerId)
    if (same(told, before.told)) return
    this.#put(peerId, { ...before, told: newest(told, []) })
    this.#onNews(peerId)
  }

  heard(peerId: string, heard: readonly string[]): void {
    const before = this.#entry(peerId)
    const fresh = heard.filter((address) => !this.of(peerId).includes(address))
    if (fresh.length === 0) return
    this.#put(peerId, { ...before, heard: newest(fresh, before.heard) })
    this.#onNews(peerId)
  }

  /** Called with each peer of which something new was said. There is one callback. */
  onNews(callback: (peerId: string) => void): void {
    this.#onNews = callback
  }

  /** Keeps only these peers. */
  keep(isMember: (peerId: string) => boolean): void {
    for (const peerId of this.#entries.keys()) if (!isMember(peerId)) this.#entries.delete(peerId)
    this.#writeSoon()
  }

  /** What is heard after it is not written: the folder may be another daemon's by then, or gone. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#write()
    }
    await this.#writing
  }

  #entry(peerId: string): Entry {
    return this.#entries.get(peerId) ?? { reached: [], told: [], heard: [] }
  }

  #put(peerId: string, entry: Entry): void {
    this.#entries.set(peerId, entry)
    this.#writeSoon()
  }

  #writeSoon(): void {
    if (this.#closed) return
    this.#timer ??= setTimeout(() => {
      this.#write()
    }, WRITE_AFTER_MS)
  }

  #write(): void {
    this.#timer = undefined
    const text = JSON.stringify(Object.fromEntries(this.#entries))
    this.#writing = this.#writing
      .then(() => replaceFile(this.#path, text))
      .catch((error: unknown) => {
        this.#log.warn({ path: this.#path, why: wordsOf(error) }, 'the addresses of members could not be stored')
      })
  }
}

function newest(fresh: readonly string[], before: readonly string[]): string[] {
  return [...new Set([...fresh, ...before])].slice(0, MAX_ADDRESSES)
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((address, at) => address === other[at])
}
