// The invitations that this host made: which are open, and which were used, on disk before anybody is let in.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { SECRET_BYTES } from '../../../protocols/membership/index.ts'
import { wordsOf } from '../../../protocols/problem.ts'
import { MeshError } from '../mesh-error.ts'
import { readFileIfThere, replaceFile } from '../roster/durable-file.ts'
import { hexOf } from '../roster/record.ts'
import { proofOf, sameProof, tokenId } from './token.ts'
import { Turns } from '../turns.ts'

const hex = z.string().regex(/^[0-9a-f]+$/)
const invitationSchema = z.strictObject({
  /** Hex. */
  id: hex,
  secret: hex,
  mesh: hex,
  expiresMs: z.int(),
  /** Who had been expelled when it was made: once somebody else is, it is void. */
  removals: hex,
  /** Whom it let in, and when (milliseconds since the epoch). */
  usedBy: z.string().optional(),
  usedMs: z.int().optional()
})

export type Invitation = z.output<typeof invitationSchema>

/** Why somebody may not come in although it is invited. */
export type Objection = 'EXPELLED' | 'NAME_TAKEN'

export type Redemption =
  | { readonly accepted: true; readonly id: Uint8Array<ArrayBuffer> }
  | {
      readonly accepted: false
      /** Undefined for whoever did not prove the secret: it learns nothing. */
      readonly code?: 'TOKEN_EXPIRED' | 'TOKEN_USED' | 'TOKEN_VOID' | Objection
    }

export interface InvitationsOptions {
  readonly folder: string
  readonly now: () => number
  /** Digest of all expulsions that are known now. */
  readonly removals: () => string
}

/** Open ones; enough for a rack that is set up at once. */
const MAX_OPEN = 256
/** How long a used or expired one is remembered to say so, and how long a lost answer can be asked for again; milliseconds. */
const REMEMBERED_MS = 86_400_000
const ASK_AGAIN_MS = 60_000

export class Invitations {
  readonly #path: string
  readonly #options: InvitationsOptions
  #all: Invitation[] = []
  readonly #turns = new Turns()

  private constructor(options: InvitationsOptions) {
    this.#options = options
    this.#path = join(options.folder, 'invitations.json')
  }

  /** @throws MeshError MESH_FILES */
  static async open(options: InvitationsOptions): Promise<Invitations> {
    const invitations = new Invitations(options)
    try {
      const text = await readFileIfThere(invitations.#path)
      if (text !== undefined) invitations.#all = z.array(invitationSchema).parse(JSON.parse(text.toString('utf8')))
    } catch (error) {
      throw unusable(invitations.#path, error)
    }
    return invitations
  }

  /** Milliseconds since the epoch until which somebody may have reason to come; 0 if nobody has. */
  get openUntilMs(): number {
    const { now, removals } = this.#options
    const until = this.#all.map((one) => {
      if (one.removals !== removals()) return 0
      return one.usedMs === undefined ? one.expiresMs : one.usedMs + ASK_AGAIN_MS
    })
    const latest = Math.max(0, ...until)
    return latest > now() ? latest : 0
  }

  /** @throws MeshError MESH_FILES, TOO_MANY_INVITATIONS */
  async make(
    mesh: string,
    ttlMs: number
  ): Promise<{ readonly secret: Uint8Array<ArrayBuffer>; readonly expiresMs: number }> {
    return this.#turns.take(async () => {
      const now = this.#options.now()
      const open = this.#all.filter((one) => one.usedMs === undefined && one.expiresMs > now).length
      if (open >= MAX_OPEN) {
        throw new MeshError({
          code: 'TOO_MANY_INVITATIONS',
          what: 'This host has too many open invitations',
          why: `${open} are open`,
          remedy: 'Use them, or wait until they expire'
        })
      }
      const secret = new Uint8Array(randomBytes(SECRET_BYTES))
      const invitation = {
        id: hexOf(tokenId(secret)),
        secret: hexOf(secret),
        mesh,
        expiresMs: now + ttlMs,
        removals: this.#options.removals()
      }
      await this.#store([...this.#all.filter((one) => (one.usedMs ?? one.expiresMs) + REMEMBERED_MS > now), invitation])
      return { secret, expiresMs: invitation.expiresMs }
    })
  }

  /**
   * Uses an invitation up, unless `objection` has one. Whoever used it may ask for the same answer again for a while.
   * @throws MeshError MESH_FILES
   */
  async redeem(
    request: { token: Uint8Array; proof: Uint8Array },
    issuer: string,
    joiner: string,
    objection: () => Objection | undefined
  ): Promise<Redemption> {
    return this.#turns.take(async () => {
      const now = this.#options.now()
      const name = hexOf(request.token)
      const found = this.#all.find(({ id }) => id === name)
      const secret = Buffer.from(found?.secret ?? '00'.repeat(SECRET_BYTES), 'hex')
      const mesh = Buffer.from(found?.mesh ?? '', 'hex')
      const proved = sameProof(request.proof, proofOf(secret, { mesh, issuer, joiner }))
      if (found === undefined || !proved) return { accepted: false }
      const id = new Uint8Array(request.token)
      if (found.removals !== this.#options.removals()) return { accepted: false, code: 'TOKEN_VOID' }
      if (found.usedMs !== undefined) {
        if (found.usedBy === joiner && found.usedMs + ASK_AGAIN_MS > now) return { accepted: true, id }
        return { accepted: false, code: 'TOKEN_USED' }
      }
      if (found.expiresMs <= now) return { accepted: false, code: 'TOKEN_EXPIRED' }
      const code = objection()
      if (code !== undefined) return { accepted: false, code }
      const used = { ...found, usedBy: joiner, usedMs: now }
      await this.#store(this.#all.map((one) => (one === found ? used : one)))
      return { accepted: true, id }
    })
  }

  /** Forgets all, as this host has left its mesh or has another peer id than they name; resolves with how many could have been used. */
  async clear(): Promise<number> {
    return this.#turns.take(async () => {
      const { now, removals } = this.#options
      const open = this.#all.filter((one) => one.removals === removals())
      const count = open.filter((one) => one.usedMs === undefined && one.expiresMs > now()).length
      await this.#store([])
      return count
    })
  }

  async #store(all: Invitation[]): Promise<void> {
    try {
      await replaceFile(this.#path, JSON.stringify(all))
    } catch (error) {
      throw unusable(this.#path, error)
    }
    this.#all = all
  }
}

function unusable(path: string, error: unknown): MeshError {
  return new MeshError(
    {
      code: 'MESH_FILES',
      what: `The mesh's file ${path} can't be used`,
      why: wordsOf(error),
      remedy:
        'Check space, mode and health of its disk; if it is damaged, delete it: open invitations are lost, nothing else'
    },
    { cause: error }
  )
}
