import { describe, expect, test } from 'vitest'
import { MAX_BODY_BYTES, encodeBody, parseBody } from '../../protocols/gossip/index.ts'
import type { HostFacts } from '../../src/host/facts.ts'
import { initFacts, parseMountInfo } from '../../src/host/init.ts'
import { fileSystemOf } from '../../src/host/storage.ts'
import { advertBody, type AdvertParts } from '../../src/node/advert.ts'
import { sampleBody } from '../bench/mesh/sample-advert.ts'

const facts: HostFacts = {
  arch: 'x86_64',
  kernel: '6.18.5-amd64',
  cpuModel: 'a CPU',
  cpuFlags: ['sse2', 'avx2'],
  cpuCount: 4,
  pureCgroupV2: true,
  criu: { path: '/usr/sbin/criu', version: '4.2.1' },
  criuFeatures: ['uffd-noncoop', 'mem_dirty_track'],
  lsm: ['apparmor'],
  systemd: true,
  lxcfs: false,
  bridges: ['br0'],
  memoryTotalBytes: 8e9,
  memoryFreeBytes: 4e9,
  diskFreeBytes: 1e10,
  engines: { runc: '1.3.3' },
  perl: true
}
const parts: AdvertParts = {
  name: 'host-a',
  addresses: ['/ip4/192.0.2.1/tcp/4860'],
  ferryVersion: '0.1.0',
  facts,
  init: { program: 'systemd', systemd: true, sharedMounts: true, cgroup: 'v2' },
  storage: [{ path: '/var/lib/ferry', fileSystem: 'ext4' }],
  diskTotalBytes: 2e10,
  containers: [{ engine: 'runc', name: 'web', state: 'running', initPid: 7 }],
  cordoned: false
}

describe('what a node says of itself', () => {
  test('is what its host has', () => {
    expect(advertBody(parts)).toMatchObject({
      name: 'host-a',
      cpu: { model: 'a CPU', count: 4, flags: 'avx2 sse2' },
      criu: { version: '4.2.1', features: ['page-server', 'mem_dirty_track', 'uffd-noncoop'] },
      cgroup: 'v2',
      engines: { runc: '1.3.3' },
      containers: [{ engine: 'runc', name: 'web', running: true }],
      cordoned: false
    })
  })

  test('fits however many containers there are, and says how many it left out', () => {
    const containers = Array.from({ length: 5_000 }, (_, number) => ({
      engine: 'lxc' as const,
      name: `a-rather-long-name-of-a-container-${number}`,
      state: 'stopped' as const
    }))
    const body = advertBody({ ...parts, containers })
    expect(encodeBody(body).byteLength).toBeLessThanOrEqual(MAX_BODY_BYTES)
    expect(body.containers.length).toBeGreaterThan(50)
    expect(body.containers.length + body.containersOmitted).toBe(5_000)
  })

  test('stays valid where the host has strange names', () => {
    const strange = { ...facts, cpuModel: `Evil\u001b[2J${'x'.repeat(500)}`, bridges: ['b\nr'] }
    const body = advertBody({ ...parts, facts: strange })
    expect(body.cpu.model).not.toContain('\u001b')
    expect(body.bridges).toEqual(['br'])
  })

  test('is read with the same limits', () => {
    const read = (change: object): unknown => parseBody(Buffer.from(JSON.stringify({ ...sampleBody(1), ...change })))
    expect(read({ later: 'a newer ferry adds this' })).toEqual(sampleBody(1))
    for (const change of [
      { name: '-x' },
      { bridges: Array(257).fill('br') },
      { kernel: 'a\u0007b' },
      { memoryTotalBytes: -1 },
      { containers: [{ engine: '../x', name: 'a', running: true }] }
    ]) {
      expect(() => read(change)).toThrow('Advert.body')
    }
    expect(() => parseBody(Buffer.from('['.repeat(10_000)))).toThrow('not JSON')
    expect(() => parseBody(Uint8Array.of(0x22, 0xff, 0x22))).toThrow('not JSON')
  })
})

describe('what is read of the host', () => {
  test('cgroup layouts and shared mounts', () => {
    const line = (where: string, type: string, shared: boolean): string =>
      `29 1 8:1 / ${where} rw,relatime${shared ? ' shared:1' : ''} - ${type} none rw`
    const both = [
      line('/', 'ext4', true),
      line('/sys/fs/cgroup', 'tmpfs', false),
      line('/sys/fs/cgroup/cpu', 'cgroup', false)
    ]
    expect(parseMountInfo(both.join('\n'))).toEqual({ sharedMounts: true, cgroup: 'v1' })
    const hybrid = [...both, line('/sys/fs/cgroup/unified', 'cgroup2', false), line('/', 'overlay', false)]
    expect(parseMountInfo(hybrid.join('\n'))).toEqual({ sharedMounts: false, cgroup: 'hybrid' })
  })

  test('the file system of a path is that of the deepest mount', () => {
    const mounts =
      'a / ext4 rw 0 0\nb /var/lib zfs rw 0 0\nc /var/lib/lxc\\040two xfs rw 0 0\nd /var/lib btrfs rw 0 0\n'
    expect(fileSystemOf('/var/lib/ferry', mounts)).toBe('btrfs')
    expect(fileSystemOf('/var/lib/lxc two/web', mounts)).toBe('xfs')
    expect(fileSystemOf('/var/library', mounts)).toBe('ext4')
  })

  test("this host's own", async () => {
    expect((await initFacts()).program).not.toBe('')
  })
})
