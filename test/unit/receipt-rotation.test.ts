// A receipt proves what it proved, whatever keys its hosts have had since.
import { beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import type { Request, Response } from '../../protocols/migration/index.ts'
import type { MigrationRecord } from '../../src/journal/journal.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { PeerRequests } from '../../src/node/peer-requests.ts'
import { receiptView } from '../../src/node/receipts.ts'
import type { NodeParts } from '../../src/node/parts.ts'
import { verifyReceipts } from '../../src/receipt/verify.ts'
import { migration, Pair, twoHosts, type Hosts } from './receipt-hosts.ts'

let then: Hosts
let now: Hosts
let stranger: Hosts
beforeAll(async () => {
  ;[then, now, stranger] = await Promise.all([twoHosts(), twoHosts(), twoHosts()])
})

/** Hosts a and b, which had the one pair of keys when the container moved and have the other now. */
function hosts(replaced: ReadonlyMap<string, string>, at: { a: string; b: string }) {
  const pair = new Pair(then).moved()
  const [bySource, byTarget] = pair.halves
  const presentPeer = (peerId: string) => replaced.get(peerId) ?? peerId
  const parts = (name: string, half: readonly Uint8Array[], peer: string, mesh: Partial<Mesh>) =>
    ({
      name,
      config: configSchema.parse({ name }),
      journal: {
        migration: () => Promise.resolve({ peer } as MigrationRecord),
        receipts: () => Promise.resolve(half)
      },
      log: { warn: () => undefined },
      mesh,
      presentPeer
    }) as unknown as NodeParts
  const b = new PeerRequests(parts('b', byTarget, then.a.peer, {}), {
    find: () => undefined,
    broken: () => undefined,
    add: () => undefined,
    closing: () => false
  })
  const a = parts('a', bySource, then.b.peer, {
    self: { peerId: at.a, name: 'a', addresses: [] },
    request: (peerId: string, request: Request, signal: AbortSignal): Promise<Response> =>
      peerId === at.b ? b.answer(at.a, request, signal) : Promise.reject(new Error(`nobody is ${peerId} any more`))
  })
  return {
    async verify() {
      const view = await receiptView(a, migration, 'b', AbortSignal.timeout(10_000))
      const [own = [], other = []] = view.halves.map(({ entries }) =>
        entries.map((entry) => Buffer.from(entry, 'base64'))
      )
      return { view, result: verifyReceipts(own, other, { migration, peers: view.halves.map(({ peerId }) => peerId) }) }
    }
  }
}

describe('the receipt of a migration is still proved', () => {
  it.each([
    ['this host', ['a']],
    ['the other host', ['b']],
    ['both hosts', ['a', 'b']]
  ] as const)('after a rotation of the key of %s', async (_, rotated) => {
    const replaced = new Map(rotated.map((host) => [then[host].peer, now[host].peer]))
    const at = { a: replaced.get(then.a.peer) ?? then.a.peer, b: replaced.get(then.b.peer) ?? then.b.peer }
    const { view, result } = await hosts(replaced, at).verify()
    expect(view.missing).toEqual([])
    expect(view.halves.map(({ peerId }) => peerId)).toEqual([then.a.peer, then.b.peer])
    expect(result).toMatchObject({ verdict: 'proved', findings: [] })
  })
})

describe('it is not believed', () => {
  it("of a key that was never this host's", async () => {
    const { result } = await hosts(new Map(), { a: stranger.a.peer, b: then.b.peer }).verify()
    expect(result.findings.map(({ code }) => code)).toContain('RECEIPT_SUBJECT')
  })

  it('nor is a half given to a peer that had no side in it', async () => {
    const { view } = await hosts(new Map([[then.a.peer, now.a.peer]]), { a: stranger.a.peer, b: then.b.peer }).verify()
    expect(view.missing.map(({ code }) => code)).toEqual(['UNKNOWN_MIGRATION'])
  })
})
