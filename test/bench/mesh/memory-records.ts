import { createHash } from 'node:crypto'
import type { RecordSet } from '../../../src/mesh/record-set.ts'

/** A record set that takes every record. */
export class MemoryRecords implements RecordSet {
  readonly #records = new Map<string, Uint8Array>()
  readonly #callbacks = new Set<(added: readonly string[]) => void>()
  #ids: readonly string[] | undefined
  #digest: string | undefined

  ids(): readonly string[] {
    this.#ids ??= [...this.#records.keys()].sort()
    return this.#ids
  }

  digest(): string {
    this.#digest ??= createHash('sha256').update(this.ids().join('\n')).digest('hex')
    return this.#digest
  }

  get(id: string): Uint8Array | undefined {
    return this.#records.get(id)
  }

  async add(records: readonly Uint8Array[]): Promise<readonly string[]> {
    const added: string[] = []
    for (const record of records) {
      const id = createHash('sha256').update(record).digest('hex')
      if (this.#records.has(id)) continue
      this.#records.set(id, new Uint8Array(record))
      added.push(id)
    }
    if (added.length === 0) return added
    this.#ids = undefined
    this.#digest = undefined
    for (const callback of this.#callbacks) callback(added)
    return added
  }

  onChange(callback: (added: readonly string[]) => void): () => void {
    this.#callbacks.add(callback)
    return () => this.#callbacks.delete(callback)
  }
}
