// Tells systemd that this daemon has taken up its migrations: units of containers that come after it wait for that. Protocol: sd_notify(3).
import { run } from '../host/run.ts'

const LIMIT_MS = 10_000

/**
 * Takes the socket out of the environment, and returns what says READY=1 on it; without a socket that does nothing. It must not be left there: runc and
 * crun would hand it to the containers that they restore.
 */
export function takeNotifySocket(env: NodeJS.ProcessEnv): (signal: AbortSignal) => Promise<void> {
  const socket = env['NOTIFY_SOCKET']
  delete env['NOTIFY_SOCKET']
  return async (signal) => {
    if (socket === undefined || socket === '') return
    // Node has no datagram sockets in the file system; the unit takes the word of any of its processes (NotifyAccess=all).
    await run(['systemd-notify', '--ready'], { signal, timeoutMs: LIMIT_MS, env: { NOTIFY_SOCKET: socket } })
  }
}
