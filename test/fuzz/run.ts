// Feeds every target its share of inputs, and looks after the process and the honest peer meanwhile.
import { performance } from 'node:perf_hooks'
import { MeshError } from '../../src/mesh/mesh-error.ts'
import { ProtocolError } from '../../protocols/problem.ts'
import { TransferError } from '../../src/transfer/transfer-error.ts'
import { seededRandom } from '../bench/mesh/seeded-random.ts'
import { mutated } from './mutate.ts'
import type { Target, Targets } from './targets.ts'

export interface TargetResult {
  readonly name: string
  readonly inputs: number
  /** Of these, the ones that were still valid. */
  readonly taken: number
  readonly slowestMs: number
}

export interface FuzzResult {
  readonly seed: number
  readonly inputs: number
  readonly bytes: number
  readonly seconds: number
  readonly targets: readonly TargetResult[]
  /** Exchanges of the honest peer, every one of which went well. */
  readonly honest: number
  /** Resident memory after the first tenth, and at the most after that. */
  readonly memory: { readonly earlyBytes: number; readonly mostBytes: number }
}

/** Inputs between two looks at memory and the honest peer. */
const BATCH = 500

/** @throws an error that names the target, the seed and the input, for whatever is neither taken nor refused as it should be */
export async function runFuzz(
  { all, honest }: Targets,
  { inputs, seed }: { readonly inputs: number; readonly seed: number }
): Promise<FuzzResult> {
  const began = performance.now()
  const shares = all.reduce((sum, { weight }) => sum + weight, 0)
  const results: TargetResult[] = []
  let fed = 0
  let bytes = 0
  let honestDone = 0
  const memory = { earlyBytes: 0, mostBytes: 0 }
  for (const [index, target] of all.entries()) {
    const random = seededRandom(seed * 1_000 + index)
    const share = Math.ceil((inputs * target.weight) / shares)
    let taken = 0
    let slowestMs = 0
    for (let number = 0; number < share; number++) {
      const input = mutated(target.corpus, random)
      bytes += input.byteLength
      const start = performance.now()
      if (await feed(target, input, `seed ${seed}, input ${number}`)) taken++
      slowestMs = Math.max(slowestMs, performance.now() - start)
      if (++fed % BATCH !== 0) continue
      await honest()
      honestDone++
      await new Promise((resolve) => setImmediate(resolve))
      const { rss } = process.memoryUsage()
      if (fed < inputs / 10) memory.earlyBytes = Math.max(memory.earlyBytes, rss)
      memory.mostBytes = Math.max(memory.mostBytes, rss)
    }
    results.push({ name: target.name, inputs: share, taken, slowestMs })
  }
  const seconds = (performance.now() - began) / 1000
  return { seed, inputs: fed, bytes, seconds, targets: results, honest: honestDone, memory }
}

async function feed(target: Target, input: Uint8Array, which: string): Promise<boolean> {
  try {
    await target.feed(input)
    return true
  } catch (error) {
    if (isRefusal(error)) return false
    const hex = Buffer.from(input.subarray(0, 2_000)).toString('hex')
    throw new Error(`${target.name}, ${which}: ${String(error)}; it was ${input.byteLength} bytes: ${hex}`, {
      cause: error
    })
  }
}

/** Only what says code, cause and remedy is a refusal; a TypeError out of somewhere is a hole. */
function isRefusal(error: unknown): boolean {
  if (error instanceof ProtocolError || error instanceof TransferError || error instanceof MeshError) return true
  return error instanceof Error && 'details' in error
}
