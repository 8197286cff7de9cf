import { expect, it } from 'vitest'
import { advertBody } from '../../src/node/advert.ts'
import { advertisedBlocker } from '../../src/node/advertised.ts'
import type { HostFacts } from '../../src/host/facts.ts'
import type { Standing } from '../../src/node/cordon.ts'
import { GIB, facts } from './host-facts.ts'

const web = { name: 'web', engine: 'runc', memoryBytes: GIB, rootfsBytes: GIB } as const

function refusal(
  theirs: Partial<HostFacts>,
  container: typeof web | { memoryBytes: number } = web,
  stale = false,
  standing: Standing = { cordoned: false }
) {
  const body = advertBody({
    name: 'b',
    addresses: [],
    ferryVersion: '0.1.0',
    facts: { ...facts, ...theirs },
    init: { program: 'systemd', systemd: true, sharedMounts: true, cgroup: 'v2' },
    storage: [],
    diskTotalBytes: 100 * GIB,
    containers: [],
    ...standing
  })
  const advert = { peer: 'peer', seq: 1, issuedAt: 0, ageMs: 3400, ttlMs: 60_000, stale, body }
  const parts = { name: 'a', facts: async () => facts, mesh: { advert: () => advert } }
  return advertisedBlocker(parts, { peerId: 'peer', name: 'b' }, { ...web, ...container }, AbortSignal.timeout(1000))
}

it('a target that can take it is not refused, however little is free on it just now', async () => {
  expect(await refusal({})).toBeUndefined()
})

it.each([
  ['ENGINE_MISSING', { engines: { lxc: '7.0' } }, web],
  ['CRIU_OLDER_ON_TARGET', { criu: { path: 'criu', version: '4.2' } }, web],
  ['CPU_FEATURES_MISSING', { cpuFlags: ['sse2'] }, web],
  ['NOT_ENOUGH_MEMORY', {}, { memoryBytes: 5 * GIB }]
])('%s is refused by the advert alone, with its time', async (code, theirs, container) => {
  const problem = await refusal(theirs, container)
  expect(problem).toMatchObject({ code, host: 'a', what: expect.stringContaining("web can't move to b: ") as unknown })
  expect(problem?.why).toContain('advertised at 1970-01-01T00:00:00.000Z')
})

it('what is stale refuses nothing: the peer itself is asked', async () => {
  expect(await refusal({ engines: {} }, web, true)).toBeUndefined()
})

it('a cordoned target is not asked, and who refuses says why and how that is lifted', async () => {
  const reason = { cordoned: true, cordonReason: 'a new disk' }
  const problem = await refusal({}, web, false, reason)
  expect(problem).toMatchObject({ code: 'CORDONED', host: 'a', what: "web can't move to b: b takes no containers" })
  expect(problem?.why).toBe('a new disk; that is what it advertised at 1970-01-01T00:00:00.000Z')
  expect(problem?.remedy).toContain('ferry uncordon b')
  expect((await refusal({}, web, false, { ...reason, maintenance: 'a new disk' }))?.what).toContain('about to go down')
  expect(await refusal({}, web, true, reason)).toBeUndefined()
})
