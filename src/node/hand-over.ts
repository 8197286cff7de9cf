// What the target needs of the source besides rootfs and images, known only once the container is frozen.
import { z } from 'zod'

const neighbour = z.strictObject({
  device: z.string().regex(/^[A-Za-z0-9._-]{1,15}$/),
  address: z.union([z.ipv4(), z.ipv6()]),
  mac: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
  permanent: z.boolean(),
  router: z.boolean()
})

export const handOverSchema = z.strictObject({
  /** Neighbour entries of the container, which CRIU does not carry. */
  neighbours: z.array(neighbour).max(256),
  /** Tasks that the container itself had stopped, as pids of its namespace: the target must not continue them. */
  stopped: z.array(z.int().min(1)).max(65536)
})

export type HandOver = z.infer<typeof handOverSchema>

/** @throws an error with `details`, code BAD_HAND_OVER */
export function parseHandOver(json: string): HandOver {
  try {
    return handOverSchema.parse(JSON.parse(json))
  } catch (error) {
    throw Object.assign(new Error('bad hand-over', { cause: error }), {
      details: {
        code: 'BAD_HAND_OVER',
        what: 'the source sent neighbours or stopped tasks that are not well-formed',
        why: error instanceof Error ? error.message.slice(0, 300) : String(error),
        remedy: 'update ferry on both hosts to the same version'
      }
    })
  }
}
