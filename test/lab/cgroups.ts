// A host's cgroups: one of the same name in every hierarchy of the machine, the old ones too, so that what CRIU and the engines make
// there lies below it, apart from other labs and from the machine.
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cgroupHierarchies, cgroupName } from './places.ts'

/** Makes them where they are missing. */
export async function makeCgroups(lab: string, host: string): Promise<void> {
  for (const folder of await cgroupFolders(lab, host)) {
    await mkdir(folder, { recursive: true })
    // Version 1 lets no process into a cpuset that has no processors and memory yet.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const isCpuset = await access(join(folder, 'cpuset.memory_migrate')).then(
        () => true,
        () => false
      )
      if (isCpuset) await writeFile(join(folder, file), await readFile(join(dirname(folder), file)))
    }
  }
}

export async function cgroupFolders(lab: string, host: string): Promise<string[]> {
  const { v2, v1 } = await cgroupHierarchies()
  return [v2, ...v1].map((hierarchy) => join(hierarchy, cgroupName(lab, host)))
}

const ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"'

/** Argv that puts itself into the host's cgroups and then becomes `argv`. */
export async function inCgroups(lab: string, host: string, argv: readonly string[]): Promise<string[]> {
  return ['sh', '-c', ENTER, 'enter', ...(await cgroupFolders(lab, host)), '--', ...argv]
}
