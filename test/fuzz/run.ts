// Feeds every target its share of inputs, a little of each in turn, and looks after the process and the honest member meanwhile.
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ProtocolError, wordsOf } from '../../protocols/problem.ts'
import { OperatorError } from '../../protocols/operator/views.ts'
import { HostProblem } from '../../src/host/problem.ts'
import { MeshError } from '../../src/mesh/mesh-error.ts'
import { ReceiptError } from '../../src/receipt/receipt-error.ts'
import { TransferError } from '../../src/transfer/transfer-error.ts'
import { seededRandom } from '../bench/mesh/seeded-random.ts'
import { settledMemory, type Memory } from './memory.ts'
import { mutated } from './mutate.ts'
import type { Outcome, Target } from './target.ts'

export interface TargetResult {
  readonly name: string
  inputs: number
  /** Still of its form after it was spoilt. */
  decoded: number
  /** Of these, the ones that a handler did something about. */
  acted: number
  slowestMs: number
}

export interface FuzzResult {
  readonly inputs: number
  readonly bytes: number
  readonly seconds: number
  readonly targets: readonly TargetResult[]
  /** Exchanges of the honest member, every one of which went well. */
  readonly honest: number
  /** After the warm-up, which is the first tenth, and at the end. */
  readonly memory: { readonly warm: Memory; readonly end: Memory }
}

/** Inputs between two exchanges of the honest member. */
const BATCH = 500
/** And between two turns of the event loop, which decoders alone would not give it. */
const TURN = 20
const PARTS = 10

/** @throws an error that names the target, the seed and the input, for whatever is neither taken nor refused as it should be */
export async function runFuzz(
  targets: readonly Target[],
  honest: () => Promise<void>,
  { inputs, seed }: { readonly inputs: number; readonly seed: number }
): Promise<FuzzResult> {
  const began = performance.now()
  const shares = targets.reduce((sum, { weight }) => sum + weight, 0)
  const each = targets.map((target, index) => ({
    target,
    random: seededRandom(seed * 1_000 + index),
    share: Math.ceil((inputs * target.weight) / shares),
    result: newResult(target.name)
  }))
  const done = { inputs: 0, bytes: 0, honest: 0 }
  let warm: Memory | undefined
  for (let part = 1; part <= PARTS; part++) {
    for (const { target, random, share, result } of each) {
      while (result.inputs < (share * part) / PARTS) {
        const input = mutated(await target.corpus(), random)
        const start = performance.now()
        const outcome = await feed(target, input, `seed ${seed}, input ${result.inputs}`)
        result.slowestMs = Math.max(result.slowestMs, performance.now() - start)
        result.inputs++
        if (outcome !== 'refused') result.decoded++
        if (outcome === 'acted') result.acted++
        done.bytes += input.byteLength
        if (++done.inputs % TURN === 0) await nextTurn()
        if (done.inputs % BATCH !== 0) continue
        await honest()
        done.honest++
      }
    }
    warm ??= await settledMemory()
  }
  const end = await settledMemory()
  const seconds = (performance.now() - began) / 1000
  return { ...done, seconds, targets: each.map(({ result }) => result), memory: { warm: warm ?? end, end } }
}

function newResult(name: string): TargetResult {
  return { name, inputs: 0, decoded: 0, acted: 0, slowestMs: 0 }
}

/**
 * Every message as it should be, so that what is spoilt is known to have been good. Returns the names of the targets that acted
 * on one. @throws the refusal of one that is not taken
 */
export async function feedUnspoilt(targets: readonly Target[]): Promise<ReadonlySet<string>> {
  const acted = new Set<string>()
  for (const target of targets) {
    for (const message of await target.corpus()) {
      try {
        if ((await target.feed(message)) === 'acted') acted.add(target.name)
      } catch (error) {
        throw new Error(`${target.name}: a good message was refused: ${wordsOf(error)}`, { cause: error })
      }
    }
  }
  return acted
}

async function feed(target: Target, input: Uint8Array, which: string): Promise<Outcome | 'refused'> {
  try {
    return await target.feed(input)
  } catch (error) {
    if (isRefusal(error)) return 'refused'
    const hex = Buffer.from(input.subarray(0, 2_000)).toString('hex')
    throw new Error(`${target.name}, ${which}: ${String(error)}; it was ${input.byteLength} bytes: ${hex}`, {
      cause: error
    })
  }
}

/** Only what says code, cause and remedy is a refusal; a TypeError out of somewhere is a hole. */
function isRefusal(error: unknown): boolean {
  const kinds = [ProtocolError, TransferError, MeshError, OperatorError, HostProblem, ReceiptError]
  if (kinds.some((kind) => error instanceof kind)) return true
  return error instanceof Error && 'details' in error
}
