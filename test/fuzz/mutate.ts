// Bytes as a broken or hostile peer might send them: a valid message with something done to it, or none at all.

/** No input is longer, but for one of what is announced to be too large. */
const MAX_INPUT_BYTES = 64 * 1024
const HUGE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]

export type Random = () => number
/** What a letter or a digit is exchanged for without leaving its kind. */
const SETS = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ'] as const
type Mutation = (bytes: Buffer, corpus: readonly Uint8Array[], random: Random) => Buffer

const below = (random: Random, limit: number): number => Math.floor(random() * limit)
const noise = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => below(random, 256)))
const inserted = (bytes: Buffer, at: number, what: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)])

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'flips bits': (bytes, _, random) => {
    const changed = Buffer.from(bytes)
    for (let flips = 1 + below(random, 8); flips > 0 && changed.length > 0; flips--) {
      const at = below(random, changed.length)
      changed[at] = (changed[at] ?? 0) ^ (1 << below(random, 8))
    }
    return changed
  },
  'sets a byte': (bytes, _, random) => {
    const changed = Buffer.from(bytes)
    if (changed.length > 0) changed[below(random, changed.length)] = [0, 1, 0x7f, 0x80, 0xff][below(random, 5)] ?? 0
    return changed
  },
  'changes a letter or a digit': (bytes, _, random) => {
    const changed = Buffer.from(bytes)
    for (let tries = 0; tries < 16; tries++) {
      const at = below(random, changed.length)
      const set = SETS.find((one) => one.includes(String.fromCharCode(changed[at] ?? 0)))
      if (set === undefined) continue
      changed[at] = set.charCodeAt(below(random, set.length))
      break
    }
    return changed
  },
  // Of two values of one field the last one counts, and an unknown field is passed over: both stay well-formed.
  'joins two messages': (bytes, corpus, random) =>
    Buffer.concat([bytes, corpus[below(random, corpus.length)] ?? bytes]),
  'adds a field': (bytes, _, random) => {
    const tag = varint(((1 + below(random, 40)) << 3) | 2)
    const value = noise(random, below(random, 32))
    return Buffer.concat([bytes, tag, varint(value.length), value])
  },
  'adds a number': (bytes, _, random) =>
    Buffer.concat([bytes, varint((1 + below(random, 15)) << 3), varint(below(random, 2 ** 31))]),
  truncates: (bytes, _, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  'cuts a piece out': (bytes, _, random) => {
    const from = below(random, bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + below(random, bytes.length - from + 1))])
  },
  'appends noise': (bytes, _, random) => Buffer.concat([bytes, noise(random, 1 + below(random, 64))]),
  'splices two messages': (bytes, corpus, random) => {
    const other = corpus[below(random, corpus.length)] ?? bytes
    return Buffer.concat([
      bytes.subarray(0, below(random, bytes.length + 1)),
      other.subarray(below(random, other.length + 1))
    ])
  },
  'repeats a piece': (bytes, _, random) => {
    const from = below(random, bytes.length + 1)
    const piece = bytes.subarray(from, from + 1 + below(random, 64))
    const pieces = Array.from({ length: 1 + below(random, 400) }, () => piece)
    return Buffer.concat([bytes.subarray(0, from), ...pieces, bytes.subarray(from)])
  },
  'inserts a huge number': (bytes, _, random) =>
    inserted(bytes, below(random, bytes.length + 1), Uint8Array.from(HUGE.slice(below(random, HUGE.length)))),
  'announces a huge length': (bytes, _, random) => {
    const field = Uint8Array.of(((1 + below(random, 15)) << 3) | 2, 0xff, 0xff, 0xff, 0xff, below(random, 16))
    return inserted(bytes, below(random, bytes.length + 1), field)
  },
  'nests deeply': (bytes, _, random) => {
    const core = bytes.subarray(0, 64)
    const tag = ((1 + below(random, 8)) << 3) | 2
    const heads: Buffer[] = []
    let size = core.length
    for (let depth = below(random, 2_000); depth > 0 && size < MAX_INPUT_BYTES; depth--) {
      const head = Buffer.concat([Uint8Array.of(tag), varint(size)])
      heads.push(head)
      size += head.length
    }
    return Buffer.concat([...heads.reverse(), core])
  },
  'nests JSON': (bytes, _, random) => {
    const at = bytes.indexOf('{')
    const depth = 1 + below(random, 10_000)
    return inserted(bytes, at === -1 ? bytes.length : at, Buffer.from((random() < 0.5 ? '[' : '{"a":').repeat(depth)))
  },
  'names what no key may be called': (bytes, _, random) => {
    const at = bytes.indexOf('"')
    const key = ['"__proto__":{"x":1},', '"constructor":{},', '"toString":1,', '"\\u0000":0,'][below(random, 4)] ?? ''
    return inserted(bytes, at === -1 ? 0 : at, Buffer.from(key))
  },
  'is noise': (_, __, random) => noise(random, below(random, 256)),
  'is all the same': (_, __, random) => Buffer.alloc(below(random, 4096), below(random, 256))
}

const LIST = Object.values(MUTATIONS)

/** One of the corpus after one to three mutations, most often one: what is spoilt too much is refused at its first byte. */
export function mutated(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Buffer.from(corpus[below(random, corpus.length)] ?? new Uint8Array())
  for (let times = [1, 1, 1, 2, 3][below(random, 5)] ?? 1; times > 0; times--) {
    const mutation = LIST[below(random, LIST.length)]
    if (mutation !== undefined) bytes = Buffer.from(mutation(bytes, corpus, random)).subarray(0, MAX_INPUT_BYTES)
  }
  return new Uint8Array(bytes)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
