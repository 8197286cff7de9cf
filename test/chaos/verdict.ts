// What a run ended as, and where the container has to be then: worked out from both hosts' views and from what was done to them.
import type { MigrationView } from '../../protocols/operator/views.ts'
import type { Verification } from '../../src/receipt/verify.ts'
import type { Plan } from './plan.ts'

export type End = 'moved' | 'rolled-back' | 'refused' | 'handed-back' | 'failed' | 'moved twice'

/** One migration of the run as both hosts tell it; a host that never heard of it has no view. */
export interface Told {
  readonly id: string
  readonly bySource?: MigrationView
  readonly byTarget?: MigrationView
}

export interface Verdict {
  readonly end: End
  readonly owner: 'a' | 'b'
  readonly moves: number
  /** Its memory may be lost by a power cut: its owner lost power, as the protocol's table says. */
  readonly mayBeLost: boolean
  readonly violations: readonly string[]
}

export interface Facts {
  readonly source: 'a' | 'b'
  readonly told: readonly Told[]
  readonly handedBack: boolean
  /** Hosts whose power was cut in this run, by what they are in the first migration. */
  readonly powerCut: ReadonlySet<'source' | 'target'>
}

const other = { a: 'b', b: 'a' } as const

export function verdictOf({ source, told, handedBack, powerCut }: Facts): Verdict {
  const violations = told.flatMap(disagreements)
  const moves = told.filter(({ bySource }) => bySource?.outcome === 'moved')
  const owner = moves.length % 2 === 0 ? source : other[source]
  // The host that has the right to run lost its processes. After a hand-back a source that lost power has nothing to take back.
  const mayBeLost = powerCut.has(owner === source ? 'source' : 'target')
  return { end: endOf(told, moves.length, handedBack), owner, moves: moves.length, mayBeLost, violations }
}

function endOf(told: readonly Told[], moves: number, handedBack: boolean): End {
  if (moves > 1) return 'moved twice'
  if (moves === 1) return 'moved'
  if (handedBack) return 'handed-back'
  const outcomes = told.map(({ bySource }) => bySource?.outcome)
  if (outcomes.includes('failed')) return 'failed'
  return outcomes.includes('rolled-back') ? 'rolled-back' : 'refused'
}

function disagreements({ id, bySource, byTarget }: Told): string[] {
  if (bySource === undefined)
    return byTarget?.outcome === 'moved' ? [`${id}: moved, says a target that no source speaks of`] : []
  const here = bySource.outcome === 'moved'
  const there = byTarget?.outcome === 'moved'
  return here === there
    ? []
    : [`${id}: the source says ${String(bySource.outcome)}, the target ${String(byTarget?.outcome ?? 'nothing')}`]
}

/** Faults after which two copies may have run for a moment, the target's without a port (docs/protocol.md, "What is not promised"). */
export function maySeeTwo({ faults, catchesSigcont }: Plan): boolean {
  const names = new Set(faults.map(({ name }) => name))
  return (
    names.has('thaw-target') ||
    names.has('thaw-source') ||
    names.has('criu-restore') ||
    (catchesSigcont && names.has('hook'))
  )
}

/** What a host says of a copy that it saw run out of turn, and killed. */
const SAW: readonly string[] = ['THAWED_BEHIND', 'NOT_FROZEN', 'STALE_COPY']
/** What a target says of one that it can't say this of, nor the contrary. */
const UNSEEN = 'RESTORE_UNSEEN'

/** What a host may say of copies that run out of turn. A restore that its hook was to freeze may be cut short before that by anything. */
export function mayBeSaid(plan: Plan): readonly string[] {
  return [...(maySeeTwo(plan) ? SAW : []), ...(maySeeTwo(plan) || plan.catchesSigcont ? [UNSEEN] : [])]
}

/**
 * The receipts say what the hosts saw, no more and no less: proved where neither saw a copy run out of turn, or could not rule it out; else not proved,
 * for that reason alone, signed by the side that saw it.
 */
export function receiptFault(
  { bySource, byTarget }: Told,
  { verdict, findings }: Pick<Verification, 'verdict' | 'findings'>,
  mayBeSaid: readonly string[]
): string | undefined {
  const sides = { source: bySource, target: byTarget }
  const said = (side: keyof typeof sides) =>
    (sides[side]?.warnings ?? []).map(({ code }) => code).filter((code) => SAW.includes(code) || code === UNSEEN)
  const saw = (['source', 'target'] as const).filter((side) => said(side).length > 0)
  if (saw.some((side) => said(side).some((code) => !mayBeSaid.includes(code))))
    return `the ${saw.join(' and the ')} saw a copy run out of turn, and nothing was done for that`
  if (verdict !== (saw.length === 0 ? 'proved' : 'unproved'))
    return saw.length === 0 ? 'nobody saw a copy run out of turn' : `the ${saw.join(' and the ')} saw one`
  const gaps = findings.filter(({ level }) => level === 'gap')
  if (gaps.some(({ code }) => code !== 'RECEIPT_UNHELD' && code !== 'RECEIPT_UNSEEN'))
    return 'more is missing than what a copy did out of turn'
  const signed = [...new Set(gaps.map(({ side }) => side))].sort()
  return signed.join() === saw.join() ? undefined : `signed of by ${signed.join()}, seen by ${saw.join()}`
}

/** Hosts on which copies ran, in turn, are more than the moves account for: in whatever run, and whatever the hosts say. */
export function ranOutOfTurn(turns: readonly string[], moves: number): boolean {
  return turns.length > moves + 1
}

/** The beats are read from outside: where they say that a copy ran out of turn, not all receipts may prove that none did. */
export function beliedByBeats(
  turns: readonly string[],
  moves: number,
  verdicts: readonly Verification['verdict'][]
): string | undefined {
  if (!ranOutOfTurn(turns, moves) || verdicts.some((verdict) => verdict !== 'proved') || verdicts.length === 0)
    return undefined
  return `copies ran in turn on ${turns.join(', ')} with ${String(moves)} moves, and the receipts say proved`
}

/**
 * A CRIU that is killed in its dump lets a server run that then closes its connection; and where its own code was in a task just then, the task
 * dies of it (docs/protocol.md, killed CRIUs).
 */
export function criuLetGo({ faults }: Plan): boolean {
  return faults.some(({ name }) => name === 'criu-dump')
}
