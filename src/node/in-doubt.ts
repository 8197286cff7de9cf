// When an operator may decide in place of a host that is gone: only while that host does not answer.
import type { Problem, Resolution } from '../../protocols/operator/views.ts'
import type { Mesh } from '../mesh/mesh.ts'
import { operatorError } from './problems.ts'

export interface Doubt {
  readonly migration: string
  /** Name of this host and of the one that ought to know. */
  readonly host: string
  readonly other: string
  /** State of this side's machine. */
  readonly state: string
  /** The machine is in a state in which the other side's word is what it waits for. */
  readonly waiting: boolean
  /** Who has to answer before this side can go on: the other host, or as many witnesses as are required. */
  readonly asked: string
  /** Why their word is not to be had, as far as it was tried. */
  readonly silence: Problem | undefined
  /** The other host is connected: whatever kept it from answering so far, it may go on at any moment. */
  readonly connected: boolean
  readonly container: string
  /** Processes of the container are on this host. */
  readonly hasTree: boolean
}

/** Answers of a host that will not go on with the migration, connected as it is. */
const GIVEN_UP = new Set(['UNKNOWN_MIGRATION', 'NOT_TAKEN_UP'])

/** What goes on record when an operator decides. @throws OperatorError NOT_IN_DOUBT, NOTHING_TO_RUN */
export function operatorsWord(how: Resolution, doubt: Doubt): Problem {
  const { migration, host, other, asked, state, waiting, silence } = doubt
  if (!waiting) {
    throw operatorError(host, {
      code: 'NOT_IN_DOUBT',
      what: `migration ${migration} does not wait for a decision on ${host}`,
      why: `it is in state ${state}`,
      remedy: `see ferry migrations; before the decision, ferry cancel ${migration} ends it`
    })
  }
  if (silence === undefined) {
    throw operatorError(host, {
      code: 'NOT_IN_DOUBT',
      what: `migration ${migration} may still go on by itself: nobody has failed to answer yet`,
      why: `${host} is asking ${asked === other ? other : 'its witnesses'}`,
      remedy: `wait for limits.peerTimeoutMs and see ferry peers; if they are gone for good, say it again`
    })
  }
  if (doubt.connected && !GIVEN_UP.has(silence.code)) {
    throw operatorError(host, {
      code: 'NOT_IN_DOUBT',
      what: `migration ${migration} may still go on by itself: ${other} is connected`,
      why: `it has not answered yet: ${silence.what}`,
      remedy: `see what keeps it in the log of ${other}; if it can't go on, stop ferry there, see that nothing of the container runs, and say it again`
    })
  }
  if (how === 'run-here' && !doubt.hasTree) {
    throw operatorError(host, {
      code: 'NOTHING_TO_RUN',
      what: `no process of ${doubt.container} is left on ${host}, so that it can't run on from here`,
      why: 'the host was restarted, or somebody killed them',
      remedy: `if ${other} still has it, let it run there; otherwise ferry resolve ${migration} --discard, then start ${doubt.container} from its root file system`
    })
  }
  return {
    code: 'RESOLVED',
    host,
    what: `an operator decided on ${host}: ${how === 'run-here' ? 'the container runs here' : 'the copy here is discarded'}`,
    why: `${asked} did not answer: ${silence.what}`,
    remedy: `see that no process of the container is left on ${other} before it joins the mesh again`
  }
}

export function isConnected(mesh: Mesh, peerId: string): boolean {
  return mesh.peers().some((peer) => peer.peerId === peerId && peer.state === 'connected')
}

/** A sentence as a receipt may have it: short, and nothing in it that steers a terminal. */
export function words(sentence: string | undefined): string {
  return (sentence ?? '').replace(/\p{Cc}/gu, ' ').slice(0, 200)
}
