// CRIU, or the runtime that started it, held at one instant of its work until a test has done what it wants to do then.
import type { FerryHost } from './cluster.ts'
import type { Moving } from './moving.ts'

const FOLDER = '/run/criu-hold'
/** CRIU reads it besides the file that $CRIU_CONFIG_FILE names (criu/config.c). */
const CONFIG = '/etc/criu/default.conf'
const LIMIT_MS = 30_000

/** `ended`: CRIU has done its work and ended, its runtime has not; `hook`: ferry's own script at CRIU's last stop, before it freezes. */
export type Instant = 'post-dump' | 'post-restore' | 'pre-resume' | 'ended' | 'hook'

const wait = `echo "$pid" > ${FOLDER}/new; mv ${FOLDER}/new ${FOLDER}/reached
while [ -e ${FOLDER}/${'$at'} ]; do sleep 0.01; done
`

/** Scripts on the host that hold whoever comes to the instant. */
export class CriuHold {
  readonly #host: FerryHost
  readonly #instant: Instant

  private constructor(host: FerryHost, instant: Instant) {
    this.#host = host
    this.#instant = instant
  }

  static async set(host: FerryHost, instant: Instant): Promise<CriuHold> {
    const lab = host.host
    await lab.exec(['sh', '-ec', `rm -rf ${FOLDER}; mkdir ${FOLDER}; : > ${FOLDER}/${instant}`])
    switch (instant) {
      case 'ended':
        await lab.writeFile(
          '/usr/local/sbin/runc',
          `#!/bin/sh
/usr/sbin/runc "$@"; code=$?
case " $* " in *' restore '*) at=ended pid=$$; ${wait} ;; esac
exit $code
`,
          0o755
        )
        break
      case 'hook':
        await lab.writeFile(
          '/usr/local/sbin/mkdir',
          `#!/bin/sh
case "$*" in *' /sys/fs/cgroup/ferry') at=hook pid=$PPID; ${wait} ;; esac
exec /usr/bin/mkdir "$@"
`,
          0o755
        )
        break
      default:
        await lab.writeFile(
          '/root/hold-criu',
          `#!/bin/sh
at=$CRTOOLS_SCRIPT_ACTION pid=$PPID
[ -e "${FOLDER}/$at" ] || exit 0
${wait}`,
          0o755
        )
        await lab.writeFile(CONFIG, 'action-script /root/hold-criu\n')
    }
    return new CriuHold(host, instant)
  }

  /** Resolves with the pid of whoever is held: CRIU, the runtime's wrapper, or ferry's hook. */
  async reached(moving: Moving): Promise<number> {
    let said = ''
    moving.end().then(
      ({ view }) => (said = `: the migration ended with ${JSON.stringify(view.problem)}`),
      (error: unknown) => (said = `: ${String(error)}`)
    )
    const end = Date.now() + LIMIT_MS
    while (Date.now() < end && said === '') {
      const { stdout } = await this.#host.host.exec(['cat', `${FOLDER}/reached`], { check: false })
      if (stdout !== '') return Number(stdout)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`nobody came to ${this.#instant} on ${this.#host.name}${said}`)
  }

  /** Lets go whoever is held, and nobody is held any more. */
  async lift(): Promise<void> {
    const files = [`${FOLDER}/${this.#instant}`, CONFIG, '/usr/local/sbin/runc', '/usr/local/sbin/mkdir']
    await this.#host.host.exec(['rm', '-f', ...files])
  }
}
