// Peers that hold a source's decision beside it, so that a target whose source died for good still learns it.
import { createHash } from 'node:crypto'
import { MAX_WITNESSES } from '../../protocols/migration/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import type { NodeParts } from './parts.ts'
import { operatorError, toProblem } from './problems.ts'
import { expectResponse } from './responses.ts'
import { pause } from '../mesh/pause.ts'

/** Between two tries to give a decision to a witness, milliseconds. */
const GIVE_AGAIN_MS = 300
/** A container stands still while a COMMIT is taken back at the witnesses, so that one that is not there is given up. Milliseconds. */
const REPLACE_MS = 5000
/** Longest wait for the other witnesses once one has told: a later statement may be with them. Milliseconds. */
const OTHERS_MS = 2000
/** A witness that is not there keeps its statement until its age removes it. Milliseconds. */
const RELEASE_MS = 5000

type Parts = Pick<NodeParts, 'name' | 'config' | 'log'> & {
  readonly mesh: Pick<NodeParts['mesh'], 'peers' | 'request'>
}

/**
 * Connected peers other than the target, twice as many as are asked for where there are so many: one of them may go while it counts.
 * Another set for every migration, so that no peer gets them all.
 * @throws OperatorError WITNESSES_MISSING, where the policy requires more than there are
 */
export function chooseWitnesses(parts: Parts, migration: string, target: string): string[] {
  const { count } = parts.config.witnesses
  const chosen = connected(parts)
    .filter((peer) => peer !== target)
    .map((peer) => ({ peer, rank: createHash('sha256').update(`${migration} ${peer}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, Math.min(MAX_WITNESSES, 2 * count))
    .map(({ peer }) => peer)
  checkWitnesses(parts, chosen)
  return chosen
}

/** Looks again, as late as possible before the decision. @throws OperatorError WITNESSES_MISSING */
export function checkWitnesses(parts: Parts, chosen: readonly string[]): void {
  const { count, policy } = parts.config.witnesses
  if (policy !== 'require') return
  const there = new Set(connected(parts))
  const reachable = chosen.filter((peer) => there.has(peer)).length
  if (reachable >= count) return
  throw operatorError(parts.name, {
    code: 'WITNESSES_MISSING',
    what: `${String(count)} witnesses are required for a decision, and ${String(reachable)} are connected`,
    why: 'the target and this host are none',
    remedy: `see ferry peers; bring more hosts into the mesh, or lower witnesses.count or set witnesses.policy to "prefer" on ${parts.name}`
  })
}

/**
 * Gives the statement to all of them and resolves with the number that has it on disk: as soon as enough have, or under "prefer"
 * when the wait is over. Under "require" it goes on until enough have; `told` hears what each of them answers meanwhile.
 */
export async function giveToWitnesses(
  parts: Parts,
  migration: string,
  witnesses: readonly string[],
  statement: Uint8Array<ArrayBuffer>,
  told: (witness: string, problem: Problem | undefined) => void,
  signal: AbortSignal
): Promise<number> {
  const { count, policy, waitMs } = parts.config.witnesses
  const enough = Math.min(count, witnesses.length)
  if (enough === 0) return 0
  const done = new AbortController()
  const limits = policy === 'prefer' ? [AbortSignal.timeout(waitMs)] : []
  const until = AbortSignal.any([signal, done.signal, ...limits])
  let have = 0
  const give = async (witness: string): Promise<void> => {
    if (!(await giveTo(parts, migration, witness, statement, told, until))) return
    if (++have >= enough) done.abort()
  }
  await Promise.all(witnesses.map(give))
  signal.throwIfAborted()
  return have
}

/**
 * Gives a statement to each of them, so that none still holds an earlier one; resolves with the names of those that could not be
 * reached for as long as is waited.
 */
export async function replaceAtWitnesses(
  parts: Parts,
  migration: string,
  witnesses: readonly string[],
  statement: Uint8Array<ArrayBuffer>,
  signal: AbortSignal
): Promise<string[]> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(REPLACE_MS)])
  const have = await Promise.all(
    witnesses.map((witness) => giveTo(parts, migration, witness, statement, () => undefined, until))
  )
  signal.throwIfAborted()
  return witnesses.filter((_, index) => have[index] !== true).map((witness) => nameOf(parts, witness))
}

/** Tries until it has it, which is true, or until `until` aborts. */
async function giveTo(
  parts: Parts,
  migration: string,
  witness: string,
  statement: Uint8Array<ArrayBuffer>,
  told: (witness: string, problem: Problem | undefined) => void,
  until: AbortSignal
): Promise<boolean> {
  for (;;) {
    try {
      const limit = AbortSignal.any([until, AbortSignal.timeout(parts.config.limits.peerTimeoutMs)])
      const response = await parts.mesh.request(witness, { migration, witness: { statement } }, limit)
      expectResponse(response, 'ack', witness)
      told(witness, undefined)
      return true
    } catch (error) {
      if (until.aborted) return false
      told(witness, toProblem(nameOf(parts, witness), error))
      parts.log.warn({ err: error, migration, witness }, 'a witness does not hold the decision yet')
    }
    // Ends early where the wait is over; then the next look at `until` says so.
    await pause(GIVE_AGAIN_MS, until)
    if (until.aborted) return false
  }
}

/** Both sides have ended and nobody will ask: each of them may forget. Tried once. */
export async function releaseWitnesses(parts: Parts, migration: string, witnesses: readonly string[]): Promise<void> {
  const release = async (witness: string): Promise<void> => {
    try {
      const response = await parts.mesh.request(
        witness,
        { migration, releaseWitness: {} },
        AbortSignal.timeout(RELEASE_MS)
      )
      expectResponse(response, 'ack', witness)
    } catch (error) {
      parts.log.info({ err: error, migration, witness }, 'a witness keeps a decision that nobody needs any more')
    }
  }
  await Promise.all(witnesses.map(release))
}

/**
 * Asks all of them at once what they hold of the source's; resolves with the newest statement that `accept` takes, by its number, of
 * those that come in time: where the source took its COMMIT back, not every witness need know. One that holds nothing says nothing
 * about the decision: the source may have died before it told.
 */
export async function askWitnesses<Told extends { readonly seq: number }>(
  parts: Parts,
  migration: string,
  source: string,
  witnesses: readonly string[],
  accept: (statement: Uint8Array, witness: string) => Told,
  signal: AbortSignal
): Promise<Told | undefined> {
  const enough = new AbortController()
  const until = AbortSignal.any([signal, enough.signal, AbortSignal.timeout(parts.config.limits.peerTimeoutMs)])
  let newest: Told | undefined
  let timer: NodeJS.Timeout | undefined
  const ask = async (witness: string): Promise<void> => {
    try {
      const response = await parts.mesh.request(witness, { migration, askWitness: { source } }, until)
      const { receipt } = expectResponse(response, 'decision', witness)
      const told = accept(receipt ?? new Uint8Array(), witness)
      if (newest === undefined || told.seq > newest.seq) newest = told
      timer ??= setTimeout(() => {
        enough.abort()
      }, OTHERS_MS)
    } catch (error) {
      parts.log.info({ err: error, migration, witness }, 'a witness tells no decision')
    }
  }
  try {
    await Promise.all(witnesses.map(ask))
  } finally {
    clearTimeout(timer)
  }
  signal.throwIfAborted()
  return newest
}

function nameOf({ mesh }: Parts, peerId: string): string {
  return mesh.peers().find((peer) => peer.peerId === peerId)?.name || peerId
}

function connected({ mesh }: Parts): string[] {
  return mesh
    .peers()
    .filter(({ state }) => state === 'connected')
    .map(({ peerId }) => peerId)
}
