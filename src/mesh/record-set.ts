// What gossip spreads without understanding it: a set of signed records that only grows.

/** Records are named by the lower-case hex SHA-256 of their bytes. */
export interface RecordSet {
  /** Sorted. */
  ids(): readonly string[]
  /** Changes exactly when the set does; two equal sets have the same. */
  digest(): string
  get(id: string): Uint8Array | undefined
  /** Keeps what is new and well signed, durably, and returns the ids of what was added; the rest is dropped and logged. */
  add(records: readonly Uint8Array[], from: string): Promise<readonly string[]>
  /** Told of every addition, whoever made it. Returns what ends it. */
  onChange(callback: (added: readonly string[]) => void): () => void
}
