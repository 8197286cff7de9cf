// A program that runs on a VM host: its local ssh client, and the pid it has over there.
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecResult, LabProcess } from '../lab.ts'

const START_TIMEOUT_MS = 60_000
const END_TIMEOUT_MS = 30_000

type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGINT'
type SendSignal = (pid: number, signal: Signal) => Promise<void>

export class RemoteProcess implements LabProcess {
  readonly lines: AsyncIterable<string>
  readonly exited: Promise<ExecResult>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #sendSignal: SendSignal
  #pid: number | undefined

  /** @param child - an ssh client whose command prints its own pid as the first line. */
  static async started(child: ChildProcessWithoutNullStreams, sendSignal: SendSignal): Promise<RemoteProcess> {
    const process = new RemoteProcess(child, sendSignal)
    const first = process.lines[Symbol.asyncIterator]().next()
    const late = sleep(START_TIMEOUT_MS, undefined, { ref: false })
    const line = await Promise.race([first, late])
    const pid = Number.parseInt(line?.done === false ? line.value : '', 10)
    if (Number.isNaN(pid)) {
      child.kill('SIGKILL')
      throw new Error(`a program did not start on the host: ${(await process.exited).stderr.trim()}`)
    }
    process.#pid = pid
    return process
  }

  private constructor(child: ChildProcessWithoutNullStreams, sendSignal: SendSignal) {
    this.#child = child
    this.#sendSignal = sendSignal
    const queue = new LineQueue()
    const kept: string[] = []
    const reader = createInterface({ input: child.stdout })
    reader.on('line', (line) => {
      queue.push(line)
      kept.push(line)
    })
    reader.once('close', () => queue.end())
    this.lines = queue
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    // A write to a program that has just ended: its end is what the caller sees.
    child.stdin.on('error', (error) => (stderr += `\nwriting to its input: ${error.message}`))
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => (stderr += error.message))
      child.once('close', (code) => {
        // The first line is the pid.
        resolve({
          exitCode: code ?? 255,
          stdout: kept
            .slice(1)
            .map((line) => line + '\n')
            .join(''),
          stderr
        })
      })
    })
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  async kill(signal: Signal = 'SIGTERM'): Promise<void> {
    if (this.#pid === undefined || this.#child.exitCode !== null) return
    await this.#sendSignal(this.#pid, signal)
    const ended = await Promise.race([this.exited, sleep(END_TIMEOUT_MS, undefined, { ref: false })])
    if (ended === undefined) {
      this.#child.kill('SIGKILL')
      throw new Error(`pid ${this.#pid} on the host still runs ${END_TIMEOUT_MS} ms after ${signal}`)
    }
  }
}

/** Lines wait here for whoever reads them; leaving a loop over them does not end them. */
class LineQueue implements AsyncIterable<string> {
  readonly #waiting: string[] = []
  #ended = false
  #wake = Promise.withResolvers<undefined>()

  push(line: string): void {
    this.#waiting.push(line)
    this.#wake.resolve(undefined)
  }

  end(): void {
    this.#ended = true
    this.#wake.resolve(undefined)
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return { next: () => this.#next() }
  }

  async #next(): Promise<IteratorResult<string>> {
    for (;;) {
      const line = this.#waiting.shift()
      if (line !== undefined) return { done: false, value: line }
      if (this.#ended) return { done: true, value: undefined }
      this.#wake = Promise.withResolvers()
      await this.#wake.promise
    }
  }
}
