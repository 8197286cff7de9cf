import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { AdvertBody } from '../../protocols/gossip/index.ts'
import type { HostFacts } from '../../src/host/facts.ts'
import { Advertising } from '../../src/node/advertising.ts'
import type { Standing } from '../../src/node/cordon.ts'
import { facts } from './host-facts.ts'

// Well below the time between two looks of its own.
const soon = { timeout: 10_000, interval: 20 }
let published: AdvertBody[]
let standing: Standing
let containers: string[]
let askFacts: () => Promise<HostFacts>
let advertising: Advertising

beforeEach(() => {
  published = []
  standing = { cordoned: false }
  containers = ['web']
  askFacts = async () => facts
  advertising = new Advertising({
    name: 'b',
    ferryVersion: '0.1.0',
    stateDir: '/',
    addresses: () => [],
    facts: () => askFacts(),
    containers: async () => containers.map((name) => ({ engine: 'runc', name, state: 'running' as const })),
    standing: () => standing,
    gossip: { publish: (body) => published.push(body), report: () => undefined },
    log: pino({ level: 'silent' })
  })
})
afterEach(() => advertising.stop())

async function first(): Promise<void> {
  advertising.start()
  await vi.waitFor(() => {
    expect(published).toHaveLength(1)
  }, soon)
}

it('a container that has moved away is no longer advertised as soon as that is told', async () => {
  await first()
  expect(published[0]?.containers).toMatchObject([{ name: 'web' }])
  containers = []
  advertising.changed()
  await vi.waitFor(() => {
    expect(published.at(-1)?.containers).toEqual([])
  }, soon)
})

it('a cordon is advertised with its reason', async () => {
  await first()
  expect(published[0]).toMatchObject({ cordoned: false })
  standing = { cordoned: true, cordonReason: 'new kernel', maintenance: 'new kernel' }
  advertising.changed()
  await vi.waitFor(() => {
    expect(published.at(-1)).toMatchObject({
      cordoned: true,
      cordonReason: 'new kernel',
      maintenance: { reason: 'new kernel' }
    })
  }, soon)
})

it('what changes while it looks is looked at after that', async () => {
  const looking = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  askFacts = async () => {
    looking.resolve()
    await held.promise
    return facts
  }
  advertising.start()
  await looking.promise
  advertising.changed()
  held.resolve()
  await vi.waitFor(() => {
    expect(published).toHaveLength(2)
  }, soon)
})
