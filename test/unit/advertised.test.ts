import { expect, it } from 'vitest'
import { advertBody } from '../../src/node/advert.ts'
import { advertisedBlocker } from '../../src/node/advertised.ts'
import type { HostFacts } from '../../src/host/facts.ts'

const GIB = 1024 ** 3
const facts: HostFacts = {
  arch: 'x86_64',
  kernel: '6.18.5-amd64',
  cpuModel: 'some',
  cpuFlags: ['avx2', 'sse2'],
  cpuCount: 2,
  pureCgroupV2: true,
  criu: { path: 'criu', version: '4.2.1' },
  criuFeatures: [],
  lsm: [],
  systemd: true,
  lxcfs: false,
  bridges: ['br0'],
  memoryTotalBytes: 4 * GIB,
  memoryFreeBytes: 0,
  diskFreeBytes: 0,
  engines: { runc: '1.3' },
  rsync: '3.4',
  perl: true
}
const web = { name: 'web', engine: 'runc', memoryBytes: GIB, rootfsBytes: GIB } as const

function refusal(theirs: Partial<HostFacts>, container: typeof web | { memoryBytes: number } = web, stale = false) {
  const body = advertBody({
    name: 'b',
    addresses: [],
    ferryVersion: '0.1.0',
    facts: { ...facts, ...theirs },
    init: { program: 'systemd', systemd: true, sharedMounts: true, cgroup: 'v2' },
    storage: [],
    diskTotalBytes: 100 * GIB,
    containers: [],
    cordoned: false
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
