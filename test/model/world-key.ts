// A world as a short string: what the search remembers it by.
import { initialWorld, type Field, type World } from './world.ts'

/** Bits of the fields that take more than four. */
const WIDE: Readonly<Partial<Record<Field, number>>> = {
  sMachine: 8,
  tMachine: 8,
  tPending: 8,
  w1Wire1: 8,
  w1Wire2: 8,
  w2Wire1: 8,
  w2Wire2: 8,
  asks1: 8,
  asks2: 8,
  says1: 16,
  says2: 16
}
/** Each begins a character of its own, so that both witnesses can change places. */
const APART: ReadonlySet<Field> = new Set<Field>(['w1Up', 'w2Up', 'asks1'])

interface Place {
  readonly field: Field
  readonly char: number
  readonly shift: number
  readonly mask: number
}

const PLACES = placesOf(Object.keys(initialWorld()) as readonly Field[])
const LENGTH = Math.max(...PLACES.map(({ char }) => char)) + 1
const ONE = charOf('w1Up')
const OTHER = charOf('w2Up')

function placesOf(fields: readonly Field[]): readonly Place[] {
  const places: Place[] = []
  let char = 0
  let shift = 0
  for (const field of fields) {
    const bits = WIDE[field] ?? 4
    if (APART.has(field) || shift + bits > 16) {
      char++
      shift = 0
    }
    places.push({ field, char, shift, mask: (1 << bits) - 1 })
    shift += bits
  }
  return places
}

function charOf(wanted: Field): number {
  return PLACES.find(({ field }) => field === wanted)?.char ?? 0
}

const codes = new Uint16Array(LENGTH)

export function encode(world: World): string {
  codes.fill(0)
  for (const { field, char, shift, mask } of PLACES) {
    const value = world[field]
    if (value === 0) continue
    if ((value & ~mask) !== 0) throw new Error(`${field} does not fit: ${String(value)}`)
    codes[char] = (codes[char] ?? 0) | (value << shift)
  }
  if (isOutOfOrder()) {
    const one = codes.slice(ONE, OTHER)
    codes.copyWithin(ONE, OTHER, 2 * OTHER - ONE)
    codes.set(one, OTHER)
  }
  return String.fromCharCode(...codes)
}

/** Which of two witnesses is called the first makes no difference; one that is not there is all zeros, and stays the second. */
function isOutOfOrder(): boolean {
  for (let char = ONE; char < OTHER; char++) {
    const difference = (codes[char] ?? 0) - (codes[char + OTHER - ONE] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

export function decode(key: string): World {
  const world = initialWorld()
  for (const { field, char, shift, mask } of PLACES) world[field] = (key.charCodeAt(char) >> shift) & mask
  return world
}
