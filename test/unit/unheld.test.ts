import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unheldOf } from '../../src/engines/unheld.ts'
import { cgroupFolder, freeze, killAll, moveOut, removeTree, tasks } from '../../src/host/cgroup.ts'
import { readStatus } from '../../src/host/tree.ts'
import { needs } from './needs.ts'

const signal = AbortSignal.timeout(60_000)
const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  (path) => existsSync(`${path}/cgroup.procs`) && existsSync(`${path}/cgroup.controllers`)
)
const usable = process.getuid?.() === 0 && mount !== undefined

const restoring = '(00.1) Running post-restore scripts\n'
const catching = `${restoring}(00.2) Unlock network\n`
const atItsLastStop = `${catching}(00.3) Running pre-resume scripts\n`
const failed = `${catching}(00.3) Error (criu/cr-restore.c:2): Restoring FAILED.\n`

describe('of a restore that nobody saw to its end', () => {
  needs(usable, 'root and a cgroup v2 mount: run npm test as root, mount cgroup2 where there is none')
  const group = `/ferry-unheld-${String(process.pid)}`
  let folder: string
  const paths = () => ({ images: join(folder, 'images'), work: join(folder, 'work') })
  const says = (log: string, where: 'images' | 'work' = 'work') => {
    writeFileSync(join(paths()[where], 'restore.log'), log)
  }

  beforeEach(() => {
    process.env['FERRY_CGROUP_ROOT'] = mount
    folder = mkdtempSync(join(tmpdir(), 'ferry-unheld-'))
    mkdirSync(paths().images)
    mkdirSync(paths().work)
    mkdirSync(cgroupFolder(group))
  })
  afterEach(async () => {
    await killAll(group, signal)
    await removeTree(group, signal)
    rmSync(folder, { recursive: true })
    delete process.env['FERRY_CGROUP_ROOT']
  })

  /** A process of a container's own pid namespace. */
  async function task(): Promise<number> {
    const before = new Set(await tasks(group))
    const parent = spawn('sh', ['-c', 'read go; exec unshare --pid --fork --kill-child sleep 100'], {
      stdio: ['pipe', 'ignore', 'ignore']
    })
    await moveOut(parent.pid ?? 0, group)
    parent.stdin.end('go\n')
    let found: number | undefined
    await expect
      .poll(async () => {
        for (const pid of await tasks(group)) {
          const status = await readStatus(pid)
          if (!before.has(pid) && status?.isNested === true && status.comm === 'sleep') found = pid
        }
        return found
      })
      .toBeDefined()
    return found ?? 0
  }

  it('tasks that run after CRIU had come to let them go have run', async () => {
    await task()
    says(atItsLastStop)
    expect(await unheldOf(group, 'hook', paths())).toBe('ran')
    expect(await unheldOf(group, 'stop', paths())).toBe('ran')
  })

  it('liblxc has the log beside the images', async () => {
    await task()
    says(atItsLastStop, 'images')
    expect(await unheldOf(group, 'hook', paths())).toBe('ran')
  })

  it('tasks that wait for a CRIU which did not come that far have not', async () => {
    await task()
    says(restoring)
    expect(await unheldOf(group, 'hook', paths())).toBeUndefined()
    expect(await unheldOf(group, 'stop', paths())).toBeUndefined()
  })

  it('in between, or without a log, nobody can tell', async () => {
    await task()
    expect(await unheldOf(group, 'stop', paths())).toBe('may-have-run')
    says(catching)
    expect(await unheldOf(group, 'hook', paths())).toBe('may-have-run')
  })

  it('tasks that are stopped have not run, nor has CRIU itself where it is in their cgroup', async () => {
    const pid = await task()
    says(atItsLastStop)
    process.kill(pid, 'SIGSTOP')
    await expect.poll(async () => (await readStatus(pid))?.state).toBe('T')
    expect(await unheldOf(group, 'stop', paths())).toBeUndefined()
    expect(await unheldOf(group, 'hook', paths())).toBeUndefined()
  })

  describe.each([
    [
      'frozen tasks',
      async () => {
        await task()
        await freeze(group, signal)
      }
    ],
    ['tasks that are gone', () => Promise.resolve()]
  ])('%s', (_, prepare) => {
    beforeEach(prepare)

    it('were stopped by CRIU before it could let them go', async () => {
      says(atItsLastStop)
      expect(await unheldOf(group, 'stop', paths())).toBeUndefined()
    })

    it('were frozen before that by a hook that says so', async () => {
      says(atItsLastStop)
      writeFileSync(join(paths().work, 'frozen'), `4711 ${group}\n`)
      expect(await unheldOf(group, 'hook', paths())).toBeUndefined()
    })

    it('may have run where the hook does not, and CRIU came to let them go', async () => {
      says(atItsLastStop)
      expect(await unheldOf(group, 'hook', paths())).toBe('may-have-run')
    })

    it('have not where CRIU gave up before, or had not come so far', async () => {
      for (const log of [failed, restoring]) {
        says(log)
        expect(await unheldOf(group, 'hook', paths())).toBeUndefined()
      }
    })
  })
})
