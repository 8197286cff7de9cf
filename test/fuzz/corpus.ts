// Valid messages of every kind, to be spoilt.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import * as bulk from '../../protocols/bulk/index.ts'
import * as gossip from '../../protocols/gossip/index.ts'
import * as hello from '../../protocols/hello/index.ts'
import * as membership from '../../protocols/membership/index.ts'
import * as migration from '../../protocols/migration/index.ts'
import { signAdvert, signPulse } from '../../src/mesh/gossip/signatures.ts'
import { signGenesis, signRecord } from '../../src/mesh/roster/record.ts'
import { sampleBody } from '../bench/mesh/sample-advert.ts'
import { makeIdentity } from '../bench/mesh/simulated-mesh.ts'

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

const REQUEST_BODIES: readonly Omit<migration.Request, 'migration'>[] = [
  {
    offer: {
      container: 'web',
      engine: 'runc',
      sourceName: 'host-a',
      epoch: 3,
      memoryBytes: 1e9,
      rootfsBytes: 5e12,
      spec: '{"config":{"mounts":[]}}',
      checkOnly: false,
      catchesSigcont: true
    }
  },
  { preflight: { facts: '{"kernel":"6.18"}' } },
  { restore: { imagesDigest: digest, neighbours: '{"neighbours":[]}', witnesses: [] } },
  { ask: {} },
  { logs: {} },
  { handBack: { epoch: 3, problem } }
]
export const REQUESTS = REQUEST_BODIES.map((body) => migration.encodeRequest({ migration: id, ...body }))

const RESPONSE_BODIES: readonly migration.Response[] = [
  { accepted: { targetName: 'host-b' } },
  { report: { findings: [{ blocker: true, problem }] } },
  { prepared: { epoch: 3 } },
  { ack: {} },
  { logFiles: { files: [{ name: 'dump.log', text: new Uint8Array(100).fill(65) }] } },
  { refused: { problems: [problem] } }
]
export const RESPONSES = RESPONSE_BODIES.map((body) => migration.encodeResponse(body))

export const HEADERS = [
  bulk.encodeHeader({ migration: id, round: 3, final: true }),
  bulk.encodeHeader({ migration: id, round: 0, final: false })
]

export const FRAMES = [
  { data: new Uint8Array(300).fill(9) },
  { file: { name: 'pages-1.img', size: 300 } },
  { end: { bytes: 300, sha256: digest } },
  { end: { bytes: 300, sha256: digest, problem } }
].map((frame) => {
  const bytes = bulk.encodeFrame(frame)
  return new Uint8Array(bytes.subarray())
})

const NOTHING = new Uint8Array()
const eight = new Uint8Array(8).fill(3)
const stamped = gossip.packStamped([{ tag: '0123456789abcdef', stamp: 1_800_000_000_000 }])

export async function gossipCorpus(): Promise<
  Record<'requests' | 'replies' | 'adverts' | 'pulses' | 'bodies', Uint8Array[]>
> {
  const { peer, sign } = makeIdentity()
  const advert = await signAdvert({ peer, seq: 5, issuedAt: 5, ttl: 600 }, sampleBody(1), sign)
  const pulse = await signPulse(
    {
      tag: Buffer.from(gossip.tagOf(peer), 'hex'),
      seq: 5,
      beat: 6,
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

export async function membershipCorpus(): Promise<
  Record<'records' | 'tokens' | 'joinRequests' | 'joinAnswers' | 'recordsRequests' | 'recordsAnswers', Uint8Array[]>
> {
  const key = await generateKeyPair('Ed25519')
  const peer = peerIdFromPrivateKey(key).toString()
  const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  const genesis = await signGenesis({ mesh: 'a-mesh', host: 'host-a' }, key, 1_800_000_000_000)
  const sign = (statement: Parameters<typeof signRecord>[0]) =>
    signRecord(statement, { mesh: genesis.id, key, timeMs: 1_800_000_000_001 })
  const made = [
    genesis,
    await sign({ admission: { peer: other, hostName: 'host-b', token: new Uint8Array(16) } }),
    await sign({ expulsion: { peer: other, keeps: [digest] } }),
    await sign({ grant: { operator: other, role: 'move' } })
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

export const FACTS = texts({
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
  memoryTotalBytes: 8e9,
  memoryFreeBytes: 4e9,
  diskFreeBytes: 1e10,
  engines: { runc: '1.3.3' },
  perl: true
})

const port = { inner: 'eth0', outer: 'veth1', bridge: 'br0', mac: '00:16:3e:00:00:50', addresses: ['192.0.2.5/24'] }

export const LXC_SPECS = texts({
  version: 1,
  name: 'web',
  lines: [{ key: 'lxc.net.0.type', value: 'veth' }],
  ports: [port],
  ttys: ['tty1']
})

export const OCI_SPECS = texts({
  version: 1,
  name: 'web',
  cgroup: '/web',
  config: {
    ociVersion: '1.2.0',
    process: { args: ['sh'], cwd: '/' },
    root: { path: 'rootfs' },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: { namespaces: [{ type: 'pid' }, { type: 'network', path: '/run/netns/web' }], cgroupsPath: '/web' }
  },
  netns: { name: 'web', network: { interfaces: [], routes: [], sysctls: {} } }
})

export const HAND_OVERS = texts({
  neighbours: [{ device: 'eth0', address: '192.0.2.1', mac: '00:16:3e:00:00:50', permanent: false, router: false }],
  stopped: [7]
})

export const RECEIPT_ENTRIES = [
  Buffer.from(
    JSON.stringify({
      v: 1,
      migration: id,
      epoch: 3,
      container: 'web',
      engine: 'runc',
      host: 'host-a',
      peer: '12D3KooWBc1P6SWeVkkLtkvTuZtYJhmKphGbw6maLsRgQCcuhRG5',
      other: '12D3KooWBc1P6SWeVkkLtkvTuZtYJhmKphGbw6maLsRgQCcuhRG6',
      role: 'source',
      seq: 0,
      at: 1_800_000_000_000,
      kind: 'frozen',
      data: {},
      prev: ''
    }) + `\n${Buffer.alloc(64, 7).toString('base64')}`
  )
]
