import { spawn } from 'node:child_process'
import { access, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attachLab, createLab, removeLab } from './index.ts'
import type { Lab, LabHost } from './lab.ts'
import { machineState } from './machine.ts'
import { cgroupHierarchies, cgroupName, diskFolder, runFolder } from './places.ts'

const NAME = 'labtest'
/** Labs of other names may come and go meanwhile. */
const OURS = new RegExp(`(?<!fl-)(?<!ferry-lab/)\\b(?!fl-(?!${NAME})|ferry-lab/(?!${NAME}))${NAME}`)

async function reaches(from: LabHost, address: string): Promise<boolean> {
  // Every second, until one is answered.
  const { exitCode } = await from.exec(['ping', '-q', '-c', '1', '-w', '5', address], { check: false })
  return exitCode === 0
}

async function roundTripMs(from: LabHost, address: string): Promise<number> {
  const { stdout } = await from.exec(['ping', '-c', '3', '-i', '0.2', '-W', '2', address])
  return Number(/ = ([\d.]+)\//.exec(stdout)?.[1])
}

async function there(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}

describe('a lab of namespace hosts', () => {
  let before: Record<string, string>
  let lab: Lab
  let a: LabHost
  let b: LabHost

  beforeAll(async () => {
    before = await machineState(OURS)
    lab = await createLab({ name: NAME, kind: 'ns', hosts: ['a', 'b'] })
    a = lab.host('a')
    b = lab.host('b')
  })

  afterAll(async () => {
    await removeLab(NAME)
  })

  test('hosts and client reach each other and nothing else', async () => {
    expect(await reaches(a, b.address)).toBe(true)
    expect(await reaches(b, 'fd77::11')).toBe(true)
    expect(await reaches(lab.client, a.address)).toBe(true)
    expect(await reaches(lab.client, b.address)).toBe(true)
    const { stdout } = await a.exec(['ip', 'route', 'show', 'default'])
    expect(stdout).toBe('')
    expect(await reaches(a, '192.0.2.1')).toBe(false)
  })

  test('a host has CRIU 4.2, LXC 7, runc, crun and a node that runs ferry', async () => {
    const version = async (...argv: string[]) => (await a.exec(argv)).stdout
    expect(await version('criu', '--version')).toContain('4.2')
    expect(await version('lxc-start', '--version')).toMatch(/^7\./)
    expect(await version('runc', '--version')).toContain('runc version 1.')
    expect(await version('crun', '--version')).toContain('+CRIU')
    expect(await version('node', '--version')).toMatch(/^v24\./)
    expect((await a.exec(['criu', 'check'])).stdout + (await a.exec(['criu', 'check'])).stderr).toContain('Looks good')
  })

  test('a host sees its own processes, its own cgroups in version 2 alone, and its own name', async () => {
    expect((await a.exec(['hostname'])).stdout.trim()).toBe('a')
    expect((await a.exec(['cat', '/proc/1/comm'])).stdout.trim()).toBe('lab-init')
    expect((await a.exec(['findmnt', '-no', 'FSTYPE', '/sys/fs/cgroup'])).stdout.trim()).toBe('cgroup2')
    expect((await a.exec(['cat', '/proc/self/cgroup'])).stdout).toContain('0::/\n')
  })

  test('a frozen cgroup stands still and goes on when thawed', async () => {
    const script = `mkdir /sys/fs/cgroup/still; sh -c 'echo $$ > /sys/fs/cgroup/still/cgroup.procs; exec sleep 600' &
      until grep -q . /sys/fs/cgroup/still/cgroup.procs; do sleep 0.02; done
      echo 1 > /sys/fs/cgroup/still/cgroup.freeze; until grep -x 'frozen 1' /sys/fs/cgroup/still/cgroup.events; do sleep 0.02; done
      echo 0 > /sys/fs/cgroup/still/cgroup.freeze; until grep -x 'frozen 0' /sys/fs/cgroup/still/cgroup.events; do sleep 0.02; done
      echo 1 > /sys/fs/cgroup/still/cgroup.kill; wait; rmdir /sys/fs/cgroup/still`
    expect((await a.exec(['sh', '-c', script])).stdout).toBe('frozen 1\nfrozen 0\n')
  })

  test('a command that fails says what it was and what it said', async () => {
    await expect(a.exec(['ls', '/no/such'])).rejects.toThrow(/ls \/no\/such on a: exited with 2: .*No such file/)
    await expect(a.exec(['sleep', '60'], { timeoutMs: 300 })).rejects.toThrow('longer than 300 ms')
    expect(await a.pids('sleep')).toEqual([])
  })

  test('files come and go with their modes, and ferry is there read-only', async () => {
    await a.writeFile('/srv/deep/file', 'text', 0o750)
    expect((await a.readFile('/srv/deep/file')).toString()).toBe('text')
    expect((await a.exec(['stat', '-c', '%a %U', '/srv/deep/file'])).stdout.trim()).toBe('750 root')
    await a.put(import.meta.dirname, '/srv/put')
    expect((await a.exec(['test', '-x', '/srv/put/boot'])).exitCode).toBe(0)
    expect((await a.exec(['touch', '/opt/ferry/x'], { check: false })).stderr).toContain('Read-only')
  })

  test('a spawned program speaks line by line, hears what is written and ends when told', async () => {
    const process = await a.spawn(['cat'])
    const lines = process.lines[Symbol.asyncIterator]()
    process.write('one\n')
    expect((await lines.next()).value).toBe('one')
    await process.kill()
    expect((await process.exited).exitCode).toBe(143)
    expect(await a.pids('cat')).toEqual([])
  })

  test('the counter answers lines and HTTP requests, each with the next number', async () => {
    const counter = await a.spawn(['counter'])
    const ask = (text: string) => lab.client.exec(['nc', '-N', a.address, '8000'], { input: text, check: false })
    while (!(await a.exec(['ss', '-ltn'])).stdout.includes(':8000')) continue
    expect((await ask('x\nx\n')).stdout).toBe('1\n2\n')
    expect((await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).stdout).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n3\n$/)
    await counter.kill()
  })

  test('a cut link carries nothing while the carrier stays, until it is healed', async () => {
    await lab.cut('b')
    expect(await reaches(a, b.address)).toBe(false)
    expect((await b.exec(['cat', '/sys/class/net/eth0/carrier'])).stdout.trim()).toBe('1')
    await lab.heal('b')
    expect(await reaches(a, b.address)).toBe(true)
  })

  test('delay, loss and rate take effect and go', async () => {
    await lab.fault('b', { delayMs: 60 })
    expect(await roundTripMs(a, b.address)).toBeGreaterThanOrEqual(60)
    await lab.fault('b', { loss: 1 })
    expect(await reaches(a, b.address)).toBe(false)
    await lab.fault('b', { rateBps: 80_000 })
    // 1000 bytes and the header take about 100 ms then.
    const { stdout } = await b.exec(['ping', '-c', '2', '-s', '1000', '-W', '2', a.address])
    expect(Number(/ = ([\d.]+)\//.exec(stdout)?.[1])).toBeGreaterThanOrEqual(90)
    await lab.heal('b')
    expect(await roundTripMs(a, b.address)).toBeLessThan(60)
  })

  test('large segments pass a faulty link whole', async () => {
    await lab.fault('b', { delayMs: 1 })
    const sink = await a.spawn(['sh', '-c', 'nc -l 9000 | wc -c'])
    while (!(await a.exec(['ss', '-ltn'])).stdout.includes(':9000')) continue
    await b.exec(['sh', '-c', `head -c 20000000 /dev/zero | nc -N ${a.address} 9000`])
    expect((await sink.exited).stdout.trim()).toBe('20000000')
    await lab.heal('b')
  })

  test('a host that loses power keeps its disk, and nothing else', async () => {
    await b.writeFile('/var/lib/ferry/kept', 'kept')
    await b.writeFile('/etc/kept', 'kept')
    await b.writeFile('/run/lost', 'lost')
    const running = await b.spawn(['sleep', '600'])
    await b.kill()
    expect((await running.exited).exitCode).toBe(137)
    expect(await reaches(a, b.address)).toBe(false)
    await b.boot()
    expect((await b.readFile('/var/lib/ferry/kept')).toString()).toBe('kept')
    expect((await b.readFile('/etc/kept')).toString()).toBe('kept')
    await expect(b.readFile('/run/lost')).rejects.toThrow('ENOENT')
    expect(await b.pids('sleep')).toEqual([])
    expect(await reaches(a, b.address)).toBe(true)
  })

  test('a lab that is up can be taken over by its name', async () => {
    const same = await attachLab(NAME)
    expect((await same?.host('b').exec(['hostname']))?.stdout.trim()).toBe('b')
    expect(await attachLab('nosuch')).toBeUndefined()
  })

  test('the next lab of the name clears away what an interrupted one left', async () => {
    await a.writeFile('/srv/old', '')
    await a.spawn(['sleep', '601'])
    await a.exec(['sh', '-c', 'mkdir /sys/fs/cgroup/left; echo 1 > /sys/fs/cgroup/left/cgroup.freeze'])
    lab = await createLab({ name: NAME, kind: 'ns', hosts: ['a', 'b'] })
    a = lab.host('a')
    expect(await a.pids('sleep')).toEqual([])
    expect((await a.exec(['ls', '/srv'])).stdout).toBe('')
    expect(await reaches(a, lab.host('b').address)).toBe(true)
  })

  test('a run that is told to end takes its lab down first', async () => {
    const name = 'labsig'
    const module = JSON.stringify(join(import.meta.dirname, 'index.ts'))
    const script = `import { createLab } from ${module}
      await createLab({ name: '${name}', kind: 'ns', hosts: ['a'] })
      console.log('up'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(child.signalCode).toBe('SIGTERM')
    expect(await there(runFolder(name))).toBe(false)
    const { v2 } = await cgroupHierarchies()
    expect(await there(join(v2, cgroupName(name, 'a')))).toBe(false)
  })

  test('after it the machine is as it was before', async () => {
    const { v1 } = await cgroupHierarchies()
    // What CRIU makes in the old hierarchies of a machine that has them.
    for (const hierarchy of v1) await mkdir(join(hierarchy, `fl-${NAME}-a/left`), { recursive: true })
    await lab.down()
    expect(await machineState(OURS)).toEqual(before)
    expect(await there(runFolder(NAME))).toBe(false)
    expect(await there(diskFolder(NAME))).toBe(false)
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(`/ferry-lab/${NAME}/`)
  })
})
