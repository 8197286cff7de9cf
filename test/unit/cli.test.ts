import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serveOperatorApi } from '../../src/api/server.ts'
import { OperatorError } from '../../protocols/operator/views.ts'
import { FakeService, FakeWhole, view } from './cli-service.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const log = { debug: () => undefined, error: () => undefined }

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

describe('the ferry command', () => {
  let folder: string
  let socket: string
  let service: FakeService
  let whole: FakeWhole
  let api: { close(): Promise<void> }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-cli-'))
    socket = join(folder, 'ferry.sock')
    service = new FakeService()
    whole = new FakeWhole()
    api = await serveOperatorApi({ socket, service, whole, log, host: 'host-a' })
  })
  afterEach(async () => {
    await api.close()
    await rm(folder, { recursive: true })
  })

  function ferry(...args: string[]): Promise<Ended> {
    return ended([main, ...args])
  }

  function ended(argv: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      const options = { env: { ...process.env, FERRY_SOCKET: socket }, timeout: 20_000 }
      execFile(process.execPath, argv, options, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err })
      })
    })
  }

  /** Runs `ferry move`, sends SIGINT when `ready` is printed, and a second one when `again` is. */
  function interrupted(ready: string, again?: string): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [main, 'move', 'web', '--to', 'host-b'], {
        env: { ...process.env, FERRY_SOCKET: socket },
        timeout: 20_000
      })
      const said = { out: '', err: '' }
      const waiting = [ready, ...(again === undefined ? [] : [again])]
      const heard = (stream: 'out' | 'err') => (chunk: Buffer) => {
        said[stream] += chunk.toString()
        const next = waiting[0]
        if (next !== undefined && said[stream].includes(next)) {
          waiting.shift()
          child.kill('SIGINT')
        }
      }
      child.stdout.on('data', heard('out'))
      child.stderr.on('data', heard('err'))
      child.once('error', reject)
      child.once('close', (code) => {
        resolve({ code: code ?? -1, ...said })
      })
    })
  }

  it('lists containers and peers as tables, and as JSON', async () => {
    expect((await ferry('ls')).out).toMatch(/^NAME +ENGINE.*\nweb +runc +running +42 +host-a\n$/)
    expect((await ferry('peers')).out).toMatch(/host-b +connected.*1\.0 GiB/)
    expect(JSON.parse((await ferry('ls', '--json')).out)).toEqual(await service.containers(AbortSignal.timeout(1)))
  })

  it('cordons this host or another one, and says what that means', async () => {
    const said = await ferry('cordon', 'host-b', '--reason', 'a new disk', '--maintenance')
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(said.out).toBe(
      'host-b is cordoned for maintenance: a new disk\nIt takes no containers; what runs there stays.\n'
    )
    expect((await ferry('cordon')).out).toContain('host-a is cordoned\n')
    expect((await ferry('uncordon', 'host-b')).out).toBe('host-b takes containers.\n')
    expect(JSON.parse((await ferry('uncordon', '--json')).out)).toMatchObject({ host: 'host-a', cordoned: false })
    expect(whole.requests).toEqual([
      { cordon: 'host-b', reason: 'a new disk', maintenance: true },
      { cordon: 'host-a', maintenance: false },
      { uncordon: 'host-b' },
      { uncordon: 'host-a' }
    ])
  })

  it.each(['two\nlines', 'x'.repeat(257), ''])('takes no reason that others could not be shown', async (reason) => {
    const { code, err } = await ferry('cordon', '--reason', reason)
    expect(code).toBe(2)
    expect(err).toContain('a line of 256 characters at most')
    expect(whole.requests).toEqual([])
  })

  it('shows which hosts are cordoned, and why', async () => {
    const peer = { addresses: [], state: 'connected' as const }
    service.peers = async () => [
      { ...peer, name: 'host-b', peerId: 'b', cordoned: true, cordonReason: 'a new disk' },
      { ...peer, name: 'host-c', peerId: 'c', cordoned: true, maintenance: '', stale: true },
      { ...peer, name: 'host-d', peerId: 'd', cordoned: false }
    ]
    const { out } = await ferry('peers')
    expect(out).toMatch(/host-b +connected, cordoned /)
    expect(out).toMatch(/host-c +connected, stale, maintenance /)
    expect(out).toMatch(/host-d +connected  /)
    expect(out).toContain('host-b takes no containers: a new disk')
  })

  it('ends with 3 where the target is cordoned', async () => {
    service.move = () =>
      Promise.reject(
        new OperatorError({
          code: 'CORDONED',
          host: 'host-a',
          what: 'host-b takes no containers',
          remedy: 'choose another'
        })
      )
    expect((await ferry('move', 'web', '--to', 'host-b')).code).toBe(3)
  })

  it('resolves only after the risk was said and accepted', async () => {
    const neither = await ferry('resolve', 'm1')
    expect(neither.code).toBe(2)
    expect(neither.err).toContain('--run-here or --discard')
    service.present = [view({ role: 'target' })]
    const said = await ferry('resolve', 'm1', '--run-here')
    expect(said.code).toBe(2)
    expect(said.err).toMatch(/two copies run at once[\s\S]*host-a is gone for good[\s\S]*--run-here --yes/)
    expect(service.requests).toEqual([])
    const done = await ferry('resolve', 'm1', '--run-here', '--yes')
    expect(service.requests).toEqual(['resolve m1 run-here'])
    expect(done.code).toBe(0)
    expect(done.out).toContain('Accepted')
  })

  it('resolves nothing without --yes on a host that has no part in the migration', async () => {
    service.present = [view({ role: 'target' })]
    service.migrations = async () => []
    const said = await ferry('resolve', 'm1', '--discard')
    expect(said.code).toBe(2)
    expect(said.err).toMatch(/The copy of web on host-b will be killed[\s\S]*Nothing was done/)
    expect(service.requests).toEqual([])
    const done = await ferry('resolve', 'm1', '--discard', '--yes')
    expect(done.out).toMatch(/^Accepted\.\nmoved: runc:web runs on host-b/)
  })

  it('resolves nothing without --yes where nobody can say what it is about', async () => {
    const unknown = await ferry('resolve', 'm2', '--run-here')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('there is no migration "m2"')
    expect(service.requests).toEqual([])
  })

  it('checks: blockers with remedies end with 3, a clear way with 0', async () => {
    const blocked = await ferry('check', 'web', '--to', 'host-b')
    expect(blocked.code).toBe(3)
    expect(blocked.out).toMatch(/blocker +host-b +CRIU_MISSING +criu is missing\. What to do: Install criu/)
    expect((await ferry('check', 'web', '--to', 'host-c')).code).toBe(0)
  })

  it('moves: plain lines when piped, the downtime at the end', async () => {
    const phase = { phase: 'offer' as const, startedAt: '2026-01-01T00:00:00.000Z' }
    service.changes = [
      view({ phases: [phase] }),
      view({
        phases: [{ ...phase, durationMs: 12 }],
        state: 'moved',
        outcome: 'moved',
        endedAt: '2026-01-01T00:00:02.000Z',
        downtimeMs: 340
      })
    ]
    const { code, out, err } = await ferry('move', 'web', '--to', 'host-b')
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('offer: asking the target\noffer: done in 12 ms\nmoved: runc:web runs on host-b in 2.0 s.')
    expect(out).toContain('340 ms')
    expect(out).not.toContain('\u001b')
  })

  it('prints every view with --json, the last with its outcome', async () => {
    service.changes = [view({ state: 'moved', outcome: 'moved' })]
    const { out } = await ferry('move', 'web', '--to', 'host-b', '--json')
    const views = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { outcome?: string })
    expect(views.at(-1)?.outcome).toBe('moved')
  })

  it('says what, where, why and what to do of a rollback, and ends with 1', async () => {
    const problem = {
      code: 'CRIU_DUMP_FAILED',
      host: 'host-a',
      what: 'CRIU could not dump',
      why: 'a FUSE file',
      remedy: 'Close it'
    }
    service.changes = [view({ outcome: 'rolled-back', problem })]
    const { code, out, err } = await ferry('move', 'web', '--to', 'host-b')
    expect(code).toBe(1)
    expect(out).toContain('rolled back: runc:web runs on host-a')
    expect(err).toMatch(/CRIU could not dump.*\n.*host-a\n.*a FUSE file\n.*Close it\n.*ferry logs m1/)
  })

  it('ends a refused move with 3', async () => {
    service.changes = [view({ outcome: 'refused' })]
    expect((await ferry('move', 'web', '--to', 'host-b')).code).toBe(3)
  })

  it('ends with 2 for an unknown container, and says what to do', async () => {
    const { code, err } = await ferry('move', 'nope', '--to', 'host-b')
    expect(code).toBe(2)
    expect(err).toMatch(/No container is named 'nope'.*\n.*host: +host-a\n.*why: .*web\n.*what to do: .*ferry ls/)
  })

  it('cancels at the first SIGINT and stays for the end', async () => {
    service.changes = [view({ state: 'preparing' }), undefined, view({ outcome: 'rolled-back' })]
    const { code, err } = await interrupted('host-a -> host-b')
    expect(service.requests).toContain('cancel m1')
    expect(err).toContain('cancelling')
    expect(code).toBe(1)
  })

  it('leaves the migration running at the second SIGINT and says how to look', async () => {
    service.changes = [undefined]
    service.cancel = () => new Promise(() => undefined)
    const { code, err } = await interrupted('host-a -> host-b', 'cancelling')
    expect(code).toBe(5)
    expect(err).toContain('ferry migrations')
  })

  it('shows the diagnosis before the last lines of the logs, all of them with --full', async () => {
    const { out } = await ferry('logs', 'm1')
    expect(out.indexOf('line 7:')).toBeLessThan(out.indexOf('line 40'))
    expect(out).toContain('what to do:  Close it')
    expect(out).not.toContain('line 25\n')
    expect((await ferry('logs', 'm1', '--full')).out).toContain('line 1\n')
  })

  it('lists and cancels migrations', async () => {
    expect((await ferry('migrations')).out).toMatch(/m1 +runc:web +host-a -> host-b/)
    expect((await ferry('cancel', 'm1')).out).toContain('Cancel accepted')
  })

  it('ends with 4 without a daemon, and says how to start one', async () => {
    const { code, err } = await ferry('ls', '--socket', join(folder, 'none'))
    expect(code).toBe(4)
    expect(err).toContain('systemctl start ferry')
    const json = await ferry('ls', '--json', '--socket', join(folder, 'none'))
    expect(JSON.parse(json.err)).toMatchObject({ problem: { code: 'DAEMON_UNREACHABLE' } })
  })

  it('ends with 2 for wrong usage', async () => {
    expect((await ferry('move', 'web')).code).toBe(2)
    expect((await ferry('teleport')).code).toBe(2)
    expect((await ferry('--help')).code).toBe(0)
  })

  it('says in its help how a container may be named', async () => {
    for (const name of ['check', 'move']) expect((await ferry(name, '--help')).out).toContain('[HOST/][ENGINE:]NAME')
  })

  it('documents its exit codes', async () => {
    expect((await ferry('--help')).out).toMatch(/Exit codes:[^]*4 {2}the daemon can't be reached/)
  })

  it('names file, key and what is allowed when the daemon is given a wrong configuration', async () => {
    const file = join(folder, 'ferry.json')
    await writeFile(file, '{ "listn": [] }')
    // The generated codecs, which only a daemon loads, have namespaces in them.
    const transform = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning']
    const { code, err } = await ended([...transform, main, 'daemon', '--config', file])
    expect(err).toContain(file)
    expect(err).toContain("did you mean 'listen'?")
    expect(err).toContain('Known keys')
    expect(code).toBe(2)
  })
})
