// Where the daemon's socket is, for a command that must start quickly: no schema is loaded here.
import { codeOf, readConfig } from './read.ts'
import { ConfigError } from './config-error.ts'

export const defaultSocket = '/run/ferry/ferry.sock'

/** The operator socket that the default configuration file names, or the default. A file only root may read counts as absent. */
export async function configuredSocket(path?: string): Promise<string> {
  try {
    const { file, value } = await readConfig(path)
    const socket = typeof value === 'object' && value !== null && 'socket' in value ? value.socket : defaultSocket
    if (typeof socket === 'string') return socket
    throw new ConfigError({
      what: `Wrong value for 'socket' in ${file}`,
      why: `found ${JSON.stringify(socket)}`,
      remedy: 'Set socket to the absolute path of the Unix socket'
    })
  } catch (error) {
    if (path === undefined && error instanceof ConfigError && codeOf(error.cause) === 'EACCES') return defaultSocket
    throw error
  }
}
