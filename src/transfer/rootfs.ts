// The root filesystem, by rsync over the stream: nothing else carries owners, ACLs, xattrs, hard links, holes and devices
// all at once. A stream carries one or more rsync sessions after each other, each closed by an End in both directions.
import { mkdtemp, rm, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipe } from 'it-pipe'
import { MAX_DATA_BYTES, type BulkStream, type Frame } from '../../protocols/bulk/index.ts'
import { chunk } from './chunk.ts'
import { own, type Exit } from './child.ts'
import { PayloadDigest, digesting } from './digest.ts'
import { IDLE_MS, exchange, type Exchange } from './exchange.ts'
import { decodeFrames, encodeFrames, fromFrames, toFrames } from './framing.ts'
import { idleTimeout } from './idle-timeout.ts'
import { feed } from './feed.ts'
import type { Bytes } from './libp2p-stream.ts'
import { progress, type OnProgress } from './progress.ts'
import { rateLimit } from './rate-limit.ts'
import { listChanged } from './round.ts'
import { listedFilesArgs, wholeTreeArgs } from './rsync-client.ts'
import { configureDaemon } from './rsync-daemon.ts'
import { TransferError } from './transfer-error.ts'

export interface SentRootfs {
  /** From source to target, as rsync wrote them. */
  readonly bytes: number
  /** Of those bytes; 32 bytes. The same on both sides. */
  readonly sha256: Uint8Array
  readonly durationMs: number
  /** rsync's words about files it could not send in a round that is not the last: they changed or vanished meanwhile. */
  readonly incomplete?: string
}

export interface SendRootfsOptions {
  /** Silence after which the other side counts as gone, milliseconds. */
  readonly idleMs?: number
  readonly stream: BulkStream
  readonly rootfs: string
  /** Patterns of rsync; one that begins with a slash is anchored at the rootfs. What they name is not deleted either. */
  readonly excludes?: readonly string[]
  /** `since` of the round before (startRound); absent in the first. */
  readonly changedSince?: Date
  /** Nothing writes any more: a file that vanishes or can't be read is an error. */
  readonly final: boolean
  readonly signal: AbortSignal
  readonly onProgress?: OnProgress
  readonly rateBps?: number
}

/** rsync: some files were not transferred (they changed while they were read), some vanished. */
const LIVE_EXITS = [23, 24]
/** How long the other side's words are waited for after the own rsync has failed. */
const WORDS_MS = 2_000

/** One round. @throws TransferError, ProtocolError */
export async function sendRootfs(options: SendRootfsOptions): Promise<SentRootfs> {
  const began = performance.now()
  const work = await mkdtemp(join(tmpdir(), 'ferry-rootfs-'))
  try {
    return await exchange(options.stream, options.signal, async (streams) => {
      let sentAt = -Infinity
      const heard = idleTimeout<Bytes>(options.idleMs ?? IDLE_MS, () => sentAt)
      const frames = unclosed(pipe(streams.source, heard, decodeFrames))
      const out = new PayloadDigest()
      const onProgress: OnProgress = (bytes) => {
        sentAt = performance.now()
        options.onProgress?.(bytes)
      }
      const list = join(work, 'changed')
      const session = (args: string[]): Promise<Exit> =>
        clientSession(args, streams, frames, out, { ...options, onProgress })
      const [whole, some] = await Promise.all([
        session(wholeTreeArgs(options.rootfs, options.excludes ?? [])),
        options.changedSince !== undefined && listChanged(options.rootfs, options.changedSince, list, streams.signal)
      ])
      const exits = some ? [whole, await session(listedFilesArgs(options.rootfs, list))] : [whole]
      const words = exits.filter((exit) => exit.code !== 0).map((exit) => exit.words)
      const durationMs = performance.now() - began
      const sent = { bytes: out.bytes, sha256: out.sha256(), durationMs }
      return words.length === 0 ? sent : { ...sent, incomplete: words.join('\n') }
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function clientSession(
  args: string[],
  streams: Exchange,
  frames: AsyncIterable<Frame>,
  out: PayloadDigest,
  options: SendRootfsOptions
): Promise<Exit> {
  const rsync = own('rsync', args, ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], streams.signal)
  const tolerated = options.final ? [0] : [0, ...LIVE_EXITS]
  try {
    const [, , , toRsync, fromRsync] = rsync.process.stdio
    const answer = Promise.withResolvers<void>()
    await streams.together([
      async (signal) => {
        const checked = untilExit(fromRsync as Readable, rsync.exit, tolerated, answer.promise)
        await streams.sink(
          pipe(
            checked,
            chunk(MAX_DATA_BYTES),
            rateLimit(options.rateBps, signal),
            digesting(out),
            progress((sessionBytes) => options.onProgress?.(sessionBytes)),
            toFrames(out),
            encodeFrames
          )
        )
      },
      async () => {
        try {
          await feed(toRsync as Writable, pipe(frames, fromFrames(new PayloadDigest())))
        } finally {
          answer.resolve()
        }
      }
    ])
    return await rsync.exit
  } finally {
    await rsync.end()
  }
}

export interface ReceiveRootfsOptions {
  /** Silence after which the other side counts as gone, milliseconds. */
  readonly idleMs?: number
  readonly stream: BulkStream
  /** The staging rootfs, an existing folder; rsync is confined to it by chroot. */
  readonly into: string
  /** A folder of this migration outside `into` that only root can read; rsync's configuration and log go there. */
  readonly workDir: string
  readonly signal: AbortSignal
  readonly onProgress?: OnProgress
  /** Called when rsync has written everything; the source's round ends only after it, and fails with it. Shorter than `idleMs` on both sides. */
  readonly settle?: () => Promise<void>
}

/** One round, as `sendRootfs` sends it. @throws TransferError, ProtocolError */
export async function receiveRootfs(options: ReceiveRootfsOptions): Promise<SentRootfs> {
  const began = performance.now()
  return exchange(options.stream, options.signal, async (streams) => {
    const daemon = await configureDaemon(options.into, options.workDir)
    const frames = unclosed(pipe(streams.source, idleTimeout<Bytes>(options.idleMs ?? IDLE_MS), decodeFrames))
    const into = new PayloadDigest()
    for (let first = await frames.next(); first.done !== true; first = await frames.next()) {
      await daemonSession(daemon, streams, prepend(first.value, frames), into, options)
    }
    return { bytes: into.bytes, sha256: into.sha256(), durationMs: performance.now() - began }
  })
}

async function daemonSession(
  daemon: { args: readonly string[]; log: string },
  streams: Exchange,
  frames: AsyncIterable<Frame>,
  into: PayloadDigest,
  options: ReceiveRootfsOptions
): Promise<void> {
  const rsync = own('rsync', daemon.args, ['pipe', 'pipe', 'pipe'], streams.signal)
  const out = new PayloadDigest()
  try {
    const [toRsync, fromRsync] = rsync.process.stdio
    await streams.together([
      () => feed(toRsync as Writable, pipe(frames, fromFrames(into), progress(options.onProgress))),
      async () => {
        const checked = untilExit(fromRsync as Readable, withLog(rsync.exit, daemon.log), [0], Promise.resolve())
        const settled = followedBy(checked, options.settle)
        await streams.sink(pipe(settled, chunk(MAX_DATA_BYTES), digesting(out), toFrames(out), encodeFrames))
      }
    ])
  } finally {
    await rsync.end()
  }
}

/** What rsync writes, then its exit: a bad one is thrown, after the other side had time to say what it knows. */
async function* untilExit(
  output: Readable,
  exited: Promise<Exit>,
  tolerated: readonly number[],
  answer: Promise<void>
): AsyncGenerator<Uint8Array> {
  for await (const data of output as AsyncIterable<Buffer>) yield data
  const exit = await exited
  if (exit.code !== null && tolerated.includes(exit.code)) return
  const timer = new AbortController()
  const late = new Promise<void>((resolve) => {
    const timeout = setTimeout(resolve, WORDS_MS)
    timer.signal.addEventListener('abort', () => clearTimeout(timeout))
  })
  await Promise.race([answer, late])
  timer.abort()
  throw rsyncFailed(exit)
}

async function* followedBy<T>(source: AsyncIterable<T>, last: (() => Promise<void>) | undefined): AsyncGenerator<T> {
  yield* source
  await last?.()
}

async function withLog(exited: Promise<Exit>, log: string): Promise<Exit> {
  const exit = await exited
  if (exit.code === 0) return exit
  const text = await readFile(log, 'utf8').catch((error: Error) => `(its log is not there: ${error.message})`)
  return { ...exit, words: [exit.words, text.trim().split('\n').slice(-5).join('; ')].filter(Boolean).join('; ') }
}

function rsyncFailed(exit: Exit): TransferError {
  if (exit.error?.code === 'ENOENT') {
    return new TransferError({
      code: 'RSYNC_MISSING',
      what: 'rsync could not be started',
      why: exit.error.message,
      remedy: 'Install the package rsync on both hosts'
    })
  }
  const how = exit.code === null ? `killed by ${exit.signal ?? exit.error?.message ?? 'somebody'}` : `exit ${exit.code}`
  return new TransferError({
    code: 'RSYNC_FAILED',
    what: 'rsync failed while it copied the root filesystem',
    why: exit.words === '' ? how : `${how}: ${exit.words}`,
    remedy:
      'Do what rsync says (space, permissions, file system features of the target), then start the migration again'
  })
}

// Iterating with `for await` closes what it iterates when it leaves early; the frames go on with the next session.
function unclosed<T>(source: AsyncIterable<T>): AsyncIterableIterator<T> {
  const iterator = source[Symbol.asyncIterator]()
  const open: AsyncIterableIterator<T> = { next: () => iterator.next(), [Symbol.asyncIterator]: () => open }
  return open
}

async function* prepend<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}
