// The target's side of one migration. Once prepared it never decides for itself: it waits, asks, and obeys;
// only before its own ACTIVATING record is durable may it give the right to run back.
import { assign, fromPromise, setup } from 'xstate'
import type { Problem } from '../protocols/operator/views.ts'
import { problemOf } from './problem.ts'

/** Durable facts of an unfinished migration that a restarted daemon finds. */
export interface TargetResume {
  readonly prepared: boolean
  readonly activating: boolean
  readonly handBack: boolean
}

export interface TargetInput {
  readonly migration: string
  /** Ownership epoch that this migration gives to the container; decisions of any other are not its. */
  readonly epoch: number
  readonly resume?: TargetResume
}

export interface TargetContext {
  readonly migration: string
  readonly epoch: number
  readonly resume?: TargetResume
  readonly problem?: Problem
  /** An operator decided: there is nobody to hand back to. */
  readonly resolved: boolean
}

export type TargetEvent =
  | { readonly type: 'PREFLIGHT' }
  /** Everything has arrived and the source asks for the restore. */
  | { readonly type: 'RESTORE' }
  | { readonly type: 'COMMIT'; readonly epoch: number }
  | { readonly type: 'ABORT'; readonly epoch: number; readonly problem: Problem }
  | { readonly type: 'CANCEL'; readonly problem: Problem }
  | { readonly type: 'LINK_LOST'; readonly problem: Problem }
  | { readonly type: 'DEADLINE'; readonly problem: Problem }
  /** An operator's word, once the source is gone for good: it runs here. */
  | { readonly type: 'RESOLVE_RUN'; readonly problem: Problem }
  /** The other word: it never runs here. */
  | { readonly type: 'RESOLVE_DISCARD'; readonly problem: Problem }

export type Verdict = 'commit' | 'abort'
/** Which of the two exclusive records stands. */
export type Claim = 'activating' | 'hand-back'

/** Past the point where these could change anything: the journal decides, or what it decided is being carried out. */
const noWayBack = {
  COMMIT: {},
  ABORT: {},
  CANCEL: {},
  LINK_LOST: {},
  DEADLINE: {},
  PREFLIGHT: {},
  RESTORE: {},
  RESOLVE_RUN: {},
  RESOLVE_DISCARD: {}
}

const effect = <Output = void>() =>
  fromPromise<Output, { readonly migration: string }>(() => Promise.reject(new Error('this actor has to be provided')))

export const targetMachine = setup({
  types: {
    context: {} as TargetContext,
    events: {} as TargetEvent,
    input: {} as TargetInput
  },
  actors: {
    /** Checks the offer and reserves name, memory and disk; makes the staging folder. */
    reserve: effect(),
    /** Compares both hosts' facts; rejects with the blockers. */
    compare: effect(),
    /** CRIU restores stopped, the cgroup is frozen and seen frozen. */
    restore: effect(),
    recordPrepared: effect(),
    /** Asks the source for the decision, and where it does not answer its witnesses, until one tells it. Never gives up. */
    askDecision: effect<Verdict>(),
    /** Looks whether the frozen tree is still there, whole and frozen. */
    seeFrozen: effect(),
    recordActivating: effect<Claim>(),
    recordHandBack: effect<Claim>(),
    /** Port on, thaw, kept frames, announcement. Idempotent. */
    activate: effect(),
    /** Makes it an ordinary container of this host. Idempotent. */
    adopt: effect(),
    /** Kills the tree and removes everything that was staged. Idempotent. */
    discard: effect(),
    /** Tells the source of the hand-back until it answers. */
    deliverHandBack: effect()
  },
  actions: {
    note: assign({ problem: (_, params: { problem: Problem }) => params.problem }),
    resolve: assign({ problem: (_, params: { problem: Problem }) => params.problem, resolved: true }),
    /** What it was given up for says more than what then went wrong while tidying up. */
    noteFirst: assign({
      problem: ({ context }, params: { problem: Problem }) => context.problem ?? params.problem
    })
  },
  guards: {
    resumesActivating: ({ context }) => context.resume?.activating === true,
    resumesHandBack: ({ context }) => context.resume?.handBack === true,
    resumesPrepared: ({ context }) => context.resume?.prepared === true,
    resumes: ({ context }) => context.resume !== undefined,
    resolved: ({ context }) => context.resolved,
    ofThisEpoch: ({ context, event }) => 'epoch' in event && event.epoch === context.epoch
  },
  delays: { retry: 1000 }
}).createMachine({
  id: 'target',
  context: ({ input }) => ({
    migration: input.migration,
    epoch: input.epoch,
    resolved: false,
    ...(input.resume === undefined ? {} : { resume: input.resume })
  }),
  initial: 'starting',
  states: {
    starting: {
      always: [
        { guard: 'resumesActivating', target: 'activating' },
        { guard: 'resumesHandBack', target: 'discardingHandedBack' },
        { guard: 'resumesPrepared', target: 'prepared' },
        { guard: 'resumes', target: 'discarding' },
        { target: 'unprepared' }
      ]
    },

    // Nothing has been promised yet: whatever goes wrong, the staged copy is thrown away.
    unprepared: {
      initial: 'reserving',
      on: {
        ABORT: {
          guard: 'ofThisEpoch',
          target: 'discarding',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        CANCEL: {
          target: 'discarding',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        LINK_LOST: {
          target: 'discarding',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        DEADLINE: {
          target: 'discarding',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        // A source never commits what was not said to be prepared; one that does is not believed.
        COMMIT: {},
        PREFLIGHT: {},
        RESTORE: {},
        // Nothing is in doubt yet: a cancel ends it.
        RESOLVE_RUN: {},
        RESOLVE_DISCARD: {}
      },
      states: {
        reserving: {
          invoke: {
            src: 'reserve',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'reserved',
            onError: {
              target: '#target.discarding',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        // While the source has the word, the target asks whether it still means it: an offer that comes late, or an ABORT
        // that is lost while the link stands, would otherwise leave a reservation for ever.
        reserved: {
          on: { PREFLIGHT: 'comparing' },
          invoke: {
            src: 'askDecision',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: '#target.discarding',
            onError: {
              target: '#target.discarding',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        comparing: {
          invoke: {
            src: 'compare',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'receiving',
            onError: {
              target: '#target.discarding',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        receiving: {
          on: { RESTORE: 'restoring' },
          invoke: {
            src: 'askDecision',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: '#target.discarding',
            onError: {
              target: '#target.discarding',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        restoring: {
          invoke: {
            src: 'restore',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: 'recordingPrepared',
            onError: {
              target: '#target.discarding',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        },
        recordingPrepared: {
          invoke: {
            src: 'recordPrepared',
            input: ({ context }) => ({ migration: context.migration }),
            onDone: '#target.prepared',
            // It was not said yet, so the source can't have committed.
            onError: {
              target: '#target.discarding',
              actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
            }
          }
        }
      }
    },

    prepared: {
      on: {
        COMMIT: { guard: 'ofThisEpoch', target: 'seeing' },
        ABORT: {
          guard: 'ofThisEpoch',
          target: 'discarding',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        // In doubt: it waits and asks, whatever happens.
        CANCEL: {},
        LINK_LOST: {},
        DEADLINE: {},
        PREFLIGHT: {},
        RESTORE: {},
        RESOLVE_RUN: {
          target: 'seeing',
          actions: { type: 'resolve', params: ({ event }) => ({ problem: event.problem }) }
        },
        RESOLVE_DISCARD: {
          target: 'recordingHandBack',
          actions: { type: 'resolve', params: ({ event }) => ({ problem: event.problem }) }
        }
      },
      invoke: {
        src: 'askDecision',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [{ guard: ({ event }) => event.output === 'commit', target: 'seeing' }, { target: 'discarding' }],
        onError: 'askingAgain'
      }
    },
    askingAgain: {
      on: {
        COMMIT: { guard: 'ofThisEpoch', target: 'seeing' },
        ABORT: {
          guard: 'ofThisEpoch',
          target: 'discarding',
          actions: { type: 'note', params: ({ event }) => ({ problem: event.problem }) }
        },
        CANCEL: {},
        LINK_LOST: {},
        DEADLINE: {},
        PREFLIGHT: {},
        RESTORE: {},
        RESOLVE_RUN: {
          target: 'seeing',
          actions: { type: 'resolve', params: ({ event }) => ({ problem: event.problem }) }
        },
        RESOLVE_DISCARD: {
          target: 'recordingHandBack',
          actions: { type: 'resolve', params: ({ event }) => ({ problem: event.problem }) }
        }
      },
      after: { retry: 'prepared' }
    },

    seeing: {
      on: noWayBack,
      invoke: {
        src: 'seeFrozen',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'recordingActivating',
        onError: {
          target: 'recordingHandBack',
          actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    recordingActivating: {
      on: noWayBack,
      invoke: {
        src: 'recordActivating',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [
          { guard: ({ event }) => event.output === 'activating', target: 'activating' },
          { target: 'discardingHandedBack' }
        ],
        onError: {
          target: 'recordingAgain',
          actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    recordingAgain: {
      on: noWayBack,
      after: { retry: 'recordingActivating' }
    },
    activating: {
      on: noWayBack,
      invoke: {
        src: 'activate',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'adopting',
        onError: {
          target: 'activatingAgain',
          actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    activatingAgain: {
      on: noWayBack,
      after: { retry: 'activating' }
    },
    adopting: {
      on: noWayBack,
      invoke: {
        src: 'adopt',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'owner',
        // It runs here already, and the source hears so; what would keep it from starting again must go all the same.
        onError: {
          target: 'adoptingAgain',
          actions: { type: 'note', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    adoptingAgain: {
      on: noWayBack,
      after: { retry: 'adopting' }
    },
    owner: { type: 'final' },

    recordingHandBack: {
      on: noWayBack,
      invoke: {
        src: 'recordHandBack',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [
          { guard: ({ event }) => event.output === 'hand-back', target: 'discardingHandedBack' },
          { target: 'activating' }
        ],
        onError: 'handingBackAgain'
      }
    },
    handingBackAgain: {
      on: noWayBack,
      after: { retry: 'recordingHandBack' }
    },
    // The tree is dead before the source hears of it.
    discardingHandedBack: {
      on: noWayBack,
      invoke: {
        src: 'discard',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: [{ guard: 'resolved', target: 'handedBack' }, { target: 'handingBack' }],
        onError: 'discardingHandedBackAgain'
      }
    },
    discardingHandedBackAgain: {
      on: noWayBack,
      after: { retry: 'discardingHandedBack' }
    },
    handingBack: {
      on: {
        ...noWayBack,
        // The record stays: a source that comes back all the same is told.
        RESOLVE_DISCARD: {
          target: 'handedBack',
          actions: { type: 'resolve', params: ({ event }) => ({ problem: event.problem }) }
        }
      },
      invoke: {
        src: 'deliverHandBack',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'handedBack',
        onError: 'deliveringHandBackAgain'
      }
    },
    deliveringHandBackAgain: {
      on: {
        ...noWayBack,
        // The record stays: a source that comes back all the same is told.
        RESOLVE_DISCARD: {
          target: 'handedBack',
          actions: { type: 'resolve', params: ({ event }) => ({ problem: event.problem }) }
        }
      },
      after: { retry: 'handingBack' }
    },
    handedBack: { type: 'final' },

    discarding: {
      on: noWayBack,
      invoke: {
        src: 'discard',
        input: ({ context }) => ({ migration: context.migration }),
        onDone: 'discarded',
        onError: {
          target: 'discardingAgain',
          actions: { type: 'noteFirst', params: ({ event }) => ({ problem: problemOf(event.error) }) }
        }
      }
    },
    discardingAgain: {
      on: noWayBack,
      after: { retry: 'discarding' }
    },
    discarded: { type: 'final' }
  }
})
