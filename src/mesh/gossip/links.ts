// Whom this node gossips with, and how far each side has heard the other.
import type { GossipSettings } from './settings.ts'

export interface Link {
  readonly peer: string
  /** Rounds go to it; the others only came to us. */
  chosen: boolean
  /** Place in our log up to which it has everything. */
  sent: number
  /** The run of the peer that `heard` belongs to. */
  boot: number
  /** Place in its log up to which we have everything. */
  heard: number
  /** What `heard` becomes when everything that its last round offered has come; 0: it left something out. */
  reaches: number
  /** Milliseconds (monotonic) of its last round with us. */
  seenAt: number
  /** No complete comparison before then; what made the last one in vain may last. */
  completeAt: number
  completeWaitMs: number
  /** Exchanges under way. */
  busy: number
}

/** A link that came to us is news' way back for so long after its last round. */
const HEARD_MS = 120_000
const MAX_LINKS = 48
const MAX_NEWCOMERS = 8
export const FIRST_COMPLETE_WAIT_MS = 30_000
const MAX_COMPLETE_WAIT_MS = 1_800_000

export class Links {
  readonly #peers: () => readonly string[]
  readonly #nowMs: () => number
  readonly #random: () => number
  readonly #settings: GossipSettings
  readonly #links = new Map<string, Link>()
  #turn: string[] = []
  #there: ReadonlySet<string> = new Set()
  /** Connected since the last look: they may come from the other side of a cut, and have a round before anybody else. */
  #newcomers: string[] = []
  #exchangedAt: number

  constructor(options: {
    readonly peers: () => readonly string[]
    readonly nowMs: () => number
    readonly random: () => number
    readonly settings: GossipSettings
  }) {
    this.#peers = options.peers
    this.#nowMs = options.nowMs
    this.#random = options.random
    this.#settings = options.settings
    this.#exchangedAt = options.nowMs()
  }

  /** Forgets who is gone and chooses neighbours at random among those who are there. */
  refresh(): void {
    const peers = this.#peers()
    const there = new Set(peers)
    for (const peer of this.#links.keys()) if (!there.has(peer)) this.#links.delete(peer)
    const came = this.shuffled(peers.filter((peer) => !this.#there.has(peer)))
    this.#newcomers = [...came, ...this.#newcomers.filter((peer) => there.has(peer))].slice(0, MAX_NEWCOMERS)
    this.#there = there
    const chosen = [...this.#links.values()].filter((link) => link.chosen)
    const others = peers.filter((peer) => this.#links.get(peer)?.chosen !== true)
    if (
      chosen.length >= this.#settings.neighbours &&
      others.length > 0 &&
      this.#nowMs() - this.#exchangedAt >= this.#settings.neighbourMs
    ) {
      this.#exchangedAt = this.#nowMs()
      const [out] = chosen.splice(Math.floor(this.#random() * chosen.length), 1)
      if (out !== undefined) out.chosen = false
    }
    const missing = Math.max(0, this.#settings.neighbours - chosen.length)
    for (const peer of this.shuffled(others).slice(0, missing)) this.#ensure(peer).chosen = true
    this.#trim()
  }

  /** The neighbour whose turn it is: each once, in a new order every time, after those that are new. */
  next(): Link | undefined {
    this.refresh()
    const newcomer = this.#newcomers.pop()
    if (newcomer !== undefined) return this.from(newcomer)
    const chosen = [...this.#links.values()].filter((link) => link.chosen)
    if (chosen.length === 0) return undefined
    for (;;) {
      const peer = this.#turn.pop()
      const link = peer === undefined ? undefined : this.#links.get(peer)
      if (link?.chosen === true) return link
      if (peer === undefined) this.#turn = this.shuffled(chosen.map((one) => one.peer))
    }
  }

  /** The link of a peer that came to us, or that is new. */
  from(peer: string): Link {
    const link = this.#ensure(peer)
    link.seenAt = this.#nowMs()
    return link
  }

  /** Where news goes, in random order. */
  forNews(): Link[] {
    this.refresh()
    const now = this.#nowMs()
    return this.shuffled([...this.#links.values()].filter((link) => link.chosen || now - link.seenAt < HEARD_MS))
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items]
    for (let at = left.length - 1; at > 0; at--) {
      const other = Math.floor(this.#random() * (at + 1))
      const [a, b] = [left[at], left[other]]
      if (a === undefined || b === undefined) break
      left[at] = b
      left[other] = a
    }
    return left
  }

  #ensure(peer: string): Link {
    let link = this.#links.get(peer)
    if (link === undefined) {
      link = {
        peer,
        chosen: false,
        sent: 0,
        boot: 0,
        heard: 0,
        reaches: 0,
        seenAt: -Infinity,
        completeAt: -Infinity,
        completeWaitMs: FIRST_COMPLETE_WAIT_MS,
        busy: 0
      }
      this.#links.set(peer, link)
    }
    return link
  }

  #trim(): void {
    if (this.#links.size <= MAX_LINKS) return
    const idle = [...this.#links.values()].filter((link) => !link.chosen).sort((a, b) => a.seenAt - b.seenAt)
    for (const link of idle.slice(0, this.#links.size - MAX_LINKS)) this.#links.delete(link.peer)
  }
}

/** Both sides have the same: what happens next is worth a complete comparison at once. */
export function agreed(link: Link): void {
  link.completeAt = -Infinity
  link.completeWaitMs = FIRST_COMPLETE_WAIT_MS
}

/** From the beginning, unless that was done lately. */
export function startOver(link: Link, nowMs: number): void {
  if (nowMs < link.completeAt) return
  link.completeAt = nowMs + link.completeWaitMs
  link.completeWaitMs = Math.min(MAX_COMPLETE_WAIT_MS, link.completeWaitMs * 2)
  link.sent = 0
  link.heard = 0
}
