// The checks of a run bite: what must not happen is seen in the beats and in what the hosts say.
import { describe, expect, it } from 'vitest'
import type { MigrationView, Outcome } from '../../protocols/operator/views.ts'
import type { Finding, FindingCode } from '../../src/receipt/finding.ts'
import { turns } from './beats.ts'
import type { FaultName, Plan } from './plan.ts'
import { beliedByBeats, mayBeSaid, maySeeTwo, receiptFault, verdictOf, type Facts, type Told } from './verdict.ts'

const ms = (...times: number[]) => times.map((time) => BigInt(time) * 1_000_000n)

describe('the beats of the copies', () => {
  it('of a move are those of its source, then those of its target', () => {
    expect(turns(ms(10, 20, 30), ms(80, 90))).toEqual(['a', 'b'])
  })

  it('a frozen copy still shows the last beat of the one that was dumped, and has not run', () => {
    expect(turns(ms(10, 20, 30, 90), ms(30))).toEqual(['a'])
  })

  it('a target that ran for a moment before the source went on is seen', () => {
    expect(turns(ms(10, 20, 30, 90), ms(30, 60))).toEqual(['a', 'b', 'a'])
  })

  it('a source that ran on beside its target is seen', () => {
    expect(turns(ms(10, 20, 70, 90), ms(20, 60, 80, 100))).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
  })
})

describe('what both hosts say', () => {
  const view = (outcome: Outcome) => ({ outcome }) as MigrationView
  const told = (bySource: Outcome | undefined, byTarget: Outcome | undefined): Told => ({
    id: 'x',
    ...(bySource === undefined ? {} : { bySource: view(bySource) }),
    ...(byTarget === undefined ? {} : { byTarget: view(byTarget) })
  })
  const verdict = (fields: Partial<Facts>) =>
    verdictOf({ source: 'a', told: [], handedBack: false, powerCut: new Set(), ...fields })

  it('tells where the container has to be', () => {
    expect(verdict({ told: [told('moved', 'moved')] })).toMatchObject({ end: 'moved', owner: 'b', violations: [] })
    expect(verdict({ told: [told('rolled-back', undefined)] })).toMatchObject({ end: 'rolled-back', owner: 'a' })
    expect(verdict({ told: [told('moved', 'moved'), told('moved', 'moved')] })).toMatchObject({
      end: 'moved twice',
      owner: 'a'
    })
  })

  it('must be the same', () => {
    expect(verdict({ told: [told('moved', 'rolled-back')] }).violations).toHaveLength(1)
    expect(verdict({ told: [told('rolled-back', 'moved')] }).violations).toHaveLength(1)
    expect(verdict({ told: [told(undefined, 'moved')] }).violations).toHaveLength(1)
  })

  it('only a host that has the right to run takes the memory along when it loses power', () => {
    const moved = [told('moved', 'moved')]
    expect(verdict({ told: moved, powerCut: new Set(['source']) }).mayBeLost).toBe(false)
    expect(verdict({ told: moved, powerCut: new Set(['target']) }).mayBeLost).toBe(true)
    const back = [told('rolled-back', 'rolled-back')]
    expect(verdict({ told: back, powerCut: new Set(['target']) }).mayBeLost).toBe(false)
    expect(verdict({ told: back, powerCut: new Set(['source']) }).mayBeLost).toBe(true)
  })
})

describe('what the receipts say', () => {
  const view = (...codes: string[]) => ({ warnings: codes.map((code) => ({ code })) }) as unknown as MigrationView
  const gap = (code: FindingCode, side: 'source' | 'target' = 'target') =>
    ({ level: 'gap', code, what: '', side }) as const
  const unproved = (...findings: Finding[]) => ({ verdict: 'unproved', findings }) as const
  const plan = (catchesSigcont: boolean, ...names: FaultName[]) =>
    ({ catchesSigcont, faults: names.map((name) => ({ name })) }) as unknown as Plan
  const thawed = mayBeSaid(plan(false, 'thaw-target'))
  const quietly = mayBeSaid(plan(false, 'kill-both'))
  const proved = { verdict: 'proved', findings: [] } as const
  const quiet: Told = { id: 'x', bySource: view('KERNEL_DIFFERS'), byTarget: view() }
  const seen: Told = { id: 'x', bySource: view(), byTarget: view('THAWED_BEHIND') }
  const unseen: Told = { id: 'x', bySource: view(), byTarget: view('RESTORE_UNSEEN') }

  it('is that it is proved, where neither host saw a copy run out of turn', () => {
    expect(receiptFault(quiet, proved, quietly)).toBeUndefined()
    expect(receiptFault(quiet, proved, thawed)).toBeUndefined()
    expect(receiptFault(quiet, unproved(gap('RECEIPT_UNHELD')), thawed)).toBeDefined()
  })

  it('is that it is not, for that reason alone, where one did', () => {
    expect(receiptFault(seen, unproved(gap('RECEIPT_UNHELD')), thawed)).toBeUndefined()
    expect(receiptFault(seen, proved, thawed)).toBeDefined()
    expect(receiptFault(seen, { verdict: 'violated', findings: [gap('RECEIPT_UNHELD')] }, thawed)).toBeDefined()
    expect(receiptFault(seen, unproved(gap('RECEIPT_UNHELD', 'source')), thawed)).toBeDefined()
    expect(receiptFault(seen, unproved(gap('RECEIPT_UNHELD'), gap('RECEIPT_OPEN')), thawed)).toBeDefined()
  })

  it('is never that a copy ran out of turn where nothing lets one', () => {
    expect(receiptFault(seen, unproved(gap('RECEIPT_UNHELD')), quietly)).toBeDefined()
  })

  it('is neither where a restore that its hook was to freeze was cut short, by whatever', () => {
    const cut = mayBeSaid(plan(true, 'kill-target'))
    expect(receiptFault(unseen, unproved(gap('RECEIPT_UNSEEN')), cut)).toBeUndefined()
    expect(receiptFault(unseen, proved, cut)).toBeDefined()
    expect(receiptFault(unseen, unproved(gap('RECEIPT_UNSEEN')), quietly)).toBeDefined()
    expect(receiptFault(seen, unproved(gap('RECEIPT_UNHELD')), cut)).toBeDefined()
  })

  it.each<readonly [FaultName, boolean]>([
    ['hook', true],
    ['criu-restore', true],
    ['thaw-target', false]
  ])('is not that it is proved where copies are seen to have run out of turn, after %s too', (fault, catches) => {
    expect(maySeeTwo(plan(catches, fault))).toBe(true)
    const copies = turns(ms(10, 20, 40, 60), ms(20, 30, 50))
    expect(beliedByBeats(copies, 0, ['proved'])).toContain('a, b, a')
    expect(beliedByBeats(copies, 0, ['unproved'])).toBeUndefined()
  })

  it('may be that it is proved where they took turns as they moved', () => {
    expect(beliedByBeats(['a', 'b'], 1, ['proved'])).toBeUndefined()
    expect(beliedByBeats(['a', 'b', 'a'], 2, ['proved', 'proved'])).toBeUndefined()
    expect(beliedByBeats(['a'], 0, ['proved'])).toBeUndefined()
  })
})
