import { TransferError } from './transfer-error.ts'

/**
 * Throws TRANSFER_STALLED when the source gives nothing for `idleMs`. What is upstream may then hang for ever: whoever
 * composes the pipe ends it (abort of the stream, kill of the child).
 * @param movedAt when something last went the other way, as performance.now() has it: while one large file is sent, nothing comes back
 */
export function idleTimeout<T>(
  idleMs: number,
  movedAt: () => number = () => -Infinity
): (source: AsyncIterable<T>) => AsyncIterable<T> {
  return async function* (source) {
    const iterator = source[Symbol.asyncIterator]()
    let stalled = false
    try {
      while (true) {
        const next = await within(iterator.next(), idleMs, movedAt, () => (stalled = true))
        if (next.done === true) return
        yield next.value
      }
    } finally {
      // A generator that hangs in next() would never answer return().
      if (!stalled) await iterator.return?.()
    }
  }
}

async function within<T>(promise: Promise<T>, ms: number, movedAt: () => number, onTimeout: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const look = (): void => {
      const left = movedAt() + ms - performance.now()
      if (left > 0) {
        timer = setTimeout(look, left)
        return
      }
      onTimeout()
      reject(
        new TransferError({
          code: 'TRANSFER_STALLED',
          what: 'The transfer stalled',
          why: `nothing arrived for ${ms / 1000} s`,
          remedy: 'Look at the link and at the other host, then start the migration again'
        })
      )
    }
    timer = setTimeout(look, ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
