// The CRIU configuration file of one migration, named in $CRIU_CONFIG_FILE for whatever starts criu: the one door that works for every engine.
import { writeFile } from 'node:fs/promises'

/** An option without its dashes, and its value where it takes one. */
export type CriuOption = string | readonly [name: string, value: string]

/** The dump of a frozen tree whose port is off: connections are kept, and nothing needs to be locked. */
export function dumpOptions(extra: readonly CriuOption[] = []): CriuOption[] {
  return ['tcp-established', ['network-lock', 'skip'], ...extra]
}

/** `stop` leaves every task stopped; `hook` is the path of a script (see hook.ts) that freezes them at the last moment. */
export function restoreOptions(
  how: 'stop' | { readonly hook: string },
  extra: readonly CriuOption[] = []
): CriuOption[] {
  return [
    how === 'stop' ? 'leave-stopped' : ['action-script', how.hook],
    'tcp-established',
    ['network-lock', 'skip'],
    ...extra
  ]
}

/** @throws TypeError where CRIU's parser would read something else than what is meant (criu/config.c: no quoting is safe from `#`) */
export function configText(options: readonly CriuOption[]): string {
  return options
    .map((option) => {
      const [name, value] = typeof option === 'string' ? [option, undefined] : option
      if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new TypeError(`not a CRIU option: ${JSON.stringify(name)}`)
      if (value === undefined) return name
      if (!/^[^\s"#\\]+$/.test(value)) {
        throw new TypeError(`CRIU's configuration file can not hold this value of ${name}: ${JSON.stringify(value)}`)
      }
      return `${name} ${value}`
    })
    .map((line) => line + '\n')
    .join('')
}

export async function writeConfigFile(path: string, options: readonly CriuOption[]): Promise<void> {
  await writeFile(path, configText(options), { mode: 0o600 })
}
