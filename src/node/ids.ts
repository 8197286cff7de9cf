import { randomBytes } from 'node:crypto'

/** A migration's id: sorts by time, 20 characters of [0-9a-z], unguessable enough that two hosts never make the same. */
export function newMigrationId(now: number): string {
  const random = BigInt('0x' + randomBytes(8).toString('hex'))
    .toString(36)
    .padStart(13, '0')
  return (now.toString(36).padStart(9, '0') + random).slice(0, 20)
}
