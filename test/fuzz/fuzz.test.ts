import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runLive } from './live.ts'
import { runFuzz } from './run.ts'
import { makeTargets, type Targets } from './targets.ts'

// The million is `npm run fuzz`; its numbers are in docs/security.md.
const INPUTS = 20_000
const STREAMS = 1_000
const MIB = 2 ** 20

describe('random and spoilt bytes', () => {
  let folder: string
  let targets: Targets

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-test-fuzz-'))
    targets = await makeTargets(folder)
  })
  afterAll(async () => {
    await targets.close()
    await rm(folder, { recursive: true })
  })

  test('are taken or refused with a reason by every decoder and handler, and an honest peer is served meanwhile', async () => {
    const files = await readdir(folder)
    const { targets: results, honest, memory } = await runFuzz(targets, { inputs: INPUTS, seed: 7 })
    expect(results.map(({ name }) => name)).toEqual(targets.all.map(({ name }) => name))
    expect(honest).toBe(Math.floor(results.reduce((sum, { inputs }) => sum + inputs, 0) / 500))
    expect(memory.mostBytes - memory.earlyBytes).toBeLessThan(512 * MIB)
    expect(await readdir(folder)).toEqual(files)
  })

  test('over real streams end their stream and nothing else', async () => {
    const { streams, honest, strayFiles, writtenBytes } = await runLive({ inputs: STREAMS, seed: 7 })
    expect(streams).toBe(STREAMS)
    expect(honest.failures).toBe(0)
    expect(honest.answers).toBeGreaterThan(0)
    expect(strayFiles).toEqual([])
    expect(writtenBytes).toBeLessThanOrEqual(MIB)
  })
})
