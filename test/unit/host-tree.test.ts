import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  cgroupFolder,
  cgroupOf,
  freeze,
  isFrozen,
  isPopulated,
  killAll,
  moveOut,
  removeTree,
  tasks,
  thaw
} from '../../src/host/cgroup.ts'
import { HostProblem } from '../../src/host/problem.ts'
import { catchesSigcont, freezeStopped, parseStatus, readStatus, stoppedTasks } from '../../src/host/tree.ts'
import { needs } from './needs.ts'

const signal = AbortSignal.timeout(60_000)
const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  (path) => existsSync(`${path}/cgroup.procs`) && existsSync(`${path}/cgroup.controllers`)
)
const usable = process.getuid?.() === 0 && mount !== undefined

describe('a cgroup of processes', () => {
  needs(usable, 'root and a cgroup v2 mount: run npm test as root, mount cgroup2 where there is none')
  const group = `/ferry-unit-${String(process.pid)}`
  const started: ChildProcess[] = []
  const join = async (script: string) => {
    const child = spawn('sh', ['-c', `echo ready; ${script}`], { stdio: ['ignore', 'pipe', 'ignore'] })
    started.push(child)
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const pid = child.pid ?? 0
    await moveOut(pid, group)
    return pid
  }

  beforeEach(() => {
    process.env['FERRY_CGROUP_ROOT'] = mount
    mkdirSync(cgroupFolder(group))
  })
  afterEach(async () => {
    await killAll(group, signal)
    for (const child of started.splice(0))
      if (child.exitCode === null && child.signalCode === null) await new Promise((end) => child.once('exit', end))
    await removeTree(group, signal)
    delete process.env['FERRY_CGROUP_ROOT']
  })

  it('freezes, thaws, and says who is in it', async () => {
    const pid = await join('exec sleep 100')
    expect(await cgroupOf(pid)).toBe(group)
    expect(await tasks(group)).toEqual([pid])
    await freeze(group, signal)
    expect(await isFrozen(group)).toBe(true)
    await thaw(group)
    await expect.poll(() => isFrozen(group)).toBe(false)
  })

  it('killing ends frozen processes, in cgroups below too', async () => {
    mkdirSync(cgroupFolder(`${group}/inner`))
    const pid = await join('exec sleep 100')
    await moveOut(pid, `${group}/inner`)
    expect(await tasks(group)).toEqual([pid])
    await freeze(group, signal)
    await killAll(group, signal)
    expect(await isPopulated(group)).toBe(false)
  })

  it('what is gone already needs no killing and no removing', async () => {
    await killAll('/ferry-unit-none', signal)
    await removeTree('/ferry-unit-none', signal)
    expect(await isPopulated('/ferry-unit-none')).toBe(false)
    await expect(freeze('/ferry-unit-none', signal)).rejects.toMatchObject({ details: { code: 'CGROUP_GONE' } })
    await expect(freeze('/ferry-unit-none', signal)).rejects.toBeInstanceOf(HostProblem)
    expect(existsSync(cgroupFolder('/ferry-unit-none'))).toBe(false)
  })

  it('a restored tree goes from stopped to frozen, but what the container had stopped stays so', async () => {
    const ours = await join('exec sleep 100')
    const theirs = await join('exec sleep 100')
    for (const pid of [ours, theirs]) {
      process.kill(pid, 'SIGSTOP')
      await expect.poll(async () => (await readStatus(pid))?.state).toBe('T')
    }
    expect((await stoppedTasks(group)).sort()).toEqual([ours, theirs].sort())
    await freezeStopped(group, [theirs], signal)
    expect(await isFrozen(group)).toBe(true)
    expect(await stoppedTasks(group)).toEqual([theirs])
    await thaw(group)
    await expect.poll(async () => (await readStatus(ours))?.state).toBe('S')
    expect((await readStatus(theirs))?.state).toBe('T')
  })

  it('knows who would see a SIGCONT', async () => {
    const plain = await join('exec sleep 100')
    const catching = spawn('perl', ['-e', '$SIG{CONT} = sub {}; $| = 1; print "ready"; sleep 100'], {
      stdio: ['ignore', 'pipe', 'ignore']
    })
    started.push(catching)
    await new Promise((resolve) => catching.stdout.once('data', resolve))
    await moveOut(catching.pid ?? 0, group)
    expect(await catchesSigcont([plain])).toBe(false)
    expect(await catchesSigcont([plain, catching.pid ?? 0])).toBe(true)
  })
})

describe('/proc/PID/status', () => {
  it('has the pid of the innermost namespace', () => {
    const status = parseStatus(
      'Name:\tsrv\nState:\tT (stopped)\nNSpid:\t4711\t12\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000020000\n'
    )
    expect(status).toMatchObject({ comm: 'srv', state: 'T', innerPid: 12, caught: 0x20000n })
  })

  it('is understood as this kernel writes it', () => {
    expect(parseStatus(readFileSync('/proc/self/status', 'utf8')).state).toMatch(/^[RS]$/)
  })

  it('cgroup paths never leave the mount', () => {
    expect(() => cgroupFolder('/a/../../etc')).toThrow(TypeError)
    expect(() => cgroupFolder('a')).toThrow(TypeError)
  })
})
