import { expect, it } from 'vitest'
import { parseLxcConfig } from '../../src/engines/lxc-config.ts'
import { examineLxcLines } from '../../src/engines/lxc-policy.ts'

it.each(['pre-start', 'pre-mount', 'mount', 'start-host', 'post-stop'])(
  'a hook of the configuration (%s) is seen, and not taken from a peer',
  async (hook) => {
    const lines = parseLxcConfig(`lxc.uts.name = web\n  lxc.hook.${hook} = /usr/local/sbin/mine\n`)
    expect(lines).toContainEqual({ key: `lxc.hook.${hook}`, value: '/usr/local/sbin/mine' })
    const { findings } = await examineLxcLines(lines, [])
    expect(findings.map(({ code, what }) => ({ code, named: what.includes(`lxc.hook.${hook}`) }))).toEqual([
      { code: 'HOOKS_REFUSED', named: true }
    ])
  }
)
