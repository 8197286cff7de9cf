// The end of a migration is written down before anybody hears of it: a container whose move is told as ended can be moved again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { NodeParts } from './parts.ts'

const RETRY_MS = 250
/** A disk that is full for longer than this needs an operator; the next start of the daemon writes it down then. */
const MAX_TRIES = 2400

/** Tries until it is written; what it means was done already, so that nothing but the record waits. */
export async function writeDown(log: Logger, migration: string, write: () => Promise<void>): Promise<void> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    try {
      await write()
      return
    } catch (error) {
      // Said ever more seldom: the first time, the second, the fourth, …
      if ((tries & (tries - 1)) === 0)
        log.error({ err: error, migration, tries }, 'the end of a migration could not be written down')
      await sleep(RETRY_MS, undefined, { ref: false })
    }
  }
}

/** Of a migration that did not come about. Nobody waits for a disk that takes nothing: the claim is let go as soon as it does. */
export async function releaseClaim(
  { journal, log }: Pick<NodeParts, 'journal' | 'log'>,
  container: string,
  migration: string
): Promise<void> {
  try {
    await journal.release(container, migration)
  } catch (error) {
    log.warn({ err: error, migration }, 'a claim could not be let go yet')
    void writeDown(log, migration, () => journal.release(container, migration))
  }
}
