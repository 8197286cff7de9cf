// The source's side of one migration. It decides, once: before its COMMIT record is durable any failure means ABORT;
// after it, only a HAND-BACK of the target lets the container run here again.
import { assign, fromPromise, setup } from 'xstate'
import type { Problem } from '../protocols/operator/views.ts'
import { problemOf } from './problem.ts'

/** What the journal says of a migration that a restarted daemon finds unfinished. */
export interface SourceResume {
  /** The decision that was durable, if any. Without one the only way is back. */
  readonly decision?: 'commit' | 'abort'
  /** The target's HAND-BACK was recorded here. */
  readonly takenBack: boolean
}

export interface SourceInput {
  readonly migration: string
  readonly resume?: SourceResume
}

export interface SourceContext {
  readonly migration: string
  readonly resume?: SourceResume
  /** State in which it went wrong. */
  readonly failedIn?: string
  readonly problem?: Problem
  /** A COMMIT write was begun: until the journal says what stands, the tree must stay frozen. */
  readonly commitAttempted: boolean
  /** The target did not hand back: an operator spoke for it, and what was told of the COMMIT may still reach it. */
  readonly resolved: boolean
}

export type SourceEvent =
  | { readonly type: 'CANCEL'; readonly problem: Problem }
  /** The target's connection is gone, or one of its streams failed. */
  | { readonly type: 'LINK_LOST'; readonly problem: Problem }
  /** A limit of the migration ran out: its downtime or its whole length. */
  | { readonly type: 'DEADLINE'; readonly problem: Problem }
  /** An operator's word, once the target is gone for good: it never ran the container, and never will. */
  | { readonly type: 'RESOLVE_RUN'; readonly problem: Problem }
  /** The other word: the target has it, whatever it can still say of that. */
  | { readonly type: 'RESOLVE_DISCARD'; readonly problem: Problem }

export type Verdict = 'commit' | 'abort'
export type Delivery = 'ack' | 'hand-back'

/** Past the point where these could change anything: the journal decides, or what it decided is being carried out. */
const noWayBack = { CANCEL: {}, LINK_LOST: {}, DEADLINE: {}, RESOLVE_RUN: {}, RESOLVE_DISCARD: {} }

/** Committed, and the target does not say what became of it: an operator may. */
const resolved = {
  RESOLVE_RUN: {
    target: 'recordingTakeBack',
    actions: {
      type: 'resolve',
      params: ({ event }: { event: { problem: Problem } }) => ({ problem: event.problem })
    }
  },
  RESOLVE_DISCARD: {
    target: 'retiring',
    actions: {
      type: 'note',
      params: ({ event }: { event: { problem: Problem } }) => ({ problem: event.problem })
    }
  }
} as const

/** An actor that the daemon has to provide; running the bare machine is a mistake. */
const effect = <Output = void>() =>
  fromPromise<Output, { readonly migration: string }>(() => Promise.reject(new Error('this actor has to be provided')))

export const sourceMachine = setup({
  types: {
    context: {} as SourceContext,
    events: {} as SourceEvent,
    input: {} as SourceInput
  },
  actors: {
    /** Asks the target for a reservation. */
    offer: effect(),
    /** Sends this host's facts; rejects with the blockers. */
    preflight: effect(),
    /** Copies the rootfs while the container runs, in rounds. */
    preDump: effect(),
    /** Port off, cgroup frozen, frames kept, CRIU dumps and ends, cgroup seen frozen. */
    finalDump: effect(),
    /** The last rootfs round and the images. */
    stream: effect(),
    /** Asks for the restore; resolves when the target says PREPARED. */
    restore: effect(),
    /** Writes the decision durably; resolves with the one that stands. */
    decideCommit: effect<Verdict>(),
    decideAbort: effect<Verdict>(),
    /** Gives the COMMIT to other peers, as many as the policy asks for. */
    giveWitness: effect(),
    /** Tells COMMIT until the target acknowledges it or hands back. Never gives up. */
    deliverCommit: effect<Delivery>(),
    /** Writes durably that the target handed back, or that an operator took back. */
    recordTakeBack: effect(),
    /** Replaces the COMMIT at every witness that may have it, as far as each can be reached within a limit. */
    retract: effect(),
    /** Kills the frozen tree and puts the old rootfs aside. */
    retire: effect(),
    /** Ends what still works on the dump, undoes its leftovers, port on, thaw. Nothing to do where nothing was frozen. */
    undo: effect(),
    /** Tells the target of the abort, as far as it can be reached within a limit; a target that misses it asks. */
    deliverAbort: effect()
  },
  actions: {
    note: assign({ problem: (_, params: { problem: Problem }) => params.problem }),
    resolve: assign({ problem: (_, params: { problem: Problem }) => params.problem, resolved: true }),
    /** What it was given up for says more than what then went wrong on the way back. */
    noteFirst: assign({
      problem: ({ context }, params: { problem: Problem }) => context.problem ?? params.problem
    }),
    enter: assign({ failedIn: (_, params: { state: string }) => params.state })
  },
  guards: {
    resumesCommitted: ({ context }) => context.resume?.decision === 'commit' && !context.resume.takenBack,
    resumesTakenBack: ({ context }) => context.resume?.takenBack === true,
    resumes: ({ context }) => context.resume !== undefined,
    commitAttempted: ({ context }) => context.commitAttempted,
    resolved: ({ context }) => context.resolved
  },
  delays: {
    /** Between two tries of something that must not be given up. */
    retry: 1000
  }
}).createMachine({
  id: 'source',
  context: ({ input }) => ({
    migration: input.migration,
    ...(input.resume === undefined ? {} : { resume: input.resume }),
    commitAttempted: input.resume !== undefined,
    resolved: false
  }),
  initial: 'starting',
  states: {
    starting: {
      always: [
        // Whose word it was is not known any more.
        { guard: 'resumesTakenBack', target: 'retracting' },
        { guard: 'resumesCommitted', target: 'witnessing' },
        { guard: 'resumes', target: 'recordingAbort' },
        { target: 'running' }
      ]
    },

    // Everything in here can still be taken back by an ABORT.
    running: {
      initial: 'offering',
      on: {
        CANCEL: {
          target: 'recordingAbort',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        LINK_LOST: {
          target: 'recordingAbort',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        DEADLINE: {
          target: 'recordingAbort',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        // Nothing is in doubt yet: a cancel ends it.
        RESOLVE_RUN: {},
        RESOLVE_DISCARD: {}
      },
      states: {
        offering: {
          entry: { type: 'enter', params: { state: 'offering' } },
          invoke: {
            src: 'offer',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'preflighting',
            onError: {
              target: '#source.recordingAbort',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        preflighting: {
          entry: { type: 'enter', params: { state: 'preflighting' } },
          invoke: {
            src: 'preflight',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'preDumping',
            onError: {
              target: '#source.recordingAbort',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        preDumping: {
          entry: { type: 'enter', params: { state: 'preDumping' } },
          invoke: {
            src: 'preDump',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'finalDumping',
            onError: {
              target: '#source.recordingAbort',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        finalDumping: {
          entry: { type: 'enter', params: { state: 'finalDumping' } },
          invoke: {
            src: 'finalDump',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'streaming',
            onError: {
              target: '#source.recordingAbort',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        streaming: {
          entry: { type: 'enter', params: { state: 'streaming' } },
          invoke: {
            src: 'stream',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'restoring',
            onError: {
              target: '#source.recordingAbort',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        restoring: {
          entry: { type: 'enter', params: { state: 'restoring' } },
          invoke: {
            src: 'restore',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: '#source.recordingCommit',
            onError: {
              target: '#source.recordingAbort',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        }
      }
    },

    recordingCommit: {
      entry: assign({ commitAttempted: true }),
      on: noWayBack,
      invoke: {
        src: 'decideCommit',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [{ guard: ({ event }) => event.output === 'commit', target: 'witnessing' }, { target: 'undoing' }],
        // The write failed, but may have reached the disk: what stands is asked of the journal before anything moves.
        onError: {
          target: 'uncertain',
          actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    recordingAbort: {
      on: noWayBack,
      invoke: {
        src: 'decideAbort',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [{ guard: ({ event }) => event.output === 'commit', target: 'witnessing' }, { target: 'undoing' }],
        // Without a COMMIT record the answer is ABORT anyway, so that a full disk does not keep a container frozen.
        onError: [{ guard: 'commitAttempted', target: 'uncertain' }, { target: 'undoing' }]
      }
    },
    uncertain: {
      on: noWayBack,
      after: { retry: 'recordingAbort' }
    },

    witnessing: {
      on: { ...noWayBack, ...resolved },
      invoke: {
        src: 'giveWitness',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'committed',
        onError: 'witnessingAgain'
      }
    },
    witnessingAgain: {
      on: { ...noWayBack, ...resolved },
      after: { retry: 'witnessing' }
    },
    committed: {
      on: { ...noWayBack, ...resolved },
      invoke: {
        src: 'deliverCommit',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [{ guard: ({ event }) => event.output === 'ack', target: 'retiring' }, { target: 'recordingTakeBack' }],
        onError: 'deliveringAgain'
      }
    },
    deliveringAgain: {
      on: { ...noWayBack, ...resolved },
      after: { retry: 'committed' }
    },
    retiring: {
      on: noWayBack,
      invoke: {
        src: 'retire',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'moved',
        onError: {
          target: 'retiringAgain',
          actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    retiringAgain: {
      on: noWayBack,
      after: { retry: 'retiring' }
    },
    moved: { type: 'final' },

    recordingTakeBack: {
      on: noWayBack,
      invoke: {
        src: 'recordTakeBack',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [{ guard: 'resolved', target: 'retracting' }, { target: 'undoing' }],
        onError: 'takingBackAgain'
      }
    },
    takingBackAgain: {
      on: noWayBack,
      after: { retry: 'recordingTakeBack' }
    },
    // Before the thaw: a target that comes back must not be told COMMIT by a witness while the container runs here.
    retracting: {
      on: noWayBack,
      invoke: {
        src: 'retract',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'undoing',
        onError: 'retractingAgain'
      }
    },
    retractingAgain: {
      on: noWayBack,
      after: { retry: 'retracting' }
    },

    undoing: {
      on: noWayBack,
      invoke: {
        src: 'undo',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'notifying',
        onError: {
          target: 'undoingAgain',
          actions: { type: 'noteFirst', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    undoingAgain: {
      on: noWayBack,
      after: { retry: 'undoing' }
    },
    notifying: {
      on: noWayBack,
      invoke: {
        src: 'deliverAbort',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'rolledBack',
        onError: 'rolledBack'
      }
    },
    rolledBack: { type: 'final' }
  }
})
