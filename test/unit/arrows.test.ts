import { ESLint } from 'eslint'
import { describe, expect, test } from 'vitest'

const root = new URL('../..', import.meta.url).pathname

async function complaints(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: `${root}.eslint.config.mjs` })
  const existing: unknown = await eslint.calculateConfigForFile(`${root}${file}`)
  expect(existing, `${file} is linted`).toBeDefined()
  const [result] = await eslint.lintText(code, { filePath: `${root}${file}` })
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId === 'ferry/arrows').map(({ message }) => message)
}

describe('arrows go one way', () => {
  test.each([
    ['machines/source.ts', '../src/host/run.ts'],
    ['machines/source.ts', 'node:fs'],
    ['machines/target.ts', 'pino'],
    ['protocols/problem.ts', '../src/host/run.ts'],
    ['config/load.ts', '../protocols/problem.ts'],
    ['src/host/run.ts', '../criu/dump.ts'],
    ['src/criu/dump.ts', '../engines/engine.ts'],
    ['src/engines/engine.ts', '../transfer/images.ts'],
    ['src/engines/engine.ts', '../../machines/source.ts'],
    ['src/transfer/images.ts', '../journal/journal.ts'],
    ['src/journal/journal.ts', '../mesh/mesh.ts'],
    ['src/api/server.ts', '../node/node.ts'],
    ['src/mesh/mesh.ts', '../transfer/images.ts']
  ])('%s may not import %s', async (file, target) => {
    const code = `import * as x from '${target}'\nexport const y = x\n`
    expect(await complaints(file, code)).toHaveLength(1)
  })

  test.each([
    ['machines/source.ts', 'xstate'],
    ['src/criu/dump.ts', '../host/run.ts'],
    ['src/engines/engine.ts', '../criu/dump.ts'],
    ['src/node/node.ts', '../../machines/source.ts'],
    ['src/node/node.ts', '../host/run.ts']
  ])('%s may import %s', async (file, target) => {
    const code = `import * as x from '${target}'\nexport const y = x\n`
    expect(await complaints(file, code)).toEqual([])
  })
})
