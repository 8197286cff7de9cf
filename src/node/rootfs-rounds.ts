// The root filesystem goes in rounds: while the container runs, until little is left, and once more when it is frozen.
import type { Config } from '../../config/schema.ts'
import type { BulkStream } from '../../protocols/bulk/index.ts'
import { RoundsDigest } from '../transfer/digest.ts'
import { sendRootfs } from '../transfer/rootfs.ts'
import { startRound } from '../transfer/round.ts'

/** A round that took more than this share of the one before shows that further ones gain nothing. */
const SHRINKING = 0.75

export interface RootfsRoundsOptions {
  readonly rootfs: string
  readonly config: Config
  readonly open: (round: number, final: boolean, signal: AbortSignal) => Promise<BulkStream>
  /** Bytes of all rounds so far. */
  readonly onBytes: (bytes: number) => void
}

export class RootfsRounds {
  readonly #options: RootfsRoundsOptions
  /** Of what was sent. */
  readonly digest = new RoundsDigest()
  #count = 0
  #since: Date | undefined

  constructor(options: RootfsRoundsOptions) {
    this.#options = options
  }

  /** Rounds that were begun. */
  get count(): number {
    return this.#count
  }

  /** While the container runs: until a round is short enough, or rounds stop getting shorter. */
  async whileRunning(signal: AbortSignal): Promise<void> {
    const { max, targetMs } = this.#options.config.rounds
    let last = Infinity
    for (let round = 1; round <= max; round++) {
      const began = performance.now()
      await this.#send(false, signal)
      const took = performance.now() - began
      if (took <= targetMs || took > last * SHRINKING) return
      last = took
    }
  }

  /** When nothing writes any more. */
  async last(signal: AbortSignal): Promise<void> {
    await this.#send(true, signal)
  }

  async #send(final: boolean, signal: AbortSignal): Promise<void> {
    const { rootfs, config, open, onBytes } = this.#options
    const round = ++this.#count
    // No round comes after the last one, and a frozen container must not wait for a disk.
    const began = final ? undefined : await startRound(rootfs, signal)
    const stream = await open(round, final, signal)
    const before = this.digest.bytes
    const sent = await sendRootfs({
      stream,
      rootfs,
      final,
      idleMs: config.limits.transferIdleMs,
      ...(this.#since === undefined ? {} : { changedSince: this.#since }),
      ...(config.rateBps === undefined ? {} : { rateBps: config.rateBps }),
      signal,
      onProgress: (bytes) => {
        onBytes(before + bytes)
      }
    })
    this.#since = began?.since
    this.digest.add(sent)
    onBytes(this.digest.bytes)
  }
}
