// Frames that arrive for a frozen container are kept and delivered when it runs: its peers' TCP then needs no retransmission timer.
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { announcementFrames, parseMac } from './announcement-frames.ts'
import { holdScript, injectScript, sendScript } from './frames-perl.ts'
import { enter } from './ip.ts'
import { HostProblem } from './problem.ts'
import { lastLines, run, start, type Running } from './run.ts'

export interface HoldOptions {
  /** Device of the bridge. It is promiscuous while held, so that every frame which the bridge floods or forwards is seen once. */
  readonly bridge: string
  /** Of the container's ports; unicast frames to these are held. */
  readonly macs: readonly string[]
  /**
   * Outer ends of the ports on this bridge: what still went out there is not held, what arrived after the port had left but before `begin` is. Without
   * them only what comes after `begin` is held.
   */
  readonly outer?: readonly string[]
  /** Frames beyond are dropped and counted. Default 4 MiB. */
  readonly maxBytes?: number
  /** Ends it; `frames` then ends, and `stop` rejects. */
  readonly signal: AbortSignal
}

export interface FrameHold {
  /**
   * The port has left the bridge: from here on frames are kept, and those since it left.
   * @param leavingMs a moment just before it did, milliseconds since the epoch: however late this comes, nothing between the two is lost
   */
  begin(leavingMs: number): void
  /** Frames as they come, each with its 10-byte virtio header. Ends after `stop`. To be read once. */
  readonly frames: AsyncIterable<Uint8Array>
  /** Ends the capture. @throws HostProblem FRAME_HOLD_FAILED */
  stop(): Promise<{ readonly held: number; readonly dropped: number }>
}

export interface FrameInjector {
  /** Sends frames into the port, in order. Resolves when the kernel has them. @throws HostProblem FRAME_INJECTOR_FAILED */
  inject(
    frames: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  ): Promise<{ readonly sent: number; readonly failed: number }>
  close(): Promise<void>
}

/** The header that PACKET_VNET_HDR puts before each frame; bytes. */
export const VNET_HEADER_BYTES = 10
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024
/** How long perl may take to say that it can send, or to account for what it did, milliseconds. */
const ANSWER_LIMIT_MS = 5000
/** How long it may take until frames are captured, milliseconds: the container runs meanwhile, and without them it is not moved. */
const CAPTURE_LIMIT_MS = 30_000

/** Resolves when the capture runs. @throws HostProblem FRAME_HOLD_FAILED, COMMAND_MISSING (perl) */
export async function holdFrames(options: HoldOptions): Promise<FrameHold> {
  const filter = Buffer.from(destinationFilter(options.macs)).toString('hex')
  const limit = String(options.maxBytes ?? DEFAULT_MAX_BYTES)
  const child = await start(['perl', '-e', holdScript, options.bridge, limit, filter, ...(options.outer ?? [])], {
    signal: options.signal
  })
  const reader = byteReader(child.stdout)
  const what = `Frames on bridge ${options.bridge} could not be held`
  await ready(child, reader, CAPTURE_LIMIT_MS, 'FRAME_HOLD_FAILED', what)
  const queue = frameQueue()
  const account = collect(reader, queue).finally(() => queue.end())
  // Whoever stops awaits it; until then a failure must not be an unhandled one.
  account.catch(() => undefined)
  return {
    begin(leavingMs) {
      child.stdin.write(`b ${String(leavingMs)}\n`)
    },
    frames: queue,
    async stop() {
      child.stdin.write('s\n')
      const totals = await within(account, child)
      await child.kill()
      if (totals !== undefined) return totals
      throw failed(
        'FRAME_HOLD_FAILED',
        `Frames on bridge ${options.bridge} were not all held`,
        (await child.exited).stderr
      )
    }
  }
}

/** To be started before the decision; resolves when frames can be sent. @throws HostProblem FRAME_INJECTOR_FAILED, COMMAND_MISSING (perl) */
export async function frameInjector(outer: string, signal: AbortSignal): Promise<FrameInjector> {
  const child = await start(['perl', '-e', injectScript, outer], { signal })
  const reader = byteReader(child.stdout)
  const what = `Frames could not be sent into port ${outer}`
  await ready(child, reader, ANSWER_LIMIT_MS, 'FRAME_INJECTOR_FAILED', what)
  return {
    async inject(frames) {
      for await (const frame of frames) {
        child.stdin.write(lengthPrefix(frame.length))
        if (!child.stdin.write(frame) && !child.stdin.destroyed) await drained(child)
      }
      child.stdin.write(lengthPrefix(0))
      const totals = await within(reader.read(8), child)
      if (totals === undefined) {
        await child.kill()
        throw failed('FRAME_INJECTOR_FAILED', what, (await child.exited).stderr)
      }
      return { sent: totals.readUInt32BE(0), failed: totals.readUInt32BE(4) }
    },
    async close() {
      child.stdin.end()
      await child.kill()
    }
  }
}

export interface AnnounceOptions {
  readonly initPid: number
  readonly ports: readonly { readonly inner: string; readonly mac: string; readonly addresses: readonly string[] }[]
  /** When each round is sent, milliseconds from the call. Default 0, 50, 300, 1000. */
  readonly atMs?: readonly number[]
  readonly signal: AbortSignal
}

/**
 * Tells the segment where the container's addresses are now, from inside its network namespace, so that the bridge learns its port too.
 * Resolves after the last round; the container does not wait for it.
 * @throws HostProblem COMMAND_FAILED
 */
export async function announce(options: AnnounceOptions): Promise<void> {
  const linkLocal = await linkLocalAddresses(options.initPid)
  const round = options.ports.flatMap((port) => {
    const addresses = [
      ...port.addresses.map((address) => address.split('/')[0] ?? ''),
      ...(linkLocal.get(port.inner) ?? [])
    ]
    return [...new Set(addresses)].flatMap((address) =>
      announcementFrames(port.mac, address).map((frame) => ({
        inner: port.inner,
        hex: Buffer.from(frame).toString('hex')
      }))
    )
  })
  if (round.length === 0) return
  const argumentsForPerl: string[] = []
  let last = 0
  for (const at of options.atMs ?? [0, 50, 300, 1000]) {
    round.forEach((frame, index) => argumentsForPerl.push(String(index === 0 ? at - last : 0), frame.inner, frame.hex))
    last = at
  }
  await run([...enter(options.initPid), 'perl', '-e', sendScript, ...argumentsForPerl], { signal: options.signal })
}

/** Classic BPF (linux/filter.h): accepts frames whose destination is one of `macs`, drops the rest in the kernel. */
export function destinationFilter(macs: readonly string[]): Uint8Array {
  if (macs.length === 0 || macs.length > 64) throw new RangeError('between 1 and 64 MAC addresses can be held for')
  const loadWord = 0x20
  const loadHalf = 0x28
  const jumpIfEqual = 0x15
  const returnValue = 0x06
  const program: [code: number, ifTrue: number, ifFalse: number, k: number][] = []
  macs.forEach((mac, index) => {
    const view = new DataView(parseMac(mac).buffer)
    const accept = (macs.length - index - 1) * 4 + 1
    program.push([loadWord, 0, 0, 0], [jumpIfEqual, 0, 2, view.getUint32(0)])
    program.push([loadHalf, 0, 0, 4], [jumpIfEqual, accept, 0, view.getUint16(4)])
  })
  program.push([returnValue, 0, 0, 0], [returnValue, 0, 0, 0x40000])
  const bytes = new DataView(new ArrayBuffer(program.length * 8))
  program.forEach(([code, ifTrue, ifFalse, k], index) => {
    // The machine's own byte order; Node runs on little-endian ones only.
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, ifTrue)
    bytes.setUint8(index * 8 + 3, ifFalse)
    bytes.setUint32(index * 8 + 4, k, true)
  })
  return new Uint8Array(bytes.buffer)
}

async function linkLocalAddresses(initPid: number): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const text = await readFile(`/proc/${String(initPid)}/net/if_inet6`, 'utf8').catch((error: unknown) => {
    // No IPv6 in this kernel.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  for (const line of text.split('\n')) {
    const [hex = '', , , scope, , name = ''] = line.trim().split(/\s+/)
    if (scope !== '20') continue
    const address = (hex.match(/.{4}/g) ?? []).join(':')
    found.set(name, [...(found.get(name) ?? []), address])
  }
  return found
}

type ByteReader = ReturnType<typeof byteReader>

/** Reads exact numbers of bytes; undefined at the end of the stream. */
function byteReader(stream: Readable) {
  const iterator = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  return {
    async read(count: number): Promise<Buffer | undefined> {
      while (rest.length < count) {
        const next = await iterator.next()
        if (next.done === true) return undefined
        rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
      }
      const taken = rest.subarray(0, count)
      rest = rest.subarray(count)
      return taken
    }
  }
}

async function collect(reader: ByteReader, queue: ReturnType<typeof frameQueue>) {
  for (;;) {
    const head = await reader.read(4)
    if (head === undefined) return undefined
    const length = head.readUInt32BE(0)
    if (length === 0) break
    const frame = await reader.read(length)
    if (frame === undefined) return undefined
    queue.push(new Uint8Array(frame))
  }
  const totals = await reader.read(8)
  return totals === undefined ? undefined : { held: totals.readUInt32BE(0), dropped: totals.readUInt32BE(4) }
}

/** Perl keeps within the byte limit, so this is bounded by it. */
function frameQueue() {
  const waiting: Uint8Array[] = []
  let ended = false
  let wake: (() => void) | undefined
  const changed = () => {
    wake?.()
    wake = undefined
  }
  return {
    push(frame: Uint8Array) {
      waiting.push(frame)
      changed()
    },
    end() {
      ended = true
      changed()
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
      for (;;) {
        const frame = waiting.shift()
        if (frame !== undefined) yield frame
        else if (ended) return
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  }
}

async function ready(child: Running, reader: ByteReader, limitMs: number, code: string, what: string): Promise<void> {
  const word = await within(reader.read(1), child, limitMs)
  if (word?.toString() === 'R') return
  await child.kill()
  throw failed(code, what, (await child.exited).stderr)
}

/** Undefined where the child ended or took too long. */
async function within<T>(answer: Promise<T>, child: Running, limitMs = ANSWER_LIMIT_MS): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), limitMs)
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    // A pipe that broke says less than the child's own words, which the caller asks for.
    if (error instanceof Error) await child.kill()
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

async function drained(child: Running): Promise<void> {
  await Promise.race([new Promise<void>((resolve) => child.stdin.once('drain', resolve)), child.exited])
}

function lengthPrefix(length: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

function failed(code: string, what: string, stderr: string): HostProblem {
  const words = lastLines(stderr)
  return new HostProblem({
    code,
    what,
    ...(words === '' ? {} : { why: words }),
    remedy: 'See that ferry runs as root (CAP_NET_RAW) and that the interface exists'
  })
}
