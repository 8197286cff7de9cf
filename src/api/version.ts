import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** ferry's version: that of the package.json above this file, wherever it was built to. */
export function ferryVersion(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const text = readIfThere(join(folder, 'package.json'))
    if (text === undefined) continue
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown }
    if (name === 'ferry' && typeof version === 'string') return version
  }
  return 'unknown'
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
