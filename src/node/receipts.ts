// Both halves of a receipt for an operator: this host's from the journal, the other's from its host.
import type { Problem, ReceiptHalfView, ReceiptView } from '../../protocols/operator/views.ts'
import { decodeEntry } from '../receipt/entry.ts'
import { ReceiptError } from '../receipt/receipt-error.ts'
import type { NodeParts } from './parts.ts'
import { toProblem } from './problems.ts'
import { expectResponse } from './responses.ts'

/**
 * What can be had of the receipt of a migration that is on record here. A host that does not answer is in `missing`. Each half is that of the peer id
 * that its host had then, which `ferry key rotate` may have replaced since: the roster says by which.
 * @param other name of the other side
 * @throws JournalError
 */
export async function receiptView(
  { name, config, journal, mesh, presentPeer }: Pick<NodeParts, 'name' | 'config' | 'journal' | 'mesh' | 'presentPeer'>,
  id: string,
  other: string,
  signal: AbortSignal
): Promise<ReceiptView> {
  const own = await journal.receipts(id)
  const signer = signerIn(own)
  const isOurs = signer !== undefined && presentPeer(signer) === mesh.self.peerId
  const halves: ReceiptHalfView[] = [half(name, isOurs ? signer : mesh.self.peerId, own)]
  const missing: Problem[] = []
  const record = await journal.migration(id)
  if (record !== undefined) {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(config.limits.peerTimeoutMs)])
      const response = await mesh.request(presentPeer(record.peer), { migration: id, receipts: {} }, limit)
      halves.push(half(other, record.peer, expectResponse(response, 'receiptHalf', other).entries))
    } catch (error) {
      signal.throwIfAborted()
      missing.push(toProblem(other, error))
    }
  }
  return { id, halves, missing }
}

/** The peer id that this host had then. */
function signerIn(entries: readonly Uint8Array[]): string | undefined {
  const first = entries[0]
  if (first === undefined) return undefined
  try {
    return decodeEntry(first).body.peer
  } catch (error) {
    // Whoever verifies it says what is wrong with it.
    if (error instanceof ReceiptError) return undefined
    throw error
  }
}

function half(host: string, peerId: string, entries: readonly Uint8Array[]): ReceiptHalfView {
  return { host, peerId, entries: entries.map((entry) => Buffer.from(entry).toString('base64')) }
}
