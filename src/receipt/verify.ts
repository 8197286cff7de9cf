// Lays both halves of a receipt side by side and says whether two copies of the container can have run at one time.
import { clockFindings, linkFindings, stepFindings } from './causality.ts'
import type { EntryBody, Role } from './entry.ts'
import { named, violation, type Finding } from './finding.ts'
import { readHalf, type Half } from './half.ts'
import { isClosed, orderFindings } from './order.ts'
import { proofOf } from './proof.ts'
import { overlapFindings, runsOf, type Run } from './runs.ts'

export type Verdict = 'proved' | 'unproved' | 'violated'

export interface Party {
  readonly role: Role
  readonly host: string
  /** Whose key signed the half. Whether that is the right host is for the reader to know. */
  readonly peer: string
}

export interface Verification {
  /** Whether it is proved that no two copies ran at one time. */
  readonly ok: boolean
  readonly verdict: Verdict
  readonly findings: readonly Finding[]
  /** The proof, a sentence a step; empty where there is none. */
  readonly proof: readonly string[]
  readonly migration?: string
  readonly container?: string
  readonly parties: readonly Party[]
  /** Spans in which each host could run the container. */
  readonly runs: readonly Run[]
}

/** What the caller knows from elsewhere. */
export interface Expected {
  readonly migration?: string
  /** Peer ids that the halves have to be signed by, in any order. */
  readonly peers?: readonly string[]
  /** What was found wrong before, e.g. by `joinCopies`. */
  readonly findings?: readonly Finding[]
}

/** The halves in any order, each as its host has it; an empty one where a host does not answer. Never throws for what they hold. */
export function verifyReceipts(
  halfA: readonly Uint8Array[],
  halfB: readonly Uint8Array[],
  expected: Expected = {}
): Verification {
  const read = [readHalf(halfA), readHalf(halfB)]
  const halves = read
    .flatMap(({ half }) => (half === undefined ? [] : [half]))
    .sort((a, b) => (a.role < b.role ? -1 : a.role > b.role ? 1 : 0))
  const untrue = [
    ...(expected.findings ?? []),
    ...read.flatMap(({ findings }) => findings),
    ...pairFindings(halves, expected)
  ]
  if (untrue.length > 0) return verification(halves, untrue)
  const source = halves.find(({ role }) => role === 'source')
  const target = halves.find(({ role }) => role === 'target')
  return verification(halves, [
    ...halves.flatMap(orderFindings),
    ...(source !== undefined && target !== undefined ? betweenFindings(source, target) : []),
    ...gaps(source, target)
  ])
}

function betweenFindings(source: Half, target: Half): readonly Finding[] {
  const links = [...linkFindings(source, target), ...linkFindings(target, source)]
  if (links.length > 0) return links
  return [
    ...stepFindings(source, target),
    ...stepFindings(target, source),
    ...digestFindings(source, target),
    ...overlapFindings(source, target),
    ...clockFindings(source, target),
    ...clockFindings(target, source)
  ]
}

/** Two halves of one receipt: one migration, each the other's other side. */
function pairFindings(halves: readonly Half[], expected: Expected): readonly Finding[] {
  const findings: Finding[] = []
  const [a, b] = halves
  for (const { role, host, entries } of halves) {
    const body = entries[0]?.body
    if (body === undefined) continue
    if (expected.migration !== undefined && body.migration !== expected.migration) {
      findings.push(subject(`the half of ${host} is of the migration ${body.migration}`, role))
    }
    if (expected.peers !== undefined && !expected.peers.includes(body.peer)) {
      findings.push(
        subject(`the half of ${host} is signed by ${body.peer}, which is not a peer of this migration`, role)
      )
    }
  }
  const [bodyA, bodyB] = [a?.entries[0]?.body, b?.entries[0]?.body]
  if (bodyA === undefined || bodyB === undefined) return findings
  if (bodyA.role === bodyB.role) findings.push(subject(`both halves are of the ${bodyA.role}`, bodyA.role))
  if (bodyA.other !== bodyB.peer || bodyB.other !== bodyA.peer) {
    findings.push(subject('the halves are of other peers: each has to name the signer of the other'))
  }
  for (const field of ['migration', 'epoch', 'container', 'engine'] as const) {
    if (bodyA[field] !== bodyB[field]) {
      findings.push(subject(`the halves differ in their ${field}: ${String(bodyA[field])} and ${String(bodyB[field])}`))
    }
  }
  return findings
}

function subject(what: string, side?: Role): Finding {
  return violation('RECEIPT_SUBJECT', what, side)
}

function digestFindings(source: Half, target: Half): readonly Finding[] {
  const sent = source.find('dumped')
  const received = target.find('received')
  if (sent === undefined || received === undefined) return []
  const [dumped, arrived] = [sent.body.data, received.body.data]
  const fields = ['images', 'imageBytes', 'rootfs', 'rootfsBytes'] as const
  // What one side's version of ferry did not sign can't be compared.
  const differ = (field: (typeof fields)[number]) =>
    dumped[field] !== undefined && arrived[field] !== undefined && dumped[field] !== arrived[field]
  return fields.some(differ)
    ? [violation('RECEIPT_DIGEST', `${named(received)} is not what ${named(sent)} was`, 'target', received.body.seq)]
    : []
}

/** What the halves leave open: nobody did anything wrong, and nothing is proved. */
function gaps(source: Half | undefined, target: Half | undefined): readonly Finding[] {
  const findings: Finding[] = []
  // Without a dump there was nothing that a target could run, whatever it says or does not say.
  const nothingWent = source !== undefined && source.has('abort') && !source.has('dumped')
  const sides = [
    { role: 'source', half: source },
    { role: 'target', half: target }
  ] as const
  for (const { role, half } of sides) {
    const level = role === 'target' && nothingWent ? 'note' : 'gap'
    if (half === undefined) {
      findings.push({
        level,
        code: 'RECEIPT_MISSING',
        what: `there is no half of the ${role}: nothing that only it could have signed is shown`,
        side: role
      })
    } else if (!isClosed(half)) {
      const last = half.entries.at(-1)
      const end = last === undefined ? 'nothing' : named(last)
      findings.push({
        level,
        code: 'RECEIPT_OPEN',
        what: `the half of ${half.host} ends with ${end}: the migration has not ended there, or what came later is missing`,
        side: role
      })
    }
    for (const { body } of half?.entries ?? []) {
      if (body.kind === 'ran-unheld') findings.push(unheldFinding(body))
      if (body.kind === 'may-have-run') findings.push(unseenFinding(body))
      if (body.kind !== 'resolved') continue
      findings.push({
        level: body.data.word === 'run-here' ? 'gap' : 'note',
        code: 'RECEIPT_RESOLVED',
        what: `on ${body.host} ${body.data.by} said '${body.data.word}'${body.data.why === undefined ? '' : ` (${body.data.why})`}: what the other host's copy did until then rests on that word`,
        side: role,
        seq: body.seq
      })
    }
  }
  return findings
}

/** Signed by the host that saw it: what the other host's copy did meanwhile, no entry says. */
function unheldFinding({ host, role, seq, data }: EntryBody & { readonly kind: 'ran-unheld' }): Finding {
  const whose = role === 'source' ? 'after its COMMIT' : 'before anything was decided'
  const since = data.heldAt === undefined ? 'nothing says since when' : `it was last known not to at ${data.heldAt}`
  return {
    level: 'gap',
    code: 'RECEIPT_UNHELD',
    what: `${host} found a copy of the container running ${whose} at ${data.seenAt} (${data.code}), and killed it; ${since}, and the other host's may have run beside it`,
    side: role,
    seq
  }
}

function unseenFinding({ host, role, seq, data }: EntryBody & { readonly kind: 'may-have-run' }): Finding {
  return {
    level: 'gap',
    code: 'RECEIPT_UNSEEN',
    what: `${host} did not see how its restore of the container ended, and killed what was left at ${data.seenAt}: the copy may have run before, beside the other host's`,
    side: role,
    seq
  }
}

function verification(halves: readonly Half[], findings: readonly Finding[]): Verification {
  const has = (level: Finding['level']): boolean => findings.some((finding) => finding.level === level)
  const verdict = has('violation') ? 'violated' : has('gap') ? 'unproved' : 'proved'
  const first = halves[0]?.entries[0]?.body
  const source = halves.find(({ role }) => role === 'source')
  const target = halves.find(({ role }) => role === 'target')
  return {
    ok: verdict === 'proved',
    verdict,
    findings,
    proof: verdict === 'proved' && source !== undefined ? proofOf(source, target) : [],
    ...(first === undefined ? {} : { migration: first.migration, container: `${first.engine}:${first.container}` }),
    parties: halves.flatMap(({ role, host, entries }) =>
      entries.slice(0, 1).map(({ body }) => ({ role, host, peer: body.peer }))
    ),
    runs: halves.flatMap((half) => runsOf(half))
  }
}
