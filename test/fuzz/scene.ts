// One mesh: the victim, an honest member, a hostile one, and a hostile operator that may look and move.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newIdentity, type Identity } from './identity.ts'
import { startMember, type Member } from './member.ts'
import { written, type Written } from './written.ts'

const JOIN_MS = 20_000

export interface Scene {
  readonly victim: Member
  readonly honest: Member
  /** A member by the victim's own signature. */
  readonly hostile: Identity
  readonly operator: Identity
  /** For what the attackers need themselves. */
  readonly folder: string
  /** What the victim has on its disk. */
  written(): Promise<Written>
  end(): Promise<void>
}

/** @param beforeJoin runs while the victim's door is open for the honest member; it is given the door's addresses */
export async function makeScene(beforeJoin?: (addresses: readonly string[]) => Promise<void>): Promise<Scene> {
  const top = await mkdtemp(join(tmpdir(), 'ferry-fuzz-'))
  const around = join(top, 'victim')
  const folder = join(top, 'others')
  await mkdir(around)
  await mkdir(folder)
  const ends: (() => Promise<void>)[] = [() => rm(top, { recursive: true })]
  const end = async (): Promise<void> => {
    for (const one of ends.splice(0).reverse()) await one()
  }
  try {
    const victim = await startMember('victim', join(around, 'state'))
    ends.push(() => victim.stop())
    const honest = await startMember('honest', join(folder, 'honest'))
    ends.push(() => honest.stop())
    await victim.admin.init({ meshName: 'fuzz' })
    const { token, addresses } = await victim.admin.invite({ ttlMs: 600_000 })
    await beforeJoin?.(addresses)
    await honest.admin.join({ token }, AbortSignal.timeout(JOIN_MS))
    const [hostile, operator] = [await newIdentity(), await newIdentity()]
    const admission = { peer: hostile.peer, hostName: 'hostile', token: new Uint8Array(16) }
    await victim.roster.sign({ admission }, victim.identity.key)
    await victim.admin.grant({ operator: operator.peer, role: 'move' })
    return { victim, honest, hostile, operator, folder, written: () => written(victim.stateDir, around, []), end }
  } catch (error) {
    await end()
    throw error
  }
}
