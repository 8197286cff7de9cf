// A test run that is interrupted takes its labs down with it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from './lab.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A lab that is half up is let come up first: removed while it grows, it would leave the rest. */
const PATIENCE_MS = 10_000

interface Open {
  readonly up: Promise<unknown>
  readonly remove: () => Promise<void>
}

const open = new Set<Open>()

/** Brings up a lab that is removed when this process is told to end, from now until its `down`. The process ends then. */
export async function downOnSignal(create: () => Promise<Lab>, remove: () => Promise<void>): Promise<Lab> {
  if (open.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal)
  const creating = create()
  const entry = { up: creating.catch(() => undefined), remove }
  open.add(entry)
  try {
    const lab = await creating
    const down = lab.down.bind(lab)
    lab.down = async () => {
      forget(entry)
      await down()
    }
    return lab
  } catch (error) {
    forget(entry)
    throw error
  }
}

function forget(entry: Open): void {
  open.delete(entry)
  if (open.size === 0) for (const signal of SIGNALS) process.off(signal, onSignal)
}

function onSignal(signal: NodeJS.Signals): void {
  const removing = [...open].map(async ({ up, remove }) => {
    await Promise.race([up, sleep(PATIENCE_MS)])
    await remove()
  })
  void Promise.allSettled(removing).then((results) => {
    for (const result of results) if (result.status === 'rejected') console.error(result.reason)
    for (const name of SIGNALS) process.off(name, onSignal)
    process.kill(process.pid, signal)
  })
}
