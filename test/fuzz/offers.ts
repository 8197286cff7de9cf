// A hostile source with one migration under way at a time: what it sends afterwards is about one that is known.
import type { Member } from './member.ts'
import type { Identity } from './identity.ts'
import { offerOf, preflightOf, receiptEntries, requestsOf, type Offered } from './corpus.ts'
import { Decision, type Request, type Response } from '../../protocols/migration/index.ts'

/** Inputs about one migration. Most of them end it early: what is not of its form is no way to go on. */
const INPUTS_EACH = 50
const ANSWER_MS = 60_000

export class Offers {
  readonly #hostile: Identity
  readonly #victim: Member
  readonly #say: (request: Request) => Promise<Response>
  #number = 0
  #left = 0
  #offered: Offered | undefined
  #id = ''
  #corpus: readonly Uint8Array[] = []
  /** Migrations that were begun. */
  begun = 0

  /** @param say by default the handler itself */
  constructor(victim: Member, hostile: Identity, say?: (request: Request) => Promise<Response>) {
    this.#victim = victim
    this.#hostile = hostile
    this.#say = say ?? ((request) => victim.ferry.handleRequest(hostile.peer, request, AbortSignal.timeout(ANSWER_MS)))
  }

  async corpus(inputsEach = INPUTS_EACH): Promise<readonly Uint8Array[]> {
    if (this.#left-- > 0) return this.#corpus
    this.#left = inputsEach
    try {
      await this.#begin()
    } catch (error) {
      this.#left = 0
      throw error
    }
    return this.#corpus
  }

  async #begin(): Promise<void> {
    await this.#giveUp()
    const number = String(this.#number++).padStart(10, '0')
    const offered = { id: `hostile${number}`, container: `web-${number}`, epoch: 3 }
    // A command may have set it, and nothing would come in any more.
    await this.#victim.cordon.lift()
    const answers = [await this.#say(offerOf(offered)), await this.#say(preflightOf(offered))]
    if (answers.some(({ refused }) => refused !== undefined))
      throw new TypeError(`a good offer was refused: ${JSON.stringify(answers)}`)
    this.begun++
    this.#offered = offered
    this.#id = offered.id
    const entry = receiptEntries(this.#hostile.signer, offered, this.#victim.identity.peer).at(-1)
    this.#corpus = requestsOf(offered, entry ?? new Uint8Array(), this.#hostile.peer)
  }

  /** Of the last one, which may have ended meanwhile. */
  get id(): string {
    return this.#id
  }

  async close(): Promise<void> {
    await this.#giveUp()
  }

  async #giveUp(): Promise<void> {
    if (this.#offered === undefined) return
    const { id, epoch } = this.#offered
    this.#offered = undefined
    const decision = { verdict: Decision.Verdict.ABORT, epoch, reason: 'CANCELLED: given up' }
    await this.#say({ migration: id, decision })
  }
}
