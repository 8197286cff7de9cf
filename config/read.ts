// Reads a configuration file as JSON; what its keys may be is the schema's business.
import { readFile } from 'node:fs/promises'
import { ConfigError } from './config-error.ts'

export const defaultConfigPath = '/etc/ferry/ferry.json'

/**
 * The file's JSON. A missing default file means that every default holds; a missing file that was named is an error.
 * Throws ConfigError.
 */
export async function readConfig(path?: string): Promise<{ file: string; value: unknown }> {
  const file = path ?? defaultConfigPath
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (path === undefined && codeOf(error) === 'ENOENT') return { file, value: {} }
    throw new ConfigError(
      {
        what: `The configuration file ${file} can't be read`,
        why: error instanceof Error ? error.message : String(error),
        remedy: `Write it (config/ferry.example.json is a start), make it readable, or leave --config away to use ${defaultConfigPath}`
      },
      { cause: error }
    )
  }
  try {
    return { file, value: JSON.parse(text) }
  } catch (error) {
    throw new ConfigError(
      {
        what: `The configuration file ${file} is not JSON`,
        why: error instanceof Error ? error.message : String(error),
        remedy: 'Correct it at the place named (no comments, no comma after the last entry, keys in double quotes)'
      },
      { cause: error }
    )
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
