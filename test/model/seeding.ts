// How mistakes are seeded: in copies of the machines' configuration, and in what surrounds the machines.
import { StateMachine, type AnyStateMachine } from 'xstate'
import { sourceMachine } from '../../machines/source.ts'
import { targetMachine } from '../../machines/target.ts'
import { boundsOf, makeModel, type Bounds, type Mistakes, type Model } from './model.ts'

export interface Mutation {
  readonly name: string
  /** What is wrong: the configuration of a machine, what its actors and the journal do, or both. */
  readonly where: 'source machine' | 'target machine' | 'effects' | 'both'
  readonly bounds: Bounds
  readonly model: () => Model
}

export const BOUNDS = boundsOf({ crashes: 1, faults: 1, power: true, maxStates: 400_000 })
const DEEPER: Bounds = { ...BOUNDS, crashes: 2, faults: 2 }
export const TWO = boundsOf({ migrations: 2, maxStates: 400_000 })

type Edit = readonly [path: string, value: unknown]
type Tree = Record<string, unknown>

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]))
}

/** The machine with some places of its configuration put otherwise; a path has to exist up to its last name. */
export function edited(machine: AnyStateMachine, edits: readonly Edit[]): AnyStateMachine {
  const config = copy(machine.config) as Tree
  for (const [path, value] of edits) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let place = config
    for (const name of names) {
      const below = place[name]
      if (typeof below !== 'object' || below === null) throw new Error(`${machine.id} has no ${path}`)
      place = below as Tree
    }
    if (value === undefined) Reflect.deleteProperty(place, last)
    else place[last] = value
  }
  return new StateMachine(config, machine.implementations)
}

export function ofSource(name: string, ...edits: readonly Edit[]): Mutation {
  return within(BOUNDS, {
    name,
    where: 'source machine',
    bounds: BOUNDS,
    model: () => makeModel(BOUNDS, {}, { source: edited(sourceMachine, edits) })
  })
}

export function ofTarget(name: string, ...edits: readonly Edit[]): Mutation {
  return within(BOUNDS, {
    name,
    where: 'target machine',
    bounds: BOUNDS,
    model: () => makeModel(BOUNDS, {}, { target: edited(targetMachine, edits) })
  })
}

/** The same mistake where something else may go wrong. */
export function within(bounds: Bounds, mutation: Mutation): Mutation {
  return { ...mutation, bounds, model: () => ({ ...mutation.model(), bounds }) }
}

/** It takes two faults to show. */
export function deeper(mutation: Mutation): Mutation {
  return within(DEEPER, mutation)
}

export function ofEffects(name: string, wrong: Mistakes, bounds = BOUNDS): Mutation {
  return { name, where: 'effects', bounds, model: () => makeModel(bounds, wrong) }
}
