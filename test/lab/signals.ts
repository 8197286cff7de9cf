// A test run that is interrupted takes its labs down with it.
import type { Lab } from './lab.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const open = new Set<Lab>()
let listening = false

/** Takes the lab down when this process is told to end, then lets it end. */
export function downOnSignal(lab: Lab): Lab {
  open.add(lab)
  if (!listening) {
    listening = true
    for (const signal of SIGNALS) process.on(signal, onSignal)
  }
  const down = lab.down.bind(lab)
  lab.down = async () => {
    open.delete(lab)
    await down()
  }
  return lab
}

function onSignal(signal: NodeJS.Signals): void {
  const labs = [...open].map((lab) => lab.down())
  void Promise.allSettled(labs).then((results) => {
    for (const result of results) if (result.status === 'rejected') console.error(result.reason)
    for (const name of SIGNALS) process.off(name, onSignal)
    process.kill(process.pid, signal)
  })
}
