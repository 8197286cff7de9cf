import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lab, LabHost } from '../lab.ts'
import { createVmLab } from './index.ts'

// Emulated hosts: the image may have to be made first, and two boots share the machine.
const UP_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 360_000

let lab: Lab
let a: LabHost
let b: LabHost

beforeAll(async () => {
  lab = await createVmLab({ name: 'vmtest', hosts: ['a', 'b'], kind: 'vm' })
  a = lab.host('a')
  b = lab.host('b')
}, UP_TIMEOUT_MS)

afterAll(() => lab.down(), 60_000)

async function said(host: LabHost, ...argv: string[]): Promise<string> {
  return (await host.exec(argv)).stdout.trim()
}

test(
  'a VM host is a true host: stock kernel, systemd, cgroup v2 alone, AppArmor, lxcfs',
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    expect(await said(a, 'cat', '/proc/1/comm')).toBe('systemd')
    expect(await said(a, 'uname', '-r')).toMatch(/\+deb\d+-cloud-amd64$/)
    expect(await said(a, 'findmnt', '-n', '-t', 'cgroup,cgroup2', '-o', 'FSTYPE,TARGET')).toMatch(
      /^cgroup2\s+\/sys\/fs\/cgroup$/
    )
    expect(await said(a, 'findmnt', '-n', '-o', 'FSTYPE', '/var/lib/lxcfs')).toBe('fuse.lxcfs')
    expect(await said(a, 'cat', '/sys/module/apparmor/parameters/enabled')).toBe('Y')
    expect(await said(a, 'systemctl', '--failed', '--plain', '--no-legend')).toBe('')
  }
)

test('CRIU works there, with dirty memory tracking', { timeout: TEST_TIMEOUT_MS }, async () => {
  expect((await a.exec(['criu', 'check'])).stdout).toContain('Looks good')
  expect((await a.exec(['criu', 'check', '--feature', 'mem_dirty_track'])).exitCode).toBe(0)
})

test('ferry is installed, with its unit', { timeout: TEST_TIMEOUT_MS }, async () => {
  expect(await said(a, 'ferry', '--help')).toContain('Usage: ferry')
  expect(await said(a, 'systemctl', 'show', '-P', 'LoadState', 'ferry.service')).toBe('loaded')
})

test('hosts and client reach each other, until a link is cut', { timeout: TEST_TIMEOUT_MS }, async () => {
  const reach = async () => lab.client.exec(['ping', '-c', '1', '-W', '5', b.address], { check: false })
  expect((await a.exec(['ping', '-c', '1', '-W', '5', b.address])).exitCode).toBe(0)
  expect((await reach()).exitCode).toBe(0)

  await lab.cut('b')
  expect((await reach()).exitCode).toBe(1)
  expect(await said(b, 'cat', '/sys/class/net/eth0/carrier')).toBe('1')
  await lab.heal('b')
  expect((await reach()).exitCode).toBe(0)
})

test('what runs on a host is seen, fed and ended', { timeout: TEST_TIMEOUT_MS }, async () => {
  const cat = await a.spawn(['cat'])
  cat.write('one\n')
  const first = await cat.lines[Symbol.asyncIterator]().next()
  expect(first.value).toBe('one')
  expect(await a.pids('cat')).toHaveLength(1)
  await cat.kill()
  expect(await a.pids('cat')).toEqual([])
  expect((await cat.exited).stdout).toBe('one\n')

  await expect(a.exec(['sleep', '31'], { timeoutMs: 1000 })).rejects.toThrow('took longer')
  expect(await a.pids('sleep')).toEqual([])
  await expect(a.exec(['ls', '/nowhere'])).rejects.toThrow("cannot access '/nowhere'")
  expect((await a.exec(['cat'], { input: "it's\n$HOME" })).stdout).toBe("it's\n$HOME")
})

test('files arrive with their modes', { timeout: TEST_TIMEOUT_MS }, async () => {
  await a.writeFile('/srv/deep/file', new Uint8Array([0, 255, 10]), 0o640)
  expect([...(await a.readFile('/srv/deep/file'))]).toEqual([0, 255, 10])
  expect(await said(a, 'stat', '-c', '%a', '/srv/deep/file')).toBe('640')
  await a.put(import.meta.dirname, '/srv/vm')
  expect(await said(a, 'stat', '-c', '%a %u', '/srv/vm/guest/init')).toBe('755 0')
  await a.put(import.meta.filename, '/srv/renamed')
  expect((await a.readFile('/srv/renamed')).toString()).toContain('files arrive with their modes')
})

test(
  'power loss ends everything on a host but keeps what was synced to its disk',
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await b.writeFile('/srv/kept', 'still here')
    await b.exec(['sync'])
    const running = await b.spawn(['sleep', '1000'])
    const boot = await said(b, 'cat', '/proc/sys/kernel/random/boot_id')
    await b.kill()
    expect((await running.exited).exitCode).not.toBe(0)
    await expect(b.exec(['true'])).rejects.toThrow()

    await b.boot()
    expect(await said(b, 'cat', '/proc/sys/kernel/random/boot_id')).not.toBe(boot)
    expect((await b.readFile('/srv/kept')).toString()).toBe('still here')
    expect((await lab.client.exec(['ping', '-c', '1', '-W', '5', b.address])).exitCode).toBe(0)
  }
)
