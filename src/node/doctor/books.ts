// What ferry itself keeps of migrations: claims, reservations, temporary folders.
import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { gone } from '../../engines/leftovers.ts'
import type { NodeParts } from '../parts.ts'
import type { Leftover } from './leftover.ts'
import type { Past } from './past.ts'

type Parts = Pick<NodeParts, 'journal' | 'reservations'>
type Claim = Awaited<ReturnType<NodeParts['journal']['claims']>>[number]

/** Claims that the doctor itself takes while it repairs. */
export const DOCTORS_CLAIM = 'doctor-'
/** Between a claim and the record of its migration lie two writes to disk, milliseconds. */
const CLAIM_GRACE_MS = 1000
const WORK = 'ferry-rootfs-'

/** @param read the journal, anew */
export async function judgeBooks(parts: Parts, past: Past, read: () => Promise<Past>): Promise<Leftover[]> {
  return [...(await claims(parts, past, read)), ...reservations(parts, past)]
}

async function claims({ journal }: Parts, past: Past, read: () => Promise<Past>): Promise<Leftover[]> {
  const orphans = (known: Past, all: readonly Claim[]) =>
    all.filter(({ migration }) => !migration.startsWith(DOCTORS_CLAIM) && !known.isUnderWay(migration))
  const first = orphans(past, await journal.claims())
  if (first.length === 0) return []
  await sleep(CLAIM_GRACE_MS)
  const held = await journal.claims()
  const still = orphans(await read(), held).filter(({ migration }) =>
    first.some((claim) => claim.migration === migration)
  )
  return still.map(({ container, migration }) => ({
    code: 'CLAIM_LEFT',
    subject: container,
    what: `${container} is claimed by migration ${migration}, which is not under way, so that it can't be moved`,
    remedy: 'Release it: ferry doctor --repair',
    repair: async () => {
      await journal.release(container, migration)
      return `released ${container}`
    }
  }))
}

function reservations({ reservations: all }: Parts, past: Past): Leftover[] {
  return all
    .holders()
    .filter((migration) => !past.isUnderWay(migration))
    .map((migration) => ({
      code: 'RESERVATION_LEFT',
      subject: migration,
      what: `Memory and disk are still kept free for migration ${migration}, which is not under way`,
      remedy: 'Give them up: ferry doctor --repair',
      repair: () => {
        all.release(migration)
        return Promise.resolve(`gave up what was reserved for migration ${migration}`)
      }
    }))
}

/** Folders for lists of files, made and removed within a round of the rootfs; those older than this daemon are of one that died. */
export async function temporaryFolders(daemonBeganMs: number): Promise<Leftover[]> {
  const found: Leftover[] = []
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(WORK)) continue
    const path = `${tmpdir()}/${name}`
    const stats = await stat(path).catch(gone)
    if (stats === undefined || stats.uid !== process.getuid?.() || stats.ctimeMs >= daemonBeganMs) continue
    found.push({
      code: 'TEMPORARY_LEFT',
      subject: path,
      what: `${path} is a temporary folder of a ferry daemon that died`,
      remedy: `Remove it: ferry doctor --repair, or rm -r ${path}`,
      repair: async () => {
        await rm(path, { recursive: true, force: true })
        return `removed ${path}`
      }
    })
  }
  return found
}
