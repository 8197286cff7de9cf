// What a killed CRIU leaves behind in the tree it worked on: TCP sockets in repair mode, whose connections would die of it.
import { readdir, readFile } from 'node:fs/promises'
import { run } from '../host/run.ts'

/** Arguments: `look` or `leave`, then pids. pidfd_open 434 and pidfd_getfd 438 have the same numbers on every architecture; TCP_REPAIR is 19, off 0. */
const script = `use strict; use warnings; my ($repaired, $failed) = (0, 0); my %seen; my $look = shift(@ARGV) eq 'look';
for my $pid (@ARGV) {
  my $pidfd = syscall(434, $pid + 0, 0); next if $pidfd < 0;
  opendir(my $dir, "/proc/$pid/fd") or next;
  for my $fd (grep { /^\\d+$/ } readdir $dir) {
    my $link = readlink("/proc/$pid/fd/$fd") // ''; next unless $link =~ /^socket:/ && !$seen{$link}++;
    my $mine = syscall(438, $pidfd, $fd + 0, 0); next if $mine < 0;
    open(my $sock, '+<&=', $mine) or next;
    my $mode = getsockopt($sock, 6, 19) or next;
    next unless unpack('i', $mode);
    if ($look) { $repaired++; next }
    setsockopt($sock, 6, 19, pack('i', 0)) ? $repaired++ : $failed++;
  }
}
print "$repaired $failed\\n";`

export interface Repaired {
  /** Sockets taken out of repair mode. */
  readonly repaired: number
  /** Sockets the kernel would not let go. */
  readonly failed: number
}

/**
 * Takes the TCP sockets of these processes out of repair mode; the others are left alone. Harmless where nothing is to be done.
 * @throws HostProblem COMMAND_FAILED, COMMAND_MISSING (perl)
 */
export async function leaveRepairMode(pids: readonly number[], signal: AbortSignal): Promise<Repaired> {
  if (pids.length === 0) return { repaired: 0, failed: 0 }
  const [repaired = 0, failed = 0] = await counts('leave', pids, signal)
  return { repaired, failed }
}

/** How many TCP sockets of these processes are in repair mode; changes nothing. @throws HostProblem COMMAND_FAILED, COMMAND_MISSING (perl) */
export async function socketsInRepair(pids: readonly number[], signal: AbortSignal): Promise<number> {
  if (pids.length === 0) return 0
  return (await counts('look', pids, signal))[0] ?? 0
}

async function counts(how: 'look' | 'leave', pids: readonly number[], signal: AbortSignal): Promise<number[]> {
  const { stdout } = await run(['perl', '-e', script, how, ...pids.map(String)], { signal })
  return stdout.trim().split(' ').map(Number)
}

/**
 * Pids of whatever still traces a thread of these: a CRIU that has not ended. The kernel lets every thread go when its tracer ends, so where this is empty no
 * task is ptrace-stopped any more.
 */
export async function tracersOf(pids: readonly number[]): Promise<number[]> {
  const found = new Set<number>()
  for (const pid of pids) {
    for (const thread of await readdir(`/proc/${String(pid)}/task`).catch(gone<string[]>([]))) {
      const status = await readFile(`/proc/${String(pid)}/task/${thread}/status`, 'utf8').catch(gone(''))
      const tracer = Number(/^TracerPid:\s*(\d+)/m.exec(status)?.[1] ?? 0)
      if (tracer !== 0) found.add(tracer)
    }
  }
  return [...found]
}

/**
 * Continues processes that CRIU left stopped (state T) when it was killed, but those the container itself had stopped.
 * @param keep pids to leave stopped, as this host sees them
 */
export async function continueStopped(pids: readonly number[], keep: readonly number[]): Promise<number[]> {
  const continued: number[] = []
  for (const pid of pids) {
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(gone(''))
    if (keep.includes(pid) || !/^State:\s*T/m.test(status)) continue
    process.kill(pid, 'SIGCONT')
    continued.push(pid)
  }
  return continued
}

function gone<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return value
    throw error
  }
}
