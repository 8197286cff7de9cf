// Needs root (device nodes, trusted.* attributes, chroot) and Debian's rsync, acl, attr and libcap2-bin.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { receiveRootfs, sendRootfs, type ReceiveRootfsOptions } from '../../src/transfer/rootfs.ts'
import { changedBelow } from '../../src/transfer/changed.ts'
import { momentOn, syncChanged, syncFileSystem } from '../../src/transfer/on-disk.ts'
import { configureDaemon } from '../../src/transfer/rsync-daemon.ts'
import { startRound } from '../../src/transfer/round.ts'
import { longEnough, pair, type Pair } from './transfer-pair.ts'
import { needs } from './needs.ts'

const has = (program: string) => {
  const folders = (process.env['PATH'] ?? '').split(':')
  return [...folders, '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, program)))
}
const ready = process.geteuid?.() === 0 && ['rsync', 'setfacl', 'setfattr', 'setcap'].every(has)

const sh = (script: string, cwd: string): string => execFileSync('sh', ['-euc', script], { cwd, encoding: 'utf8' })

/** Everything of a tree that must arrive, as text. */
const picture = (root: string): string =>
  [
    sh(
      `find . -printf '%p %y %U:%G %m %n %T@ %l %s\\n' | sed -E 's/^(.* d [^ ]+ [0-9]+) [0-9]+ /\\1 n /' | sort`,
      root
    ),
    sh(`find . -type b -o -type c | sort | xargs -r stat -c '%n %t:%T'`, root),
    sh('getfacl -Rnp . | sed "/^# file/!{/^#/d}"', root),
    sh("getfattr -R -h -d -m '^(user|trusted|security)\\.' -e hex . 2>/dev/null || true", root),
    sh('find . -type f | sort | xargs -r -d "\\n" sha256sum', root)
  ].join('\n')

describe('a root filesystem', () => {
  needs(ready, 'root and rsync, acl, attr, libcap2-bin: run npm test as root, test/lab/prepare installs them')
  let nodes: Pair
  let base: string
  let from: string
  let into: string
  let workDir: string

  beforeAll(async () => {
    nodes = await pair()
  })
  afterAll(() => nodes.stop())
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'ferry-test-rootfs-'))
    from = join(base, 'from')
    into = join(base, 'into')
    workDir = join(base, 'work')
    for (const folder of [from, into, workDir]) await mkdir(folder, { mode: 0o700 })
  })
  afterEach(() => rm(base, { recursive: true }))

  async function round(
    options: { final?: boolean; changedSince?: Date } = {},
    target: Partial<ReceiveRootfsOptions> = {}
  ) {
    const { near, far } = await nodes.stream()
    return Promise.allSettled([
      sendRootfs({ stream: near, rootfs: from, final: true, signal: longEnough(), ...options }),
      receiveRootfs({ stream: far, into, workDir, signal: longEnough(), ...target })
    ])
  }

  test('arrives with owners, modes, ACLs, attributes, capabilities, links, holes, devices and times', async () => {
    sh(
      `mkdir -p bin dev var/empty etc
       printf '#!/bin/sh\\n' > bin/su; chown 0:42 bin/su; chmod 4755 bin/su
       printf x > bin/ping; setcap cap_net_raw+ep bin/ping
       printf owned > etc/owned; chown 100123:100456 etc/owned; chmod 640 etc/owned
       setfacl -m u:1234:rw,g:77:r etc/owned; setfacl -d -m u:99:rx etc
       setfattr -n user.note -v hello etc/owned; setfattr -n trusted.mark -v deep etc
       printf one > etc/linked; ln etc/linked bin/linked-too
       ln -s ../../outside bin/upwards; ln -s /etc/absolute etc/absolute; chown -h 7:8 bin/upwards
       truncate -s 64M var/sparse; printf end >> var/sparse
       mknod dev/null c 1 3; mknod dev/loop0 b 7 0; mkfifo dev/fifo; chmod 666 dev/null
       printf '' > "etc/a name with	tab and ünïcode"
       touch -d '2001-02-03 04:05:06.123456789' etc/linked; touch -h -d '2002-02-03 04:05:06.987654321' bin/upwards
       touch -d '2003-02-03 04:05:06.000000001' var/empty etc .`,
      from
    )
    const [sent, received] = await round()
    if (sent.status === 'rejected') throw sent.reason
    if (received.status === 'rejected') throw received.reason
    expect(picture(into)).toBe(picture(from))
    expect(picture(into)).toMatch(/security\.capability/)
    expect(picture(into)).toMatch(/trusted\.mark/)
    const sparse = await stat(join(into, 'var/sparse'))
    expect(sparse.blocks * 512).toBeLessThan(1024 * 1024)
    expect((await stat(join(into, 'etc/linked'))).ino).toBe((await stat(join(into, 'bin/linked-too'))).ino)
    expect(sent.value.sha256).toEqual(received.value.sha256)
    expect(sent.value.bytes).toBe(received.value.bytes)
  })

  test('a later round sends what changed, deletes what is gone and keeps what the target has', async () => {
    await writeFile(join(from, 'big'), Buffer.alloc(3_000_000, 'x'))
    await writeFile(join(from, 'gone'), 'x')
    await round()
    await rm(join(from, 'gone'))
    await writeFile(join(from, 'new'), 'x')
    const [sent] = await round()
    expect(picture(into)).toBe(picture(from))
    expect(sent).toMatchObject({ status: 'fulfilled' })
    if (sent.status === 'fulfilled') expect(sent.value.bytes).toBeLessThan(100_000)
  })

  test('a file that changed without a new size or mtime after it was copied is sent by the next round', async () => {
    await mkdir(join(from, 'db'))
    await writeFile(join(from, 'db/mapped'), 'before')
    const first = await startRound(from)
    await writeFile(join(from, 'db/mapped'), 'during')
    const { mtime } = await stat(join(from, 'db/mapped'))
    await round({ final: false })
    await writeFile(join(from, 'db/mapped'), 'later!')
    await utimes(join(from, 'db/mapped'), mtime, mtime)
    await utimes(join(into, 'db/mapped'), mtime, mtime)

    const second = await startRound(from)
    const [sent, received] = await round({ changedSince: first.since })
    expect([sent.status, received.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(await readFile(join(into, 'db/mapped'), 'utf8')).toBe('later!')
    expect(picture(into)).toBe(picture(from))
    expect(second.since.getTime()).toBeGreaterThanOrEqual(first.since.getTime())
  })

  test('a round has ended for its source when the target has settled what it brought', async () => {
    await writeFile(join(from, 'file'), 'x')
    const settling = Promise.withResolvers<void>()
    const settled = Promise.withResolvers<void>()
    const { near, far } = await nodes.stream()
    let ended = false
    const sent = sendRootfs({ stream: near, rootfs: from, final: false, signal: longEnough() }).then(() => {
      ended = true
    })
    const settle = async (): Promise<void> => {
      settling.resolve()
      await settled.promise
    }
    const received = receiveRootfs({ stream: far, into, workDir, signal: longEnough(), settle })
    await settling.promise
    // It has arrived, and another round could go over the same wire meanwhile; this one has not ended.
    expect(await readFile(join(into, 'file'), 'utf8')).toBe('x')
    const { near: other, far: otherEnd } = await nodes.stream()
    const elsewhere = join(base, 'elsewhere')
    await mkdir(elsewhere, { mode: 0o700 })
    await Promise.all([
      sendRootfs({ stream: other, rootfs: from, final: true, signal: longEnough() }),
      receiveRootfs({ stream: otherEnd, into: elsewhere, workDir, signal: longEnough() })
    ])
    expect(ended).toBe(false)
    settled.resolve()
    await Promise.all([sent, received])
  })

  test('a target whose disk does not take what arrived says so, on both sides', async () => {
    await writeFile(join(from, 'file'), 'x')
    const settle = () => syncFileSystem(join(base, 'gone'))
    const [sent, received] = await round({ final: false }, { settle })
    expect(received).toMatchObject({ status: 'rejected', reason: { details: { code: 'SYNC_FAILED' } } })
    expect(sent).toMatchObject({
      status: 'rejected',
      reason: { details: { code: 'TRANSFER_PEER_FAILED' }, peer: { code: 'SYNC_FAILED' } }
    })
  })

  test('what a round brought is what changed at the target since it began, and can be given to the disk', async () => {
    await mkdir(join(from, 'db'))
    await mkdir(join(from, 'etc'))
    await writeFile(join(from, 'db/old'), 'x')
    await writeFile(join(from, 'etc/old'), 'x')
    sh('mkfifo db/fifo; ln -s /etc/passwd db/link', from)
    await round()
    // Whatever the file system rounds to: what the first round brought is of an earlier moment.
    const first = await momentOn(base)
    let since = first
    while (since.getTime() <= first.getTime() + 1) since = await momentOn(base)
    await writeFile(join(from, 'db/new'), 'x')
    await round()
    const list = await changedBelow(into, { types: 'f,d', by: ['c'], since }, longEnough())
    const names = list.toString().split('\0')
    expect(names.filter((name) => name !== '').sort()).toEqual(['db', 'db/new'])
    await syncChanged(into, since, longEnough())
    await syncChanged(into, new Date(0), longEnough())
  })

  test('giving it to the disk ends when the migration does, and with a name where it can not be done', async () => {
    await writeFile(join(into, 'file'), 'x')
    const reason = new Error('cancelled')
    await expect(syncChanged(into, new Date(0), AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(syncFileSystem(into, AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(syncFileSystem(join(base, 'gone'))).rejects.toMatchObject({ details: { code: 'SYNC_FAILED' } })
  })

  test('a target that can not write says what rsync said, on both sides', async () => {
    await writeFile(join(from, 'file'), 'x')
    await rm(into, { recursive: true })
    const [sent, received] = await round()
    expect(received).toMatchObject({ status: 'rejected' })
    expect(sent).toMatchObject({
      status: 'rejected',
      reason: { details: { why: expect.stringMatching(/chroot|chdir/) as unknown } }
    })
    await mkdir(into)
  })

  test.each([
    ['a log file of its choice', ['--remote-option=--log-file=/tmp/ferry-test-log']],
    ['a backup folder', ['--backup', '--backup-dir=/elsewhere']],
    ['a folder to compare with', ['--copy-dest=/etc']],
    ['a folder for its temporary files', ['--temp-dir=/tmp']],
    ['the attributes of a fake root', ['--remote-option=--fake-super']],
    ['to remove what it sends', ['--remove-source-files']],
    ['to write in place', ['--inplace']]
  ])('a peer that asks the daemon for %s is refused', async (_, extra) => {
    const { args } = await configureDaemon(into, workDir)
    await writeFile(join(from, 'file'), 'x')
    const daemon = `sh -c 'exec rsync ${args.join(' ')}' connector`
    const client = spawnSync('rsync', ['-a', ...extra, `--rsh=${daemon}`, `${from}/`, 'target::rootfs/'], {
      encoding: 'utf8'
    })
    expect(client.status).not.toBe(0)
    expect(client.stderr).toMatch(/configured to refuse/)
    expect(existsSync(join(into, 'file'))).toBe(false)
  })

  test('a link in the staging folder that leads out of it is not followed by the daemon', async () => {
    const outside = join(base, 'outside')
    await mkdir(outside)
    await symlink(outside, join(into, 'etc'))
    await mkdir(join(from, 'etc'))
    await writeFile(join(from, 'etc/file'), 'x')
    await round()
    expect(existsSync(join(outside, 'file'))).toBe(false)
    expect(await readFile(join(into, 'etc/file'), 'utf8')).toBe('x')
  })

  test('an abort ends rsync on both sides', async () => {
    await writeFile(join(from, 'big'), Buffer.alloc(60_000_000, 'x'))
    const { near, far } = await nodes.stream()
    const cancel = new AbortController()
    const [sent, received] = await Promise.allSettled([
      sendRootfs({
        stream: near,
        rootfs: from,
        final: true,
        signal: cancel.signal,
        onProgress: () => cancel.abort(new Error('cancelled'))
      }),
      receiveRootfs({ stream: far, into, workDir, signal: longEnough() })
    ])
    expect(sent).toMatchObject({ reason: { details: { code: 'TRANSFER_ABORTED' } } })
    expect(received.status).toBe('rejected')
    expect(spawnSync('pgrep', ['-fa', base], { encoding: 'utf8' }).stdout).toBe('')
  })
})
