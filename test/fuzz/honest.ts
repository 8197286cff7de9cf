// What an honest member does while another one attacks: asks whether a container would be taken, gives commands, says what it can do.
import { sampleBody, sampleVitals } from '../bench/mesh/sample-advert.ts'
import { memberCommand } from '../../src/node/routing/signed-command.ts'
import type { Report } from '../../protocols/migration/index.ts'
import { offerOf, preflightOf } from './corpus.ts'
import type { Scene } from './scene.ts'

export interface HonestCounts {
  answers: number
  /** In words. */
  readonly failures: string[]
  slowestMs: number
  /** What it said of itself last was known to the victim. */
  advertKnown: boolean
}

const ANSWER_MS = 60_000
const PAUSE_MS = 20
const ADVERT_MS = 60_000

/** Root of any member may cordon a host, so that the hostile one may; nothing else may stand against the container. */
export function isGood(report: Report | undefined): boolean {
  return report?.findings.every(({ blocker, problem }) => !blocker || problem?.code === 'CORDONED') === true
}

export function askOnAndOn({ honest, victim }: Scene): { stop: () => Promise<HonestCounts> } {
  const count: HonestCounts = { answers: 0, failures: [], slowestMs: 0, advertKnown: false }
  const stopping = new AbortController()
  const to = victim.mesh.self.peerId
  let number = 0
  const round = async (signal: AbortSignal): Promise<void> => {
    const check = { id: `honest${String(number++).padStart(10, '0')}`, container: 'web', epoch: 0 }
    const offered = await honest.mesh.request(to, offerOf(check, true), signal)
    if (offered.accepted === undefined) throw new Error('a question was refused')
    const { report } = await honest.mesh.request(to, preflightOf(check), signal)
    if (!isGood(report)) throw new Error('there was no good report')
    const command = memberCommand({ method: 'migrations', arguments: {}, target: to }, Date.now())
    let items = 0
    for await (const answer of honest.mesh.command(to, command, signal)) {
      if (answer.refused !== undefined) throw new Error(`a command was refused: ${answer.refused.what}`)
      if (answer.item !== undefined) items++
    }
    if (items !== 1) throw new Error(`a command had ${items} answers`)
  }
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const began = performance.now()
      try {
        await round(AbortSignal.timeout(ANSWER_MS))
        count.answers++
      } catch (error) {
        count.failures.push(error instanceof Error ? error.message : String(error))
      }
      count.slowestMs = Math.max(count.slowestMs, performance.now() - began)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
  const saying = (reason: string): void => {
    honest.mesh.publish(sampleBody(1, { name: honest.name, maintenance: { reason } }), sampleVitals(1))
  }
  const known = async (reason: string): Promise<boolean> => {
    const end = performance.now() + ADVERT_MS
    while (performance.now() < end) {
      if (victim.mesh.advert(honest.identity.peer)?.body.maintenance?.reason === reason) return true
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    return false
  }
  saying('first')
  const working = work()
  let stopped: Promise<HonestCounts> | undefined
  const stop = async (): Promise<HonestCounts> => {
    saying('last')
    count.advertKnown = await known('last')
    stopping.abort()
    await working
    return count
  }
  return { stop: () => (stopped ??= stop()) }
}
