// One command on a stream of its own, and its answers as they come.
import type { Stream } from '@libp2p/interface'
import {
  MAX_ANSWER_BYTES,
  MAX_COMMAND_BYTES,
  decodeAnswer,
  decodeCommand,
  encodeAnswer,
  encodeCommand,
  type Answer,
  type Command
} from '../../protocols/command/index.ts'
import { allRead, endSoon, readMessage, readOnlyMessage, sendMessage } from './message-stream.ts'

/**
 * Gives the command, and yields what is answered up to the end that the other side says. Whoever stops reading ends it.
 * @throws ProtocolError, the stream's own error, the signal's reason
 */
export async function* giveCommand(stream: Stream, command: Command, signal: AbortSignal): AsyncGenerator<Answer> {
  let ended = false
  try {
    sendMessage(stream, encodeCommand(command))
    for (;;) {
      const answer = decodeAnswer(await readMessage(stream, MAX_ANSWER_BYTES, signal))
      if (answer.item === undefined) allRead(stream)
      ended = answer.item === undefined
      if (answer.end !== undefined) break
      yield answer
      if (ended) break
    }
    await stream.close({ signal })
    endSoon(stream)
  } finally {
    if (!ended) stream.abort(new Error('nobody waits for the answer any more'))
  }
}

/** Answers the one command of a stream. A reader that is slow makes `answer` wait. */
export async function takeCommand(
  stream: Stream,
  limits: { readonly first: AbortSignal; readonly signal: AbortSignal },
  answer: (command: Command, signal: AbortSignal) => AsyncIterable<Answer>
): Promise<void> {
  const { signal } = limits
  const command = decodeCommand(await readOnlyMessage(stream, MAX_COMMAND_BYTES, limits.first))
  for await (const item of answer(command, signal)) {
    signal.throwIfAborted()
    await sendAndWait(stream, encodeAnswer(item), signal)
    if (item.item === undefined) break
  }
  await stream.close({ signal: limits.first.aborted ? signal : limits.first })
}

/** The stream's own promise for this is resolved for good after its first drain; its event is not. */
async function sendAndWait(stream: Stream, message: Uint8Array, signal: AbortSignal): Promise<void> {
  if (stream.status !== 'open') throw new Error(`the stream is ${stream.status}`)
  sendMessage(stream, message)
  if (!stream.writableNeedsDrain) return
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      signal.removeEventListener('abort', onAbort)
      act()
    }
    const onDrain = (): void => settle(resolve)
    const onClose = (): void => settle(() => reject(new Error('the stream was closed')))
    const onAbort = (): void => settle(() => reject(signal.reason as Error))
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else if (!stream.writableNeedsDrain) onDrain()
  })
}
