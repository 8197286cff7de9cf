import type { DataSource } from './digest.ts'

/** Cuts what is larger than `maxBytes`; joins nothing and copies nothing. */
export function chunk(maxBytes: number): (source: DataSource) => DataSource {
  return async function* (source) {
    for await (const data of source) {
      for (let from = 0; from < data.byteLength; from += maxBytes) yield data.subarray(from, from + maxBytes)
    }
  }
}
