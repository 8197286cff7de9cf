// Halves come from several files: each host may have kept its own and a copy of the other's.
import { decodeEntry } from './entry.ts'
import { violation, type Finding } from './finding.ts'
import { ReceiptError } from './receipt-error.ts'

export interface JoinedCopies {
  readonly halves: readonly [readonly Uint8Array[], readonly Uint8Array[]]
  readonly findings: readonly Finding[]
}

/**
 * Puts copies of one half together: the longest counts, and every other has to be its beginning. A host that gave two
 * different halves to two people is found out here.
 */
export function joinCopies(copies: readonly (readonly Uint8Array[])[]): JoinedCopies {
  const bySigner = new Map<string, (readonly Uint8Array[])[]>()
  for (const copy of copies) {
    if (copy.length === 0) continue
    const signer = signerOf(copy)
    bySigner.set(signer, [...(bySigner.get(signer) ?? []), copy])
  }
  const findings: Finding[] = []
  const halves = [...bySigner.values()].map((ofOne) => {
    const longest = ofOne.reduce((a, b) => (b.length > a.length ? b : a))
    if (ofOne.some((copy) => copy.some((entry, seq) => !Buffer.from(entry).equals(longest[seq] ?? new Uint8Array())))) {
      findings.push(violation('RECEIPT_FORKED', 'two copies of one half differ: whoever signed them said two things'))
    }
    return longest
  })
  if (halves.length > 2) {
    findings.push(
      violation('RECEIPT_SUBJECT', `the copies are of ${String(halves.length)} halves, and a receipt has two`)
    )
  }
  return { halves: [halves[0] ?? [], halves[1] ?? []], findings }
}

/** As the first entry says it; whether that is true is seen later. */
function signerOf(copy: readonly Uint8Array[]): string {
  try {
    const { migration, role, peer } = decodeEntry(copy[0] ?? new Uint8Array()).body
    return `${migration} ${role} ${peer}`
  } catch (error) {
    if (error instanceof ReceiptError) return ''
    throw error
  }
}
