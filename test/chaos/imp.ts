// The imp on a host (imp.py), as a run commands it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabHost, LabProcess } from '../lab/lab.ts'

const PATH = '/run/imp.py'
const PATIENCE_MS = 30_000

/** When a copy of the container ran on this host, nanoseconds since 1970. */
export type Beat = bigint

/** What is asked for, by the word its answer begins with. */
export type Deed = 'criu' | 'hook' | 'hold' | 'release' | 'thaw' | 'unwatch'

export class Imp {
  readonly #process: LabProcess
  readonly #onBeat: (beat: Beat) => void
  readonly #waiting: { readonly word: string; readonly heard: (done: boolean) => void }[] = []
  #gone = false

  private constructor(process: LabProcess, onBeat: (beat: Beat) => void) {
    this.#process = process
    this.#onBeat = onBeat
  }

  static async start(host: LabHost, onBeat: (beat: Beat) => void): Promise<Imp> {
    await host.writeFile(PATH, await readFile(join(import.meta.dirname, 'imp.py')))
    const imp = new Imp(await host.spawn(['python3', '-S', PATH]), onBeat)
    void imp.#read()
    return imp
  }

  async #read(): Promise<void> {
    for await (const line of this.#process.lines) {
      const [word = '', said = ''] = line.split(' ')
      if (word === 'beat') this.#onBeat(BigInt(said))
      else {
        const index = this.#waiting.findIndex((one) => one.word === word)
        this.#waiting.splice(index, 1)[0]?.heard(said === 'done')
      }
    }
    this.#gone = true
    for (const { heard } of this.#waiting.splice(0)) heard(false)
  }

  /** Whether it was done; false as well when its host loses power meanwhile. */
  async ask(word: Deed, ...words: readonly (string | number)[]): Promise<boolean> {
    if (this.#gone) return false
    const answer = new Promise<boolean>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the imp does not answer ${word} for ${String(PATIENCE_MS)} ms`))
      }, PATIENCE_MS)
      const heard = (done: boolean) => {
        clearTimeout(timer)
        resolve(done)
      }
      this.#waiting.push({ word, heard })
    })
    const kill = word === 'criu' || word === 'hook' ? ['kill'] : []
    this.#process.write(`${[...kill, word, ...words].join(' ')}\n`)
    return answer
  }

  watch(container: string, address: string): void {
    this.#process.write(`watch ${container} ${address}\n`)
  }
}
