import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { toProblem } from '../../src/node/problems.ts'

it('what the system refuses is told in its words, with the path', async () => {
  const error: unknown = await readFile('/nowhere/record').catch((reason: unknown) => reason)
  const problem = toProblem('host-a', error)
  expect(problem).toMatchObject({ code: 'SYSTEM_ERROR', host: 'host-a' })
  expect(problem.why).toContain("ENOENT: no such file or directory, open '/nowhere/record'")
})

it.each(['ENOSPC', 'EDQUOT'])('%s says that room is to be made', (code) => {
  const error = Object.assign(new Error(`${code}: no space left on device, write`), { code, syscall: 'write' })
  expect(toProblem('host-a', error)).toMatchObject({ code: 'DISK_FULL', host: 'host-a', why: error.message })
})

it('what has no name is a fault of ferry', () => {
  expect(toProblem('host-a', new Error('boom'))).toMatchObject({ code: 'INTERNAL', why: 'boom' })
})
