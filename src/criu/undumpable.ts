// What CRIU refuses to dump, found before the container is frozen. The lists are CRIU's own (criu/files.c, sockets.c, sk-inet.c, tty.c of 4.2).
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import type { Finding } from '../host/problem.ts'
import { run } from '../host/run.ts'

/** What CRIU knows how to dump of `anon_inode:…`. */
const DUMPABLE_ANON = new Set([
  '[eventfd]',
  '[eventpoll]',
  'inotify',
  '[fanotify]',
  '[signalfd]',
  '[timerfd]',
  '[pidfd]',
  'bpf-map'
])
/** As the kernel names a socket's protocol (xattr system.sockprotoname). */
const DUMPABLE_SOCKETS =
  /^(UNIX.*|TCP|TCPv6|UDP|UDPv6|UDP-Lite|UDPLITEv6|UDPLite|RAW|RAWv6|PING|PINGv6|PACKET|NETLINK)$/

/** Majors: memory devices 1, ttys 4 and 5, ptys 128 to 143 (Documentation/admin-guide/devices.txt). */
const isDumpableDevice = (major: number, minor: number) =>
  major === 1 ||
  major === 4 ||
  major === 5 ||
  (major >= 128 && major <= 143) ||
  (major === 10 && (minor === 200 || minor === 235))

const REMEDY_BY_ANON: Readonly<Record<string, string>> = {
  '[io_uring]':
    'Start the program without io_uring (for Node and other libuv programs: UV_USE_IO_URING=0; nginx, databases: their own setting), or set kernel.io_uring_disabled=2 and restart the container',
  '[perf_event]': 'End the profiling in the container',
  'bpf-prog': 'Detach the BPF program in the container, or stop what loaded it',
  'bpf-link': 'Detach the BPF program in the container, or stop what loaded it',
  '[userfaultfd]': 'Stop the program or its use of userfaultfd',
  '[kvm-vm]': 'Stop the virtual machine in the container, or migrate it with its own tools',
  'seccomp notify': 'Stop the supervisor that handles system calls of other processes'
}

const SOCKET_REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/^MPTCP/, 'Turn Multipath TCP off in the program (Go: GODEBUG=multipathtcp=0) and restart it'],
  [/^SCTP/, 'CRIU can not move SCTP associations; close them for the migration'],
  [/^ALG/, 'Stop the use of the kernel crypto API (AF_ALG) in the program'],
  [/VSOCK/, 'Close the AF_VSOCK socket: it talks to this hypervisor']
]

/**
 * Looks at every descriptor of these processes; reads only. Processes that end meanwhile are left out.
 * @param pids as this host sees them
 * @throws HostProblem COMMAND_FAILED, COMMAND_MISSING (perl)
 */
export async function findUndumpable(pids: readonly number[], signal: AbortSignal): Promise<Finding[]> {
  const found: Finding[] = []
  const sockets = await socketProtocols(pids, signal)
  for (const pid of pids) {
    signal.throwIfAborted()
    const comm = (await readFile(`/proc/${String(pid)}/comm`, 'utf8').catch(gone(''))).trim()
    const fuse = await fuseMounts(pid)
    for (const fd of await readdir(`/proc/${String(pid)}/fd`).catch(gone<string[]>([]))) {
      const where = `Process ${String(pid)} (${comm}), descriptor ${fd},`
      const problem = await descriptorProblem(pid, fd, fuse, sockets)
      if (problem !== undefined) found.push(blocker(`${where} ${problem.what}`, problem.remedy))
    }
  }
  return found
}

interface Problem {
  readonly what: string
  readonly remedy: string
}

async function descriptorProblem(
  pid: number,
  fd: string,
  fuse: ReadonlyMap<number, string>,
  sockets: ReadonlyMap<string, string>
): Promise<Problem | undefined> {
  const path = `/proc/${String(pid)}/fd/${fd}`
  const link = await readlink(path).catch(gone(''))
  const anonymous = /^anon_inode:(.*)$/.exec(link)?.[1]
  if (anonymous !== undefined) return anonymousProblem(anonymous)
  if (link.startsWith('socket:')) return socketProblem(sockets.get(`${String(pid)} ${fd}`))
  if (!link.startsWith('/')) return undefined
  const info = await readFile(`/proc/${String(pid)}/fdinfo/${fd}`, 'utf8').catch(gone(''))
  const mount = fuse.get(Number(/^mnt_id:\s*(\d+)/m.exec(info)?.[1] ?? -1))
  if (mount !== undefined) {
    return {
      what: `is a file on a FUSE mount (${link})`,
      remedy: `Unmount ${mount} in the container for the migration, or mount it on the host and bind it in`
    }
  }
  // Following the link of a file on a dead FUSE or NFS server would hang; a device is not on one.
  if (!link.startsWith('/dev/')) return undefined
  const file = await stat(path).catch(gone(undefined))
  if (file?.isCharacterDevice() !== true) return undefined
  const major = (file.rdev >> 8) & 0xfff
  const minor = (file.rdev & 0xff) | ((file.rdev >> 12) & 0xfff00)
  if (isDumpableDevice(major, minor)) return undefined
  return deviceProblem(link, major, minor)
}

function anonymousProblem(kind: string): Problem | undefined {
  if (DUMPABLE_ANON.has(kind)) return undefined
  const remedy = REMEDY_BY_ANON[kind] ?? 'Close it, or stop the process, for the migration'
  return { what: `is ${kind.replace(/^\[(.*)\]$/, '$1')} (anon_inode:${kind}), which CRIU can not dump`, remedy }
}

function socketProblem(protocol: string | undefined): Problem | undefined {
  if (protocol === undefined || DUMPABLE_SOCKETS.test(protocol)) return undefined
  const remedy = SOCKET_REMEDIES.find(([pattern]) => pattern.test(protocol))?.[1] ?? 'Close it for the migration'
  return { what: `is a socket of protocol ${protocol}, which CRIU can not dump`, remedy }
}

function deviceProblem(link: string, major: number, minor: number): Problem {
  const what = `has the device ${link} (${String(major)}:${String(minor)}) open, which CRIU can not dump`
  if (major === 10 && minor === 229) {
    return { what, remedy: 'Stop the FUSE file system that is served from inside the container' }
  }
  return { what, remedy: `Stop what uses ${link}, or close it, for the migration` }
}

/** FUSE mounts of a process by mount id, without lxcfs, which CRIU knows as external mounts. Format: proc_pid_mountinfo(5). */
async function fuseMounts(pid: number): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for (const line of (await readFile(`/proc/${String(pid)}/mountinfo`, 'utf8').catch(gone(''))).split('\n')) {
    const [id, , , , where] = line.split(' ')
    const type = / - (\S+) /.exec(line)?.[1] ?? ''
    if (where !== undefined && /^fuse(blk)?(\.|$)/.test(type) && type !== 'fuse.lxcfs') found.set(Number(id), where)
  }
  return found
}

/** getxattr is system call 191 on x86-64 and 8 on arm64 and riscv64. Node has no call for it. */
const script = `use strict; use warnings; my $number = shift @ARGV;
for my $pid (@ARGV) { opendir(my $dir, "/proc/$pid/fd") or next;
  for my $fd (grep { /^\\d+$/ } readdir $dir) { next unless (readlink("/proc/$pid/fd/$fd") // '') =~ /^socket:/;
    my ($path, $name, $value) = ("/proc/$pid/fd/$fd", 'system.sockprotoname', "\\0" x 64);
    my $length = syscall($number, $path, $name, $value, 64); next if $length < 1;
    $value = substr($value, 0, $length); $value =~ s/\\0.*//s; print "$pid $fd $value\\n" } }`

/** By `PID FD`. Sockets that don't say are left out. */
async function socketProtocols(pids: readonly number[], signal: AbortSignal): Promise<Map<string, string>> {
  const number = { x64: '191', arm64: '8', riscv64: '8' }[process.arch as string]
  if (number === undefined || pids.length === 0) return new Map()
  const { stdout } = await run(['perl', '-e', script, number, ...pids.map(String)], { signal })
  const entries = stdout.split('\n').map((line) => /^(\d+ \d+) (.+)$/.exec(line))
  return new Map(
    entries.flatMap((entry): [string, string][] => (entry === null ? [] : [[entry[1] ?? '', entry[2] ?? '']]))
  )
}

function blocker(what: string, remedy: string): Finding {
  return { level: 'blocker', code: 'UNDUMPABLE_DESCRIPTOR', what, remedy }
}

function gone<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return value
    throw error
  }
}
