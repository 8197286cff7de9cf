import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { DataSource } from './digest.ts'

/**
 * Writes a source into a child's pipe and ends it. A child that has stopped reading is not an error here (its exit code
 * tells): what is left of the source is read and dropped, so that its End is seen.
 */
export async function feed(pipe: Writable, source: DataSource): Promise<void> {
  let gone = pipe.destroyed
  const onGone = (): void => {
    gone = true
  }
  pipe.on('error', onGone)
  pipe.on('close', onGone)
  for await (const data of source) {
    if (gone || pipe.write(data)) continue
    const settled = new AbortController()
    const { signal } = settled
    await Promise.race([once(pipe, 'drain', { signal }), once(pipe, 'close', { signal })]).catch(onGone)
    settled.abort()
  }
  if (!gone) pipe.end()
}
