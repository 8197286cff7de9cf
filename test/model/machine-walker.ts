// The real machines, walked by xstate's pure functions. Every step is computed once and remembered by number.
import { initialTransition, transition, type AnyMachineSnapshot, type AnyStateMachine, type AnyStateNode } from 'xstate'

export interface MachineEvent {
  readonly type: string
  readonly epoch?: number
  readonly output?: string | undefined
  readonly error?: unknown
}

interface Known {
  readonly snapshot: AnyMachineSnapshot
  readonly name: string
  /** Name of the actor that this state invokes. */
  readonly effect: string | undefined
  readonly child: string | undefined
  readonly retry: string | undefined
  /** In a state within another: nothing is decided or promised yet. */
  readonly nested: boolean
  readonly final: boolean
  readonly steps: Map<string, number>
}

/** Only for a person to read; no guard looks at them, so that states which differ in them alone are one state. */
const REPORTED = new Set(['problem', 'failedIn', 'resume', 'migration'])
const PROBLEM = { code: 'MODEL', host: 'model', what: 'a fault of the model', remedy: 'none' }

export class MachineWalker {
  readonly #machine: AnyStateMachine
  readonly #states: Known[] = []
  readonly #numbers = new Map<string, number>()
  readonly #starts = new Map<string, number>()

  constructor(machine: AnyStateMachine) {
    this.#machine = machine
  }

  /** Leaf states of the machine that were never entered. */
  unreached(): string[] {
    const entered = new Set(this.#states.map(({ name }) => name))
    return leavesOf(this.#machine.root)
      .filter(({ key }) => !entered.has(key))
      .map(({ id }) => id)
  }

  start(input: Readonly<Record<string, unknown>>): number {
    const key = JSON.stringify(input)
    let state = this.#starts.get(key)
    if (state === undefined) {
      state = this.#number(initialTransition(this.#machine, input)[0])
      this.#starts.set(key, state)
    }
    return state
  }

  send(state: number, event: MachineEvent): number {
    const known = this.at(state)
    // All that a guard may look at.
    const key = `${event.type} ${String(event.epoch)} ${String(event.output)}`
    let next = known.steps.get(key)
    if (next === undefined) {
      const sent = { problem: PROBLEM, ...event }
      next = this.#number(transition(this.#machine, known.snapshot, sent)[0])
      known.steps.set(key, next)
    }
    return next
  }

  done(state: number, output?: string): number {
    return this.send(state, { type: `xstate.done.actor.${this.#child(state)}`, output })
  }

  failed(state: number): number {
    return this.send(state, { type: `xstate.error.actor.${this.#child(state)}`, error: { problem: PROBLEM } })
  }

  retried(state: number): number {
    return this.send(state, { type: this.at(state).retry ?? 'none' })
  }

  at(state: number): Known {
    const known = this.#states[state]
    if (known === undefined) throw new Error(`no state ${String(state)} of ${this.#machine.id}`)
    return known
  }

  #child(state: number): string {
    const { child, name } = this.at(state)
    if (child === undefined) throw new Error(`${this.#machine.id}: ${name} invokes nothing`)
    return child
  }

  #number(snapshot: AnyMachineSnapshot): number {
    const context = Object.entries(snapshot.context as Record<string, unknown>).filter(([key]) => !REPORTED.has(key))
    const key = JSON.stringify([snapshot.value, snapshot.status, context])
    const seen = this.#numbers.get(key)
    if (seen !== undefined) return seen
    if (snapshot.status === 'error') throw new Error(`${this.#machine.id} failed`, { cause: snapshot.error })
    const value = snapshot.value as string | Record<string, string>
    const child = Object.entries(snapshot.children as Record<string, { readonly src: unknown } | undefined>)[0]
    const retry = snapshot._nodes
      .flatMap((node) => [...node.transitions.keys()])
      .find((type) => type.startsWith('xstate.after.'))
    this.#states.push({
      snapshot,
      name: typeof value === 'string' ? value : (Object.values(value)[0] ?? ''),
      effect: child === undefined ? undefined : String(child[1]?.src),
      child: child?.[0],
      retry,
      nested: typeof value !== 'string',
      final: snapshot.status === 'done',
      steps: new Map()
    })
    this.#numbers.set(key, this.#states.length - 1)
    return this.#states.length - 1
  }
}

function leavesOf(node: AnyStateNode): AnyStateNode[] {
  const below = Object.values(node.states)
  return below.length === 0 ? [node] : below.flatMap(leavesOf)
}
