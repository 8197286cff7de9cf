import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  cgroupFolder,
  freeze,
  isFrozen,
  isPopulated,
  killAll,
  moveOut,
  removeTree,
  thaw
} from '../../src/host/cgroup.ts'
import { watchFrozen, type FrozenWatch } from '../../src/node/frozen-watch.ts'
import { needs } from './needs.ts'

const signal = AbortSignal.timeout(60_000)
const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  (path) => existsSync(`${path}/cgroup.procs`) && existsSync(`${path}/cgroup.controllers`)
)
const usable = process.getuid?.() === 0 && mount !== undefined
/** Longer than the watch needs to notice anything, by event or by poll. */
const SETTLED_MS = 500

describe('a watch on a frozen cgroup', () => {
  needs(usable, 'root and a cgroup v2 mount: run npm test as root, mount cgroup2 where there is none')
  const group = `/ferry-watch-${String(process.pid)}`
  const started: ChildProcess[] = []
  const watches: FrozenWatch[] = []
  let told = 0

  const member = async (into = group) => {
    const child = spawn('sleep', ['100'], { stdio: 'ignore' })
    started.push(child)
    await moveOut(child.pid ?? 0, into)
    return child
  }
  const watched = () => {
    const watch = watchFrozen(group, () => {
      told++
    })
    watches.push(watch)
    return watch
  }

  beforeEach(async () => {
    told = 0
    process.env['FERRY_CGROUP_ROOT'] = mount
    mkdirSync(cgroupFolder(group))
    await member()
    await freeze(group, signal)
  })
  afterEach(async () => {
    for (const watch of watches.splice(0)) watch.stop()
    await killAll(group, signal)
    for (const child of started.splice(0))
      if (child.exitCode === null && child.signalCode === null) await new Promise((end) => child.once('exit', end))
    await removeTree(group, signal)
    delete process.env['FERRY_CGROUP_ROOT']
  })

  it('tells that somebody thawed it, once', async () => {
    watched()
    await sleep(SETTLED_MS)
    expect(told).toBe(0)
    await thaw(group)
    await expect.poll(() => told).toBe(1)
    await freeze(group, signal)
    await thaw(group)
    await sleep(SETTLED_MS)
    expect(told).toBe(1)
  })

  it('tells of a thaw that happened just before it began', async () => {
    await thaw(group)
    watched()
    expect(told).toBe(0)
    await expect.poll(() => told).toBe(1)
  })

  it('says nothing of a thaw after it was stopped', async () => {
    watched().stop()
    await thaw(group)
    await sleep(SETTLED_MS)
    expect(told).toBe(0)
  })

  it('takes no killed tree for a thawed one', async () => {
    for (let more = 0; more < 30; more++) await member()
    await expect.poll(() => isFrozen(group)).toBe(true)
    watched()
    await killAll(group, signal)
    await sleep(SETTLED_MS)
    expect(told).toBe(0)
  })

  it('nor a tree of which one process is killed, or that another one joins', async () => {
    const one = await member()
    await expect.poll(() => isFrozen(group)).toBe(true)
    watched()
    one.kill('SIGKILL')
    await expect.poll(() => one.signalCode).toBe('SIGKILL')
    await member()
    await sleep(SETTLED_MS)
    expect(await isPopulated(group)).toBe(true)
    expect(told).toBe(0)
    await thaw(group)
    await expect.poll(() => told).toBe(1)
  })

  it('nor one that is gone, before or while it watches', async () => {
    watchFrozen('/ferry-watch-none', () => {
      told++
    })
    watched()
    await killAll(group, signal)
    await removeTree(group, signal)
    await sleep(SETTLED_MS)
    expect(told).toBe(0)
  })

  it('sees a thaw of the whole by its own file, whatever a cgroup below says', async () => {
    mkdirSync(cgroupFolder(`${group}/inner`))
    await member(`${group}/inner`)
    await expect.poll(() => isFrozen(group)).toBe(true)
    watched()
    await thaw(`${group}/inner`)
    await sleep(SETTLED_MS)
    expect(told).toBe(0)
    await thaw(group)
    await expect.poll(() => told).toBe(1)
  })
})
