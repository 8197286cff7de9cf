import type { core } from 'zod'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { nearest } from './nearest.ts'
import { readConfig } from './read.ts'
import { configSchema, type Config } from './schema.ts'

export { ConfigError } from './config-error.ts'
export { defaultConfigPath } from './read.ts'

/**
 * The configuration in `path` (default /etc/ferry/ferry.json) with its defaults. Throws ConfigError naming file, key, what
 * was found and what is allowed; of several faults all are named.
 */
export async function loadConfig(path?: string): Promise<Config> {
  const { file, value } = await readConfig(path)
  return parseConfig(value, file)
}

/** Checks what was read from `file`. Throws ConfigError. */
export function parseConfig(value: unknown, file: string): Config {
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, value))
  const keys = faults.map(({ key }) => (key === '' ? 'the whole file' : `'${key}'`)).join(', ')
  throw new ConfigError(
    {
      what: `Wrong configuration in ${file}: ${keys}`,
      why: faults.map(({ found }) => found).join('; '),
      remedy: faults.map(({ allowed }) => allowed).join('; ')
    },
    { cause: parsed.error }
  )
}

interface Fault {
  readonly key: string
  readonly found: string
  readonly allowed: string
}

function faultsOf(issue: core.$ZodIssue, input: unknown): Fault[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path)
    return issue.keys.map((unknown) => {
      const key = [...path, unknown].join('.')
      const near = nearest(unknown, known)
      return {
        key,
        found: `'${key}' is no key that ferry knows${near === undefined ? '' : `; did you mean '${near}'?`}`,
        allowed: `Known keys${path.length === 0 ? '' : ` in ${path.join('.')}`}: ${known.join(', ')}`
      }
    })
  }
  const key = path.join('.')
  const found = valueAt(input, path)
  return [
    {
      key,
      found: `${key === '' ? 'it' : `'${key}'`} is ${found === undefined ? 'absent or has no value' : shortened(found)}`,
      allowed:
        key === ''
          ? `Write an object with keys of: ${knownKeys([]).join(', ')}`
          : `Set ${key} to ${descriptionAt(path)}`
    }
  ]
}

/** The description nearest to the end of the path: an entry of a list is explained by its list. */
function descriptionAt(path: readonly string[]): string {
  let description = 'a value of the documented form'
  let schema: unknown = configSchema
  for (const key of path) {
    const object = unwrapped(schema)
    if (!(object instanceof z.ZodObject)) break
    const inner: unknown = object.shape[key]
    if (!(inner instanceof z.ZodType)) break
    if (inner.description !== undefined) description = inner.description
    schema = inner
  }
  return description
}

function knownKeys(path: readonly string[]): string[] {
  let schema: unknown = configSchema
  for (const key of path) {
    const object = unwrapped(schema)
    if (!(object instanceof z.ZodObject)) return []
    schema = object.shape[key]
  }
  const object = unwrapped(schema)
  return object instanceof z.ZodObject ? Object.keys(object.shape) : []
}

function unwrapped(schema: unknown): unknown {
  let inner = schema
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap()
  return inner
}

function valueAt(input: unknown, path: readonly string[]): unknown {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
