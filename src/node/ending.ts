// The end of a migration is written down before anybody hears of it: a container whose move is told as ended can be moved again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

const RETRY_MS = 1000
/** A disk that is full for longer than this needs an operator; the next start of the daemon writes it down then. */
const MAX_TRIES = 600

/** Tries until it is written; what it means was done already, so that nothing but the record waits. */
export async function writeDown(log: Logger, migration: string, write: () => Promise<void>): Promise<void> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    try {
      await write()
      return
    } catch (error) {
      log.error({ err: error, migration, tries }, 'the end of a migration could not be written down')
      await sleep(RETRY_MS, undefined, { ref: false })
    }
  }
}
