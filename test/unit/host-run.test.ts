import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HostProblem } from '../../src/host/problem.ts'
import { run, start } from '../../src/host/run.ts'

const signal = new AbortController().signal
const details = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  )
  if (!(error instanceof HostProblem)) throw new Error(`no HostProblem: ${String(error)}`)
  return error.details
}

describe('a program that is run', () => {
  it('that is to be spared by the out-of-memory killer is, where the host lets it', async () => {
    const signal = AbortSignal.timeout(10_000)
    const allowed = await run(['sh', '-c', 'echo -1000 > /proc/self/oom_score_adj'], { signal, check: false })
    // What is written to it comes after it is spared, however slow that is.
    const { stdout } = await run(['sh', '-c', 'read line; cat /proc/self/oom_score_adj'], {
      signal,
      input: 'go\n',
      sparedByOomKiller: true
    })
    expect(stdout.trim()).toBe(
      allowed.exitCode === 0 ? '-1000' : readFileSync('/proc/self/oom_score_adj', 'utf8').trim()
    )
  })

  it('gives what it wrote and takes input and environment', async () => {
    const result = await run(['sh', '-c', 'cat; echo "$X" >&2'], { signal, input: 'in', env: { X: 'y' } })
    expect(result).toEqual({ exitCode: 0, stdout: 'in', stderr: 'y\n' })
  })

  it('that fails is named with its last words', async () => {
    expect(await details(run(['sh', '-c', 'echo no such thing >&2; exit 3'], { signal }))).toMatchObject({
      code: 'COMMAND_FAILED',
      what: expect.stringContaining('exit code 3') as string,
      why: 'no such thing'
    })
  })

  it('may fail where that is asked for', async () => {
    expect(await run(['false'], { signal, check: false })).toMatchObject({ exitCode: 1 })
  })

  it('that is not installed says so', async () => {
    expect(await details(run(['no-such-program-here'], { signal }))).toMatchObject({ code: 'COMMAND_MISSING' })
  })

  it('that takes too long is killed with all its children', async () => {
    const taken = run(['sh', '-c', 'sleep 100 & echo $!; wait'], { signal, timeoutMs: 2000 })
    expect(await details(taken)).toMatchObject({
      code: 'COMMAND_TIMEOUT',
      why: expect.stringMatching(/^\d+$/) as string
    })
    const child = Number((await details(taken)).why)
    await expect.poll(() => isAlive(child)).toBe(false)
  })

  it('ends when its owner says so, and rejects with the reason', async () => {
    const owner = new AbortController()
    const reason = new Error('the migration was cancelled')
    const running = run(['sleep', '100'], { signal: owner.signal })
    owner.abort(reason)
    await expect(running).rejects.toBe(reason)
  })

  it('that is swept takes along what it left behind, and does not wait for it', async () => {
    const left = run(['sh', '-c', 'sleep 100 & echo $!; exit 3'], {
      signal,
      check: false,
      sweep: true,
      timeoutMs: 10_000
    })
    const { exitCode, stdout } = await left
    expect(exitCode).toBe(3)
    await expect.poll(() => isAlive(Number(stdout))).toBe(false)
  })

  it('does not hold its caller when a background process keeps its streams', async () => {
    const { exitCode } = await run(['sh', '-c', 'sleep 2 & exit 0'], { signal, stdio: 'ignore' })
    expect(exitCode).toBe(0)
  })

  it('finds what is in sbin even where PATH has none', async () => {
    const { stdout } = await run(['sh', '-c', 'echo $PATH'], { signal, env: { PATH: '/usr/bin:/bin' } })
    expect(stdout).toBe('/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\n')
  })
})

describe('a program that goes on', () => {
  it('talks through its pipes until it is killed', async () => {
    const cat = await start(['cat'], { signal })
    cat.stdin.write('hello')
    const [chunk] = (await cat.stdout.take(1).toArray()) as Buffer[]
    expect(chunk?.toString()).toBe('hello')
    await cat.kill()
    expect((await cat.exited).exitCode).not.toBe(0)
  })

  it('that is not installed says so', async () => {
    expect(await details(start(['no-such-program-here'], { signal }))).toMatchObject({ code: 'COMMAND_MISSING' })
  })
})

/** A process that has ended may wait as a zombie for whoever reaps it. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return false
    throw error
  }
}
