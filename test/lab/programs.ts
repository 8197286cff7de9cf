// The small static programs that run in the lab: containers' only process, the hosts' pid 1, the relay of faulty links.
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { cached } from './vm/cache.ts'
import { run } from './vm/run.ts'

const SOURCES = join(import.meta.dirname, 'programs')
const FLAGS = ['-O2', '-static', '-Wall', '-Wextra', '-Werror']

/** A folder that lies over the base: each test/lab/programs/NAME.c compiled to usr/local/bin/NAME in it. */
export async function programsFolder(): Promise<string> {
  const sources = (await readdir(SOURCES)).filter((name) => name.endsWith('.c')).sort()
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, sources]))
  for (const source of sources) hash.update(await readFile(join(SOURCES, source)))
  return cached('programs', hash.digest('hex').slice(0, 16), async (folder) => {
    const bin = join(folder, 'usr/local/bin')
    await mkdir(bin, { recursive: true })
    await run(['chmod', '-R', '755', folder])
    for (const source of sources)
      await run(['gcc', ...FLAGS, '-o', join(bin, parse(source).name), join(SOURCES, source)])
  })
}
