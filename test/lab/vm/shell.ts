// The way into a VM host: one ssh connection, set up once and shared by every command.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './run.ts'

const CONNECT_TIMEOUT_MS = 180_000

export interface ShellAddress {
  readonly host: string
  /** On 127.0.0.1 of the segment's namespace. */
  readonly port: number
}

/** Quotes for the login shell that ssh hands its command to. */
export function quoted(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
}

/** Makes the lab's key and ssh configuration in `folder`; returns the base64 part of the public key. */
export async function makeShellAccess(folder: string, addresses: readonly ShellAddress[]): Promise<string> {
  const key = join(folder, 'key')
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key])
  const { stdout } = await run(['ssh-keygen', '-y', '-f', key])
  const hosts = addresses.map(({ host, port }) => `Host ${host}\n  HostName 127.0.0.1\n  Port ${port}\n`)
  const settings = [
    'Host *',
    'User root',
    `IdentityFile ${key}`,
    'IdentitiesOnly yes',
    'StrictHostKeyChecking no',
    'UserKnownHostsFile /dev/null',
    'LogLevel ERROR',
    `ControlPath ${join(folder, '%n.ssh')}`,
    'ConnectTimeout 20',
    'ServerAliveInterval 0'
  ]
  await writeFile(configPath(folder), hosts.join('') + settings.join('\n  ') + '\n', { mode: 0o600 })
  return stdout.toString().split(' ')[1]?.trim() ?? ''
}

function configPath(folder: string): string {
  return join(folder, 'ssh_config')
}

export class Shell {
  readonly #host: string
  readonly #ssh: readonly string[]

  /** @param folder - where {@link makeShellAccess} put key and configuration. */
  constructor(host: string, folder: string, segment: readonly string[]) {
    this.#host = host
    this.#ssh = [...segment, 'ssh', '-F', configPath(folder)]
  }

  /** Argv that runs `argv` on the host with this machine's standard streams. */
  command(argv: readonly string[]): string[] {
    // The login shell must outlive the command: ssh says 255 for one that a signal ended, as for its own failures.
    return [...this.#ssh, this.#host, `${quoted(argv)}; exit $?`]
  }

  /** Opens the shared connection. It stays until {@link close} or the host's end. */
  async open(): Promise<void> {
    await this.close()
    const deadline = Date.now() + CONNECT_TIMEOUT_MS
    const options = ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=yes', '-o', 'BatchMode=yes']
    for (;;) {
      // The part that stays in the background must not hold on to a pipe of ours.
      const script = 'exec "$@" </dev/null >/dev/null 2>&1'
      const argv = ['sh', '-c', script, 'ssh', ...this.#ssh, ...options, '-fN', this.#host]
      const { exitCode } = await run(argv, { check: false, timeoutMs: CONNECT_TIMEOUT_MS })
      if (exitCode === 0) return
      if (Date.now() > deadline) {
        const attempt = await run([...this.#ssh, '-o', 'BatchMode=yes', this.#host, 'true'], { check: false })
        if (attempt.exitCode !== 0) throw new Error(`host ${this.#host} lets nobody in: ${attempt.stderr.trim()}`)
      }
      await sleep(500)
    }
  }

  async close(): Promise<void> {
    // 255 when there is no connection, which is what is asked for.
    await run([...this.#ssh, '-O', 'exit', this.#host], { check: false, timeoutMs: 10_000 })
  }
}
