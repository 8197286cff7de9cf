// The keys of ferry.json. A key's description says what is allowed; errors and docs/config.md say it in the same words.
import { hostname } from 'node:os'
import { z } from 'zod'
import { defaultSocket } from './socket.ts'

const nodeName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const base58 = '[1-9A-HJ-NP-Za-km-z]'
const peerId = new RegExp(`^(12D3KooW|16Uiu2HA|Qm)${base58}{36,52}$`)
const portNumber = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
const host = '(?:ip4/\\d{1,3}(?:\\.\\d{1,3}){3}|ip6/[0-9a-fA-F:.]+|dns[46]?/[A-Za-z0-9._-]+)'
const multiaddr = new RegExp(`^/${host}/tcp/(?:0|${portNumber})(?:/p2p/(?:12D3KooW|16Uiu2HA|Qm)${base58}{36,52})?$`)
// Linux: IFNAMSIZ is 16 with the closing NUL; dev_valid_name() refuses '/', ':' and white space.
const interfaceName = z.string().regex(/^[^\s/:]{1,15}$/)

// The address structure of a Unix socket (unix(7)) holds 107 bytes of path.
const socketPath = z.string().regex(/^\/.{1,106}$/)
const absolutePath = z.string().regex(/^\/./)
const milliseconds = z.int().min(1).max(604_800_000)
const bytes = z.int().min(0)

const limits = z.strictObject({
  downtimeMs: milliseconds
    .default(30_000)
    .describe('an integer of milliseconds from 1: longest freeze before the source rolls back'),
  transferIdleMs: milliseconds
    .default(30_000)
    .describe('an integer of milliseconds from 1: longest silence of a transfer before it counts as lost'),
  peerTimeoutMs: milliseconds
    .default(15_000)
    .describe('an integer of milliseconds from 1: longest wait for an answer of a peer'),
  migrationMs: milliseconds
    .default(3_600_000)
    .describe('an integer of milliseconds from 1: longest migration from offer to decision')
})

const rounds = z.strictObject({
  max: z.int().min(0).max(32).default(3).describe('an integer from 0 to 32: most pre-dump rounds; 0 freezes at once'),
  targetMs: milliseconds
    .default(500)
    .describe('an integer of milliseconds from 1: a round that took less than this is the last one')
})

const witnesses = z.strictObject({
  count: z
    .int()
    .min(0)
    .max(8)
    .default(2)
    .describe('an integer from 0 to 8: how many other peers are given a COMMIT before the target hears of it'),
  policy: z
    .enum(['prefer', 'require'])
    .default('prefer')
    .describe(
      '"prefer", or "require" to roll back where too few are connected, and to wait, frozen, for those that go after the COMMIT'
    ),
  waitMs: milliseconds
    .default(1000)
    .describe('an integer of milliseconds from 1: longest wait for witnesses under "prefer", with the container frozen')
})

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(nodeName)
    .prefault(() => hostname().toLowerCase().split('.')[0] ?? '')
    .describe('the name of this node, unique in the mesh: 1 to 63 of a-z, 0-9 and -, no - at either end'),
  stateDir: absolutePath
    .default('/var/lib/ferry')
    .describe('the absolute path of the folder for key, journal and images'),
  socket: socketPath
    .default(defaultSocket)
    .describe('the absolute path of the operator socket (mode 0600), at most 107 bytes'),
  listen: z
    .array(z.string().regex(multiaddr))
    .default(['/ip4/0.0.0.0/tcp/4860'])
    .describe('a list of TCP multiaddrs, e.g. "/ip4/0.0.0.0/tcp/4860" or "/ip6/::/tcp/4860"'),
  joinListen: z
    .array(z.string().regex(multiaddr))
    .default(['/ip4/0.0.0.0/tcp/4861'])
    .describe('a list of TCP multiaddrs on which invited hosts are listened to, only while an invitation is open'),
  bootstrap: z
    .array(z.string().regex(multiaddr))
    .default([])
    .describe(
      'a list of TCP multiaddrs of other nodes, e.g. "/ip4/192.0.2.7/tcp/4860/p2p/12D3KooW…" (`ferry id` prints them)'
    ),
  trustedPeers: z
    .union([z.literal('any'), z.array(z.string().regex(peerId))])
    .default([])
    .describe('"any", or a list of peer ids; peers named by /p2p/ in bootstrap are trusted in any case'),
  mdns: z
    .boolean()
    .default(true)
    .describe('true or false: find members on the segment by multicast DNS, and say there where this node is'),
  bridges: z
    .record(interfaceName, interfaceName)
    .default({})
    .describe("an object from a source's bridge name to this host's, names of at most 15 bytes"),
  allowedPaths: z
    .array(absolutePath)
    .default([])
    .describe('a list of absolute paths of this host that arriving containers may bind-mount, with all below them'),
  criu: absolutePath.optional().describe('the absolute path of criu; without it criu is found on PATH'),
  limits: limits.prefault({}).describe('an object of limits'),
  rounds: rounds.prefault({}).describe('an object of pre-dump rules'),
  witnesses: witnesses.prefault({}).describe('an object of rules for the witnesses of a decision'),
  rateBps: z.int().min(1024).optional().describe('an integer of bytes per second from 1024; without it no limit'),
  retentionHours: z
    .int()
    .min(0)
    .max(8760)
    .default(24)
    .describe(
      "an integer of hours from 0 to 8760: how long a moved container's old rootfs and a migration's logs stay"
    ),
  freeze: z
    .enum(['auto', 'strict'])
    .default('auto')
    .describe('"auto", or "strict" to never freeze from a CRIU hook (a container that catches SIGCONT then sees one)'),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('"fatal", "error", "warn", "info", "debug", "trace" or "silent"'),
  memoryReserveBytes: bytes
    .default(268_435_456)
    .describe('an integer of bytes from 0: memory that an arriving container must leave free'),
  diskReserveBytes: bytes
    .default(1_073_741_824)
    .describe('an integer of bytes from 0: disk that an arriving container must leave free in stateDir')
})

/** A configuration with every default filled in. Units are in the names; docs/config.md explains each key. */
export type Config = z.output<typeof configSchema>
