import { createHash } from 'node:crypto'

/** SHA-256 and byte count of one direction's payload. */
export class PayloadDigest {
  readonly #hash = createHash('sha256')
  #bytes = 0

  /** Payload; counts. */
  add(data: Uint8Array): void {
    this.#hash.update(data)
    this.#bytes += data.byteLength
  }

  /** What describes payload (a file's name and size); doesn't count. */
  mark(text: string): void {
    this.#hash.update(text)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Of everything so far. */
  sha256(): Uint8Array {
    return this.#hash.copy().digest()
  }
}

/** What went in several rounds: all bytes, and the SHA-256 of the rounds' SHA-256s, one behind the other. The same on both sides. */
export class RoundsDigest {
  readonly #hash = createHash('sha256')
  #bytes = 0

  add({ bytes, sha256 }: { readonly bytes: number; readonly sha256: Uint8Array }): void {
    this.#bytes += bytes
    this.#hash.update(sha256)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Of the rounds so far. */
  hex(): string {
    return this.#hash.copy().digest('hex')
  }
}

export type DataSource = AsyncIterable<Uint8Array>

/** Hashes what passes. */
export function digesting(digest: PayloadDigest): (source: DataSource) => DataSource {
  return async function* (source) {
    for await (const data of source) {
      digest.add(data)
      yield data
    }
  }
}
