import { describe, expect, it } from 'vitest'
import { diagnose, diagnoseEnd } from '../../src/criu/diagnose.ts'

const log = (...lines: string[]) =>
  [
    '(00.000054) Version: 4.2.1 (gitid 0)',
    "(00.000170) Error (criu/rlimit.c:31): Can't setup RLIMIT_NOFILE for self: Operation not permitted",
    ...lines,
    ''
  ].join('\n')

describe('the first real error of a CRIU log', () => {
  it.each([
    [
      'an io_uring, behind which nothing else is wrong',
      'dump.log',
      log(
        "(00.012345) Error (criu/files-ext.c:98): Can't dump file 21 of that type [600] (anon anon_inode:[io_uring])",
        '(00.012350) ----------------------------------------',
        '(00.012351) Error (criu/cr-dump.c:1663): Dump files (pid: 412) failed with -1',
        '(00.013000) Error (criu/cr-dump.c:2111): Dumping FAILED.'
      ),
      3,
      /io_uring/,
      /UV_USE_IO_URING=0/
    ],
    [
      'a CRIU that is too old for the kernel',
      'dump.log',
      log(
        '(00.004000) Error (criu/vdso.c:310): vdso: Unexpected rt vDSO area bounds',
        '(00.004100) Error (criu/cr-dump.c:2111): Dumping FAILED.'
      ),
      3,
      /too old for the kernel/,
      /Install CRIU 4\.1/
    ],
    [
      'a TCP socket on a kernel that is too new',
      'dump.log',
      log("(00.040000) Error (criu/sockets.c:509): sockets: Can't get 1:16 opt: Operation not supported"),
      3,
      /TCP sockets/,
      /CRIU 4\.2/
    ],
    [
      'a pre-dump on a kernel that does not track dirty memory',
      'dump.log',
      log('(00.010000) Error (criu/mem.c:45): BUG at criu/mem.c:45'),
      3,
      /CONFIG_MEM_SOFT_DIRTY/,
      /without CRIU pre-dump/
    ],
    [
      'standard streams that lead out of the container',
      'dump.log',
      log("443 (00.102068) Error (criu/files-reg.c:1122): Can't lookup mount=21 for fd=0 path=/dev/pts/2"),
      3,
      /standard streams/,
      /without|no terminal/
    ],
    [
      'a terminal whose master is outside',
      'dump.log',
      log('(00.050000) Error (criu/tty.c:2050): tty: Unable to find a master for /3'),
      3,
      /terminal/,
      /lxc\.tty\.max = 0/
    ],
    [
      'a file with another mode, before the task that dies of it',
      'restore.log',
      log(
        '(00.030000)      1: Error (criu/files-reg.c:2294): File sbin/init has bad mode 0100755 (expect 0104755)',
        '(00.031000) Error (criu/cr-restore.c:1503): 812 exited, status=1',
        '(00.032000) Error (criu/cr-restore.c:2320): Restoring FAILED.'
      ),
      3,
      /not the same on the target/,
      /modes and owners/
    ],
    [
      'a bind mount whose source is a symbolic link',
      'restore.log',
      log('(00.020000)      1: Error (criu/mount-v2.c:260): mnt-v2: Failed to move_mount from /lib to /tmp/x'),
      3,
      /symbolic link/,
      /real path/
    ],
    [
      'AppArmor named where there is none',
      'restore.log',
      log('(00.001000) Error (criu/lsm.c:371): apparmor LSM specified but apparmor not supported by kernel'),
      3,
      /no AppArmor/,
      /lxc\.apparmor\.profile/
    ],
    [
      'the explanation that CRIU gives after the error',
      'dump.log',
      log(
        '(00.020000) Error (criu/sk-inet.c:137): inet: Unsupported proto 262 for socket 8ab3',
        '(00.020001) Error (criu/sk-inet.c:139): inet: For Go programs, consider using "GODEBUG=multipathtcp=0" to disable MPTCP'
      ),
      3,
      /Multipath TCP/,
      /GODEBUG=multipathtcp=0/
    ]
  ])('%s', (_name, logName, text, lineNumber, meaning, remedy) => {
    expect(diagnose(logName, text)).toMatchObject({
      lineNumber,
      meaning: expect.stringMatching(meaning) as string,
      remedy: expect.stringMatching(remedy) as string
    })
  })

  it('a pid that is taken is only then explained as one when a restore says so', () => {
    const line = "(00.116595) Error (criu/cr-restore.c:1230): Can't fork for 15047: File exists"
    expect(diagnose('restore.log', line)?.meaning).toMatch(/pid/)
    expect(diagnose('dump.log', line)?.meaning).toMatch(/no explanation/)
  })

  it('an error that nobody knows is named with its line and a way to go on', () => {
    const text = log(
      '(00.1) Error (criu/strange.c:1): Never seen before',
      '(00.2) Error (criu/cr-dump.c:2111): Dumping FAILED.'
    )
    expect(diagnose('dump.log', text)).toMatchObject({
      lineNumber: 3,
      line: '(00.1) Error (criu/strange.c:1): Never seen before',
      remedy: expect.stringContaining('line 3') as string
    })
  })

  it('where only the final line is there, it is that', () => {
    expect(diagnose('dump.log', '(00.473314) Error (criu/cr-dump.c:2111): Dumping FAILED.')?.lineNumber).toBe(1)
  })

  it('a log without errors has none, and neither has one with only the harmless', () => {
    expect(diagnose('dump.log', '(00.1) Dumping finished successfully\n')).toBeUndefined()
    expect(diagnose('dump.log', log())).toBeUndefined()
    expect(diagnose('dump.log', '')).toBeUndefined()
  })
})

describe('the log of a CRIU that was killed', () => {
  const cut = log(
    '(00.004000) Running network-unlock scripts',
    '(00.005000) Error (criu/util.c:642): execvp("iptables-save", ...) failed: No such file or directory',
    '(00.006000) Dumping pages'
  )

  it('ends anywhere, and that is what is said of it', () => {
    expect(diagnoseEnd('dump.log', cut)).toMatchObject({ line: '(00.006000) Dumping pages', lineNumber: 5 })
    expect(diagnoseEnd('dump.log', cut)?.meaning).toMatch(/killed/)
  })

  it('is no such log where CRIU came to an end of its own, or said what it died of', () => {
    const failed = '(00.007000) Error (criu/cr-dump.c:2111): Dumping FAILED.'
    expect(diagnoseEnd('dump.log', `${cut}${failed}\n`)?.meaning).not.toMatch(/killed/)
    const full = '(00.004000) Error (criu/image.c:30): No space left on device'
    expect(diagnoseEnd('dump.log', log(full, '(00.005000) going on'))).toMatchObject({ line: full })
    expect(diagnoseEnd('dump.log', '')).toBeUndefined()
  })
})
