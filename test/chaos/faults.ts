// The faults: each waits for its moment, does its harm, and heals it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../lab/lab.ts'
import type { ChaosHost } from './chaos-host.ts'
import type { Ledger } from './ledger.ts'
import type { Repeater } from './repeater.ts'
import { AT_ONCE, type Fault, type Moment } from './plan.ts'

export interface Scene {
  readonly lab: Lab
  readonly ledger: Ledger
  readonly source: ChaosHost
  readonly target: ChaosHost
  /** The epoch that this migration gives to the container. */
  readonly epoch: number
  readonly repeater?: Repeater
  /** Aborts when the migration is over: a moment that has not come by then never will. */
  readonly over: AbortSignal
}

/** Whether it did harm: its moment may not have come, or found nothing to hit. */
export type Harm = 'done' | 'missed'

const CRIU_LIMIT_MS = 3000
const HOOK_LIMIT_MS = 1500
/** A host that stands frozen, daemon and all, gives a thaw behind its back the time to be seen. */
const HELD_MS = 1200

export async function inflict(fault: Fault, scene: Scene): Promise<Harm> {
  const { lab, source, target, ledger } = scene
  switch (fault.name) {
    case 'none':
      return 'done'
    case 'kill-source':
      return killed(fault, scene, [source])
    case 'kill-target':
      return killed(fault, scene, [target])
    case 'kill-both':
      return killed(fault, scene, [source, target])
    case 'criu-dump':
      return hunted(fault, scene, source, 'criu', CRIU_LIMIT_MS)
    case 'criu-restore':
      return hunted(fault, scene, target, 'criu', CRIU_LIMIT_MS)
    case 'hook':
      return hunted(fault, scene, target, 'hook', HOOK_LIMIT_MS)
    case 'thaw-source':
      return thawed(fault, scene, source, target)
    case 'thaw-target':
      return thawed(fault, scene, target, source)
    case 'cut-source':
      return broken(
        fault,
        scene,
        source,
        () => lab.cut(source.name),
        () => lab.heal(source.name)
      )
    case 'cut-target':
      return broken(
        fault,
        scene,
        target,
        () => lab.cut(target.name),
        () => lab.heal(target.name)
      )
    case 'lossy-link':
      return broken(
        fault,
        scene,
        target,
        () => lab.fault(target.name, { loss: 0.3, delayMs: 20 }),
        () => lab.heal(target.name)
      )
    case 'power-source':
      return powerless(fault, scene, [source])
    case 'power-target':
      return powerless(fault, scene, [target])
    case 'power-both':
      return powerless(fault, scene, [source, target])
    case 'disk-source':
      return broken(
        fault,
        scene,
        source,
        () => source.fillDisk(),
        () => source.freeDisk()
      )
    case 'disk-target':
      return broken(
        fault,
        scene,
        target,
        () => target.fillDisk(),
        () => target.freeDisk()
      )
    case 'stall-source':
      return broken(
        fault,
        scene,
        source,
        () => hold(source),
        () => release(source)
      )
    case 'stall-target':
      return broken(
        fault,
        scene,
        target,
        () => hold(target),
        () => release(target)
      )
    case 'second-move':
      return movedAgain(fault, scene, source, { container: ledger.name, to: target.name })
    case 'opposite-move':
      return movedAgain(fault, scene, target, { container: ledger.name, to: source.name })
    case 'repeated':
      return repeated(fault, scene)
  }
}

/** Whether the moment came. */
async function comes({ side, state, delayMs }: Moment, scene: Scene): Promise<boolean> {
  try {
    if (state !== AT_ONCE) await scene[side].reaches(side, state, scene.over)
  } catch (error) {
    if (scene.over.aborted) return false
    throw error
  }
  if (delayMs > 0) await sleep(delayMs)
  return true
}

async function killed({ at, forMs }: Fault, scene: Scene, hosts: readonly ChaosHost[]): Promise<Harm> {
  if (!(await comes(at, scene))) return 'missed'
  await Promise.all(hosts.map((host) => host.killDaemon()))
  await sleep(forMs)
  await startWhatCan(hosts)
  return 'done'
}

async function powerless({ at, forMs }: Fault, scene: Scene, hosts: readonly ChaosHost[]): Promise<Harm> {
  if (!(await comes(at, scene))) return 'missed'
  await Promise.all(hosts.map((host) => host.cutPower()))
  await sleep(forMs)
  // Whatever does not come up now is tried again when all is healed.
  await Promise.allSettled(hosts.map((host) => host.powerOn()))
  return 'done'
}

async function broken(
  { at, forMs }: Fault,
  scene: Scene,
  host: ChaosHost,
  harm: () => Promise<void>,
  heal: () => Promise<void>
): Promise<Harm> {
  if (!(await comes(at, scene))) return 'missed'
  try {
    await whileOn(host, harm)
    await sleep(forMs)
  } finally {
    await whileOn(host, heal)
  }
  return 'done'
}

/** Another fault of the run may have cut the host's power. */
async function whileOn(host: ChaosHost, action: () => Promise<void>): Promise<void> {
  if (!host.isOn) return
  try {
    await action()
  } catch (error) {
    if (host.isOn) throw error
  }
}

/** A daemon that does not start, on a full disk for example, is started again when all is healed. */
async function startWhatCan(hosts: readonly ChaosHost[]): Promise<void> {
  await Promise.allSettled(hosts.map((host) => host.startDaemon()))
}

/** The imp looks for it itself from just before; the moment's delay is counted from when it is there. */
async function hunted(
  { at }: Fault,
  scene: Scene,
  host: ChaosHost,
  what: 'criu' | 'hook',
  limitMs: number
): Promise<Harm> {
  if (!(await comes({ ...at, delayMs: 0 }, scene))) return 'missed'
  return (await host.imp.ask(what, at.delayMs, limitMs)) ? 'done' : 'missed'
}

async function thawed({ at }: Fault, scene: Scene, host: ChaosHost, other: ChaosHost): Promise<Harm> {
  if (!(await comes({ ...at, delayMs: 0 }, scene))) return 'missed'
  await hold(other)
  try {
    if (at.delayMs > 0) await sleep(at.delayMs)
    if (!(await host.imp.ask('thaw', scene.ledger.name))) return 'missed'
    await sleep(HELD_MS)
    return 'done'
  } finally {
    await release(other)
  }
}

async function hold(host: ChaosHost): Promise<void> {
  if (host.isOn) await host.imp.ask('hold')
}

async function release(host: ChaosHost): Promise<void> {
  if (host.isOn) await host.imp.ask('release')
}

/** Two operators at once. What the second is told is the run's to look at: one container runs, once. */
async function movedAgain(
  { at }: Fault,
  scene: Scene,
  from: ChaosHost,
  request: { container: string; to: string }
): Promise<Harm> {
  if (!(await comes(at, scene))) return 'missed'
  try {
    const { id } = await from.api.move(request, AbortSignal.timeout(20_000))
    for await (const view of from.api.watch(id, AbortSignal.timeout(60_000))) if (view.outcome !== undefined) break
    return 'done'
  } catch (error) {
    if (error instanceof Error && error.name === 'OperatorError') return 'done'
    throw error
  }
}

async function repeated({ at }: Fault, scene: Scene): Promise<Harm> {
  const { repeater, source, ledger, epoch } = scene
  if (repeater === undefined || !(await comes(at, scene))) return 'missed'
  try {
    return (await repeater.repeat(source, ledger, epoch)).length > 0 ? 'done' : 'missed'
  } catch (error) {
    // It runs on the source, whose power another fault may cut.
    if (source.isOn) throw error
    return 'missed'
  }
}
