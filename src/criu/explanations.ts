// Errors of CRIU that are understood, wherever they are met. Sources: CRIU 4.2's code, its issues, and runs of our own.

export interface Explanation {
  readonly pattern: RegExp
  /** It may stand on a line of no consequence: counts only where it is the first real error. */
  readonly vague?: boolean
  readonly meaning: string
  readonly remedy: string
}

export const explanations: readonly Explanation[] = [
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
    pattern: /Can't turn TCP repair mode ON: Operation not permitted/,
    meaning: 'CRIU runs without CAP_NET_ADMIN in the namespace of the sockets',
    remedy: 'Run ferry as root with all capabilities'
  },
  {
    pattern: /execvp\("(ip|iptables|nft|tar)[^"]*".*No such file/,
    meaning: 'CRIU needs a program that is not installed',
    remedy: 'Install the program that the line names (iproute2, iptables, nftables, tar) on this host'
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
  {
    pattern: /autofs not supported/,
    meaning: 'an automount file system is mounted in the container',
    remedy: 'Unmount it in the container for the migration'
  },
  {
    pattern: /Unsupported link \d+ \(type \d+ kind (\S+)\)|Unsupported link type/,
    meaning: 'the container has a network interface of a kind that CRIU can not carry',
    remedy: 'Remove that interface from the container for the migration'
  },
  {
    pattern: /cg: .*[Ff]ailed walking/,
    meaning: "the container's cgroup could not be found under the path that CRIU was given",
    remedy: 'See that the host uses cgroup v2 alone'
  },
  {
    pattern: /Dumping seccomp filters not supported|seccomp: Can't/,
    meaning: 'a seccomp filter of the container could not be carried',
    remedy: 'Boot a kernel with CONFIG_CHECKPOINT_RESTORE and CONFIG_SECCOMP_FILTER on both hosts'
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
