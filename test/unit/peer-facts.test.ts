import { expect, it } from 'vitest'
import { parseFacts } from '../../src/node/peer-facts.ts'

const facts = {
  arch: 'x86_64',
  kernel: '6.18.5-amd64',
  cpuModel: 'some',
  cpuFlags: ['avx2'],
  cpuCount: 2,
  pureCgroupV2: true,
  criu: { path: 'criu', version: '4.2.1' },
  criuFeatures: [],
  lsm: ['apparmor'],
  systemd: true,
  lxcfs: false,
  bridges: ['br0'],
  memoryTotalBytes: 2,
  memoryFreeBytes: 1,
  diskFreeBytes: 1,
  engines: { runc: '1.3' },
  perl: true
}

it('the facts of a peer are taken as they are, without what this version does not know', () => {
  expect(parseFacts(JSON.stringify({ ...facts, tomorrow: 1 }))).toEqual(facts)
})

it.each([
  ['nothing', '{}'],
  ['a list', '[]'],
  ['no JSON', 'x'],
  ['flags that are no list', JSON.stringify({ ...facts, cpuFlags: 'avx2' })],
  ['memory that is no number', JSON.stringify({ ...facts, memoryFreeBytes: '1' })],
  ['an engine whose version is an object', JSON.stringify({ ...facts, engines: { runc: {} } })]
])('facts that are %s are refused with a reason', (_name, json) => {
  expect(() => parseFacts(json)).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ code: 'BAD_FACTS' }) as unknown })
  )
})
