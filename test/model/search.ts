// Breadth first over every interleaving, then backwards from the good ends.
import { crashSteps } from './crashes.ts'
import { handSteps } from './hands.ts'
import { brokenRule, isGoodEnd } from './invariants.ts'
import type { Emit, Model } from './model.ts'
import { networkSteps } from './network.ts'
import { sourceSteps } from './source-side.ts'
import { targetSteps } from './target-side.ts'
import { witnessSteps } from './witnesses.ts'
import { wordSteps } from './words.ts'
import { decode, encode } from './world-key.ts'
import { initialWorld, type World } from './world.ts'

export interface Violation {
  readonly rule: string
  /** Each step in words, the last one is where the rule broke. */
  readonly trace: readonly string[]
}

export interface Outcome {
  readonly states: number
  readonly transitions: number
  readonly goodEnds: number
  /** States of the machines that no visited world was in. */
  readonly unreached: readonly string[]
  /** Every state within the bounds was visited. */
  readonly complete: boolean
  readonly violation?: Violation
}

export function everyStep(model: Model, world: World, emit: Emit): void {
  sourceSteps(model, world, emit)
  targetSteps(model, world, emit)
  networkSteps(model, world, emit)
  witnessSteps(model, world, emit)
  crashSteps(model, world, emit)
  handSteps(model, world, emit)
  wordSteps(model, world, emit)
}

function firstWorld({ bounds, start }: Model): World {
  const there = { w1Up: bounds.witnesses > 0 ? 1 : 0, w2Up: bounds.witnesses > 1 ? 1 : 0 }
  return { ...initialWorld(), ...there, ...start }
}

/** Numbers that grow as needed. */
class Numbers {
  #values = new Int32Array(1 << 16)
  length = 0

  push(value: number): void {
    if (this.length === this.#values.length) {
      const more = new Int32Array(this.#values.length * 2)
      more.set(this.#values)
      this.#values = more
    }
    this.#values[this.length++] = value
  }

  at(index: number): number {
    return this.#values[index] ?? -1
  }
}

export function explore(model: Model): Outcome {
  const known = new Map<string, number>()
  const keys: string[] = []
  const parents = new Numbers()
  const good = new Numbers()
  // Fault-free steps, as pairs, for the way back from the good ends.
  const from = new Numbers()
  const to = new Numbers()
  let transitions = 0
  let broken: { readonly state: number; readonly rule: string } | undefined

  const visit = (world: World, parent: number): number => {
    const key = encode(world)
    const seen = known.get(key)
    if (seen !== undefined) return seen
    const state = keys.length
    known.set(key, state)
    keys.push(key)
    parents.push(parent)
    const rule = brokenRule(model, world)
    if (rule !== undefined) broken ??= { state, rule }
    if (isGoodEnd(model, world)) good.push(state)
    return state
  }

  visit(firstWorld(model), -1)
  let state = 0
  for (; state < keys.length && broken === undefined && keys.length < model.bounds.maxStates; state++) {
    everyStep(model, decode(keys[state] ?? ''), (next, _label, kind) => {
      transitions++
      const reached = visit(next, state)
      if (kind === 'free' && reached !== state) {
        from.push(state)
        to.push(reached)
      }
    })
  }
  const complete = state === keys.length
  let violation: Violation | undefined
  if (broken !== undefined) violation = { rule: broken.rule, trace: trace(model, keys, parents, broken.state) }
  else if (complete) {
    const stuck = firstStuck(keys.length, good, from, to)
    if (stuck >= 0) {
      violation = {
        rule: 'without further faults both sides never reach one clean end',
        trace: [...trace(model, keys, parents, stuck), ...whatIsLeft(model, decode(keys[stuck] ?? ''))]
      }
    }
  }
  return {
    states: keys.length,
    transitions,
    goodEnds: good.length,
    unreached: [...model.source.unreached(), ...model.target.unreached()],
    complete,
    ...(violation === undefined ? {} : { violation })
  }
}

/** The first state from which no fault-free way leads to a good end; -1 if there is none. */
function firstStuck(count: number, good: Numbers, from: Numbers, to: Numbers): number {
  const starts = new Int32Array(count + 1)
  for (let edge = 0; edge < to.length; edge++) starts[to.at(edge) + 1] = (starts[to.at(edge) + 1] ?? 0) + 1
  for (let index = 0; index < count; index++) starts[index + 1] = (starts[index + 1] ?? 0) + (starts[index] ?? 0)
  const filled = starts.slice()
  const predecessors = new Int32Array(to.length)
  for (let edge = 0; edge < to.length; edge++) {
    const slot = filled[to.at(edge)] ?? 0
    predecessors[slot] = from.at(edge)
    filled[to.at(edge)] = slot + 1
  }
  const reaches = new Uint8Array(count)
  const queue: number[] = []
  for (let index = 0; index < good.length; index++) {
    reaches[good.at(index)] = 1
    queue.push(good.at(index))
  }
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const end = starts[state + 1] ?? 0
    for (let index = starts[state] ?? 0; index < end; index++) {
      const before = predecessors[index] ?? 0
      if (reaches[before] === 1) continue
      reaches[before] = 1
      queue.push(before)
    }
  }
  return reaches.indexOf(0)
}

function trace(model: Model, keys: readonly string[], parents: Numbers, last: number): string[] {
  const steps: string[] = []
  for (let state = last; parents.at(state) >= 0; state = parents.at(state)) {
    let words = '?'
    everyStep(model, decode(keys[parents.at(state)] ?? ''), (next, label) => {
      if (words === '?' && encode(next) === keys[state]) words = label
    })
    steps.push(words)
  }
  return steps.reverse()
}

function whatIsLeft(model: Model, world: World): string[] {
  const side = (up: number, active: number, state: string) => (up === 0 ? 'down' : active === 0 ? 'idle' : state)
  const fields = Object.entries(world).filter(([, value]) => value !== 0)
  const source = side(world.sUp, world.sMig, world.sMig === 0 ? '' : model.source.at(world.sMachine).name)
  const target = side(world.tUp, world.tMig, world.tMig === 0 ? '' : model.target.at(world.tMachine).name)
  return [
    `and there it stays: source ${source}, target ${target}`,
    fields.map(([name, value]) => `${name}=${String(value)}`).join(' ')
  ]
}
