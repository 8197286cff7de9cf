import type { DataSource } from './digest.ts'

/** Called with the payload bytes so far. */
export type OnProgress = (bytes: number) => void

/** Tells the sum of what passed, after each chunk. */
export function progress(onProgress: OnProgress | undefined): (source: DataSource) => DataSource {
  return async function* (source) {
    let bytes = 0
    for await (const data of source) {
      yield data
      bytes += data.byteLength
      onProgress?.(bytes)
    }
  }
}
