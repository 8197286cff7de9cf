// Two gossip engines over the victim's roster, in a time of their own: one that is asked, and one that asks and is answered by the hostile member.
import { setImmediate as nextTurn } from 'node:timers/promises'
import pino from 'pino'
import * as gossip from '../../protocols/gossip/index.ts'
import { ProtocolError } from '../../protocols/problem.ts'
import { Gossip, defaultSettings, type Clock } from '../../src/mesh/gossip/index.ts'
import { ADVERT_CONTEXT, PULSE_CONTEXT, signAdvert } from '../../src/mesh/gossip/signatures.ts'
import { sampleBody } from '../bench/mesh/sample-advert.ts'
import { gossipCorpus } from './corpus.ts'
import type { Scene } from './scene.ts'
import type { Outcome, Target } from './target.ts'

const EMPTY = { items: [], records: [], wants: new Uint8Array(), offers: new Uint8Array(), boot: 1, upTo: 0 }
/** Turns of the event loop in which a round with an answer that is there must end. */
const MAX_TURNS = 2_000

export class GossipPair {
  readonly #scene: Scene
  readonly #asked: Gossip
  readonly #asking: Gossip
  #nowMs = 0
  #number = 0
  #failed = false
  /** What the hostile member answers: these, and the last one again and again. */
  #replies: Uint8Array[] = []
  #exchanges = 0
  #round: (() => void) | undefined

  constructor(scene: Scene) {
    this.#scene = scene
    const { victim, hostile } = scene
    const clock: Clock = {
      nowMs: () => this.#nowMs,
      wallMs: () => 1_800_000_000_000 + this.#nowMs,
      after: () => () => undefined
    }
    const common = {
      self: victim.identity.peer,
      sign: victim.identity.sign,
      records: victim.roster,
      isMember: (peer: string) => victim.roster.isMember(peer)
    }
    this.#asked = new Gossip({
      ...common,
      log: pino({ level: 'silent' }),
      clock,
      transport: { peers: () => [], exchange: () => Promise.reject(new Error('nobody is there')) }
    })
    // A round that fails is no error to anybody; the log is where it is told.
    const log = pino(
      { level: 'debug' },
      {
        write: () => {
          this.#failed = true
        }
      }
    )
    this.#asking = new Gossip({
      ...common,
      log,
      clock: {
        ...clock,
        after: (ms, act) => {
          // The first one is the start's; after it, nothing but a round waits for about as long as a round does.
          if (this.#round === undefined || Math.abs(ms / defaultSettings.roundMs - 1) <= 0.2) this.#round = act
          return () => undefined
        }
      },
      transport: {
        peers: () => [hostile.peer],
        exchange: async () => {
          this.#exchanges++
          const [next = new Uint8Array()] = this.#replies.length > 1 ? this.#replies.splice(0, 1) : this.#replies
          return next
        }
      }
    })
    this.#asking.start()
  }

  async targets(): Promise<Target[]> {
    const { hostile } = this.#scene
    const talk = await gossipCorpus(hostile)
    const synced = talk.replies[0] ?? new Uint8Array()
    let turn = 0
    return [
      {
        name: 'gossip, asked',
        corpus: () => talk.requests,
        weight: 6,
        feed: async (bytes) => {
          gossip.decodeGossipRequest(bytes)
          return this.#ask(bytes)
        }
      },
      {
        name: 'gossip, asking',
        corpus: () => talk.replies,
        weight: 2,
        feed: async (bytes) => {
          turn = (turn + 1) % 3
          const outcome = await this.#askRound(turn === 0 ? [bytes] : [synced, bytes])
          gossip.decodeGossipReply(bytes)
          return outcome
        }
      },
      {
        name: 'advert, signed',
        corpus: async () => (await gossipCorpus(hostile, this.#nextSeq())).adverts,
        weight: 2,
        feed: (bytes) => this.#bring(bytes, false)
      },
      {
        name: 'pulse, signed',
        corpus: async () => (await gossipCorpus(hostile, this.#seq())).pulses,
        weight: 2,
        feed: (bytes) => this.#bring(bytes, true)
      }
    ]
  }

  async honest(): Promise<void> {
    const { honest, victim } = this.#scene
    this.#number++
    this.#nowMs += 5_000
    const { peer, sign } = honest.identity
    const head = { peer, seq: this.#number, issuedAt: this.#nowMs, ttl: 3600 }
    const { payload, signature } = await signAdvert(head, sampleBody(this.#number), sign)
    const items = [{ payload, signature, pulse: false, age: 0 }]
    const request = gossip.encodeGossipRequest({ transfer: { ...EMPTY, items } })
    const reply = await this.#asked.receive(peer, request)
    if (gossip.decodeGossipReply(reply).delivered === undefined) throw new TypeError('the honest member got no answer')
    if (this.#asked.get(peer)?.body.name !== `host-${this.#number}`)
      throw new TypeError("the honest member's advert was lost")
    if (this.#asked.view().some((advert) => !victim.roster.isMember(advert.peer)))
      throw new TypeError('the map holds a node that is no member')
  }

  close(): void {
    this.#asked.stop()
    this.#asking.stop()
  }

  async #ask(bytes: Uint8Array): Promise<Outcome> {
    this.#nowMs += 100
    try {
      await this.#asked.receive(this.#scene.hostile.peer, bytes)
      return 'acted'
    } catch (error) {
      // It was of its form, and named what was not.
      if (error instanceof ProtocolError) return 'decoded'
      throw error
    }
  }

  /** Spoilt first and signed then. */
  async #bring(payload: Uint8Array, pulse: boolean): Promise<Outcome> {
    const { hostile } = this.#scene
    const bytes = Uint8Array.from(payload)
    const signed = Buffer.concat([pulse ? PULSE_CONTEXT : ADVERT_CONTEXT, bytes])
    const item = { payload: bytes, signature: new Uint8Array(await hostile.sign(signed)), pulse, age: 0 }
    const before = this.#asked.get(hostile.peer)
    await this.#ask(gossip.encodeGossipRequest({ transfer: { ...EMPTY, items: [item] } }))
    if (pulse) gossip.decodePulse(bytes)
    else gossip.decodeAdvert(bytes)
    const after = this.#asked.get(hostile.peer)
    return after?.seq !== before?.seq || after?.vitals !== before?.vitals ? 'acted' : 'decoded'
  }

  #seq(): number {
    return this.#asked.get(this.#scene.hostile.peer)?.seq ?? 1
  }

  #nextSeq(): number {
    return Math.min(this.#seq() + 1, gossip.MAX_STAMP)
  }

  async #askRound(replies: Uint8Array[]): Promise<Outcome> {
    this.#nowMs += 5_000
    this.#replies = replies
    this.#failed = false
    const before = this.#exchanges
    // The last round may still be at work; then this one asks nothing.
    for (let turn = 0; this.#exchanges === before; turn++) {
      if (turn === MAX_TURNS) throw new TypeError('a gossip round does not end')
      this.#round?.()
      await nextTurn()
    }
    for (let seen = -1; seen !== this.#exchanges;) {
      seen = this.#exchanges
      await nextTurn()
      await nextTurn()
    }
    return this.#failed ? 'decoded' : 'acted'
  }
}
