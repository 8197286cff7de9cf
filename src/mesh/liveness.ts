// Notices a link that was cut without a word: TCP alone would take many minutes.

export interface LivenessOptions<C> {
  connections(): readonly C[]
  /** Asks the other side; rejects when no answer came. */
  probe(connection: C, signal: AbortSignal): Promise<void>
  /** Milliseconds (monotonic) of the last sign of life, whatever it was. */
  lastActivity(connection: C): number
  /** The other side is gone. */
  lost(connection: C, why: string): void
  readonly everyMs?: number
  readonly timeoutMs?: number
}

/** Connections asked at a time: in a large mesh each has its turn less often, and the cost stays the same. */
const AT_ONCE = 4
/** A silence is counted in so many steps. */
const STEPS = 4

/** Returns what stops it. */
export function watchLiveness<C extends object>(options: LivenessOptions<C>): () => void {
  const { everyMs = 2_000, timeoutMs = 5_000 } = options
  const underWay = new Set<C>()
  const stopped = new AbortController()

  const ask = async (connection: C): Promise<void> => {
    underWay.add(connection)
    const silence = silenceOf(timeoutMs)
    try {
      await options.probe(connection, AbortSignal.any([stopped.signal, silence.signal]))
    } catch (error) {
      // A probe waits behind a bulk transfer on a slow link; as long as that moves, the link is there.
      if (stopped.signal.aborted || performance.now() - options.lastActivity(connection) < timeoutMs) return
      options.lost(connection, error instanceof Error ? error.message : String(error))
    } finally {
      silence[Symbol.dispose]()
      underWay.delete(connection)
    }
  }
  let turn: C[] = []
  const timer = setInterval(() => {
    const there = options.connections()
    turn = turn.filter((connection) => there.includes(connection))
    if (turn.length === 0) turn = [...there]
    for (const connection of turn.splice(0, AT_ONCE)) if (!underWay.has(connection)) void ask(connection)
  }, everyMs)
  return () => {
    clearInterval(timer)
    stopped.abort(new Error('the mesh is stopping'))
  }
}

/**
 * Aborts after a time in which nothing came and this process could have heard it. Where it stood still itself, with its machine perhaps, timers are
 * due before what arrived meanwhile is read: that is nobody's silence, and the time begins anew.
 */
function silenceOf(timeoutMs: number): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController()
  const stepMs = timeoutMs / STEPS
  let steps = 0
  let before = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    steps = now - before > 2 * stepMs ? 0 : steps + 1
    before = now
    if (steps >= STEPS) over.abort(new Error(`no answer for ${String(timeoutMs)} ms`))
  }, stepMs)
  return { signal: over.signal, [Symbol.dispose]: () => clearInterval(timer) }
}
