import { pause } from './pause.ts'

export interface RedialOptions {
  readonly connected: () => boolean
  /** Resolves when connected; its rejections are its own to report. */
  readonly dial: (signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  readonly firstMs?: number
  readonly maxMs?: number
}

const LOOK_MS = 250

/** Keeps one address connected: quickly at first, then less and less often, from the start again after each connection. */
export async function redial({ connected, dial, signal, firstMs = 250, maxMs = 15_000 }: RedialOptions): Promise<void> {
  let waitMs = firstMs
  while (!signal.aborted) {
    if (connected()) {
      waitMs = firstMs
      await pause(LOOK_MS, signal)
      continue
    }
    try {
      await dial(signal)
    } finally {
      // Not all hosts of a mesh that lost its switch shall come at the same moment.
      await pause(waitMs * (0.75 + Math.random() / 4), signal)
      waitMs = Math.min(waitMs * 2, maxMs)
    }
  }
}
