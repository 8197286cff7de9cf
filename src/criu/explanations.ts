// Errors of CRIU that are understood: what they mean for a container and what to do. Sources: CRIU 4.2's code, its issues, and runs of our own.

export interface Explanation {
  readonly pattern: RegExp
  /** Log it is found in; both where absent. */
  readonly in?: 'dump' | 'restore'
  /** It may stand on a line of no consequence: counts only where it is the first real error. */
  readonly vague?: boolean
  readonly meaning: string
  readonly remedy: string
}

export const explanations: readonly Explanation[] = [
  // Versions, kernel
  {
    pattern: /Unexpected rt vDSO area bounds|vdso: .*vDSO area/,
    meaning: 'this CRIU is too old for the kernel (6.13 and later need CRIU 4.1)',
    remedy: 'Install CRIU 4.1 or later, better 4.2, on this host'
  },
  {
    pattern: /Can't get 1:16 opt: Operation not supported/,
    meaning: 'this CRIU is too old for the kernel (6.16 and later need CRIU 4.2 for TCP sockets)',
    remedy: 'Install CRIU 4.2 or later on this host'
  },
  {
    pattern: /BUG at criu\/mem\.c|Tracking memory is not available/,
    meaning: 'the kernel does not track dirty memory (CONFIG_MEM_SOFT_DIRTY is off), which a pre-dump needs',
    remedy: 'Migrate without CRIU pre-dump on this host, or boot a kernel with CONFIG_MEM_SOFT_DIRTY'
  },
  {
    pattern: /Not supported images version|Magic doesn't match|Unexpected EOF on \(empty-image\)/,
    in: 'restore',
    meaning: 'the images were written by a newer CRIU, or did not arrive whole',
    remedy: "Install the source's CRIU version on the target, then try again"
  },
  {
    pattern:
      /CPU (Feature .* not supported|xfeatures has unsupported bits|.*capabilities do not match|xsave (max )?size mismatch)|FPU feature required by image/,
    in: 'restore',
    meaning: "the target's CPU lacks features that the container's programs use",
    remedy: "Choose a target with the source's CPU features, or give both hosts the same CPU model"
  },
  {
    pattern: /Can't turn TCP repair mode ON: Operation not permitted/,
    meaning: 'CRIU runs without CAP_NET_ADMIN in the namespace of the sockets',
    remedy: 'Run ferry as root with all capabilities'
  },
  {
    pattern: /execvp\("(ip|iptables|nft|tar)[^"]*".*No such file/,
    meaning: 'CRIU needs a program that is not installed',
    remedy: 'Install the program that the line names (iproute2, iptables, nftables, tar) on this host'
  },
  // Descriptors
  {
    pattern: /anon_inode:\[io_uring\]/,
    in: 'dump',
    meaning: 'a program has an io_uring open, which CRIU can not dump',
    remedy:
      'Start it without io_uring (Node and other libuv programs: UV_USE_IO_URING=0), or set kernel.io_uring_disabled=2 and restart the container'
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
    pattern:
      /tty: .*(Unable to find a master|Found dangling tty|Found slave peer|Don't have tty)|Unable to find a master for/,
    in: 'dump',
    meaning: 'a terminal of the container has its other end outside of it',
    remedy:
      'LXC: set lxc.tty.max = 0 and lxc.console.path = none and restart the container; runc and crun: run it without a terminal'
  },
  {
    pattern: /tty: .*(Unable to open|Can't open)|Can't open (master pty|slave pty|slave tty|tty) /,
    in: 'restore',
    meaning: 'a terminal that the container used does not exist here',
    remedy: 'LXC: set lxc.tty.max = 0 and lxc.console.path = none on the source and restart the container there'
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
  // Tasks, memory
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
    pattern: /Unseizable non-zombie \d+ found/,
    in: 'dump',
    meaning: 'a process is being traced by a debugger or strace',
    remedy: 'End the debugger, then try again'
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
    pattern: /Cannot allocate memory|Not enough memory/,
    vague: true,
    meaning: 'the host ran out of memory',
    remedy: 'Free memory on this host or choose another target'
  },
  {
    pattern: /No space left on device/,
    vague: true,
    meaning: 'the disk is full',
    remedy: "Free disk space under ferry's data folder on this host"
  },
  // Mounts
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
  },
  {
    pattern: /Failed to move_mount from|mnt-v2: .*(move_mount|open_tree)/,
    in: 'restore',
    meaning: 'a bind mount has a symbolic link as its source on the target',
    remedy: "Give the real path in the container's configuration"
  },
  {
    pattern: /autofs not supported/,
    meaning: 'an automount file system is mounted in the container',
    remedy: 'Unmount it in the container for the migration'
  },
  // Network
  {
    pattern: /Unsupported link \d+ \(type \d+ kind (\S+)\)|Unsupported link type/,
    meaning: 'the container has a network interface of a kind that CRIU can not carry',
    remedy: 'Remove that interface from the container for the migration'
  },
  {
    pattern: /couldn't restore veth interface .* via usernsd/,
    in: 'restore',
    meaning: 'CRIU can not make the port of an unprivileged container itself',
    remedy: 'Report it: ferry makes such ports before the restore'
  },
  {
    pattern: /Can't add interface .* to bridge|Can't get index of/,
    in: 'restore',
    meaning: "the target's bridge for the container does not exist",
    remedy: "Make the bridge on the target, or map it to one that exists in ferry's configuration (bridges)"
  },
  {
    pattern:
      /Can't bind (inet )?socket.*(Cannot assign requested address|Address already in use)|Can't bind inet socket/,
    in: 'restore',
    meaning: 'an address the container listens on is missing or taken here',
    remedy:
      "See that the container's network namespace got its addresses, and that it does not share the host's network"
  },
  {
    pattern: /Unknown peer net namespace/,
    in: 'restore',
    meaning: "a veth of the container is not named in the target's configuration",
    remedy: "Declare every interface in the container's configuration (lxc.net.N)"
  },
  // Files on the target
  {
    pattern: /File .* has bad (mode|size|build-ID)/,
    in: 'restore',
    meaning: 'a file that a program has open or mapped is not the same on the target',
    remedy:
      'Try again: the root filesystem must be copied whole, with modes and owners; see that nothing else writes to it on the target'
  },
  {
    pattern: /Can't open file .*(No such file|ENOENT)|No such file or directory/,
    vague: true,
    in: 'restore',
    meaning: 'a file that the container needs is missing on the target',
    remedy:
      'Look which path the line names: in the rootfs it was not copied, elsewhere it is a bind mount that the target lacks'
  },
  {
    pattern: /ghost.*File exists|Can't link .*ghost/,
    in: 'restore',
    meaning: 'an earlier restore left a file behind in the root filesystem',
    remedy: 'Remove `*.cr.*.ghost` files from the rootfs on the target, then try again'
  },
  {
    pattern: /Can't fork for \d+: File exists|Pid \d+ is taken|Unable to create a thread/,
    in: 'restore',
    meaning: 'a pid that the container needs is taken: its pid namespace is not its own',
    remedy: 'Give the container a pid namespace of its own'
  },
  // Security modules, cgroups
  {
    pattern: /apparmor LSM specified but apparmor not supported by kernel/,
    in: 'restore',
    meaning: 'the configuration names an AppArmor profile and this kernel has no AppArmor',
    remedy: 'Remove lxc.apparmor.profile from the configuration, or enable AppArmor on the target'
  },
  {
    pattern: /selinux LSM specified but selinux not supported/,
    in: 'restore',
    meaning: 'the configuration names an SELinux context and this kernel has no SELinux',
    remedy: 'Remove the SELinux context from the configuration, or enable SELinux on the target'
  },
  {
    pattern: /change_profile|apparmor_parser|apparmor: .*(Can't|Failed)/,
    in: 'restore',
    meaning: "the container's AppArmor profile can not be applied here",
    remedy: 'Load the profile on the target (apparmor_parser), or run the container unconfined'
  },
  {
    pattern: /cg: .*[Ff]ailed walking/,
    meaning: "the container's cgroup could not be found under the path that CRIU was given",
    remedy: 'See that the host uses cgroup v2 alone'
  },
  {
    pattern: /fsnotify: Unable to open .*(memory|cgroup|cpu|io|pids)\./,
    in: 'restore',
    meaning: 'a program watches a cgroup file that does not exist here yet (systemd in a container does)',
    remedy: "Report it: the container's cgroup tree must be made before the restore"
  },
  {
    pattern: /cgroup\.subtree_control.*Invalid argument|cg: Can't (move|create)/,
    in: 'restore',
    meaning: "the container's cgroups could not be made as they were",
    remedy: 'See that nothing of an earlier attempt is left in the cgroup of the container on the target'
  },
  {
    pattern: /cg: .*(Can't|Failed).*(memory|cpu|pids|io|cpuset)\.\w+/,
    in: 'restore',
    meaning: 'a limit of the container could not be set here',
    remedy: 'See that the target delegates the same cgroup controllers as the source'
  },
  {
    pattern: /Dumping seccomp filters not supported|seccomp: Can't/,
    meaning: 'a seccomp filter of the container could not be carried',
    remedy: 'Boot a kernel with CONFIG_CHECKPOINT_RESTORE and CONFIG_SECCOMP_FILTER on both hosts'
  },
  {
    pattern: /lxc\.console\.path configured on source host but not target/,
    in: 'restore',
    meaning: 'the container has a console and the target made none for it',
    remedy: 'Set lxc.console.path = none on the source and restart the container there'
  },
  {
    pattern: /Script .* exited with \d+/,
    vague: true,
    meaning: "ferry's own hook ended with an error",
    remedy: 'Read the lines before it; if they do not explain it, report it with this log'
  },
  {
    pattern: /Can't connect to server|page-xfer: .*(Can't|Connection)|Remote side closed connection/,
    meaning: 'memory pages could not be sent to the other host',
    remedy: 'See that the link between the hosts is up, then try again'
  }
]
