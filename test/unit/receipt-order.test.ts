import { beforeAll, expect, it } from 'vitest'
import { encodeBody, entryOf, kinds, type EntryBody, type Kind, type Role } from '../../src/receipt/entry.ts'
import { Half } from '../../src/receipt/half.ts'
import { orderFindings } from '../../src/receipt/order.ts'
import { migration, twoHosts, type Hosts } from './receipt-hosts.ts'

let hosts: Hosts
beforeAll(async () => {
  hosts = await twoHosts()
})

/** The rules said a second time, as the words of a language. */
const afterThaw = '( resumed lost| lost resumed| resumed| lost)?'
const words: Readonly<Record<Role, RegExp>> = {
  source: new RegExp(
    `^offer( preflight)?(( frozen( dumped)?)?( abort${afterThaw})?` +
      `| frozen dumped commit(( acked)?( retired)?| taken-back${afterThaw}))$`
  ),
  target: new RegExp(
    '^(discarded|accepted( preflight)?(( received( prepared)?)?( discarded)?' +
      `| received prepared( hand-back( discarded)?| activating${afterThaw})))$`
  )
}

/** What a host saw of a copy that it had no right to run. */
const unheld: readonly Kind[] = ['ran-unheld', 'may-have-run']

/** An operator speaks when a side is in doubt, as often as it takes, and stands in for the other side's ack. */
function isLegal(role: Role, sequence: readonly Kind[]): boolean {
  const first = sequence.indexOf('resolved')
  const doubt = sequence.indexOf(role === 'source' ? 'commit' : 'prepared')
  if (first >= 0 && (doubt < 0 || first < doubt)) return false
  for (const kind of unheld) {
    const at = sequence.indexOf(kind)
    if (at < 0) continue
    const before = sequence.slice(0, at)
    if (sequence.slice(at + 1).includes(kind)) return false
    if (!before.includes(role === 'source' ? 'commit' : 'accepted')) return false
    if (role === 'target' && (before.includes('activating') || before.includes('discarded'))) return false
  }
  const retired = sequence.indexOf('retired')
  if (retired >= 0 && !sequence.slice(0, retired).some((kind) => kind === 'acked' || kind === 'resolved')) return false
  return words[role].test(sequence.filter((kind) => kind !== 'resolved' && !unheld.includes(kind)).join(' '))
}

const endings: Readonly<Record<Role, readonly string[]>> = {
  source: [
    'offer preflight frozen dumped commit acked retired',
    'offer preflight frozen dumped commit taken-back resumed',
    'offer preflight frozen dumped abort resumed',
    'offer preflight frozen dumped abort lost',
    'offer preflight abort',
    'offer preflight frozen dumped commit resolved retired',
    'offer preflight frozen dumped commit ran-unheld acked retired',
    'offer preflight frozen dumped commit resolved taken-back resumed'
  ],
  target: [
    'accepted preflight received prepared activating resumed',
    'accepted preflight received prepared activating lost',
    'accepted preflight received prepared hand-back discarded',
    'accepted preflight received prepared ran-unheld hand-back discarded',
    'accepted preflight received ran-unheld discarded',
    'accepted preflight ran-unheld discarded',
    'accepted preflight may-have-run discarded',
    'accepted preflight received prepared discarded',
    'accepted preflight discarded',
    'discarded',
    'accepted preflight received prepared resolved activating resumed',
    'accepted preflight received prepared resolved hand-back discarded'
  ]
}

const digest = { images: 'a'.repeat(64), imageBytes: 1 }
const at = '2026-01-01T00:00:00.000Z'
const data: Readonly<Partial<Record<Kind, object>>> = {
  preflight: { blockers: [], warnings: [] },
  'ran-unheld': { code: 'THAWED_BEHIND', seenAt: at },
  'may-have-run': { seenAt: at },
  dumped: digest,
  received: digest,
  frozen: { frozenAt: at },
  prepared: { frozenAt: at },
  resumed: { resumedAt: at },
  resolved: { word: 'run-here', by: 'root' }
}

function half(role: Role, sequence: readonly Kind[]): Half {
  const entries = sequence.map((kind, seq) => {
    const body = {
      v: 1,
      migration,
      epoch: 1,
      container: 'web',
      engine: 'runc',
      host: 'host-a',
      peer: hosts.a.peer,
      other: hosts.b.peer,
      role,
      seq,
      at,
      kind,
      data: data[kind] ?? {},
      prev: ''
    } as EntryBody
    return entryOf(body, encodeBody(body), new Uint8Array(64))
  })
  return new Half(role, 'host-a', entries)
}

/** With one entry left out, put in, exchanged or moved. */
function* changed(sequence: readonly Kind[], all: readonly Kind[]): Generator<readonly Kind[]> {
  for (let n = 0; n <= sequence.length; n++) {
    const [before, after] = [sequence.slice(0, n), sequence.slice(n)]
    yield before
    yield [...before, ...after.slice(1)]
    for (const kind of all) {
      yield [...before, kind, ...after]
      yield [...before, kind, ...after.slice(1)]
    }
    const [moved] = after
    for (let to = 0; moved !== undefined && to < sequence.length; to++) {
      const rest = [...before, ...after.slice(1)]
      yield [...rest.slice(0, to), moved, ...rest.slice(to)]
    }
  }
}

it.each(['source', 'target'] as const)('a %s may sign what its machine can do, in that order and no other', (role) => {
  const all = Object.keys(kinds[role]) as Kind[]
  let [legal, illegal] = [0, 0]
  for (const ending of endings[role]) {
    const sequence = ending.split(' ') as Kind[]
    expect(orderFindings(half(role, sequence)), ending).toEqual([])
    for (const once of changed(sequence, all)) {
      if (once.length === 0) continue
      const expected = isLegal(role, once)
      if (expected) legal++
      else illegal++
      expect(orderFindings(half(role, once)).length === 0, once.join(' ')).toBe(expected)
    }
  }
  // Both kinds were there to be told apart.
  expect(legal).toBeGreaterThan(100)
  expect(illegal).toBeGreaterThan(600)
})
