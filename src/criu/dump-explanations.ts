// Errors of CRIU that are understood and only a dump has.
import type { Explanation } from './explanations.ts'

export const dumpExplanations: readonly Explanation[] = [
  {
    pattern: /anon_inode:\[io_uring\]/,
    meaning: 'a program has an io_uring open, which CRIU can not dump',
    remedy:
      'Start it without io_uring (Node and other libuv programs: UV_USE_IO_URING=0), or set kernel.io_uring_disabled=2 and restart the container'
  },
  {
    pattern:
      /tty: .*(Unable to find a master|Found dangling tty|Found slave peer|Don't have tty)|Unable to find a master for/,
    meaning: 'a terminal of the container has its other end outside of it',
    remedy:
      'LXC: set lxc.tty.max = 0 and lxc.console.path = none and restart the container; runc and crun: run it without a terminal'
  },
  {
    pattern: /Unseizable non-zombie \d+ found/,
    meaning: 'a process is being traced by a debugger or strace',
    remedy: 'End the debugger, then try again'
  },
  {
    pattern: /BUG at criu\/mem\.c|Tracking memory is not available/,
    meaning: 'the kernel does not track dirty memory (CONFIG_MEM_SOFT_DIRTY is off), which a pre-dump needs',
    remedy: 'Migrate without CRIU pre-dump on this host, or boot a kernel with CONFIG_MEM_SOFT_DIRTY'
  },
  {
    pattern: /Can't dump file \d+ of that type \[\d+\] \(chr 10:229/,
    meaning: 'a program has /dev/fuse open: it serves a FUSE file system',
    remedy: 'Stop the FUSE file system in the container for the migration'
  },
  {
    pattern: /Can't dump file \d+ of that type \[\d+\] \(chr (226|195|242):/,
    meaning: 'a program uses a GPU',
    remedy: "Stop it for the migration: CRIU carries GPU state only with the vendor's plugin"
  },
  {
    pattern: /Can't dump file \d+ of that type/,
    meaning: 'a program has a file open of a kind that CRIU can not dump; the parentheses say which',
    remedy: 'Close it, or stop the program, for the migration'
  },
  {
    pattern: /Unsupported proto 262 |multipathtcp/,
    meaning: 'a program uses Multipath TCP',
    remedy: 'Turn it off in the program (Go: GODEBUG=multipathtcp=0) and restart it'
  },
  {
    pattern: /Unsupported proto \d+ for socket|BUG! Unknown socket collected|Unsupported socket family/,
    meaning: 'a program has a socket open of a protocol that CRIU can not dump',
    remedy: 'Close it, or stop the program, for the migration (`ferry check` names process and protocol)'
  },
  {
    pattern: /Can't dump corked dgram socket/,
    meaning: 'a UDP socket was corked with data waiting',
    remedy: 'Try again in a moment'
  },
  {
    pattern: /In-flight connection/,
    meaning: 'a TCP connection was just being opened and no program had accepted it',
    remedy: 'Try again; the program is slow to accept connections'
  },
  {
    pattern: /Connected TCP socket, consider using/,
    meaning: 'CRIU was not told to carry TCP connections: its configuration file did not reach it',
    remedy: 'See that nothing between ferry and criu clears CRIU_CONFIG_FILE from the environment'
  },
  {
    pattern:
      /Can't dump half of stream unix connection|External socket is used|name-less external socket|with unreachable peer/,
    meaning: 'a program talks over a Unix socket to a process outside the container',
    remedy:
      'Close that connection for the migration (often a socket of the host that is mounted into the container, e.g. a log or a Docker socket)'
  },
  {
    pattern: /Can't lookup mount=\d+ for fd=[012] /,
    meaning: "the container's standard streams lead to a file or terminal outside of it",
    remedy: 'Start the container with its standard streams on /dev/null or pipes (detached, no terminal)'
  },
  {
    pattern: /Can't lookup mount=\d+ for fd=/,
    meaning: 'a program has a file open that is on no mount of the container',
    remedy: 'Close it, or stop the program, for the migration'
  },
  {
    pattern: /overmounted mounts are not supported/,
    meaning: 'a program has a file open beneath a mount that was put over it',
    remedy: 'Remove the mount that covers it, or restart the program'
  },
  {
    pattern: /Can't dump ghost file .* increase limit/,
    meaning: 'a program holds a large file open that was deleted',
    remedy: "Restart the program that holds it, or raise CRIU's ghost-limit"
  },
  {
    pattern: /Can't create link remap/,
    meaning: 'a program holds a file open whose name was removed',
    remedy: 'Restart the program that holds it'
  },
  {
    pattern: /Control messages in queue, not supported|packetized mode for pipes/,
    meaning: 'data of a kind that CRIU can not carry was waiting in a socket or pipe',
    remedy: 'Try again in a moment'
  },
  {
    pattern: /Can't dump nested (\w+) namespace/,
    meaning: 'a program in the container has a namespace of its own',
    remedy:
      'systemd in the container: turn off ProtectHostname, PrivateUsers, PrivateNetwork, PrivateIPC and the like with a drop-in in service.d; otherwise stop that program'
  },
  {
    pattern: /Nested mount namespaces are not supported/,
    meaning: 'a program in the container has a mount namespace of its own inside a user namespace',
    remedy: 'Stop that program for the migration'
  },
  {
    pattern: /Zombie thread not supported|Zombies with threads|Individually stopped threads/,
    meaning: 'a thread was just ending or is stopped alone',
    remedy: 'Try again in a moment'
  },
  {
    pattern: /Unable to freeze cgroup|Timeout reached/,
    meaning:
      'a process could not be frozen in time: it waits in the kernel, for instance for a dead network file system',
    remedy: 'Find it (`ps -eo pid,stat,wchan,comm`, state D) and end that wait'
  },
  {
    pattern: /The criu itself is within dumped tree/,
    meaning: 'ferry itself runs inside the container that is to be moved',
    remedy: 'Run ferry on the host'
  },
  {
    pattern: /Can't handle non-regular mapping|Unsupported mapping found|Bogus mapping/,
    meaning: 'a program has device memory mapped',
    remedy: 'Stop that program for the migration'
  },
  {
    pattern: /uprobes vma/,
    meaning: 'a tracer has put probes into a program of the container',
    remedy: 'End the tracer (bpftrace, perf), restart the program, then try again'
  },
  {
    pattern: /Sysv shmem .* (hole|tail hole)/,
    meaning: 'a System V shared memory segment is mapped in part only',
    remedy: 'Stop the program that uses it for the migration'
  },
  {
    pattern: /FS mnt .* unsupported id/,
    meaning: 'a file system of a kind that CRIU does not know is mounted in the container',
    remedy: 'Unmount it in the container for the migration'
  },
  {
    pattern: /doesn't have a proper root mount|is autodetected external mount|No mapping for .* mountpoint/,
    meaning: 'a mount of the container comes from the host and was not declared as external',
    remedy:
      "Name it in the container's own configuration (lxc.mount.entry, or mounts in config.json) instead of mounting it afterwards"
  }
]
