// What a peer says about its host, checked before anything is compared with it.
import { z } from 'zod'
import type { HostFacts } from '../host/facts.ts'

const word = z.string().max(256)
const bytes = z.number().min(0)

/** Keys that a newer ferry adds are left out. */
const factsSchema = z.object({
  arch: word,
  kernel: word,
  cpuModel: word,
  cpuFlags: z.array(word).max(4096),
  cpuCount: z.number(),
  pureCgroupV2: z.boolean(),
  criu: z.object({ path: z.string().max(4096), version: word }).optional(),
  criuFeatures: z.array(word).max(256),
  lsm: z.array(word).max(256),
  systemd: z.boolean(),
  lxcfs: z.boolean(),
  bridges: z.array(word).max(65536),
  memoryTotalBytes: bytes,
  memoryFreeBytes: bytes,
  diskFreeBytes: bytes,
  engines: z.record(word, word),
  rsync: word.optional(),
  perl: z.boolean()
})

/** @throws an error with `details`, code BAD_FACTS */
export function parseFacts(json: string): HostFacts {
  try {
    const { criu, rsync, ...facts } = factsSchema.parse(JSON.parse(json))
    return { ...facts, ...(criu === undefined ? {} : { criu }), ...(rsync === undefined ? {} : { rsync }) }
  } catch (error) {
    throw Object.assign(new Error('bad facts', { cause: error }), {
      details: {
        code: 'BAD_FACTS',
        what: 'the peer sent facts about its host that are not well-formed',
        why: error instanceof Error ? error.message.slice(0, 300) : String(error),
        remedy: 'update ferry on both hosts to the same version'
      }
    })
  }
}
