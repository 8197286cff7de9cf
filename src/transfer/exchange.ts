// The life of one transfer on one stream: both directions run together, the first failure ends both and the stream.
import type { BulkStream } from '../../protocols/bulk/index.ts'
import { ProtocolError, wordsOf } from '../../protocols/problem.ts'
import { duplexOf, type StreamDuplex } from './libp2p-stream.ts'
import { TransferError } from './transfer-error.ts'

/** Nothing in either direction for so long: the transfer is given up. Rsync may read long before it says anything. */
export const IDLE_MS = 120_000
const CLOSE_MS = 5_000

export interface Exchange extends StreamDuplex {
  /** Aborted by the caller or by `together` when a task has failed. */
  readonly signal: AbortSignal
  /** Runs the tasks; when one rejects the signal is aborted, all are awaited, and the first rejection is thrown. */
  readonly together: (tasks: readonly ((signal: AbortSignal) => Promise<void>)[]) => Promise<void>
}

/** Runs `work` over the stream, then closes it; a failure resets it. @throws TransferError, ProtocolError */
export async function exchange<T>(
  stream: BulkStream,
  signal: AbortSignal,
  work: (exchange: Exchange) => Promise<T>
): Promise<T> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  try {
    signal.throwIfAborted()
    const result = await work({
      ...duplexOf(stream, either),
      signal: either,
      together: (tasks) => together(tasks, either, failed)
    })
    await stream.close({ signal: AbortSignal.any([either, AbortSignal.timeout(CLOSE_MS)]) })
    return result
  } catch (error) {
    const known = typed(error, signal)
    failed.abort(known)
    stream.abort(known)
    throw known
  }
}

async function together(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
  failed: AbortController
): Promise<void> {
  let first: { error: unknown } | undefined
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(signal)
      } catch (error) {
        first ??= { error }
        failed.abort(error)
      }
    })
  )
  if (first !== undefined) throw first.error
}

function typed(error: unknown, signal: AbortSignal): TransferError | ProtocolError {
  if (error instanceof TransferError || error instanceof ProtocolError) return error
  if (signal.aborted) {
    return new TransferError(
      {
        code: 'TRANSFER_ABORTED',
        what: 'The transfer was ended',
        why: wordsOf(signal.reason),
        remedy: 'Start the migration again if it was not meant to end'
      },
      { cause: error }
    )
  }
  if (error instanceof Error && 'syscall' in error) {
    return new TransferError(
      {
        code: 'FILE_FAILED',
        what: 'Reading or writing a file failed during the transfer',
        why: error.message,
        remedy: 'Check space and health of the file system it is on'
      },
      { cause: error }
    )
  }
  return new TransferError(
    {
      code: 'TRANSFER_BROKEN',
      what: 'The transfer broke',
      why: wordsOf(error),
      remedy: 'See the logs of both hosts, then start the migration again'
    },
    { cause: error }
  )
}
