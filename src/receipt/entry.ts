// One entry of a receipt as it is signed, stored and sent: a line of JSON in one fixed form, a line feed, and the signature
// of that line in base64. docs/receipts.md describes it for who wants to check receipts with other tools.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CONTAINER_NAME, ENGINE_NAME, MAX_RECEIPT_ENTRY_BYTES, PEER_ID } from '../../protocols/migration/constants.ts'
import { HOST_NAME, MIGRATION_ID, PROBLEM_CODE } from '../../protocols/fields.ts'
import { wordsOf } from '../../protocols/problem.ts'
import { ReceiptError } from './receipt-error.ts'

export const RECEIPT_VERSION = 1
export const MAX_CODES = 24

export type Role = 'source' | 'target'

const count = z.int().min(0)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
/** ISO 8601 in UTC with milliseconds, as `toISOString` gives. */
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
const code = z.string().regex(PROBLEM_CODE)
/** Words of a person: no control characters, so that they steer no terminal. */
const words = z
  .string()
  .max(200)
  .regex(/^\P{Cc}*$/u)

const preflight = z.strictObject({
  blockers: z.array(code).max(MAX_CODES),
  warnings: z.array(code).max(MAX_CODES),
  /** SHA-256 of the facts that were compared, as they were sent. */
  facts: sha256.optional()
})
const images = z.strictObject({
  images: sha256,
  imageBytes: count,
  /** Of what rsync sent in all rounds: SHA-256 of each round's SHA-256, one behind the other. Older versions of ferry did not sign it. */
  rootfs: sha256.optional(),
  rootfsBytes: count.optional()
})
const because = z.strictObject({ code: code.optional() })
/** A copy was found running out of turn, and killed: when it was found, and when this host last knew it held or absent. */
const unheld = z.strictObject({ code, seenAt: time, heldAt: time.optional() })
const nothing = z.strictObject({})

/** Every kind of entry with what it says, by the side that may sign it. */
export const kinds = {
  source: {
    /** The target is asked. */
    offer: nothing,
    preflight,
    /** The cgroup was seen frozen, at this time. */
    frozen: z.strictObject({ frozenAt: time }),
    /** CRIU has ended and the cgroup is still frozen. */
    dumped: images,
    /** The decision, each as its record was made durable. */
    commit: nothing,
    abort: because,
    /** The target said that it runs the container. */
    acked: nothing,
    /** The target said that it never will. */
    'taken-back': nothing,
    /** The frozen tree was killed. */
    retired: nothing,
    resumed: z.strictObject({ resumedAt: time }),
    /** There is no tree to thaw any more: the host lost power, or somebody killed it. */
    lost: nothing,
    /** A copy ran here after COMMIT. */
    'ran-unheld': unheld,
    /** An operator decided for a peer that does not answer. */
    resolved: z.strictObject({ word: z.enum(['run-here', 'discard']), by: words, why: words.optional() })
  },
  target: {
    accepted: nothing,
    preflight,
    received: images,
    /** Restored and seen frozen, at this time. */
    prepared: z.strictObject({ frozenAt: time }),
    activating: nothing,
    'hand-back': because,
    resumed: z.strictObject({ resumedAt: time }),
    lost: nothing,
    /** The restored copy ran here undecided. */
    'ran-unheld': unheld,
    /** It was killed, and whether it had run nobody can tell; when that was found. */
    'may-have-run': z.strictObject({ seenAt: time }),
    /** Nothing of it is left here. */
    discarded: nothing,
    resolved: z.strictObject({ word: z.enum(['run-here', 'discard']), by: words, why: words.optional() })
  }
} as const

export type SourceKind = keyof (typeof kinds)['source']
export type TargetKind = keyof (typeof kinds)['target']
export type Kind = SourceKind | TargetKind
type DataSchemas = (typeof kinds)['source'] & (typeof kinds)['target']
export type DataOf<K extends Kind> = z.infer<DataSchemas[K]>

/** The other side's entry that this side had checked last when it made an entry. */
const heard = z.strictObject({ seq: count, hash: sha256 })
export type Heard = z.infer<typeof heard>

const name = z.string().regex(CONTAINER_NAME)
const peerId = z.string().regex(PEER_ID)
/** The order of these keys is the order in the signed line. */
const body = z.strictObject({
  v: z.literal(RECEIPT_VERSION),
  migration: z.string().regex(MIGRATION_ID),
  epoch: count,
  container: name,
  engine: z.string().regex(ENGINE_NAME),
  host: z.string().regex(HOST_NAME),
  peer: peerId,
  other: peerId,
  role: z.enum(['source', 'target']),
  seq: count,
  at: time,
  kind: z.string(),
  data: z.unknown(),
  prev: z.union([sha256, z.literal('')]),
  heard: heard.optional()
})

type Common = Omit<z.infer<typeof body>, 'kind' | 'data'>
type WithKind = { [K in Kind]: { readonly kind: K; readonly data: DataOf<K> } }[Kind]

/** What is signed. */
export type EntryBody = Readonly<Common> & WithKind

export interface Entry {
  readonly body: EntryBody
  /** The very bytes that are signed and hashed, without the line feed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** Hex SHA-256 of `signed`. */
  readonly hash: string
  /** As stored and sent. */
  readonly bytes: Uint8Array
}

/** The line that is signed. @throws ReceiptError RECEIPT_MALFORMED where the fields are not of their form */
export function encodeBody(fields: EntryBody): Uint8Array {
  return Buffer.from(JSON.stringify(checked(fields)))
}

export function entryOf(body: EntryBody, signed: Uint8Array, signature: Uint8Array): Entry {
  const bytes = Buffer.concat([signed, Buffer.from(`\n${Buffer.from(signature).toString('base64')}`)])
  if (bytes.byteLength > MAX_RECEIPT_ENTRY_BYTES) throw tooLarge(bytes.byteLength)
  return { body, signed, signature, hash: createHash('sha256').update(signed).digest('hex'), bytes }
}

/**
 * Says what an entry says; `isSigned` (signature.ts) says whether to believe it. There is one form of every entry: another
 * order of keys, other spaces or escapes are refused. @throws ReceiptError RECEIPT_MALFORMED
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.byteLength > MAX_RECEIPT_ENTRY_BYTES) throw tooLarge(bytes.byteLength)
  const text = utf8(bytes)
  const end = text.lastIndexOf('\n')
  if (end < 0) throw malformed('it has no line with a signature')
  const line = text.slice(0, end)
  const signature = Buffer.from(text.slice(end + 1), 'base64')
  if (signature.byteLength !== 64 || signature.toString('base64') !== text.slice(end + 1)) {
    throw malformed('its last line is not the 64 bytes of a signature in base64')
  }
  const body = checked(parsed(line))
  if (JSON.stringify(body) !== line) throw malformed('its JSON is not in the one form that is signed')
  return entryOf(body, Buffer.from(line), signature)
}

function checked(fields: unknown): EntryBody {
  const common = body.safeParse(fields)
  if (!common.success) throw malformed(firstIssue(common.error))
  const { kind, role } = common.data
  const schemas: Readonly<Record<string, z.ZodType>> = kinds[role]
  const schema = Object.hasOwn(schemas, kind) ? schemas[kind] : undefined
  if (schema === undefined) throw malformed(`a ${role} has no entry of the kind '${kind.slice(0, 40)}'`)
  const data = schema.safeParse(common.data.data)
  if (!data.success) throw malformed(firstIssue(data.error, 'data'))
  // The kind was looked up in the table, and its data has passed the schema that stands there.
  return { ...common.data, data: data.data } as EntryBody
}

function firstIssue(error: z.ZodError, under?: string): string {
  const issue = error.issues[0]
  const path = [...(under === undefined ? [] : [under]), ...(issue?.path ?? [])].map(String).join('.')
  return `${path === '' ? 'the line' : path}: ${issue?.message ?? 'not of its form'}`.slice(0, 300)
}

function utf8(bytes: Uint8Array): string {
  try {
    // A byte order mark is no part of the form, and must not vanish.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw malformed(wordsOf(error), error)
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw malformed(`not JSON: ${wordsOf(error).slice(0, 200)}`, error)
  }
}

function tooLarge(byteLength: number): ReceiptError {
  return malformed(`${String(byteLength)} bytes, ${String(MAX_RECEIPT_ENTRY_BYTES)} allowed`)
}

function malformed(why: string, cause?: unknown): ReceiptError {
  return new ReceiptError(
    {
      code: 'RECEIPT_MALFORMED',
      what: 'These bytes are no entry of a receipt',
      why,
      remedy: 'Run the same ferry version on both hosts, and check who made the entry'
    },
    { cause }
  )
}
