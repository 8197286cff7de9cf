// Both halves of a receipt for an operator: this host's from the journal, the other's from its host.
import type { Problem, ReceiptHalfView, ReceiptView } from '../../protocols/operator/views.ts'
import type { NodeParts } from './parts.ts'
import { toProblem } from './problems.ts'
import { expectResponse } from './responses.ts'

/**
 * What can be had of the receipt of a migration that is on record here. A host that does not answer is in `missing`.
 * @param other name of the other side
 * @throws JournalError
 */
export async function receiptView(
  { name, config, journal, mesh }: NodeParts,
  id: string,
  other: string,
  signal: AbortSignal
): Promise<ReceiptView> {
  const halves: ReceiptHalfView[] = [half(name, mesh.self.peerId, await journal.receipts(id))]
  const missing: Problem[] = []
  const record = await journal.migration(id)
  if (record !== undefined) {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(config.limits.peerTimeoutMs)])
      const response = await mesh.request(record.peer, { migration: id, receipts: {} }, limit)
      halves.push(half(other, record.peer, expectResponse(response, 'receiptHalf', other).entries))
    } catch (error) {
      signal.throwIfAborted()
      missing.push(toProblem(other, error))
    }
  }
  return { id, halves, missing }
}

function half(host: string, peerId: string, entries: readonly Uint8Array[]): ReceiptHalfView {
  return { host, peerId, entries: entries.map((entry) => Buffer.from(entry).toString('base64')) }
}
