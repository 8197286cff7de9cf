// How often, how many, how much. Defaults are chosen for 1,000 nodes; docs/gossip.md has what they cost.

export interface GossipSettings {
  /** Milliseconds from one round to the next, a fifth more or less at random. */
  readonly roundMs: number
  /** Peers that rounds go to, out of all that are connected. */
  readonly neighbours: number
  /** Milliseconds after which one of them is exchanged for another. */
  readonly neighbourMs: number
  /** Links that get news whole; the others are told that there is some. */
  readonly eager: number
  /** Milliseconds that news waits for more of it. */
  readonly newsMs: number
  /** Milliseconds that one exchange may take. */
  readonly exchangeMs: number
  /** Nodes that are remembered. */
  readonly maxPeers: number
  /** Milliseconds between own pulses for each node of the mesh, so that a node's share of the traffic stays the same. */
  readonly pulseMsPerNode: number
  readonly minPulseMs: number
  readonly maxPulseMs: number
  /** Least milliseconds between pulses that report changed figures; for each node where that is more. */
  readonly figuresMs: number
  readonly figuresMsPerNode: number
  /** Milliseconds in which changes of the own advert are taken together. */
  readonly settleMs: number
}

export const defaultSettings: GossipSettings = {
  roundMs: 5_000,
  neighbours: 6,
  neighbourMs: 300_000,
  eager: 2,
  newsMs: 25,
  exchangeMs: 10_000,
  maxPeers: 4096,
  pulseMsPerNode: 400,
  minPulseMs: 20_000,
  maxPulseMs: 600_000,
  figuresMs: 30_000,
  figuresMsPerNode: 150,
  settleMs: 200
}
