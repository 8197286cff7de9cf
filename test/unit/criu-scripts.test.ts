import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configText, dumpOptions, restoreOptions } from '../../src/criu/config-file.ts'
import { dumpArguments } from '../../src/criu/dump.ts'
import { hookText, readHookRecord, writeHook } from '../../src/criu/hook.ts'
import { EXTRA_ARGUMENTS, installWrapper } from '../../src/criu/wrapper.ts'

let folder = ''
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'ferry-criu-'))))
afterAll(() => rmSync(folder, { recursive: true }))

describe("CRIU's configuration file", () => {
  it('a dump keeps connections and locks nothing', () => {
    expect(configText(dumpOptions(['ext-unix-sk']))).toBe('tcp-established\nnetwork-lock skip\next-unix-sk\n')
  })

  it('a restore stops its tasks, or runs the hook', () => {
    expect(configText(restoreOptions('stop'))).toMatch(/^leave-stopped\n/)
    expect(configText(restoreOptions({ hook: '/run/ferry/m1/hook' }))).toMatch(
      /^action-script \/run\/ferry\/m1\/hook\n/
    )
  })

  it.each(['a b', 'a\nb', 'a#b', 'a"b', ''])(
    'refuses the value %j, which CRIU would read as something else',
    (value) => {
      expect(() => configText([['action-script', value]])).toThrow(TypeError)
    }
  )

  it('refuses an option that is none', () => {
    expect(() => configText(['tcp-established\nexec-cmd'])).toThrow(TypeError)
  })
})

describe('the criu that liblxc finds', () => {
  const become = async (park: string | undefined, args: string[], env: Record<string, string> = {}) => {
    const print = join(folder, 'real')
    writeFileSync(print, '#!/bin/sh\nfor a; do printf "%s\\n" "$a"; done\n', { mode: 0o755 })
    const bin = await installWrapper(join(folder, "it's"), { criu: print, ...(park === undefined ? {} : { park }) })
    const said = execFileSync(join(bin, 'criu'), args, { encoding: 'utf8', env: { ...process.env, ...env } })
    return said.split('\n').slice(0, -1)
  }

  it('names the v2 hierarchy by an absolute path', async () => {
    expect(await become(undefined, ['restore', '--cgroup-root', 'cpu,memory:lxc.payload.web'])).toEqual([
      'restore',
      '--cgroup-root',
      ':/lxc.payload.web'
    ])
    expect(await become(undefined, ['--cgroup-root', 'lxc.payload.web'])).toEqual([
      '--cgroup-root',
      ':/lxc.payload.web'
    ])
  })

  it('parks the port instead of putting it on its bridge', async () => {
    const args = ['--external', 'veth[eth0]:vethA@br0', '--external', 'mnt[x]:y@z']
    expect(await become('ferrypark0', args)).toEqual([
      '--external',
      'veth[eth0]:vethA@ferrypark0',
      '--external',
      'mnt[x]:y@z'
    ])
    expect(await become(undefined, args)).toEqual(['--external', 'veth[eth0]:vethA', '--external', 'mnt[x]:y@z'])
  })

  it('drops a profile that was generated on the source, and keeps any other', async () => {
    expect(await become(undefined, ['--lsm-profile', 'apparmor:generated', '-v4'])).toEqual(['-v4'])
    expect(await become(undefined, ['--lsm-profile', 'apparmor:mine', '-v4'])).toEqual([
      '--lsm-profile',
      'apparmor:mine',
      '-v4'
    ])
  })

  it('passes everything else on as it is, spaces, quotes and empty words too', async () => {
    const args = ['restore', '', 'a b', "it's", '*', '-D', '/x']
    expect(await become(undefined, args)).toEqual(args)
  })

  it('adds the arguments of the migration, one a line', async () => {
    const extra = join(folder, 'extra')
    writeFileSync(extra, '--inherit-fd\nfd[5]:tty[1:2]\n')
    expect(await become(undefined, ['restore'], { [EXTRA_ARGUMENTS]: extra })).toEqual([
      'restore',
      '--inherit-fd',
      'fd[5]:tty[1:2]'
    ])
  })
})

describe('the hook', () => {
  it('is a shell script that does nothing at other stages', async () => {
    const path = join(folder, 'hook')
    await writeHook(path, { folder })
    const env = { ...process.env, CRTOOLS_SCRIPT_ACTION: 'post-restore', CRTOOLS_INIT_PID: '1' }
    expect(execFileSync(path, { env, encoding: 'utf8' })).toBe('')
    expect(await readHookRecord(folder)).toBeUndefined()
  })

  it('is understood by sh whatever the folder is called', () => {
    execFileSync('sh', ['-n'], { input: hookText({ folder: "/a b'c" }) })
  })

  it('its record is read back', async () => {
    writeFileSync(join(folder, 'frozen'), '42 /c1\n')
    writeFileSync(join(folder, 'moved'), '40 criu\n')
    expect(await readHookRecord(folder)).toEqual({ initPid: 42, cgroup: '/c1', moved: ['40 criu'] })
  })
})

describe('the dump of an LXC container', () => {
  it('leaves the tree, logs into the work folder, and takes what the engine adds', () => {
    const args = dumpArguments({
      pid: 7,
      cgroup: '/lxc.payload.web',
      images: '/i',
      work: '/w',
      extraArgs: ['--external', 'x']
    })
    expect(args[0]).toBe('dump')
    expect(args).toContain('--leave-running')
    expect(args.join(' ')).toContain(
      '-D /i -W /w -o dump.log -v4 -t 7 --freeze-cgroup /sys/fs/cgroup/lxc.payload.web --external x'
    )
  })
})
