import { expect, it } from 'vitest'
import { Progress } from '../../src/node/progress.ts'
import { view } from './cli-service.ts'

it('an end is for the journal alone until it is told', async () => {
  const progress = new Progress(view({ state: 'notifying' }), () => 1_800_000_000_000)
  progress.end('rolled-back', 'rolledBack', undefined)
  expect(progress.recorded).toMatchObject({ outcome: 'rolled-back', state: 'rolledBack' })
  expect(progress.view.outcome).toBeUndefined()
  const seen: (string | undefined)[] = []
  const watching = (async () => {
    for await (const { outcome } of progress.watch(AbortSignal.timeout(5000))) seen.push(outcome)
  })()
  await new Promise((resolve) => setImmediate(resolve))
  progress.tellEnd()
  await watching
  expect(seen).toEqual([undefined, 'rolled-back'])
  expect(progress.view.outcome).toBe('rolled-back')
})
