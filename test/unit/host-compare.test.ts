import { describe, expect, it } from 'vitest'
import { compareHosts, compareVersions, type Need } from '../../src/host/compare.ts'
import { isPureCgroupV2, parseCpuInfo, parseCriuVersion, type HostFacts } from '../../src/host/facts.ts'

const GIB = 1024 ** 3
const need: Need = { memoryBytes: GIB, diskBytes: GIB, engine: 'runc' }
const host = (changes: Partial<HostFacts> = {}): HostFacts => ({
  arch: 'x86_64',
  kernel: '6.18.5-amd64',
  cpuModel: 'A CPU',
  cpuFlags: ['fpu', 'sse4_2', 'avx', 'avx2'],
  cpuCount: 4,
  pureCgroupV2: true,
  criu: { path: '/usr/sbin/criu', version: '4.2.1' },
  criuFeatures: [],
  lsm: ['capability'],
  systemd: true,
  lxcfs: false,
  bridges: ['br0'],
  memoryTotalBytes: 8 * GIB,
  memoryFreeBytes: 4 * GIB,
  diskFreeBytes: 20 * GIB,
  engines: { runc: '1.3.6', lxc: '7.0.0' },
  rsync: '3.4.1',
  perl: true,
  ...changes
})
const criu = (version: string) => ({ path: 'criu', version })
const without = <K extends keyof HostFacts>(key: K) =>
  Object.fromEntries(Object.entries(host()).filter(([name]) => name !== key)) as unknown as HostFacts
const codes = (source: HostFacts, target: HostFacts, wanted: Partial<Need> = {}) =>
  compareHosts(source, target, { ...need, ...wanted }).map((finding) => `${finding.level} ${finding.code}`)

describe('two hosts compared', () => {
  it('two that are alike have nothing against them', () => {
    expect(codes(host(), host())).toEqual([])
  })

  it.each([
    ['another architecture', host(), host({ arch: 'aarch64', cpuFlags: [] }), {}, ['blocker ARCH_DIFFERS']],
    ['a CPU without AVX2', host(), host({ cpuFlags: ['fpu', 'sse4_2', 'avx'] }), {}, ['blocker CPU_FEATURES_MISSING']],
    ['a CPU with more than the source has', host(), host({ cpuFlags: [...host().cpuFlags, 'avx512f'] }), {}, []],
    ['a CPU flag that no program depends on', host({ cpuFlags: [...host().cpuFlags, 'constant_tsc'] }), host(), {}, []],
    ['no CRIU on the target', host(), without('criu'), {}, ['blocker CRIU_MISSING']],
    ['no CRIU on the source', without('criu'), host(), {}, ['blocker CRIU_MISSING']],
    [
      'Debian 12 on a kernel of 6.13',
      host({ criu: criu('3.17.1'), kernel: '6.13.0' }),
      host(),
      {},
      ['blocker CRIU_TOO_OLD_FOR_KERNEL']
    ],
    [
      'CRIU 4.1.1 on a kernel of 6.16',
      host({ criu: criu('4.1.1'), kernel: '6.16.1-amd64' }),
      host(),
      {},
      ['blocker CRIU_TOO_OLD_FOR_KERNEL']
    ],
    ['the same without TCP', host({ criu: criu('4.1.1'), kernel: '6.16.1-amd64' }), host(), { tcp: false }, []],
    ['CRIU 4.1.1 on a kernel of 6.12', host({ criu: criu('4.1.1'), kernel: '6.12.9' }), host(), {}, []],
    ['an older CRIU on the target', host(), host({ criu: criu('4.2') }), {}, ['blocker CRIU_OLDER_ON_TARGET']],
    ['cgroup v1', host(), host({ pureCgroupV2: false }), {}, ['blocker NOT_CGROUP_V2']],
    ['an engine that is missing', host(), host({ engines: {} }), {}, ['blocker ENGINE_MISSING']],
    ['no rsync', host(), without('rsync'), {}, ['blocker RSYNC_MISSING']],
    ['no perl', host(), host({ perl: false }), {}, ['blocker PERL_MISSING']],
    ['too little memory', host(), host({ memoryFreeBytes: GIB }), {}, ['blocker NOT_ENOUGH_MEMORY']],
    ['too little disk', host(), host({ diskFreeBytes: GIB }), {}, ['blocker NOT_ENOUGH_DISK']],
    [
      'too little disk where the containers of the engine live',
      host(),
      host({ engineDiskFreeBytes: { runc: 1024 } }),
      {},
      ['blocker NOT_ENOUGH_DISK']
    ],
    [
      'little disk where another engine has its containers',
      host(),
      host({ engineDiskFreeBytes: { lxc: 1024 } }),
      {},
      []
    ],
    ['AppArmor on one side', host({ lsm: ['apparmor'] }), host(), {}, ['warning LSM_DIFFERS']],
    ['lxcfs on the source alone', host({ lxcfs: true }), host(), { engine: 'lxc' }, ['warning LXCFS_MISSING']],
    ['lxcfs, which runc does not use', host({ lxcfs: true }), host(), {}, []]
  ] as const)('%s', (_name, source, target, wanted, expected) => {
    expect(codes(source, target, wanted)).toEqual(expected)
  })

  it('every finding says what to do, and the CPU one names the flags', () => {
    const bad = host({
      cpuFlags: [],
      pureCgroupV2: false,
      engines: {},
      perl: false,
      memoryFreeBytes: 0,
      diskFreeBytes: 0
    })
    const findings = compareHosts(host(), bad, need)
    for (const finding of findings) expect(finding.remedy).not.toBe('')
    expect(findings.find((finding) => finding.code === 'CPU_FEATURES_MISSING')?.what).toContain('avx, avx2')
  })
})

describe('versions', () => {
  it.each([
    ['4.2.1', '4.2', 1],
    ['4.2', '4.2.0', 0],
    ['4.10', '4.9', 1],
    ['6.18.5-amd64', '6.18.5', 0],
    ['3.17.1', '4.1', -1]
  ])('%s against %s', (a, b, expected) => {
    expect(Math.sign(compareVersions(a, b))).toBe(expected)
  })
})

describe('facts', () => {
  it('a hybrid layout is not pure v2, a v2 mount alone is', () => {
    const v2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n'
    expect(isPureCgroupV2(v2)).toBe(true)
    expect(isPureCgroupV2('tmpfs /sys/fs/cgroup tmpfs ro 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n')).toBe(
      false
    )
    expect(isPureCgroupV2(v2 + 'cgroup /mnt/memory cgroup rw,memory 0 0\n')).toBe(false)
    const yard = '/var/lib/ferry/migrations/m/work/.criu.cgyard.4Xo2uA/memory'
    expect(isPureCgroupV2(v2 + `cgroup ${yard} cgroup rw,memory 0 0\n`), 'a CRIU at work, or killed').toBe(true)
  })

  it('CPU flags are read on x86 and arm64', () => {
    expect(parseCpuInfo('model name\t: Xeon\nflags\t\t: fpu avx\n')).toEqual({ model: 'Xeon', flags: ['fpu', 'avx'] })
    expect(parseCpuInfo('Features\t: fp asimd sve\n').flags).toEqual(['fp', 'asimd', 'sve'])
  })

  it("CRIU's version is read from what it says", () => {
    expect(parseCriuVersion('Version: 4.2.1\nGitID: v4.2.1\n')).toBe('4.2.1')
    expect(parseCriuVersion('criu: not found')).toBeUndefined()
  })
})
