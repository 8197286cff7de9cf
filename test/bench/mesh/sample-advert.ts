import type { AdvertBody, Vitals } from '../../../protocols/gossip/index.ts'

/** What a present-day server says of itself: 2.5 KB of JSON. */
export function sampleBody(number: number, changes: Partial<AdvertBody> = {}): AdvertBody {
  return {
    name: `host-${number}`,
    addresses: [
      `/ip4/10.${(number >> 8) & 255}.${number & 255}.1/tcp/4860`,
      `/ip6/fd00::${number.toString(16)}/tcp/4860`
    ],
    ferry: '0.1.0',
    protocols: ['/ferry/hello/1.0.0', '/ferry/migration/1.0.0', '/ferry/gossip/1.0.0', '/ferry/images/1.0.0'],
    arch: 'x86_64',
    kernel: '6.18.5-amd64',
    cpu: { model: 'AMD EPYC 9654 96-Core Processor', count: 192, flags: FLAGS },
    criu: {
      version: '4.2.1',
      features: ['mem_dirty_track', 'page-server', 'pagemap_scan', 'pidfd_store', 'timens', 'uffd-noncoop', 'userns']
    },
    cgroup: 'v2',
    lsm: ['lockdown', 'capability', 'landlock', 'yama', 'apparmor'],
    init: { program: 'systemd', systemd: true, sharedMounts: true },
    lxcfs: true,
    rsync: '3.4.1',
    perl: true,
    engines: { runc: '1.3.3', crun: '1.25', lxc: '6.0.5' },
    storage: [
      { path: '/var/lib/ferry', fileSystem: 'ext4' },
      { path: '/var/lib/lxc', fileSystem: 'zfs' }
    ],
    bridges: ['br0', 'lxcbr0'],
    memoryTotalBytes: 256 * 2 ** 30,
    diskTotalBytes: 4 * 2 ** 40,
    containers: Array.from({ length: 8 }, (_, index) => ({
      engine: index % 2 === 0 ? 'runc' : 'lxc',
      name: `service-${number}-${index}`,
      running: true
    })),
    containersOmitted: 0,
    cordoned: false,
    ...changes
  }
}

export function sampleVitals(number: number): Vitals {
  return { memoryFreeBytes: 64 * 2 ** 30 + number * 4096, diskFreeBytes: 2 ** 40 + number * 4096, load: 1.5 }
}

const FLAGS = (
  'abm adx aes aperfmperf apic arat avic avx avx2 avx512_bf16 avx512_bitalg avx512_vbmi2 avx512_vnni avx512_vpopcntdq ' +
  'avx512bw avx512cd avx512dq avx512f avx512ifma avx512vbmi avx512vl bmi1 bmi2 cat_l3 cdp_l3 clflush clflushopt clwb ' +
  'clzero cmov cmp_legacy constant_tsc cpb cpuid cqm cqm_llc cqm_mbm_local cqm_mbm_total cqm_occup_llc cr8_legacy cx16 ' +
  'cx8 de debug_swap decodeassists erms extapic extd_apicid f16c flush_l1d flushbyasid fma fpu fsgsbase fsrm fxsr ' +
  'fxsr_opt gfni ht hw_pstate ibpb ibrs ibrs_enhanced ibs invpcid irperf la57 lahf_lm lbrv lm mba mca mce misalignsse ' +
  'mmx mmxext monitor movbe msr mtrr mwaitx nonstop_tsc nopl npt nrip_save nx ospke osvw overflow_recov pae pat ' +
  'pausefilter pcid pclmulqdq pdpe1gb perfctr_core perfctr_llc perfctr_nb perfmon_v2 pfthreshold pge pku pni popcnt ' +
  'pse pse36 rapl rdpid rdpru rdrand rdseed rdt_a rdtscp rep_good sep sha_ni skinit smap smca smep ssbd sse sse2 sse4_1 ' +
  'sse4_2 sse4a ssse3 stibp succor svm svm_lock syscall tce topoext tsc tsc_adjust tsc_scale umip user_shstk ' +
  'v_spec_ctrl v_vmsave_vmload vaes vgif vmcb_clean vme vmmcall vpclmulqdq wbnoinvd wdt x2avic xgetbv1 xsave xsavec ' +
  'xsaveerptr xsaveopt xsaves xtopology'
).trim()
