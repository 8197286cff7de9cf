// The source's requests, sent a second time: a peer with the source's own key, for a wire that repeats what it has carried.
import { setTimeout as sleep } from 'node:timers/promises'
import type { LabProcess } from '../lab/lab.ts'
import type { ChaosHost } from './chaos-host.ts'
import type { Ledger } from './ledger.ts'

/** The peer itself waits 10 s for each step of a request, and takes a while to start. */
const ANSWER_MS = 60_000

export class Repeater {
  readonly #process: LabProcess
  readonly #lines: AsyncIterator<string>

  private constructor(process: LabProcess) {
    this.#process = process
    this.#lines = process.lines[Symbol.asyncIterator]()
  }

  static async start(source: ChaosHost, target: ChaosHost): Promise<Repeater> {
    const repeater = new Repeater(
      await source.host.spawn([
        '/opt/ferry/node_modules/node/bin/node',
        '--experimental-transform-types',
        '/opt/ferry/test/migration/hostile-peer.ts',
        '/var/lib/ferry/key',
        `/ip4/${target.host.address}/tcp/4860/p2p/${target.ferry.peerId}`,
        source.name
      ])
    )
    await repeater.#said()
    return repeater
  }

  /** Whatever the source has said by now in its migration, again, and the COMMIT of an epoch that is over. Resolves with the answers. */
  async repeat(source: ChaosHost, ledger: Ledger, epoch: number): Promise<string[]> {
    const seen = (state: string) => source.states.some((one) => one.side === 'source' && one.state === state)
    const migration = source.states.find(({ side }) => side === 'source')?.migration
    if (migration === undefined) return []
    const offer = {
      container: ledger.name,
      engine: ledger.engine,
      sourceName: source.name,
      epoch,
      memoryBytes: 1,
      rootfsBytes: 1,
      spec: JSON.stringify({ name: ledger.name }),
      checkOnly: false,
      catchesSigcont: false
    }
    const decision = (verdict: 'COMMIT' | 'ABORT', of: number) => ({
      decision: { verdict, epoch: of, reason: 'repeated' }
    })
    const bodies: Record<string, unknown>[] = [{ offer }, decision('COMMIT', epoch - 1)]
    if (seen('preDumping')) bodies.push({ preflight: { facts: '{}' } })
    if (seen('restoring') && !seen('recordingAbort'))
      bodies.push({
        restore: { imagesDigest: '00'.repeat(32), neighbours: '{"neighbours":[],"stopped":[]}', witnesses: [] }
      })
    if (seen('committed')) bodies.push(decision('COMMIT', epoch), decision('COMMIT', epoch))
    if (seen('notifying')) bodies.push(decision('ABORT', epoch), decision('ABORT', epoch))
    const answers: string[] = []
    for (const body of bodies) {
      this.#process.write(`${JSON.stringify({ do: 'request', request: { migration, ...body } })}\n`)
      answers.push(await this.#said())
    }
    return answers
  }

  async end(): Promise<void> {
    await this.#process.kill('SIGKILL')
  }

  async #said(): Promise<string> {
    const line = await Promise.race([this.#lines.next(), sleep(ANSWER_MS, undefined, { ref: false })])
    if (line === undefined) throw new Error('a repeated request is not answered')
    if (line.done === true) throw new Error(`what repeats requests has ended: ${(await this.#process.exited).stderr}`)
    return line.value
  }
}
