// What may start, or has started, on a host that a container left, or can't start on the one where it belongs.
import type { EngineName } from '../../engines/engine.ts'
import { foldersIn } from '../../engines/leftovers.ts'
import { PARKED_CONFIG } from '../../engines/oci-park.ts'
import { readRecord } from '../../engines/staging.ts'
import { engineOf } from '../containers.ts'
import { bundlesOf, retainedOf, type NodeParts } from '../parts.ts'
import { copiesOfRetired, copyText } from '../stale-copy.ts'
import type { Leftover } from './leftover.ts'
import { movedAway, runsHere, type Past, type PastMigration } from './past.ts'

type Parts = Pick<NodeParts, 'config' | 'engines'>

export async function judgeStarts(parts: Parts, past: Past): Promise<Leftover[]> {
  const found: Leftover[] = []
  for (const one of past.lastEnded()) {
    found.push(...(await parked(parts, one)))
    if (movedAway(one)) found.push(...(await secondCopies(parts, one)))
  }
  return [...found, ...(await unknown(parts, past))]
}

/** Homes of containers that are still here: of one that arrived, where it was restored. */
async function parked({ engines }: Parts, one: PastMigration): Promise<Leftover[]> {
  const { record, container, source, staged } = one
  const engine = engineOf(engines, record.engine)
  const home = source?.home ?? staged?.home
  if (home === undefined || engine === undefined || !(await engine.isParked(home))) return []
  // Not adopted: it is listed with the folders, and goes or is put back with those.
  if ((await readRecord(home)) !== undefined) return []
  const what = `What starts ${record.container} is set aside in ${home}, and no migration holds it`
  if (!runsHere(one)) {
    return [
      {
        code: 'START_PARKED',
        subject: home,
        container,
        what,
        why: `the journal gives the container to another host: migration ${record.id} ended as ${record.state}`,
        remedy: `See that it runs on ${record.peerName} (ferry ls), then remove ${home}`
      }
    ]
  }
  return [
    {
      code: 'START_PARKED',
      subject: home,
      container,
      what,
      why: `the journal says that it runs here: migration ${record.id} ended as ${record.state}`,
      remedy: 'Put it back: ferry doctor --repair',
      repair: async () => {
        await engine.unpark(home)
        if (await engine.isParked(home))
          throw new Error(`there is a configuration in ${home} beside it; keep one of the two`)
        return `put back what starts ${record.container} in ${home}`
      }
    }
  ]
}

/** Listed and never killed: once the migration is over, an operator may have put back on purpose what was kept here. */
async function secondCopies({ config }: Parts, one: PastMigration): Promise<Leftover[]> {
  const { record, source } = one
  if (source === undefined) return []
  const copies = await copiesOfRetired(source, retainedOf(config.stateDir, record.id))
  const found: Leftover[] = []
  for (const copy of copies) {
    found.push({
      code: 'STALE_COPY',
      subject: String(copy.pid),
      what: `A copy of ${record.container} runs here from what it left behind, and the container runs on ${record.peerName}`,
      why: `${await copyText(copy)}; the journal has the COMMIT of migration ${record.id}, which ended as moved`,
      remedy: `If ${record.container} runs on ${record.peerName} (ferry ls), kill this one: kill -9 ${String(copy.pid)}`
    })
  }
  return found
}

/** In the folders where containers arrive: of migrations that the journal does not know. */
async function unknown({ config, engines }: Parts, past: Past): Promise<Leftover[]> {
  // runc and crun share theirs, and set aside in one way.
  const places = new Map([...engines.values()].map((engine) => [engine.place(bundlesOf(config.stateDir)), engine]))
  const homes = new Set(past.all.flatMap(({ source, staged }) => [source?.home, staged?.home]))
  const found: Leftover[] = []
  for (const [place, engine] of places) {
    for (const name of await foldersIn(place)) {
      const home = `${place}/${name}`
      if (name.startsWith('.') || homes.has(home) || !(await engine.isParked(home))) continue
      if ((await readRecord(home)) !== undefined) continue
      found.push({
        code: 'START_PARKED',
        subject: home,
        what: `What starts the container in ${home} is set aside, and the journal knows no migration that did it`,
        why: 'the container may run on another host; two copies would corrupt its data',
        remedy: `See on the other hosts whether it runs there (ferry ls). If it does, remove ${home}; if it does not: ${putBack(engine.name, home)}`
      })
    }
  }
  return found
}

function putBack(engine: EngineName, home: string): string {
  return engine === 'lxc'
    ? `take ferry's four lines from the end of ${home}/config`
    : `mv ${home}/${PARKED_CONFIG} ${home}/config.json`
}
