// Valid messages of every kind, to be spoilt.
import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import * as bulk from '../../protocols/bulk/index.ts'
import * as command from '../../protocols/command/index.ts'
import * as gossip from '../../protocols/gossip/index.ts'
import * as hello from '../../protocols/hello/index.ts'
import * as membership from '../../protocols/membership/index.ts'
import * as migration from '../../protocols/migration/index.ts'
import type { HostFacts } from '../../src/host/facts.ts'
import { signAdvert, signPulse } from '../../src/mesh/gossip/signatures.ts'
import { bytesOf, signGenesis, signRecord, type Statement } from '../../src/mesh/roster/record.ts'
import { answer, question } from '../../src/mesh/segment/packet.ts'
import { Receipt } from '../../src/receipt/receipt.ts'
import type { Signer } from '../../src/receipt/signature.ts'
import { PayloadDigest, digesting } from '../../src/transfer/digest.ts'
import { encodeFrames, toFrames } from '../../src/transfer/framing.ts'
import { sampleBody } from '../bench/mesh/sample-advert.ts'
import type { Identity } from './identity.ts'

const id = '0123456789abcdef'
const problem = { code: 'NO_SPACE', host: 'host-b', what: 'No space', why: 'the disk is full', remedy: 'Make some' }
const digest = new Uint8Array(32).fill(7)

export const HELLOS = [
  hello.encodeHello({
    name: 'host-a',
    ferryVersion: '0.1.0',
    facts: '{"kernel":"6.18","cpuFlags":["a"]}',
    probe: false
  }),
  hello.encodeHello({ name: 'host-a', ferryVersion: '0.1.0', facts: '', probe: true })
]

export interface Offered {
  readonly id: string
  readonly container: string
  readonly epoch: number
}

/** What a source says at first, and rightly. */
export function offerOf({ id, container, epoch }: Offered, checkOnly = false): migration.Request {
  return {
    migration: id,
    offer: {
      container,
      engine: 'runc',
      sourceName: 'host-a',
      epoch,
      memoryBytes: 1_000_000,
      rootfsBytes: 1_000_000,
      spec: ociSpec(container),
      checkOnly,
      catchesSigcont: true
    }
  }
}

export function preflightOf({ id }: Offered): migration.Request {
  return { migration: id, preflight: { facts: JSON.stringify(HOST_FACTS) } }
}

/** Everything that a peer may ask about one migration. */
export function requestsOf(offered: Offered, entry: Uint8Array, peer: string): Uint8Array[] {
  const receipt = Uint8Array.from(entry)
  const { ABORT, COMMIT, UNDECIDED } = migration.Decision.Verdict
  const { epoch } = offered
  const bodies: readonly Omit<migration.Request, 'migration'>[] = [
    { restore: { imagesDigest: digest, neighbours: HAND_OVER, witnesses: [peer], receipt } },
    { decision: { verdict: COMMIT, epoch, reason: '', receipt } },
    { decision: { verdict: ABORT, epoch: epoch + 1, reason: 'LINK_LOST: the link was lost', receipt } },
    { decision: { verdict: UNDECIDED, epoch, reason: '' } },
    { ask: {} },
    { logs: {} },
    { handBack: { epoch, problem, receipt } },
    { witness: { statement: receipt } },
    { askWitness: { source: peer } },
    { releaseWitness: {} },
    { receipts: {} }
  ]
  return [
    offerOf(offered),
    offerOf(offered, true),
    preflightOf(offered),
    ...bodies.map((body) => ({ migration: offered.id, ...body }))
  ].map(migration.encodeRequest)
}

const RESPONSE_BODIES: readonly migration.Response[] = [
  { accepted: { targetName: 'host-b' } },
  { report: { findings: [{ blocker: true, problem }] } },
  { prepared: { epoch: 3 } },
  { ack: {} },
  { decision: { verdict: migration.Decision.Verdict.COMMIT, epoch: 3, reason: '' } },
  { handBack: { epoch: 3, problem } },
  { receiptHalf: { entries: [new Uint8Array(300).fill(66)] } },
  { logFiles: { files: [{ name: 'dump.log', text: new Uint8Array(100).fill(65) }] } },
  { refused: { problems: [problem] } }
]
export const RESPONSES = RESPONSE_BODIES.map((body) => migration.encodeResponse(body))

export function headersOf(migrationId: string): Uint8Array[] {
  return [
    bulk.encodeHeader({ migration: migrationId, round: 3, final: true }),
    bulk.encodeHeader({ migration: migrationId, round: 0, final: false })
  ]
}

export const FRAMES = [
  { data: new Uint8Array(300).fill(9) },
  { file: { name: 'pages-1.img', size: 300 } },
  { end: { bytes: 300, sha256: digest } },
  { end: { bytes: 300, sha256: digest, problem } }
].map((frame) => {
  const bytes = bulk.encodeFrame(frame)
  return new Uint8Array(bytes.subarray())
})

/** A whole payload as it goes on the wire, with its good end. */
export async function payloadStream(): Promise<Uint8Array> {
  async function* payload(): AsyncGenerator<Uint8Array> {
    for (let piece = 0; piece < 4; piece++) yield new Uint8Array(200).fill(piece)
  }
  const pieces: Uint8Array[] = []
  const digest = new PayloadDigest()
  const frames = toFrames(digest)(digesting(digest)(payload()))
  for await (const bytes of encodeFrames(frames)) pieces.push(bytes.subarray())
  return Buffer.concat(pieces)
}

const NOTHING = new Uint8Array()
const eight = new Uint8Array(8).fill(3)
const stamped = gossip.packStamped([{ tag: '0123456789abcdef', stamp: 1_800_000_000_000 }])

/** @param seq of the advert: what is not newer than the last one is passed over */
export async function gossipCorpus(
  { peer, sign }: Identity,
  seq = 5
): Promise<Record<'requests' | 'replies' | 'adverts' | 'pulses' | 'bodies', Uint8Array[]>> {
  const advert = await signAdvert({ peer, seq, issuedAt: 5, ttl: 600 }, sampleBody(1), sign)
  const pulse = await signPulse(
    {
      tag: Buffer.from(gossip.tagOf(peer), 'hex'),
      seq,
      beat: seq + 1,
      ttl: 600,
      memoryFree: 2 ** 40,
      diskFree: 2 ** 45,
      load: 150
    },
    sign
  )
  const items = [
    { payload: advert.payload, signature: advert.signature, pulse: false, age: 3 },
    { ...pulse, pulse: true, age: 3 }
  ]
  const records = [Uint8Array.of(1, 2, 3)]
  const range = { from: new Uint8Array(8), to: new Uint8Array(8).fill(255), prefixes: eight }
  const sync = { boot: 1, upTo: 9, knownBoot: 2, since: 3, from: 0, adverts: eight, records: eight, offers: stamped }
  const transfer = { items, records, wants: stamped, offers: stamped, range, boot: 1, upTo: 9 }
  const synced = { boot: 1, upTo: 9, adverts: eight, records: eight, offers: stamped, wants: stamped }
  return {
    requests: [
      gossip.encodeGossipRequest({ sync }),
      gossip.encodeGossipRequest({ transfer }),
      gossip.encodeGossipRequest({ transfer: { ...transfer, items: [], records: [], offers: NOTHING } })
    ],
    replies: [
      gossip.encodeGossipReply({ synced }),
      gossip.encodeGossipReply({
        delivered: {
          items,
          records,
          wants: NOTHING,
          recordWants: NOTHING,
          served: 1,
          more: false,
          adverts: eight,
          recordsDigest: eight
        }
      }),
      gossip.encodeGossipReply({
        delivered: {
          items,
          records,
          wants: stamped,
          recordWants: eight,
          served: 1,
          more: true,
          adverts: eight,
          recordsDigest: eight
        }
      })
    ],
    adverts: [advert.payload],
    pulses: [pulse.payload],
    bodies: [gossip.encodeBody(sampleBody(1))]
  }
}

/** What a member of a mesh may sign. `mesh` is hex. */
export async function recordBodies(mesh: string, author: string): Promise<Uint8Array[]> {
  const peer = await somebody()
  const statements: readonly Statement[] = [
    { admission: { peer, hostName: 'host-b', token: new Uint8Array(16) } },
    { expulsion: { peer, keeps: [digest] } },
    { grant: { operator: peer, role: 'view' } },
    { revocation: { operator: peer, grants: [digest] } }
  ]
  return statements.map((statement) =>
    Uint8Array.from(membership.encodeBody({ ...statement, mesh: bytesOf(mesh), author, timeMs: 1_800_000_000_001 }))
  )
}

async function somebody(): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
}

/** What a relay is asked: for a place, and for a way to a peer. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md */
export function hops(peer: string): Uint8Array[] {
  const id = peerIdFromString(peer).toMultihash().bytes
  const [reserve, connect] = [Uint8Array.of(0x08, 0), Uint8Array.of(0x08, 1)]
  return [reserve, Buffer.concat([connect, Uint8Array.of(0x12, id.length + 2, 0x0a, id.length), id])]
}

/** Multicast DNS as ferry says it, and as others would: with names that point back to earlier ones. */
export function packets(peer: string): Uint8Array[] {
  const said = answer('a1b2c3', peer, ['/ip4/192.0.2.1/tcp/4860', '/ip6/2001:db8::1/tcp/4860'])
  return [question(), said, pointing(peer)]
}

function pointing(peer: string): Uint8Array {
  const label = (text: string): Uint8Array => Buffer.concat([Uint8Array.of(text.length), Buffer.from(text)])
  const service = Buffer.concat([...['_ferry', '_tcp', 'local'].map(label), Uint8Array.of(0)])
  const text = label(`dnsaddr=/ip4/192.0.2.1/tcp/4860/p2p/${peer}`)
  const header = Uint8Array.of(0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0)
  const record = (type: number, data: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of(0, type, 0, 1, 0, 0, 0, 120, 0, data.length), data])
  const host = Buffer.concat([label('h'), Uint8Array.of(0xc0, header.length)])
  const pointer = record(12, host)
  // The name of the text is the data of the record before it.
  const at = header.length + service.length + pointer.length - host.length
  return Buffer.concat([header, service, pointer, Uint8Array.of(0xc0, at), record(16, text)])
}

export async function membershipCorpus(): Promise<
  Record<'records' | 'tokens' | 'joinRequests' | 'joinAnswers' | 'recordsRequests' | 'recordsAnswers', Uint8Array[]>
> {
  const key = await generateKeyPair('Ed25519')
  const peer = peerIdFromPrivateKey(key).toString()
  const other = await somebody()
  const genesis = await signGenesis({ mesh: 'a-mesh', host: 'host-a' }, key, 1_800_000_000_000)
  const newKey = await generateKeyPair('Ed25519')
  const signing = { mesh: genesis.id, key, timeMs: 1_800_000_000_001 }
  const made = [
    genesis,
    await signRecord({ admission: { peer: other, hostName: 'host-b', token: new Uint8Array(16) } }, signing),
    await signRecord({ expulsion: { peer: other, keeps: [digest] } }, signing),
    await signRecord({ grant: { operator: other, role: 'move' } }, signing),
    await signRecord({ revocation: { operator: other, grants: [digest] } }, signing),
    await signRecord(
      { rotation: { newPeer: peerIdFromPrivateKey(newKey).toString(), keeps: [digest] } },
      { ...signing, newKey }
    )
  ]
  const records = made.map(({ bytes }) => new Uint8Array(bytes))
  const addresses = [{ peer, addresses: ['/ip4/192.0.2.1/tcp/4860'] }]
  return {
    records,
    tokens: [
      membership.encodeToken({
        mesh: digest,
        issuer: peer,
        secret: digest,
        expiresMs: 1_800_000_000_000,
        addresses: ['/ip4/192.0.2.1/tcp/4860']
      })
    ],
    joinRequests: [membership.encodeJoinRequest({ token: new Uint8Array(16), proof: digest, hostName: 'host-b' })],
    joinAnswers: [
      membership.encodeJoinAnswer({ refused: '', records, addresses }),
      membership.encodeJoinAnswer({ refused: 'TOKEN_USED', records: [], addresses: [] })
    ],
    recordsRequests: [membership.encodeRecordsRequest({ ids: [digest], records, addresses, compare: true })],
    recordsAnswers: [membership.encodeRecordsAnswer({ records, wants: [digest], addresses })]
  }
}

const texts = (...values: readonly unknown[]): Uint8Array[] => values.map((value) => Buffer.from(JSON.stringify(value)))

export const HOST_FACTS: HostFacts = {
  arch: 'x86_64',
  kernel: '6.18.5-amd64',
  cpuModel: 'a CPU',
  cpuFlags: ['sse2', 'avx2'],
  cpuCount: 4,
  pureCgroupV2: true,
  criu: { path: '/usr/sbin/criu', version: '4.2.1' },
  criuFeatures: ['mem_dirty_track'],
  lsm: ['apparmor'],
  systemd: true,
  lxcfs: false,
  bridges: ['br0'],
  memoryTotalBytes: 64e9,
  memoryFreeBytes: 32e9,
  diskFreeBytes: 1e12,
  engines: { runc: '1.3.3' },
  rsync: '3.4.1',
  perl: true
}
export const FACTS = texts(HOST_FACTS)

const port = {
  inner: 'eth0',
  outer: 'veth1',
  bridge: 'br0',
  mac: '00:16:3e:00:00:50',
  mtu: 1500,
  addresses: ['192.0.2.5/24']
}

export const LXC_SPECS = texts({
  version: 1,
  name: 'web',
  lines: [{ key: 'lxc.net.0.type', value: 'veth' }],
  ports: [port],
  ttys: ['tty1']
})

export function ociSpec(name: string): string {
  return JSON.stringify({
    version: 1,
    name,
    cgroup: `/${name}`,
    config: {
      ociVersion: '1.2.0',
      process: { args: ['sh'], cwd: '/' },
      root: { path: 'rootfs' },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'network' }], cgroupsPath: `/${name}` }
    }
  })
}
export const OCI_SPECS = [Buffer.from(ociSpec('web'))]

const HAND_OVER = JSON.stringify({
  neighbours: [{ device: 'eth0', address: '192.0.2.1', mac: '00:16:3e:00:00:50', permanent: false, router: false }],
  stopped: [7]
})
export const HAND_OVERS = [Buffer.from(HAND_OVER)]

/** A source's entries of one migration up to its decision, oldest first. */
export function receiptEntries(
  signer: Signer,
  { id: migrationId, container, epoch }: Offered,
  other: string
): Uint8Array[] {
  const subject = {
    migration: migrationId,
    epoch,
    container,
    engine: 'runc',
    host: 'host-a',
    other,
    role: 'source'
  } as const
  const receipt = new Receipt(signer, subject, [], () => new Date(1_800_000_000_000))
  receipt.note('offer', {})
  receipt.note('frozen', { frozenAt: new Date(1_800_000_000_000).toISOString() })
  receipt.note('dumped', { images: 'a'.repeat(64), imageBytes: 1_000_000 })
  receipt.note('commit', {})
  return receipt.entries.map(({ bytes }) => bytes)
}

/** Every method, as it may be asked for; `names` are known there, and a migration that nobody knows. */
export function commandRequests(
  to: { readonly target: string; readonly operator: string },
  timeMs: number
): Uint8Array[] {
  const about = { id }
  const moving = { container: 'web', to: 'host-b' }
  const all: { readonly [M in command.MethodName]: command.Arguments<M> } = {
    hosts: {},
    containers: {},
    peers: {},
    check: moving,
    cordon: { reason: 'a new kernel', maintenance: true },
    uncordon: {},
    move: moving,
    watch: about,
    migration: about,
    migrations: {},
    logs: about,
    receipt: about,
    resolve: { ...about, how: 'discard' },
    cancel: about,
    doctor: {},
    repair: {},
    audit: { entries: 10 },
    membership: {},
    init: { meshName: 'mine' },
    invite: { ttlMs: 60_000 },
    join: { token: 'a word' },
    expel: { peer: 'host-b' },
    rotateKey: {},
    leave: {},
    grant: { operator: to.target, role: 'admin' },
    revoke: { operator: to.target }
  }
  return Object.entries(all).map(([method, args]) =>
    command.encodeRequest({
      method,
      arguments: JSON.stringify(args),
      ...to,
      label: 'somebody@somewhere',
      nonce: new Uint8Array(randomBytes(command.NONCE_BYTES)),
      timeMs
    })
  )
}

export const ANSWERS = [{ item: '{"migrations":[]}' }, { refused: problem }, { end: {} }].map(command.encodeAnswer)
