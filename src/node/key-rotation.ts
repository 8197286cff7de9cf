// A new key in the place of the old one, whatever instant the daemon is killed at. Members believe the new id only once they have the
// record that both keys signed, so some member must have it before the old key is given up; until then the old one is used.
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Logger } from 'pino'
import { wordsOf } from '../../protocols/problem.ts'
import { loadNextKey, loadOrCreateKey, nextKeyFile, useNextKey } from '../mesh/key-file.ts'
import type { Mesh } from '../mesh/mesh.ts'
import { MeshError } from '../mesh/mesh-error.ts'
import type { Roster } from '../mesh/roster/roster.ts'
import { pause } from '../mesh/pause.ts'

export interface KeyRotationParts {
  readonly keyFile: string
  readonly roster: Roster
  readonly mesh: Mesh
  readonly log: Logger
  /** The key in use is another one from now on. */
  readonly onKey: (key: PrivateKey) => void
  /** Refuses while something is under way that knows this host by its id. */
  readonly checkIdle: () => Promise<void>
}

const SPREAD_MS = 10_000
/** How long one of the two keys is tried before the other one, when a rotation was cut short and no member is reached. */
const TRY_MS = 10_000
/** Between two looks whether migrations have ended. */
const AGAIN_MS = 1_000

export class KeyRotation {
  readonly #parts: KeyRotationParts

  constructor(parts: KeyRotationParts) {
    this.#parts = parts
  }

  /** A change whose record is on disk while the old key is still the key. @throws MeshError KEY_FILE */
  async begun(): Promise<{ readonly oldKey: PrivateKey; readonly newKey: PrivateKey } | undefined> {
    const { keyFile } = this.#parts
    const newKey = await loadNextKey(keyFile)
    if (newKey === undefined) return undefined
    const oldKey = await loadOrCreateKey(keyFile)
    return this.#record(oldKey, newKey).length === 0 ? undefined : { oldKey, newKey }
  }

  /** @throws MeshError NO_MEMBER_REACHED, MIGRATIONS_UNDER_WAY, MESH_FILES, KEY_FILE */
  async rotate(oldKey: PrivateKey): Promise<void> {
    const { keyFile, roster, checkIdle } = this.#parts
    await checkIdle()
    const others = roster.state.members.size - 1
    if (others > 0 && this.#connected().length === 0) throw noMember()
    // The same new key when an earlier rotation was cut short: two would look like a thief's.
    const newKey = await loadOrCreateKey(nextKeyFile(keyFile))
    await roster.rotate(oldKey, newKey)
    await this.#finish(oldKey, newKey)
  }

  /** Ends what was begun; resolves with the former peer id, or without one if nothing was begun or the signal came first. */
  async resume(signal: AbortSignal): Promise<string | undefined> {
    const { keyFile, roster, mesh, log, onKey } = this.#parts
    const begun = await this.begun()
    if (begun === undefined) return undefined
    const { oldKey, newKey } = begun
    const former = peerIdFromPrivateKey(oldKey).toString()
    log.warn('a change of the key was cut short and is being finished')
    await roster.completeRotation(oldKey, newKey)
    for (let current = oldKey; !signal.aborted;) {
      if (await this.#reach(signal)) {
        if (current === newKey) {
          await useNextKey(keyFile)
          return former
        }
        try {
          await this.#finish(oldKey, newKey)
          return former
        } catch (error) {
          const code = error instanceof MeshError ? error.details.code : undefined
          if (code !== 'NO_MEMBER_REACHED' && code !== 'MIGRATIONS_UNDER_WAY') throw error
          log.debug({ why: wordsOf(error) }, 'the change of the key is tried again')
          if (code === 'MIGRATIONS_UNDER_WAY') {
            await pause(AGAIN_MS, signal)
            continue
          }
        }
      }
      if (signal.aborted) return undefined
      // Members that have the record refuse the old key, those without it the new one.
      current = current === oldKey ? newKey : oldKey
      onKey(current)
      await mesh.rekey(current)
    }
    return undefined
  }

  async #finish(oldKey: PrivateKey, newKey: PrivateKey): Promise<void> {
    const { keyFile, roster, mesh, onKey, checkIdle } = this.#parts
    const told = await mesh.spread(this.#record(oldKey, newKey), AbortSignal.timeout(SPREAD_MS))
    if (told.length === 0 && roster.state.members.size > 1) throw notToldYet()
    await checkIdle()
    await useNextKey(keyFile)
    onKey(newKey)
    await mesh.rekey(newKey)
  }

  #record(oldKey: PrivateKey, newKey: PrivateKey): string[] {
    const old = peerIdFromPrivateKey(oldKey).toString()
    const fresh = peerIdFromPrivateKey(newKey).toString()
    return this.#parts.roster
      .all()
      .filter(({ body }) => body.author === old && body.rotation?.newPeer === fresh)
      .map(({ id }) => id)
  }

  #connected(): string[] {
    return this.#parts.mesh
      .peers()
      .filter(({ state }) => state === 'connected')
      .map(({ peerId }) => peerId)
  }

  async #reach(signal: AbortSignal): Promise<boolean> {
    const end = Date.now() + TRY_MS
    while (Date.now() < end && !signal.aborted) {
      if (this.#connected().length > 0) return true
      await pause(250, signal)
    }
    return false
  }
}

/** The change is on record here and goes on by itself. */
export function notToldYet(): MeshError {
  return new MeshError({
    code: 'NO_MEMBER_REACHED',
    what: 'The new key is written down, but no other member knows of it yet',
    why: 'none is connected, or none answered',
    remedy:
      'Nothing is to be done but to get another member connected, see `ferry peers`: the change then goes on by itself'
  })
}

function noMember(): MeshError {
  return new MeshError({
    code: 'NO_MEMBER_REACHED',
    what: 'No other member can be told of the new key',
    why: 'none is connected, or none answered',
    remedy: 'See `ferry peers`; try again when another member is connected'
  })
}
