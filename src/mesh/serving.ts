// What a stream that a peer opened has around its handler.
import type { Connection, Stream } from '@libp2p/interface'
import type { Logger } from 'pino'
import { wordsOf } from '../../protocols/problem.ts'
import { endSoon } from './message-stream.ts'

export interface Serving {
  readonly protocol: string
  readonly stopping: AbortSignal
  readonly log: Pick<Logger, 'warn'>
  /** Its signal aborts when the peer is gone or the mesh stops. */
  readonly handler: (signal: AbortSignal) => Promise<void>
}

/** Never rejects: whatever the handler throws is logged and resets the stream, and so does a peer that does not end it. */
export async function serve(stream: Stream, connection: Connection, serving: Serving): Promise<void> {
  const gone = new AbortController()
  stream.addEventListener('close', ({ error }) => {
    if (error !== undefined) gone.abort(error)
  })
  const onConnectionClose = (): void => gone.abort(new Error('the connection to the peer was lost'))
  connection.addEventListener('close', onConnectionClose)
  try {
    await serving.handler(AbortSignal.any([gone.signal, serving.stopping]))
    endSoon(stream)
  } catch (error) {
    const peer = connection.remotePeer.toString()
    serving.log.warn({ peer, protocol: serving.protocol, why: wordsOf(error) }, 'a stream of a peer failed')
    stream.abort(error instanceof Error ? error : new Error(String(error)))
  } finally {
    connection.removeEventListener('close', onConnectionClose)
  }
}
