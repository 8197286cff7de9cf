// What a test sees of the peer that always has a request on the way.
import type { LabHost, LabProcess } from '../lab/lab.ts'

export interface EagerReport {
  readonly asked: number
  readonly answered: number
  /** Answers that were not above the one before on the same connection. */
  readonly outOfOrder: number
}

export class EagerClient {
  readonly #process: LabProcess
  readonly #lines: AsyncIterator<string>

  private constructor(process: LabProcess) {
    this.#process = process
    this.#lines = process.lines[Symbol.asyncIterator]()
  }

  /** Resolves with the first answer. */
  static async connect(from: LabHost, address: string, port = 8000): Promise<EagerClient> {
    const repository = '/opt/ferry'
    const program = `${repository}/test/migration/eager-client.ts`
    const process = await from.spawn([`${repository}/node_modules/node/bin/node`, program, address, String(port)])
    const client = new EagerClient(process)
    await client.#report()
    await client.settled()
    return client
  }

  /** Resolves once everything that has been asked by now is answered. @throws Error when the connection broke, or after a minute */
  async settled(): Promise<EagerReport> {
    this.#process.write('\n')
    return this.#report()
  }

  async end(): Promise<void> {
    await this.#process.kill('SIGKILL')
  }

  async #report(): Promise<EagerReport> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      late.reject(new Error('the client waits for an answer for a minute'))
    }, 60_000)
    try {
      const line = await Promise.race([this.#lines.next(), late.promise])
      if (line.done === true) throw new Error('the client has ended')
      const report = JSON.parse(line.value) as EagerReport & { problem?: string }
      if (report.problem !== undefined) throw new Error(`the client's connection broke: ${report.problem}`)
      return report
    } finally {
      clearTimeout(timer)
    }
  }
}
