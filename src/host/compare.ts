// Whether a container of one host can run on another, from what both say of themselves; pure.
import type { HostFacts } from './facts.ts'
import type { Finding } from './problem.ts'

export interface Need {
  /** What the container's processes take in memory. */
  readonly memoryBytes: number
  /** Images and rootfs together. */
  readonly diskBytes: number
  /** The rootfs alone, where the engine's containers live on a file system of their own. Default: `diskBytes`. */
  readonly rootfsBytes?: number
  readonly engine: string
  /** The container has TCP sockets; default true. */
  readonly tcp?: boolean
}

/** The target keeps this much after the container has come, bytes. */
const MEMORY_MARGIN = 64 * 1024 * 1024
const DISK_MARGIN = 256 * 1024 * 1024

/**
 * Flags of instruction sets whose registers are part of the saved state (xsave), or that programs choose at start and go on using. A container from a CPU with one of these may
 * die of an illegal instruction on one without.
 */
const CPU_FEATURE =
  /^(avx|avx2|avx512\w*|avx_vnni|amx_\w+|fma|f16c|xsave\w*|pku|ospke|sse\w*|ssse3|bmi1|bmi2|adx|aes|vaes|pclmulqdq|vpclmulqdq|gfni|sha_ni|movbe|popcnt|rdrand|rdseed|clwb|erms|fsrm|rtm|hle|user_shstk|asimd\w*|sve\w*|sme\w*|atomics|paca|pacg|bti|mte|crc32|sha\d*)$/

export function compareHosts(source: HostFacts, target: HostFacts, need: Need): Finding[] {
  return [
    ...cpu(source, target),
    ...criu(source, target, need),
    ...cgroups(source, target),
    ...programs(source, target, need),
    ...room(target, need),
    ...surroundings(source, target, need)
  ]
}

function cpu(source: HostFacts, target: HostFacts): Finding[] {
  if (source.arch !== target.arch) {
    return [
      blocker(
        'ARCH_DIFFERS',
        `The source is ${source.arch} and the target ${target.arch}`,
        'Choose a target of the same architecture: a running program can not change it'
      )
    ]
  }
  const there = new Set(target.cpuFlags)
  const missing = source.cpuFlags.filter((flag) => CPU_FEATURE.test(flag) && !there.has(flag))
  if (missing.length === 0) return []
  return [
    blocker(
      'CPU_FEATURES_MISSING',
      `The target's CPU (${target.cpuModel}) lacks what programs on the source may be using: ${missing.join(', ')}`,
      'Choose a target whose CPU has these, or give both (virtual) hosts the same CPU model',
      `the source's CPU is ${source.cpuModel}`
    )
  ]
}

function criu(source: HostFacts, target: HostFacts, need: Need): Finding[] {
  const found: Finding[] = []
  const sides = [
    ['source', source],
    ['target', target]
  ] as const
  for (const [side, host] of sides) {
    if (host.criu === undefined) {
      found.push(
        blocker('CRIU_MISSING', `CRIU is not installed on the ${side}`, `Install criu (4.2 or later) on the ${side}`)
      )
    } else {
      found.push(...criuAgainstKernel(side, host.criu.version, host.kernel, need))
    }
  }
  if (
    source.criu !== undefined &&
    target.criu !== undefined &&
    compareVersions(target.criu.version, source.criu.version) < 0
  ) {
    found.push(
      blocker(
        'CRIU_OLDER_ON_TARGET',
        `The target's CRIU (${target.criu.version}) is older than the source's (${source.criu.version})`,
        `Install CRIU ${source.criu.version} or later on the target: an older one may not understand the images`
      )
    )
  }
  return found
}

function criuAgainstKernel(side: string, version: string, kernel: string, need: Need): Finding[] {
  const needs = (least: string, why: string) => [
    blocker(
      'CRIU_TOO_OLD_FOR_KERNEL',
      `CRIU ${version} on the ${side} can not work on its kernel ${kernel}`,
      `Install CRIU ${least} or later on the ${side}`,
      why
    )
  ]
  if (compareVersions(kernel, '6.13') >= 0 && compareVersions(version, '4.1') < 0) {
    return needs(
      '4.1',
      'kernels from 6.13 place the vDSO where it does not expect it (`Unexpected rt vDSO area bounds`)'
    )
  }
  if (need.tcp !== false && compareVersions(kernel, '6.16') >= 0 && compareVersions(version, '4.2') < 0) {
    return needs(
      '4.2',
      "on kernels from 6.16 it can not dump TCP sockets (`Can't get 1:16 opt: Operation not supported`)"
    )
  }
  return []
}

function cgroups(source: HostFacts, target: HostFacts): Finding[] {
  const sides = [
    ['source', source],
    ['target', target]
  ] as const
  return sides.flatMap(([side, host]) =>
    host.pureCgroupV2
      ? []
      : [
          blocker(
            'NOT_CGROUP_V2',
            `The ${side} does not use cgroup v2 alone`,
            `Boot the ${side} with \`systemd.unified_cgroup_hierarchy=1\` and unmount every cgroup v1 hierarchy`,
            'ferry holds a container by freezing its v2 cgroup'
          )
        ]
  )
}

function programs(source: HostFacts, target: HostFacts, need: Need): Finding[] {
  const found: Finding[] = []
  if (target.engines[need.engine] === undefined) {
    found.push(
      blocker('ENGINE_MISSING', `${need.engine} is not installed on the target`, `Install ${need.engine} on the target`)
    )
  }
  const sides = [
    ['source', source],
    ['target', target]
  ] as const
  for (const [side, host] of sides) {
    if (host.rsync === undefined) {
      found.push(blocker('RSYNC_MISSING', `rsync is not installed on the ${side}`, `Install rsync on the ${side}`))
    }
    if (!host.perl) {
      found.push(
        blocker(
          'PERL_MISSING',
          `perl is not installed on the ${side}`,
          `Install perl-base on the ${side}`,
          'Node has no packet sockets'
        )
      )
    }
  }
  return found
}

function room(target: HostFacts, need: Need): Finding[] {
  const found: Finding[] = []
  if (target.memoryFreeBytes < need.memoryBytes + MEMORY_MARGIN) {
    found.push(
      blocker(
        'NOT_ENOUGH_MEMORY',
        `The target has ${mebibytes(target.memoryFreeBytes)} of memory available, the container needs ${mebibytes(need.memoryBytes)}`,
        'Free memory on the target or choose another one',
        `${mebibytes(MEMORY_MARGIN)} are left to the host itself`
      )
    )
  }
  if (target.diskFreeBytes < need.diskBytes + DISK_MARGIN) {
    found.push(
      blocker(
        'NOT_ENOUGH_DISK',
        `The target has ${mebibytes(target.diskFreeBytes)} of disk free, root filesystem and images need ${mebibytes(need.diskBytes)}`,
        'Free disk space on the target or choose another one',
        `${mebibytes(DISK_MARGIN)} are left to the host itself`
      )
    )
  }
  const place = target.engineDiskFreeBytes?.[need.engine]
  const rootfsBytes = need.rootfsBytes ?? need.diskBytes
  if (place !== undefined && place < rootfsBytes + DISK_MARGIN) {
    found.push(
      blocker(
        'NOT_ENOUGH_DISK',
        `The target has ${mebibytes(place)} free on the file system of its ${need.engine} containers, the root filesystem needs ${mebibytes(rootfsBytes)}`,
        'Free disk space there or choose another target',
        `${mebibytes(DISK_MARGIN)} are left to the host itself`
      )
    )
  }
  return found
}

function surroundings(source: HostFacts, target: HostFacts, need: Need): Finding[] {
  const found: Finding[] = []
  for (const module of ['apparmor', 'selinux']) {
    const [here, there] = [source.lsm.includes(module), target.lsm.includes(module)]
    if (here === there) continue
    found.push(
      warning(
        'LSM_DIFFERS',
        `${module} is active on the ${here ? 'source' : 'target'} only`,
        here
          ? `Enable ${module} on the target if the container relies on its confinement; a profile it carries can not be applied there`
          : `Check that the target's ${module} policy lets the container do what it does unconfined now`
      )
    )
  }
  if (need.engine === 'lxc' && source.lxcfs && !target.lxcfs) {
    found.push(
      warning(
        'LXCFS_MISSING',
        'lxcfs runs on the source and not on the target',
        'Start lxcfs on the target: a container that has its files mounted can not be restored without it'
      )
    )
  }
  return found
}

/** Compares dotted numbers; what follows the numbers (`-amd64`) does not count. Negative where a is the older. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number)
  const [left, right] = [numbers(a), numbers(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function blocker(code: string, what: string, remedy: string, why?: string): Finding {
  return { level: 'blocker', code, what, remedy, ...(why === undefined ? {} : { why }) }
}

function warning(code: string, what: string, remedy: string): Finding {
  return { level: 'warning', code, what, remedy }
}

function mebibytes(bytes: number): string {
  return `${String(Math.ceil(bytes / 1024 / 1024))} MiB`
}
