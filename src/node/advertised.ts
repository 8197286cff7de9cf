// What a target says of itself to the whole mesh, looked at before it is asked: what can't work is refused at once.
import type { AdvertBody } from '../../protocols/gossip/index.ts'
import type { Problem } from '../../protocols/operator/views.ts'
import type { Inspection } from '../engines/engine.ts'
import { compareHosts } from '../host/compare.ts'
import type { HostFacts } from '../host/facts.ts'
import type { ProblemDetails } from '../host/problem.ts'
import type { AdvertView, Mesh } from '../mesh/mesh.ts'
import { cordonProblem, standingIn } from './cordon.ts'
import type { NodeParts } from './parts.ts'

/**
 * The first thing that keeps the target from taking the container, if its advert shows one. What is free on it changes by the second, and only
 * the peer itself is asked about that: here its memory and disk count as if they were empty. A stale advert says nothing.
 */
export async function advertisedBlocker(
  { name, facts, mesh }: Pick<NodeParts, 'name' | 'facts'> & { readonly mesh: Pick<Mesh, 'advert'> },
  target: { readonly peerId: string; readonly name: string },
  container: Pick<Inspection, 'name' | 'engine' | 'memoryBytes' | 'rootfsBytes'>,
  signal: AbortSignal
): Promise<Problem | undefined> {
  const advert = mesh.advert(target.peerId)
  if (advert === undefined || advert.stale) return undefined
  const problem =
    cordonProblem(name, target.name, standingIn(advert.body)) ??
    firstBlocker(await facts(signal), factsOf(advert.body), container)
  if (problem === undefined) return undefined
  return {
    ...problem,
    host: name,
    what: `${container.name} can't move to ${target.name}: ${problem.what}`,
    why: since(advert, problem.why)
  }
}

function firstBlocker(
  source: HostFacts,
  target: HostFacts,
  { engine, memoryBytes, rootfsBytes }: Pick<Inspection, 'engine' | 'memoryBytes' | 'rootfsBytes'>
): ProblemDetails | undefined {
  const found = compareHosts(source, target, { engine, memoryBytes, diskBytes: rootfsBytes + memoryBytes })
  const blocker = found.find(({ level }) => level === 'blocker')
  if (blocker === undefined) return undefined
  const { level: _, ...problem } = blocker
  return problem
}

function since({ issuedAt }: AdvertView, why: string | undefined): string {
  const time = `that is what it advertised at ${new Date(issuedAt).toISOString()}`
  return why === undefined ? time : `${why}; ${time}`
}

function factsOf(body: AdvertBody): HostFacts {
  return {
    arch: body.arch,
    kernel: body.kernel,
    cpuModel: body.cpu.model,
    cpuFlags: body.cpu.flags.split(' '),
    cpuCount: body.cpu.count,
    pureCgroupV2: body.cgroup === 'v2',
    ...(body.criu === undefined ? {} : { criu: { path: 'criu', version: body.criu.version } }),
    criuFeatures: body.criu?.features ?? [],
    lsm: body.lsm,
    systemd: body.init.systemd,
    lxcfs: body.lxcfs,
    bridges: body.bridges,
    memoryTotalBytes: body.memoryTotalBytes,
    memoryFreeBytes: body.memoryTotalBytes,
    diskFreeBytes: body.diskTotalBytes,
    engines: body.engines,
    ...(body.rsync === undefined ? {} : { rsync: body.rsync }),
    perl: body.perl
  }
}
