import { spawn, type ChildProcess } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { leaveRepairMode, tracersOf } from '../../src/criu/repair.ts'
import { findUndumpable } from '../../src/criu/undumpable.ts'
import { needs } from './needs.ts'

const signal = AbortSignal.timeout(60_000)
const started: ChildProcess[] = []
const holding = async (perl: string) => {
  const child = spawn('perl', ['-e', `${perl}; $| = 1; print "ready"; sleep 100`], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  started.push(child)
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', () => reject(new Error('it ended')))
  })
  return child.pid ?? 0
}
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe('descriptors that CRIU can not dump', () => {
  needs(process.getuid?.() === 0 && process.arch === 'x64', 'root on x86-64: run npm test as root')
  it('an ordinary process has none', async () => {
    // pipe, Unix, TCP, UDP, netlink and packet sockets, eventfd, epoll, timerfd, inotify, pidfd, memfd, pty, devices, deleted and plain files.
    const pid = await holding(`use Socket; my @keep;
      socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0); socket(my $t, PF_INET, SOCK_STREAM, 0); socket(my $u, PF_INET, SOCK_DGRAM, 0);
      socket(my $t6, 10, SOCK_STREAM, 0); socket(my $n, 16, SOCK_RAW, 0); socket(my $p, 17, SOCK_RAW, 0); socket(my $r, PF_INET, SOCK_RAW, 1); pipe(my $x, my $y);
      syscall(290, 0, 0); syscall(291, 0); syscall(283, 1, 0); syscall(294, 0); syscall(434, $$, 0); syscall(319, my $name = "m", 0);
      for my $f ('/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/dev/ptmx', '/etc/passwd', '/proc/self/status') { open(my $h, '<', $f) or next; push @keep, $h }
      open(my $d, '+>', "/tmp/ferry-unit-$$"); unlink "/tmp/ferry-unit-$$"`)
    expect(await findUndumpable([pid], signal)).toEqual([])
  })

  it('an io_uring or perf event is named with process and remedy', async () => {
    // perf_event_open (298): a software clock of the process itself.
    const pid = await holding(
      'my $attr = pack("LLQQQQQ", 1, 112, 0, 0, 0, 0, 0) . "\\0" x 72; syscall(298, $attr, 0, -1, -1, 0) >= 0 or die "perf: $!"'
    )
    const [finding] = await findUndumpable([pid], signal)
    expect(finding).toMatchObject({ level: 'blocker', code: 'UNDUMPABLE_DESCRIPTOR' })
    expect(finding?.what).toContain(`Process ${String(pid)} (perl), descriptor`)
    expect(finding?.what).toContain('perf_event')
    expect(finding?.remedy).not.toBe('')
  })

  it('a socket of a family that CRIU does not know is named with its protocol', async () => {
    const pid = await holding('use Socket; socket(my $s, 38, 5, 0) or socket($s, 40, 1, 0) or die "socket: $!"')
    const [finding] = await findUndumpable([pid], signal)
    expect(finding?.what).toMatch(/socket of protocol (ALG|AF_VSOCK|VSOCK)/)
  })

  it('a process that is gone has nothing open', async () => {
    expect(await findUndumpable([2 ** 22 - 1], signal)).toEqual([])
  })
})

describe('sockets in repair mode', () => {
  needs(process.getuid?.() === 0, 'root: run npm test as root')
  it('are taken out of it, and others left alone', async () => {
    const pid =
      await holding(`use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); socket(my $o, PF_INET, SOCK_STREAM, 0); socket(my $u, PF_INET, SOCK_DGRAM, 0);
      setsockopt($s, 6, 19, pack('i', 1)) or die "TCP_REPAIR: $!"`)
    expect(await leaveRepairMode([pid], signal)).toEqual({ repaired: 1, failed: 0 })
    expect(await leaveRepairMode([pid], signal)).toEqual({ repaired: 0, failed: 0 })
  })

  it('a process that nobody traces has no tracer', async () => {
    expect(await tracersOf([process.pid])).toEqual([])
  })
})
