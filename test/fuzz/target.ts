// What the fuzz feeds, and what it is told of each input.

/** `decoded`: it was of its form, and whoever got it declined. `acted`: what it asked for was done or answered. */
export type Outcome = 'decoded' | 'acted'

export interface Target {
  readonly name: string
  /** Valid messages; made anew where what was sent once is known the second time. */
  readonly corpus: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Share of all inputs, in parts: handlers that keep state, sign or write are slower than decoders. */
  readonly weight: number
  /** Throws for what is not of its form. */
  feed(bytes: Uint8Array): Promise<Outcome>
}

export function decoder(
  name: string,
  corpus: readonly Uint8Array[],
  weight: number,
  decode: (bytes: Uint8Array) => unknown
): Target {
  return {
    name,
    corpus: () => corpus,
    weight,
    feed: async (bytes) => {
      await decode(bytes)
      return 'decoded'
    }
  }
}
