// A host that can take containers, for tests of what is made of such facts.
import type { HostFacts } from '../../src/host/facts.ts'

export const GIB = 1024 ** 3
export const facts: HostFacts = {
  arch: 'x86_64',
  kernel: '6.18.5-amd64',
  cpuModel: 'some',
  cpuFlags: ['avx2', 'sse2'],
  cpuCount: 2,
  pureCgroupV2: true,
  criu: { path: 'criu', version: '4.2.1' },
  criuFeatures: [],
  lsm: [],
  systemd: true,
  lxcfs: false,
  bridges: ['br0'],
  memoryTotalBytes: 4 * GIB,
  memoryFreeBytes: 0,
  diskFreeBytes: 0,
  engines: { runc: '1.3' },
  rsync: '3.4',
  perl: true
}
