// Two hosts with keys and a clock, for tests of receipts: what they sign is what the daemons would.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { Receipt } from '../../src/receipt/receipt.ts'
import { signerOf, type Signer } from '../../src/receipt/signature.ts'
import type { Entry, EntryBody } from '../../src/receipt/entry.ts'
import { encodeBody, entryOf } from '../../src/receipt/entry.ts'

export const migration = '0abcdefghij123456789'
export const images = { images: 'a'.repeat(64), imageBytes: 1_000_000, rootfs: 'c'.repeat(64), rootfsBytes: 3_000_000 }

export interface Hosts {
  readonly a: Signer
  readonly b: Signer
}

export async function twoHosts(): Promise<Hosts> {
  const [a, b] = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
  return { a: signerOf(a), b: signerOf(b) }
}

export class Pair {
  readonly hosts: Hosts
  readonly source: Receipt
  readonly target: Receipt
  #ms = Date.parse('2026-01-01T00:00:00.000Z')
  /** How far the target's clock is ahead, milliseconds. */
  readonly #skewMs: number

  constructor(hosts: Hosts, options: { skewMs?: number; migration?: string; epoch?: number } = {}) {
    this.hosts = hosts
    this.#skewMs = options.skewMs ?? 0
    const common = {
      migration: options.migration ?? migration,
      epoch: options.epoch ?? 1,
      container: 'web',
      engine: 'runc'
    }
    this.source = new Receipt(
      hosts.a,
      { ...common, host: 'host-a', other: hosts.b.peer, role: 'source' },
      [],
      () => new Date((this.#ms += 10))
    )
    this.target = new Receipt(
      hosts.b,
      { ...common, host: 'host-b', other: hosts.a.peer, role: 'target' },
      [],
      () => new Date((this.#ms += 10) + this.#skewMs)
    )
  }

  get now(): string {
    return new Date(this.#ms).toISOString()
  }

  /** The source's entries are on disk, and the latest arrives. */
  toTarget(): this {
    return this.#tell(this.source, this.target)
  }

  toSource(): this {
    return this.#tell(this.target, this.source)
  }

  get halves(): [Uint8Array[], Uint8Array[]] {
    return [this.source.entries.map(({ bytes }) => bytes), this.target.entries.map(({ bytes }) => bytes)]
  }

  offered(): this {
    this.source.note('offer', {})
    this.toTarget()
    this.target.note('accepted', {})
    this.toSource()
    this.source.note('preflight', { blockers: [], warnings: ['KERNEL_DIFFERS'], facts: 'f'.repeat(64) })
    this.toTarget()
    this.target.note('preflight', { blockers: [], warnings: ['KERNEL_DIFFERS'] })
    return this.toSource()
  }

  prepared(): this {
    this.offered()
    this.source.note('frozen', { frozenAt: this.now })
    this.source.note('dumped', images)
    this.toTarget()
    this.target.note('received', images)
    this.target.note('prepared', { frozenAt: this.now })
    return this.toSource()
  }

  committed(): this {
    this.prepared()
    this.source.note('commit', {})
    return this.toTarget()
  }

  moved(): this {
    this.committed()
    this.target.note('activating', {})
    this.target.note('resumed', { resumedAt: this.now })
    this.toSource()
    this.source.note('acked', {})
    this.source.note('retired', {})
    return this
  }

  handedBack(): this {
    this.committed()
    this.target.note('hand-back', { code: 'TREE_THAWED' })
    this.toSource()
    this.source.note('taken-back', {})
    this.source.note('resumed', { resumedAt: this.now })
    this.target.note('discarded', {})
    return this
  }

  rolledBack(): this {
    this.prepared()
    this.source.note('abort', { code: 'LINK_LOST' })
    this.source.note('resumed', { resumedAt: this.now })
    this.toTarget()
    this.target.note('discarded', {})
    return this
  }

  #tell(from: Receipt, to: Receipt): this {
    from.written(from.entries.length - 1)
    const { latest } = from
    if (latest !== undefined) to.heard(latest)
    return this
  }
}

/** A half whose owner signs it anew from `at` on after changing it: what root of that host can do. */
export function signedAnew(
  signer: Signer,
  half: readonly Entry[],
  change: (bodies: EntryBody[]) => EntryBody[]
): Uint8Array[] {
  let prev = ''
  return change(half.map(({ body }) => body)).map((body, seq) => {
    const line = encodeBody({ ...body, seq, prev })
    const entry = entryOf({ ...body, seq, prev }, line, signer.sign(line))
    prev = entry.hash
    return entry.bytes
  })
}
