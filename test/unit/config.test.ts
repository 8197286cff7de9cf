import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, parseConfig } from '../../config/load.ts'
import { configSchema } from '../../config/schema.ts'
import { configuredSocket } from '../../config/socket.ts'

const configFolder = join(import.meta.dirname, '../../config')
const valid = { name: 'host-a' }

function faultOf(value: unknown): ConfigError['details'] {
  try {
    parseConfig(value, '/etc/ferry/ferry.json')
  } catch (error) {
    if (error instanceof ConfigError) return error.details
    throw error
  }
  throw new Error('it was accepted')
}

describe('the configuration', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-config-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('has a default for every key but the name of an odd host', () => {
    expect(parseConfig(valid, 'f')).toMatchObject({
      stateDir: '/var/lib/ferry',
      socket: '/run/ferry/ferry.sock',
      listen: ['/ip4/0.0.0.0/tcp/4860'],
      trustedPeers: [],
      limits: { downtimeMs: 30_000, transferIdleMs: 30_000, peerTimeoutMs: 15_000, migrationMs: 3_600_000 },
      freeze: 'auto',
      retentionHours: 24
    })
  })

  it('fills the defaults of a section that is given in part', () => {
    expect(parseConfig({ ...valid, limits: { downtimeMs: 5 } }, 'f').limits).toMatchObject({
      downtimeMs: 5,
      peerTimeoutMs: 15_000
    })
  })

  it('comes with an example that loads', async () => {
    expect((await loadConfig(join(configFolder, 'ferry.example.json'))).name).toBe('host-a')
  })

  it('documents every key', async () => {
    const page = await readFile(join(configFolder, '../docs/config.md'), 'utf8')
    const nested = ['limits', 'rounds', 'witnesses'] as const
    const keys = Object.keys(configSchema.shape).filter((key) => !nested.some((n) => n === key))
    const inner = nested.flatMap((key) => Object.keys(parseConfig(valid, 'f')[key]).map((name) => `${key}.${name}`))
    for (const key of [...keys, ...inner]) expect(page).toContain(`\`${key}\``)
  })

  it('names file, key, the known keys and the nearest one for a typo', () => {
    const { code, what, why, remedy } = faultOf({ ...valid, bootstap: [] })
    expect(code).toBe('CONFIG_INVALID')
    expect(what).toContain('/etc/ferry/ferry.json')
    expect(what).toContain("'bootstap'")
    expect(why).toContain("did you mean 'bootstrap'?")
    expect(remedy).toContain('stateDir')
  })

  it('names a nested key by its path', () => {
    const { what, why, remedy } = faultOf({ ...valid, limits: { downtimems: 5 } })
    expect(what).toContain("'limits.downtimems'")
    expect(why).toContain("'downtimeMs'")
    expect(remedy).toContain('transferIdleMs')
    expect(remedy).not.toContain('stateDir')
  })

  it.each([
    ['limits.downtimeMs', { limits: { downtimeMs: '30s' } }, '"30s"', 'milliseconds'],
    ['listen.0', { listen: ['0.0.0.0:4860'] }, '"0.0.0.0:4860"', '/ip4/0.0.0.0/tcp/4860'],
    ['trustedPeers', { trustedPeers: 'all' }, '"all"', '"any"'],
    ['freeze', { freeze: 'never' }, '"never"', '"strict"'],
    ['name', { name: 'Host A' }, '"Host A"', 'a-z'],
    ['socket', { socket: 'ferry.sock' }, '"ferry.sock"', 'absolute path'],
    ['bridges.br0', { bridges: { br0: 'a/b' } }, '"a/b"', '15 bytes']
  ])('says of a wrong %s what was found and what is allowed', (key, value, found, allowed) => {
    const details = faultOf({ ...valid, ...value })
    expect(details.what).toContain(`'${key}'`)
    expect(details.why).toContain(found)
    expect(details.remedy).toContain(allowed)
  })

  it('says everything that is wrong at once', () => {
    expect(faultOf({ name: '', rateBps: -1, x: 1 }).what).toMatch(/'name', 'rateBps', 'x'/)
  })

  it('refuses a file that holds no object', () => {
    expect(faultOf([]).remedy).toContain('Write an object')
  })

  it('refuses a named file that does not exist and one that is no JSON', async () => {
    const missing = join(folder, 'none.json')
    await expect(loadConfig(missing)).rejects.toMatchObject({ details: { code: 'CONFIG_INVALID' } })
    await expect(loadConfig(missing)).rejects.toThrow(missing)
    const broken = join(folder, 'broken.json')
    await writeFile(broken, '{ "name": "a", }')
    await expect(loadConfig(broken)).rejects.toThrow(/is not JSON/)
  })

  it('tells a client the socket without checking the rest', async () => {
    const file = join(folder, 'socket.json')
    await writeFile(file, '{ "socket": "/run/x.sock", "later": true }')
    expect(await configuredSocket(file)).toBe('/run/x.sock')
  })

  it('has a unit whose stop leaves containers alone', async () => {
    expect(await readFile(join(configFolder, 'ferry.service'), 'utf8')).toMatch(/^KillMode=process$/m)
  })
})
