import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
// Capitals in quotes that are no code of ours: variables of the environment, words of other programs, events of the machines.
const others = new Set([
  'LEVEL_LOCKED',
  'LEVEL_CORRUPTION',
  'NO_COLOR',
  'ERR_SOCKET_CLOSED',
  'SYN_SENT',
  'RESOLVE_RUN',
  'RESOLVE_DISCARD'
])

it('docs/errors.md has every error code of the source', async () => {
  const page = await readFile(join(root, 'docs/errors.md'), 'utf8')
  const codes = new Set<string>()
  for (const folder of ['config', 'machines', 'protocols', 'src']) {
    const files = await readdir(join(root, folder), { recursive: true })
    for (const file of files.filter((name) => name.endsWith('.ts') && !name.includes('pb/'))) {
      const text = await readFile(join(root, folder, file), 'utf8')
      for (const [, code] of text.matchAll(/(?:code: |\(\s*|\| |\? |: )'([A-Z]+(?:_[A-Z0-9]+)+)'/g))
        if (code) codes.add(code)
    }
  }
  const missing = [...codes].filter((code) => !/^(FERRY_|ERR_)/.test(code) && !others.has(code))
  expect(missing.filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})
