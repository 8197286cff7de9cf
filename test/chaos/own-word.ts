// What ferry itself says once a run is over: its doctor finds nothing, and the receipts of both hosts prove that no two copies ran.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceiptView } from '../../protocols/operator/views.ts'
import { joinCopies } from '../../src/receipt/copies.ts'
import { verifyReceipts } from '../../src/receipt/verify.ts'
import type { ChaosHost } from './chaos-host.ts'
import type { Verdict } from '../../src/receipt/verify.ts'
import { beliedByBeats, receiptFault, type Told } from './verdict.ts'

const LIMIT_MS = 30_000
/** A daemon that is killed can't remove its temporary files. */
const OF_A_KILLED_DAEMON = 'TEMPORARY_LEFT'

export async function doctors(hosts: readonly ChaosHost[]): Promise<string[]> {
  const found: string[] = []
  for (const { api, name } of hosts) {
    const { findings } = await api.doctor(AbortSignal.timeout(LIMIT_MS))
    const unexpected = findings.filter(({ code }) => code !== OF_A_KILLED_DAEMON)
    found.push(...unexpected.map(({ code, what }) => `the doctor finds on ${name}: ${code}: ${what}`))
    if (findings.length === 0) continue
    await api.repair(AbortSignal.timeout(LIMIT_MS))
    const after = await api.doctor(AbortSignal.timeout(LIMIT_MS))
    found.push(
      ...after.findings.map(({ code, what }) => `after a repair the doctor still finds on ${name}: ${code}: ${what}`)
    )
  }
  return found
}

/** A link that has just healed carries nothing before the hosts have noticed; meanwhile the other's half can't be had. */
async function wholeReceipt(teller: ChaosHost, id: string): Promise<ReceiptView> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  for (;;) {
    const receipt = await teller.api.receipt(id, signal)
    if (receipt.missing.every(({ code }) => code !== 'PEER_UNREACHABLE') || signal.aborted) return receipt
    await sleep(500)
  }
}

/** What was seen of the copies without asking ferry. */
export interface Seen {
  /** Hosts on which one ran, in the order of its beats. */
  readonly turns: readonly string[]
  readonly moves: number
  /** Codes that a host may say of a copy that ran out of turn: something was done that may have let one. */
  readonly mayBeSaid: readonly string[]
}

/** Of every migration that both hosts have a side in. */
export async function receipts(
  source: ChaosHost,
  told: readonly Told[],
  { turns, moves, mayBeSaid }: Seen
): Promise<string[]> {
  const found: string[] = []
  const verdicts: Verdict[] = []
  for (const one of told) {
    const { id, bySource, byTarget } = one
    if (bySource === undefined || byTarget === undefined) continue
    const teller = bySource.source === source.name ? source : undefined
    if (teller === undefined) continue
    const { halves, missing } = await wholeReceipt(teller, id)
    const joined = joinCopies(
      halves.map(({ entries }) => entries.map((entry) => new Uint8Array(Buffer.from(entry, 'base64'))))
    )
    const peers = halves.map(({ peerId }) => peerId)
    const verified = verifyReceipts(...joined.halves, { migration: id, peers, findings: joined.findings })
    const { verdict, findings } = verified
    verdicts.push(verdict)
    const fault = receiptFault(one, verified, mayBeSaid)
    if (fault === undefined) continue
    const reasons = [...findings.map(({ code, what }) => `${code}: ${what}`), ...missing.map(({ what }) => what)]
    found.push(`the receipts of ${id}: ${fault}; ${verdict}: ${reasons.join('; ')}`)
  }
  const belied = beliedByBeats(turns, moves, verdicts)
  return belied === undefined ? found : [...found, belied]
}
