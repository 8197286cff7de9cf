// The neighbour table goes along with a container: CRIU does not carry it, and an incomplete entry costs the first answer a second.
import { z } from 'zod'
import { batch, checked, enter, parse } from './ip.ts'
import { HostProblem } from './problem.ts'
import { run } from './run.ts'

export interface Neighbour {
  /** IPv4 or IPv6. */
  readonly address: string
  /** Interface inside the container. */
  readonly device: string
  readonly mac: string
  /** Somebody set it by hand; it stays that. */
  readonly permanent: boolean
  readonly router: boolean
}

const schema = z.array(
  z.object({
    dst: z.string(),
    dev: z.string(),
    lladdr: z.string().optional(),
    router: z.unknown().optional(),
    state: z.array(z.string()).default([])
  })
)

/** What the container's kernel tables know of its neighbours, IPv4 and IPv6. @throws HostProblem COMMAND_FAILED */
export async function readNeighbours(initPid: number, signal: AbortSignal): Promise<Neighbour[]> {
  return (await table(initPid, signal)).flatMap((entry): Neighbour[] => {
    if (entry.lladdr === undefined || unresolved(entry.state) || entry.state.includes('NOARP')) return []
    return [
      {
        address: entry.dst,
        device: entry.dev,
        mac: entry.lladdr,
        permanent: entry.state.includes('PERMANENT'),
        router: entry.router !== undefined
      }
    ]
  })
}

/**
 * Sets them in the restored container as stale (usable at once, verified on use), and removes entries that are waiting for an
 * answer which the parked port can't get. To be called before the port goes on its bridge.
 * @throws HostProblem COMMAND_FAILED, BAD_NEIGHBOUR
 */
export async function writeNeighbours(
  initPid: number,
  entries: readonly Neighbour[],
  signal: AbortSignal
): Promise<void> {
  const known = new Set(entries.map((entry) => `${entry.address} ${entry.device}`))
  const pending = (await table(initPid, signal)).filter(
    (entry) => unresolved(entry.state) && !known.has(`${entry.dst} ${entry.dev}`)
  )
  await batch(
    [...entries.map(replaceLine), ...pending.map((entry) => `neigh del ${entry.dst} dev ${checked(entry.dev)}`)],
    signal,
    initPid
  )
}

/** One line of `ip -batch`. Entries come from the other host: nothing of them may mean anything else. @throws HostProblem BAD_NEIGHBOUR */
export function replaceLine(entry: Neighbour): string {
  if (!/^[0-9a-f.:]{2,45}$/i.test(entry.address) || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(entry.mac)) {
    throw new HostProblem({
      code: 'BAD_NEIGHBOUR',
      what: `A neighbour entry (${JSON.stringify(entry.address)}, ${JSON.stringify(entry.mac)}) is not an address and a MAC`,
      remedy: 'Run the same version of ferry on both hosts'
    })
  }
  const state = entry.permanent ? 'permanent' : 'stale'
  return `neigh replace ${entry.address} lladdr ${entry.mac} dev ${checked(entry.device)}${entry.router ? ' router' : ''} nud ${state}`
}

async function table(initPid: number, signal: AbortSignal) {
  const argv = [...enter(initPid), 'ip', '-j', 'neigh', 'show']
  return parse(schema, (await run(argv, { signal })).stdout, argv)
}

function unresolved(state: readonly string[]): boolean {
  return state.includes('INCOMPLETE') || state.includes('FAILED') || state.includes('NONE')
}
