import { describe, expect, it } from 'vitest'
import { expulsionText, membershipText } from '../../src/cli/mesh.ts'
import { peerCalled, peerText } from '../../src/cli/peer.ts'
import { liveText, newLines, Rate } from '../../src/cli/progress.ts'
import { printable, table, wrapped } from '../../src/cli/table.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { bytesText, durationText } from '../../src/cli/units.ts'
import { view } from './cli-service.ts'

const plain: Terminal = {
  interactive: false,
  width: undefined,
  json: false,
  out: () => undefined,
  err: () => undefined,
  style: (_, text) => text
}
const start = Date.parse('2026-01-01T00:00:00.000Z')
const offer = { phase: 'offer' as const, startedAt: '2026-01-01T00:00:00.000Z' }

describe('tables', () => {
  it('align their columns and leave no space at the end', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', 'x'],
          ['s', '']
        ],
        { width: undefined }
      )
    ).toBe('A     B\nlong  x\ns')
  })

  it('wrap the last column under itself', () => {
    const text = table(['A', 'WHAT'], [['x', 'one two three four five six']], { width: 23 })
    expect(text.split('\n').slice(1)).toEqual(['x  one two three four', '   five six'])
  })

  it('never break a word', () => {
    expect(wrapped('/a/very/long/path b', 5)).toEqual(['/a/very/long/path', 'b'])
  })

  it('let no name steer the terminal', () => {
    expect(printable('a\u001b[31mb\n\u009b')).toBe('a\ufffd[31mb\ufffd\ufffd')
  })
})

describe('roles of operators', () => {
  const grant = { operator: '12D3KooWop', role: 'admin', grantedBy: '12D3KooWb', grantedAt: '2026-01-01T00:00:00.000Z' }
  const member = {
    name: 'host-b',
    peerId: '12D3KooWb',
    state: 'connected' as const,
    admittedBy: '12D3KooWb',
    admittedAt: '2026-01-01T00:00:00.000Z'
  }
  const mesh = { meshId: 'aa', meshName: 'rack1', member: true, peerId: '12D3KooWa', expelled: [], members: [member] }

  it('are shown with the host that granted them', () => {
    const gone = { ...grant, role: 'view', grantedBy: '12D3KooWgone' }
    const operators = [{ operator: grant.operator, roles: ['admin', 'view'], grants: [grant, gone] }]
    expect(membershipText({ ...mesh, operators }, plain)).toContain(
      'Operator 12D3KooWop: admin, granted by host-b; view, granted by 12D3KooWgone, which is no member any more'
    )
  })

  it('that end with an expulsion come with the commands that give them again', () => {
    const out = { peerId: '12D3KooWb', name: 'host-b', toldTo: [], alsoOut: [], admittedByIt: [] }
    expect(expulsionText({ ...out, endedRoles: [grant] })).toContain('\n  ferry grant 12D3KooWop admin')
    expect(expulsionText({ ...out, endedRoles: [] })).not.toContain('ferry grant')
  })
})

describe('progress', () => {
  it('shows the time of the phase that lasts, the bytes and the rate', () => {
    const text = liveText(view({ phases: [offer], imageBytes: 2048 }), 1024, start + 1500, plain)
    expect(text).toMatch(/> offer +1\.5 s/)
    expect(text).toContain('2.0 KiB of memory, 1.0 KiB/s')
    expect(text).toContain('state: offering')
  })

  it('says each thing once when piped', () => {
    const before = view({ phases: [offer] })
    expect(newLines(before, before)).toEqual([])
    expect(newLines(before, view({ phases: [{ ...offer, durationMs: 3 }] }))).toEqual(['offer: done in 3 ms'])
  })

  it('knows a rate only after bytes moved', () => {
    const rate = new Rate()
    expect(rate.add(0, 0)).toBeUndefined()
    expect(rate.add(500, 500)).toBe(1000)
    expect(rate.add(500, 900)).toBe(1000)
  })
})

describe('units', () => {
  it('are those of a reader', () => {
    expect([bytesText(0), bytesText(1536), bytesText(5 * 1024 ** 3)]).toEqual(['0 B', '1.5 KiB', '5.0 GiB'])
    expect([durationText(999.4), durationText(59_900), durationText(61_000)]).toEqual(['999 ms', '59.9 s', '1 min 1 s'])
  })
})

describe('one host', () => {
  const peer = {
    name: 'b',
    peerId: '12D3KooWb',
    addresses: ['/ip4/10.0.0.2/tcp/4860'],
    state: 'connected',
    criu: '4.2.1',
    engines: { runc: '1.3.6' },
    memoryFreeBytes: 1024 ** 3,
    ageMs: 2000,
    capabilities: {
      arch: 'x86_64',
      cpu: { model: 'some', count: 2, flags: ['avx2', 'sse2'] },
      criuFeatures: ['page-server', 'pagemap_scan'],
      cgroup: 'v2',
      lsm: [],
      init: { program: 'systemd', systemd: true, sharedMounts: true },
      lxcfs: false,
      storage: [{ path: '/var/lib/ferry', fileSystem: 'ext4' }],
      bridges: ['br0'],
      memoryTotalBytes: 4 * 1024 ** 3,
      diskTotalBytes: 0,
      protocols: ['/ferry/hello/1.0.0']
    }
  } as const

  it('is shown with all that it can do', () => {
    expect(peerText(peer).split('\n')).toEqual(
      expect.arrayContaining([
        'criu features  page-server, pagemap_scan',
        'cpu            2 x some (x86_64)',
        'memory         1.0 GiB of 4.0 GiB free',
        'lsm            none',
        'storage        /var/lib/ferry (ext4)'
      ])
    )
  })

  it('is found by its name or its peer id, and refused where there is none or two', () => {
    expect(peerCalled('b', [peer])).toBe(peer)
    expect(peerCalled('12D3KooWb', [peer])).toBe(peer)
    expect(() => peerCalled('c', [peer])).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: 'UNKNOWN_PEER' }) as unknown })
    )
    expect(() => peerCalled('b', [peer, { ...peer, peerId: '12D3KooWc' }])).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: 'AMBIGUOUS_PEER' }) as unknown })
    )
  })
})
