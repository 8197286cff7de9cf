import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destinationFilter } from '../../src/host/frames.ts'
import { needs } from './needs.ts'

const MAC = '02:00:00:00:09:10'
const LOWEST = '00:00:00:00:09:01'
const netns = (name: string) => `ferryu-${String(process.pid)}-${name}`
const path = (name: string) => `/run/netns/${netns(name)}`

/** Answers nothing; prints what arrives. */
const receiver = `use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 0); bind($s, sockaddr_in(7, inet_aton('10.9.0.10'))) or die; $| = 1; print "ready\\n";
while (defined recv($s, my $d, 9000, 0)) { print "got $d\\n" }`
const sender = `use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 0); send($s, 'x' x 1200, 0, sockaddr_in(7, inet_aton('10.9.0.10'))) or die "send: $!"`

interface Outcome {
  readonly port: { readonly outer: string; readonly bridge: string; readonly addresses: readonly string[] }
  readonly parked: { readonly bridge: string }
  readonly back: { readonly bridge: string }
  readonly totals: { readonly held: number; readonly dropped: number }
  readonly delivered: { readonly sent: number; readonly failed: number }
  readonly addressBefore: string
  readonly addressParked: string
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[]
}

describe('frames for a container whose port is parked', () => {
  needs(process.getuid?.() === 0, 'root: run npm test as root')
  let container: ChildProcess | undefined
  let received = ''
  let outcome: Outcome

  beforeAll(async () => {
    const ip = (...args: string[]) => execFileSync('ip', args)
    for (const name of ['host', 'client', 'box']) ip('netns', 'add', netns(name))
    const host = ['-n', netns('host')]
    ip(...host, 'link', 'add', 'br0', 'type', 'bridge')
    ip(...host, 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns('client'))
    // The lowest address of the bridge's ports is the bridge's.
    ip(
      ...host,
      'link',
      'add',
      'vc1',
      'address',
      LOWEST,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'address',
      MAC,
      'netns',
      netns('box')
    )
    for (const name of ['up0', 'vc1']) ip(...host, 'link', 'set', name, 'master', 'br0', 'up')
    for (const [name, device, address] of [
      ['host', 'br0', '10.9.0.1/24'],
      ['client', 'eth0', '10.9.0.3/24'],
      ['box', 'eth0', '10.9.0.10/24']
    ] as const) {
      ip('-n', netns(name), 'link', 'set', device, 'up')
      ip('-n', netns(name), 'addr', 'add', address, 'dev', device)
      if (name !== 'box') ip('-n', netns(name), 'neigh', 'add', '10.9.0.10', 'lladdr', MAC, 'dev', device)
    }
    const box = spawn('nsenter', [`--net=${path('box')}`, 'perl', '-e', receiver], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    container = box
    box.stdout.setEncoding('utf8').on('data', (text: string) => (received += text))
    await until(() => received.includes('ready'))
    const steps = [
      new URL('host-frames-steps.ts', import.meta.url).pathname,
      MAC,
      path('client'),
      sender,
      String(box.pid)
    ]
    const said = execFileSync('ip', ['netns', 'exec', netns('host'), process.execPath, ...steps], {
      encoding: 'utf8',
      timeout: 40_000
    })
    outcome = JSON.parse(said) as Outcome
  }, 60_000)

  afterAll(() => {
    container?.kill('SIGKILL')
    for (const name of ['host', 'client', 'box']) execFileSync('ip', ['netns', 'del', netns(name)])
  })

  it('finds the port with its bridge and addresses', () => {
    expect(outcome.port).toMatchObject({
      inner: 'eth0',
      outer: 'vc1',
      bridge: 'br0',
      mac: MAC,
      addresses: ['10.9.0.10/24']
    })
  })

  it('a parked port is on no bridge, and comes back to its own', () => {
    expect(outcome.parked.bridge).toBe('')
    expect(outcome.back.bridge).toBe('br0')
  })

  it('the bridge keeps the address it had from the port', () => {
    expect(outcome.addressBefore).toBe(LOWEST)
    expect(outcome.addressParked).toBe(LOWEST)
  })

  it('holds what a client on the segment and the host itself send from when it is off, and delivers it once', async () => {
    expect(outcome.totals).toEqual({ held: 3, dropped: 0 })
    expect(outcome.delivered).toEqual({ sent: 3, failed: 0 })
    await until(() => received.split('got ').length > 3)
    expect(received.match(/got x{1200}\n/g)).toHaveLength(3)
  })

  it('writes neighbours that can be read again', () => {
    expect(outcome.neighbours).toContainEqual(
      expect.objectContaining({ address: '10.9.0.77', mac: '02:00:00:00:00:77' })
    )
  })
})

describe('the kernel filter for held frames', () => {
  /** Enough of classic BPF to run it: loads, jump if equal, return. */
  const accepts = (program: Uint8Array, frame: Uint8Array) => {
    const code = new DataView(program.buffer)
    const data = new DataView(frame.buffer)
    let accumulator = 0
    for (let at = 0; at * 8 < program.length; at++) {
      const k = code.getUint32(at * 8 + 4, true)
      switch (code.getUint16(at * 8, true)) {
        case 0x20:
          accumulator = data.getUint32(k)
          break
        case 0x28:
          accumulator = data.getUint16(k)
          break
        case 0x15:
          at += code.getUint8(at * 8 + (accumulator === k ? 2 : 3))
          break
        case 0x06:
          return k > 0
        default:
          throw new Error('unknown instruction')
      }
    }
    throw new Error('ran off the end')
  }

  it.each([
    ['02:00:00:00:00:01', true],
    ['02:00:00:00:00:02', true],
    ['02:00:00:00:00:03', false],
    ['ff:ff:ff:ff:ff:ff', false],
    ['02:00:00:01:00:01', false]
  ])('a frame to %s is taken: %s', (mac, expected) => {
    const frame = Uint8Array.from([
      ...mac.split(':').map((byte) => Number.parseInt(byte, 16)),
      ...Array<number>(8).fill(0)
    ])
    expect(accepts(destinationFilter(['02:00:00:00:00:01', '02:00:00:00:00:02']), frame)).toBe(expected)
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('it never came')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
