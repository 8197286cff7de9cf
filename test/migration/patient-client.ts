// A peer that keeps one connection open and says something only when it is told to.
import type { LabHost, LabProcess } from '../lab/lab.ts'

const script = `exec 3<>"/dev/tcp/$0/8000"; echo connected
while read -r request; do
  echo "$request" >&3 && read -r -t 30 answer <&3 || { echo broken; exit 1; }
  echo "$answer"
done`

export class PatientClient {
  readonly #process: LabProcess
  readonly #lines: AsyncIterator<string>

  private constructor(process: LabProcess) {
    this.#process = process
    this.#lines = process.lines[Symbol.asyncIterator]()
  }

  /** A counter that fills its memory first takes a while. */
  static async untilItListens(from: LabHost, address: string): Promise<void> {
    const look = `for try in $(seq 300); do exec 3<>"/dev/tcp/$0/8000" && exit; sleep 0.1; done 2>/dev/null; exit 1`
    await from.exec(['bash', '-c', look, address])
  }

  static async connect(from: LabHost, address: string): Promise<PatientClient> {
    const client = new PatientClient(await from.spawn(['bash', '-c', script, address]))
    if ((await client.#line()) !== 'connected') throw new Error(`no connection to ${address}`)
    return client
  }

  /** The answer to one line. @throws Error when the connection broke, or after 30 s */
  async say(line: string): Promise<string> {
    this.#process.write(line + '\n')
    const answer = await this.#line()
    if (answer === 'broken') throw new Error('the connection broke')
    return answer
  }

  /** The counter's next number. */
  async ask(): Promise<number> {
    return Number(await this.say('next'))
  }

  async end(): Promise<void> {
    await this.#process.kill('SIGKILL')
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next()
    return next.done === true ? 'the client has ended' : next.value
  }
}
