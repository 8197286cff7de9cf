import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMesh, type Mesh, type MeshOptions } from '../../src/mesh/mesh.ts'
import { receiveFrames, sendFrames } from '../../src/transfer/frames.ts'
import { longEnough } from './transfer-pair.ts'

let folder: string
let running: Mesh[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-test-mesh-'))
  running = []
})
afterEach(async () => {
  await Promise.all(running.map((mesh) => mesh.stop()))
  await rm(folder, { recursive: true })
})

async function mesh(name: string, options: Partial<MeshOptions> = {}): Promise<Mesh> {
  const made = await createMesh({
    privateKeyFile: join(folder, `${name}.key`),
    name,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    trustedPeers: 'any',
    facts: async () => JSON.stringify({ host: name }),
    ferryVersion: '0.1.0',
    log: pino({ level: 'silent' }),
    onRequest: async () => ({ ack: {} }),
    onBulk: async () => {},
    ...options
  })
  running.push(made)
  return made
}

const stop = async (one: Mesh): Promise<void> => {
  running = running.filter((other) => other !== one)
  await one.stop()
}
const eventually = (claim: () => void): Promise<void> => vi.waitFor(claim, { timeout: 20_000, interval: 50 })
const ask = { migration: '0123456789abc', ask: {} }

describe('two hosts', () => {
  test('know each other by name, with their facts, after one has dialled the other', async () => {
    const a = await mesh('host-a')
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    for (const [one, other] of [
      [a, b],
      [b, a]
    ] as const) {
      await eventually(() => {
        expect(one.peers()).toMatchObject([
          { name: other.self.name, peerId: other.self.peerId, state: 'connected', ferryVersion: '0.1.0' }
        ])
        expect(JSON.parse(one.peers()[0]?.facts ?? '{}')).toEqual({ host: other.self.name })
      })
      expect(one.resolve(other.self.name)).toBe(other.self.peerId)
    }
  })

  test('ask each other, in both directions over the one connection', async () => {
    const heard: unknown[] = []
    const onRequest: MeshOptions['onRequest'] = async (from, request) => {
      heard.push([from, request.migration, request.ask])
      return { prepared: { epoch: 7 } }
    }
    const a = await mesh('host-a', { onRequest })
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses], onRequest })
    await eventually(() => expect(a.peers()[0]?.name).toBe('host-b'))
    expect(await a.request(b.self.peerId, ask, longEnough())).toEqual({ prepared: { epoch: 7 } })
    expect(await b.request(a.self.peerId, ask, longEnough())).toEqual({ prepared: { epoch: 7 } })
    expect(heard).toEqual([
      [a.self.peerId, ask.migration, {}],
      [b.self.peerId, ask.migration, {}]
    ])
  })

  test('open bulk streams whose header and first frames may arrive at once', async () => {
    const received: unknown[] = []
    const a = await mesh('host-a', {
      onBulk: async (_from, kind, header, stream, signal) => {
        received.push([kind, header])
        for await (const frame of receiveFrames({ stream, maxBytes: 1e6, signal })) received.push(frame.byteLength)
        received.push('end')
      }
    })
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    await eventually(() => expect(b.peers()[0]?.name).toBe('host-a'))
    const header = { migration: ask.migration, round: 2, final: true }
    const stream = await b.openBulk(a.self.peerId, 'frames', header, longEnough())
    async function* frames() {
      yield new Uint8Array(60)
      yield new Uint8Array(1500)
    }
    await sendFrames({ stream, frames: frames(), signal: longEnough() })
    await eventually(() => expect(received).toEqual([['frames', header], 60, 1500, 'end']))
  })

  test('a handler that fails is a refusal to the peer, and both go on', async () => {
    const a = await mesh('host-a', { onRequest: () => Promise.reject(new Error('no room')) })
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    await eventually(() => expect(b.peers()[0]?.name).toBe('host-a'))
    const refusal = { refused: { problems: [{ code: 'REQUEST_FAILED', host: 'host-a', why: 'no room' }] } }
    expect(await b.request(a.self.peerId, ask, longEnough())).toMatchObject(refusal)
    expect(await b.request(a.self.peerId, ask, longEnough())).toMatchObject(refusal)
  })

  test('a peer that answers too late is PEER_TIMEOUT', async () => {
    const a = await mesh('host-a', {
      onRequest: (_from, _request, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('gone'))))
    })
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    await eventually(() => expect(b.peers()[0]?.name).toBe('host-a'))
    const late = b.request(a.self.peerId, ask, AbortSignal.timeout(300))
    await expect(late).rejects.toMatchObject({ details: { code: 'PEER_TIMEOUT' } })
  })

  test('one that stops is unreachable to the other, and is found again when it is back', async () => {
    const a = await mesh('host-a')
    const [address] = a.self.addresses
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    await eventually(() => expect(b.peers()[0]?.name).toBe('host-a'))
    const gone: string[] = []
    b.onDisconnect((peerId) => gone.push(peerId))
    await stop(a)
    await eventually(() => expect(b.peers()[0]?.state).not.toBe('connected'))
    expect(gone).toEqual([a.self.peerId])
    const failing = b.request(a.self.peerId, ask, longEnough())
    await expect(failing).rejects.toMatchObject({ details: { code: 'PEER_UNREACHABLE' } })
    await mesh('host-a', { listen: [(address ?? '').replace(/\/p2p\/.*/, '')] })
    await eventually(() => expect(b.peers()[0]).toMatchObject({ state: 'connected', name: 'host-a' }))
  })
})

describe('names', () => {
  test('an unknown one is refused with the names that are known', async () => {
    const a = await mesh('host-a')
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    await eventually(() => expect(b.peers()[0]?.name).toBe('host-a'))
    expect(() => b.resolve('host-c')).toThrow(/known peers: host-a/)
    expect(b.resolve('host-b')).toBe(b.self.peerId)
    expect(b.resolve(a.self.peerId)).toBe(a.self.peerId)
  })

  test('one that two peers have is ambiguous, and shown with its remedy', async () => {
    const a = await mesh('host-a')
    await mesh('twin', { bootstrap: [...a.self.addresses] })
    await mesh('twin', { bootstrap: [...a.self.addresses], privateKeyFile: join(folder, 'other.key') })
    await eventually(() => expect(a.peers().map((peer) => peer.name)).toEqual(['twin', 'twin']))
    expect(a.peers().map((peer) => peer.problem?.code)).toContain('NAME_TAKEN')
    expect(() => a.resolve('twin')).toThrow(/More than one host is called twin/)
  })
})

describe('strangers', () => {
  test('a peer that is not trusted can not say a word, and both sides see why', async () => {
    const asked = vi.fn<MeshOptions['onRequest']>(async () => ({ ack: {} }))
    const a = await mesh('host-a', { trustedPeers: [], onRequest: asked })
    const b = await mesh('host-b', { bootstrap: [...a.self.addresses] })
    await eventually(() => expect(b.peers()[0]?.state).toBe('refused'))
    await eventually(() =>
      expect(a.peers()[0]).toMatchObject({ state: 'refused', problem: { code: 'PEER_REFUSED' }, peerId: b.self.peerId })
    )
    await expect(b.request(a.self.peerId, ask, longEnough())).rejects.toMatchObject({
      details: { code: 'PEER_UNREACHABLE' }
    })
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('a link that is cut without a word', () => {
  let cable: Server
  const sockets = new Set<Socket>()
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    cable.close()
  })

  test('is noticed, and what was under way on it fails', async () => {
    const a = await mesh('host-a', { onRequest: () => new Promise(() => {}) })
    const port = Number(/tcp\/(\d+)/.exec(a.self.addresses[0] ?? '')?.[1])
    cable = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      for (const socket of [near, far]) sockets.add(socket.on('error', () => socket.destroy()))
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', resolve))
    const { port: cablePort } = cable.address() as { port: number }
    const b = await mesh('host-b', { bootstrap: [`/ip4/127.0.0.1/tcp/${cablePort}/p2p/${a.self.peerId}`] })
    await eventually(() => expect(b.peers()[0]?.name).toBe('host-a'))
    const hanging = b.request(a.self.peerId, ask, longEnough())
    const failed = expect(hanging).rejects.toMatchObject({ details: { code: 'PEER_UNREACHABLE' } })
    cable.close()
    for (const socket of sockets) socket.unpipe().pause()
    await eventually(() => {
      expect(b.peers()[0]?.state).toBe('unreachable')
      expect(a.peers()[0]?.state).toBe('unreachable')
    })
    await failed
  })
})

describe('the private key', () => {
  test('is made for nobody else to read, and stays the same', async () => {
    const first = await mesh('host-a')
    expect((await stat(join(folder, 'host-a.key'))).mode & 0o777).toBe(0o600)
    await stop(first)
    expect((await mesh('host-a')).self.peerId).toBe(first.self.peerId)
  })

  test('that others can read is not used', async () => {
    await stop(await mesh('host-a'))
    await chmod(join(folder, 'host-a.key'), 0o644)
    await expect(mesh('host-a')).rejects.toMatchObject({ details: { code: 'KEY_FILE' } })
  })
})

test('a listening address that is taken says so', async () => {
  const a = await mesh('host-a')
  const taken = a.self.addresses.map((address) => address.replace(/\/p2p\/.*/, ''))
  await expect(mesh('host-b', { listen: taken })).rejects.toMatchObject({ details: { code: 'BAD_ADDRESS' } })
})
