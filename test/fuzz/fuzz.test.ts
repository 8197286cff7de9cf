import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decoders } from './decoders.ts'
import { handlers, type Handlers } from './handlers.ts'
import { runLive } from './live.ts'
import { excess } from './memory.ts'
import { feedUnspoilt, runFuzz } from './run.ts'
import { makeScene, type Scene } from './scene.ts'
import type { Target } from './target.ts'

// The million is `npm run fuzz`; its numbers are in docs/security.md.
const INPUTS = 6_000
const STREAMS = 400

describe('random and spoilt bytes', () => {
  let scene: Scene
  let fed: Handlers
  let targets: readonly Target[]

  beforeAll(async () => {
    scene = await makeScene()
    fed = await handlers(scene)
    targets = [...(await decoders()), ...fed.all]
  })
  afterAll(async () => {
    await fed.close()
    await scene.end()
  })

  test('are made of messages that every decoder takes and every handler acts on as they are', async () => {
    const acted = await feedUnspoilt(targets)
    const handled = fed.all.map(({ name }) => name).filter((name) => name !== 'record of a stranger')
    expect([...acted].sort()).toEqual(handled.sort())
  })

  test('are taken or refused with a reason by every decoder and handler, and an honest member is served meanwhile', async () => {
    const { targets: results, honest, memory } = await runFuzz(targets, fed.honest, { inputs: INPUTS, seed: 7 })
    expect(honest).toBe(Math.floor(results.reduce((sum, { inputs }) => sum + inputs, 0) / 500))
    expect(excess(memory.warm, memory.end)).toEqual([])
    expect((await scene.written()).strays).toEqual([])
    // They are not all turned away at the first byte.
    const sum = (of: 'inputs' | 'decoded' | 'acted'): number => results.reduce((total, one) => total + one[of], 0)
    expect(sum('decoded')).toBeGreaterThan(0.1 * sum('inputs'))
    expect(sum('acted')).toBeGreaterThan(0.005 * sum('inputs'))
  })
})

test('random and spoilt bytes over real streams end their stream and nothing else', async () => {
  const { protocols, honest, written, memory, trespasses, pestered, migrations, headers } = await runLive({
    inputs: STREAMS,
    seed: 7
  })
  expect(honest.failures).toEqual([])
  expect(honest.answers).toBeGreaterThan(0)
  expect(honest.advertKnown).toBe(true)
  expect(written.strays).toEqual([])
  expect(excess(memory.warm, memory.end)).toEqual([])
  expect(trespasses).toBe(0)
  expect(pestered.streams).toBeGreaterThan(0)
  expect(pestered.ended).toBe(pestered.streams)
  expect(migrations).toBeGreaterThan(0)
  expect(headers).toBeGreaterThan(0)
  const reached = ['hello', 'migration', 'gossip', 'records', 'command (member)', 'command (operator)', 'relay']
  expect(reached.filter((name) => (protocols[name]?.answered ?? 0) === 0)).toEqual([])
  expect(protocols['join (stranger)']).toEqual({ streams: STREAMS / 25, refused: 0, answered: 0 })
})
