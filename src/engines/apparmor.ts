import { readFile } from 'node:fs/promises'

/** Whether this host's kernel confines with AppArmor. Containers can't be given a profile otherwise: liblxc and CRIU refuse. */
export async function hasApparmor(): Promise<boolean> {
  try {
    return (await readFile('/sys/module/apparmor/parameters/enabled', 'utf8')).startsWith('Y')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** The AppArmor profile a process is confined by; undefined where it is not, or where the kernel has no AppArmor. */
export async function profileOf(pid: number): Promise<string | undefined> {
  if (!(await hasApparmor())) return undefined
  const text = (await readFile(`/proc/${String(pid)}/attr/current`, 'utf8')).replaceAll('\0', '').trim()
  return text === '' || text.startsWith('unconfined') ? undefined : text
}
