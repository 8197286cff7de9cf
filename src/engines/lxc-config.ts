// The configuration of an LXC container, with what it includes. Format: lxc.container.conf(5).
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unsupported } from './refusals.ts'

export interface ConfigLine {
  readonly key: string
  /** Empty: forget what was said of this key so far. */
  readonly value: string
}

const MAX_DEPTH = 8
const MAX_LINES = 4096

/**
 * All lines in the order in which liblxc reads them, includes in their places: a host's own include files need not be the same on another.
 * @throws HostProblem UNSUPPORTED_CONTAINER
 */
export async function readLxcConfig(path: string, depth = 0): Promise<ConfigLine[]> {
  if (depth > MAX_DEPTH)
    throw unsupported(
      `The configuration of the container can't be read`,
      `${path} is included too deeply`,
      'Take the circle out of the lxc.include lines'
    )
  const lines: ConfigLine[] = []
  for (const line of parseLxcConfig(await readText(path))) {
    if (line.key !== 'lxc.include') lines.push(line)
    else if (line.value !== '')
      for (const file of await included(line.value)) lines.push(...(await readLxcConfig(file, depth + 1)))
    if (lines.length > MAX_LINES)
      throw unsupported(
        `The configuration of the container can't be read`,
        `it has more than ${String(MAX_LINES)} lines`,
        `Shorten ${path}`
      )
  }
  return lines
}

export function parseLxcConfig(text: string): ConfigLine[] {
  return text.split('\n').flatMap((line): ConfigLine[] => {
    const [, key, value] = /^\s*([a-z0-9][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    return key === undefined || value === undefined ? [] : [{ key, value: unquoted(value) }]
  })
}

export function formatLxcConfig(lines: readonly ConfigLine[]): string {
  return lines.map(({ key, value }) => `${key} = ${value}\n`).join('')
}

/** What holds in the end: the last value, undefined where there is none or it was taken back. */
export function lastValue(lines: readonly ConfigLine[], key: string): string | undefined {
  const value = lines.findLast((line) => line.key === key)?.value
  return value === '' ? undefined : value
}

/** Every value of a key that can be given several times. */
export function allValues(lines: readonly ConfigLine[], key: string): string[] {
  const values: string[] = []
  for (const line of lines) {
    if (line.key !== key) continue
    if (line.value === '') values.length = 0
    else values.push(line.value)
  }
  return values
}

function unquoted(value: string): string {
  return /^(["'])(.*)\1$/.exec(value)?.[2] ?? value
}

/** A folder stands for the .conf files in it. Stock configurations include folders that need not exist. */
async function included(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return []
  if (!found.isDirectory()) return [path]
  return (await readdir(path))
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(path, name))
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unsupported(
      `The configuration of the container can't be read`,
      error instanceof Error ? error.message : String(error),
      `Make ${path} readable`,
      error
    )
  }
}
