// The lab: test hosts of two kinds behind one interface, and a client beside them.
import type { Lab, LabOptions } from './lab.ts'
import { createNsLab, openNsLab } from './ns.ts'
import { downOnSignal } from './signals.ts'

const NAME = /^[a-z0-9]{1,8}$/

/** Brings up a lab; what an earlier one of this name left is removed first. Needs root; test/lab/prepare brings the rest. */
export async function createLab(options: LabOptions): Promise<Lab> {
  check(options)
  const { name, kind } = options
  const create = async () => {
    await removeLab(name)
    if (kind === 'ns') return createNsLab(options)
    const { createVmLab } = await import('./vm/index.ts')
    return createVmLab(options)
  }
  return downOnSignal(create, () => removeLab(name))
}

/** Removes whatever is there of a lab of this name, up or broken, of either kind. */
export async function removeLab(name: string): Promise<void> {
  const { removeVmLab } = await import('./vm/index.ts')
  // Ends machines first, then does all that is done for a namespace lab.
  await removeVmLab(name)
}

function check({ name, hosts }: LabOptions): void {
  if (process.getuid?.() !== 0) throw new Error('the lab makes namespaces, mounts and cgroups: run it as root')
  for (const text of [name, ...hosts]) {
    if (!NAME.test(text)) throw new Error(`'${text}' can't name a lab or a host: 1 to 8 of a-z and 0-9`)
  }
  if (hosts.length === 0 || hosts.length > 100) throw new Error('a lab has between 1 and 100 hosts')
  if (hosts.includes('client') || new Set(hosts).size < hosts.length) {
    throw new Error(`host names must differ from each other and from 'client': ${hosts.join(', ')}`)
  }
}

/** The lab of this name if it is up, whoever brought it up. It stays up when this process ends. */
export async function attachLab(name: string): Promise<Lab | undefined> {
  const lab = await openNsLab(name)
  if (lab !== undefined) return lab
  const { openVmLab } = await import('./vm/index.ts')
  return openVmLab(name)
}
