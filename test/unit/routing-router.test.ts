// Three hosts of which c routes; each answers from a table, and what it is asked is kept.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Arguments, AnswerOf, MethodName } from '../../protocols/command/index.ts'
import { OperatorError, type ContainerView, type HostView, type MigrationView } from '../../protocols/operator/views.ts'
import type { Reach } from '../../src/node/routing/reach.ts'
import { Router } from '../../src/node/routing/router.ts'
import { view } from './cli-service.ts'

const id = 'm0123456789abcdef'
const signal = (): AbortSignal => AbortSignal.timeout(30_000)

interface FakeHost {
  readonly advertised: readonly string[]
  readonly has: readonly string[]
  migrations: MigrationView[]
  /** It takes what it is asked and says nothing. */
  silent?: boolean
  /** The connection to it is lost whenever it is asked. */
  lost?: boolean
}

describe('the router of a host', () => {
  let hosts: Record<string, FakeHost>
  let asked: string[]
  let router: Router

  beforeEach(() => {
    hosts = { a: host(), b: host(), c: host() }
    asked = []
    router = new Router(reach)
  })

  function host(advertised: string[] = [], has = advertised): FakeHost {
    return { advertised, has, migrations: [] }
  }

  function containers(names: readonly string[], on: string): ContainerView[] {
    return names.map((name) => ({ host: on, engine: 'runc', name, state: 'running' }))
  }

  const reach: Reach = {
    name: 'c',
    self: () => 'c',
    hosts: async () =>
      Object.entries(hosts).map(([name, { advertised }]): HostView => ({
        name,
        peerId: name,
        state: name === 'c' ? 'self' : 'connected',
        containers: containers(advertised, name).map((one) => ({ ...one, running: true }))
      })),
    async *ask<M extends MethodName>(peerId: string, method: M, args: Arguments<M>, ended: AbortSignal) {
      asked.push(`${peerId} ${method}`)
      const { has, migrations, silent, lost } = hosts[peerId] ?? host()
      if (silent === true) {
        await new Promise((_, reject) => {
          ended.addEventListener('abort', () => {
            reject(new Error('nothing was said', { cause: ended.reason }))
          })
        })
      }
      if (lost === true) throw problem('PEER_UNREACHABLE', peerId)
      const found = migrations.find((one) => 'id' in args && one.id === args.id)
      const answers: Partial<Record<MethodName, unknown>> = {
        containers: containers(has, peerId),
        migrations,
        migration: found,
        resolve: found,
        move: view({ id, source: peerId })
      }
      const answer = answers[method]
      if (answer === undefined) throw problem('UNKNOWN_MIGRATION', peerId)
      yield answer as AnswerOf<M>
    }
  }

  function problem(code: string, on: string): OperatorError {
    return new OperatorError({ code, host: on, what: code, remedy: 'none' })
  }

  it('sees that two hosts have a name though one of them has not advertised it yet', async () => {
    hosts = { a: host(['twin']), b: host([], ['twin']), c: host() }
    const refused = await router.move({ container: 'twin', to: 'c' }, signal()).catch((error: unknown) => error)
    expect(refused).toMatchObject({ problem: { code: 'AMBIGUOUS_CONTAINER' } })
    expect((refused as OperatorError).problem.remedy).toBe('say which: a/twin or b/twin')
    expect(asked).not.toContain('a move')
  })

  it('sees it where the host that was asked has one itself', async () => {
    hosts = { a: host([], ['twin']), b: host(), c: host(['twin']) }
    await expect(router.move({ container: 'twin', to: 'b' }, signal())).rejects.toMatchObject({
      problem: { code: 'AMBIGUOUS_CONTAINER', remedy: 'say which: c/twin or a/twin' }
    })
  })

  it('moves what it found where another host says nothing and advertises no such container', async () => {
    hosts = { a: host(['web']), b: { ...host(), silent: true }, c: host() }
    expect(await router.move({ container: 'web', to: 'b' }, signal())).toMatchObject({ source: 'a' })
  })

  it('asks nobody else where the host is named', async () => {
    hosts = { a: host(['twin']), b: host([], ['twin']), c: host() }
    expect(await router.move({ container: 'b/twin', to: 'c' }, signal())).toMatchObject({ source: 'b' })
    expect(asked).not.toContain('a containers')
  })

  it('shows the side that a word would be about, and how that side ends', async () => {
    const { a = host(), b = host() } = hosts
    a.migrations = [view({ id, role: 'source', state: 'awaitingAck' })]
    b.migrations = [view({ id, role: 'target', state: 'prepared' })]
    // It told once; what it said must not stand in the way when it is gone.
    expect(await router.migration(id, signal())).toMatchObject({ role: 'source' })
    a.lost = true
    expect(await router.migration(id, signal())).toMatchObject({ role: 'target' })
    await router.resolve({ id, how: 'run-here' }, signal())
    a.lost = false
    b.migrations = [view({ id, role: 'target', outcome: 'moved' })]
    expect(await router.migration(id, signal())).toMatchObject({ role: 'target', outcome: 'moved' })
  })
})
