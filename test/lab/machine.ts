// What of this machine a lab could have touched: a text for each thing, to compare before and after.
import { readFile, readdir } from 'node:fs/promises'
import { cgroupHierarchies } from './places.ts'
import { run } from './vm/run.ts'

async function folders(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${entry.parentPath}/${entry.name}`)
}

/** Interfaces, addresses, routes, firewall, mounts and cgroups; of mounts and cgroups only those whose path matches `ours`. */
export async function machineState(ours: RegExp): Promise<Record<string, string>> {
  const { v2, v1 } = await cgroupHierarchies()
  const cgroups = (await Promise.all([v2, ...v1].map(folders))).flat()
  const command = async (...argv: string[]) => (await run(argv)).stdout.toString()
  return {
    links: await command('ip', '-oneline', 'link', 'show'),
    addresses: await command('ip', '-oneline', '-family', 'inet', 'address', 'show'),
    routes: await command('ip', 'route', 'show', 'table', 'all'),
    firewall: await command('nft', 'list', 'ruleset'),
    mounts: (await readFile('/proc/self/mounts', 'utf8'))
      .split('\n')
      .filter((line) => ours.test(line))
      .join('\n'),
    cgroups: cgroups
      .filter((path) => ours.test(path))
      .sort()
      .join('\n')
  }
}
