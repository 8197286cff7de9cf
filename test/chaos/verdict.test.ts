// The checks of a run bite: what must not happen is seen in the beats and in what the hosts say.
import { describe, expect, it } from 'vitest'
import type { MigrationView, Outcome } from '../../protocols/operator/views.ts'
import { turns } from './beats.ts'
import { receiptFault, verdictOf, type Facts, type Told } from './verdict.ts'

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
  const unheld = (side: 'source' | 'target') => ({ level: 'gap', code: 'RECEIPT_UNHELD', what: '', side }) as const
  const proved = { verdict: 'proved', findings: [] } as const
  const quiet: Told = { id: 'x', bySource: view('KERNEL_DIFFERS'), byTarget: view() }
  const seen: Told = { id: 'x', bySource: view(), byTarget: view('THAWED_BEHIND') }

  it('is that it is proved, where neither host saw a copy run out of turn', () => {
    expect(receiptFault(quiet, proved, false)).toBeUndefined()
    expect(receiptFault(quiet, proved, true)).toBeUndefined()
    expect(receiptFault(quiet, { verdict: 'unproved', findings: [unheld('target')] }, true)).toBeDefined()
  })

  it('is that it is not, for that reason alone, where one did', () => {
    expect(receiptFault(seen, { verdict: 'unproved', findings: [unheld('target')] }, true)).toBeUndefined()
    expect(receiptFault(seen, proved, true)).toBeDefined()
    expect(receiptFault(seen, { verdict: 'violated', findings: [unheld('target')] }, true)).toBeDefined()
    expect(receiptFault(seen, { verdict: 'unproved', findings: [unheld('source')] }, true)).toBeDefined()
    const open = { level: 'gap', code: 'RECEIPT_OPEN', what: '', side: 'target' } as const
    expect(receiptFault(seen, { verdict: 'unproved', findings: [unheld('target'), open] }, true)).toBeDefined()
  })

  it('is never that a copy ran out of turn where nothing lets one', () => {
    expect(receiptFault(seen, { verdict: 'unproved', findings: [unheld('target')] }, false)).toBeDefined()
  })
})
