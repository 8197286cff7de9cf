// What a node says about its host. It is read as data of a stranger: every field is bounded.
import { z } from 'zod'
import { HOST_NAME, checkLength, invalidField } from '../fields.ts'
import { wordsOf } from '../problem.ts'
import { MAX_BODY_BYTES } from './constants.ts'

// Terminals and logs show these texts: no control characters.
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{C}]*$/u)
const word = text(128)
const words = (max: number) => z.array(word).max(max)
const sizeBytes = z.int().min(0)

/** Keys that a newer ferry adds are left out when it is read; the signature covers the text as it was sent. */
export const advertBodySchema = z.object({
  /** Name of the host in the mesh. */
  name: z.string().regex(HOST_NAME),
  /** Multiaddrs where it can be reached. */
  addresses: z.array(text(256)).max(16),
  ferry: text(64),
  /** Protocol ids it speaks. */
  protocols: z.array(text(64)).max(32),
  arch: word,
  kernel: word,
  cpu: z.object({
    model: word,
    count: z.int().min(0).max(65_536),
    /** All flags, sorted, one space between them. */
    flags: text(6144)
  }),
  criu: z
    .object({
      version: text(64),
      /** Names as of `criu check --feature`, and `page-server`. */
      features: words(32)
    })
    .optional(),
  /** v2 alone, v1 hierarchies besides it, or v1 alone. */
  cgroup: z.enum(['v2', 'hybrid', 'v1']),
  lsm: words(16),
  init: z.object({
    /** Pid 1's name. */
    program: word,
    systemd: z.boolean(),
    /** The root mount propagates. */
    sharedMounts: z.boolean()
  }),
  lxcfs: z.boolean(),
  rsync: text(64).optional(),
  perl: z.boolean(),
  /** Version by engine. */
  engines: z.record(z.string().regex(/^[a-z]{1,16}$/), text(64)).refine((all) => Object.keys(all).length <= 16),
  /** File system of each place where ferry puts containers. */
  storage: z.array(z.object({ path: text(256), fileSystem: text(32) })).max(16),
  bridges: words(256),
  memoryTotalBytes: sizeBytes,
  /** File system of the data folder. */
  diskTotalBytes: sizeBytes,
  containers: z
    .array(z.object({ engine: z.string().regex(/^[a-z]{1,16}$/), name: word, running: z.boolean() }))
    .max(256),
  /** More that did not fit into the list. */
  containersOmitted: z.int().min(0),
  /** Takes no containers. */
  cordoned: z.boolean(),
  cordonReason: text(256).optional(),
  /** It is about to go down, or down, on purpose. */
  maintenance: z.object({ reason: text(256) }).optional()
})

export type AdvertBody = z.infer<typeof advertBodySchema>

/** What changes all the time; it travels in pulses. */
export interface Vitals {
  /** What new programs can have without swapping (MemAvailable). */
  readonly memoryFreeBytes: number
  /** On the file system of the data folder. */
  readonly diskFreeBytes: number
  /** Average of one minute. */
  readonly load: number
}

/** @throws ProtocolError */
export function encodeBody(body: AdvertBody): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(body))
  parseBody(json)
  return json
}

/** @throws ProtocolError */
export function parseBody(json: Uint8Array): AdvertBody {
  checkLength('Advert.body', json, { max: MAX_BODY_BYTES })
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch (error) {
    throw invalidField('Advert.body', `not JSON: ${wordsOf(error).slice(0, 200)}`)
  }
  const result = advertBodySchema.safeParse(parsed)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalidField(
    `Advert.body.${issue?.path.join('.') ?? ''}`.slice(0, 200),
    issue?.message.slice(0, 200) ?? 'unknown'
  )
}
