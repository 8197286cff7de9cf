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

export class KeyRotation {
  readonly #parts: KeyRotationParts

  constructor(parts: KeyRotationParts) {
    this.#parts = parts
  }

  /** @throws MeshError NO_MEMBER_REACHED, MESH_FILES, KEY_FILE */
  async rotate(oldKey: PrivateKey): Promise<PrivateKey> {
    const { keyFile, roster, checkIdle } = this.#parts
    await checkIdle()
    const others = roster.state.members.size - 1
    if (others > 0 && this.#connected().length === 0) throw noMember()
    // The same new key when an earlier rotation was cut short: two would look like a thief's.
    const newKey = await loadOrCreateKey(nextKeyFile(keyFile))
    if (this.#record(oldKey, newKey).length === 0) await roster.rotate(oldKey, newKey)
    await this.#finish(oldKey, newKey)
    return newKey
  }

  /** Ends what an earlier run began; resolves when there is nothing to end any more. */
  async resume(oldKey: PrivateKey, signal: AbortSignal): Promise<void> {
    const { keyFile, mesh, log, onKey } = this.#parts
    const newKey = await loadNextKey(keyFile)
    if (newKey === undefined || this.#record(oldKey, newKey).length === 0) return
    log.warn('a change of the key was cut short and is being finished')
    for (let current = oldKey; !signal.aborted;) {
      if (await this.#reach(signal)) {
        if (current === newKey) return useNextKey(keyFile)
        try {
          return await this.#finish(oldKey, newKey)
        } catch (error) {
          if (!(error instanceof MeshError && error.details.code === 'NO_MEMBER_REACHED')) throw error
          log.debug({ why: wordsOf(error) }, 'the change of the key is tried again')
        }
      }
      if (signal.aborted) return
      // Members that have the record refuse the old key, those without it the new one.
      current = current === oldKey ? newKey : oldKey
      onKey(current)
      await mesh.rekey(current)
    }
  }

  async #finish(oldKey: PrivateKey, newKey: PrivateKey): Promise<void> {
    const { keyFile, roster, mesh, onKey, checkIdle } = this.#parts
    const told = await mesh.spread(this.#record(oldKey, newKey), AbortSignal.timeout(SPREAD_MS))
    if (told.length === 0 && roster.state.members.size > 1) throw noMember()
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
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250)
        signal.addEventListener(
          'abort',
          () => {
            clearTimeout(timer)
            resolve()
          },
          { once: true }
        )
      })
    }
    return false
  }
}

function noMember(): MeshError {
  return new MeshError({
    code: 'NO_MEMBER_REACHED',
    what: 'No other member can be told of the new key',
    why: 'none is connected, or none answered',
    remedy: 'See `ferry peers`; try again when another member is connected'
  })
}
