// Routes that somebody added inside a network namespace: what has to be made again beside the addresses.
import { z } from 'zod'
import { enter, parse, type NetworkNamespace } from './ip.ts'
import { run } from './run.ts'

export interface Route {
  readonly family: 4 | 6
  /** `default` or CIDR notation. */
  readonly destination: string
  readonly via?: string
  readonly device: string
  readonly source?: string
  readonly metric?: number
  readonly scope?: string
  readonly onlink: boolean
}

const routeSchema = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
  protocol: z.string().optional(),
  prefsrc: z.string().optional(),
  metric: z.number().optional(),
  scope: z.string().optional(),
  flags: z.array(z.string()).default([])
})

/** Routes of the main table that somebody added, in the kernel's order; what the kernel makes of addresses is left out. */
export async function routesOf(where: NetworkNamespace, signal: AbortSignal): Promise<Route[]> {
  const families = [4, 6] as const
  const lists = await Promise.all(
    families.map(async (family) => {
      const argv = [...enter(where), 'ip', '-j', `-${String(family)}`, 'route', 'show', 'table', 'main']
      const found = parse(z.array(routeSchema), (await run(argv, { signal })).stdout, argv)
      return found.flatMap((route): Route[] => {
        // ra: what the router said will be said again; kernel: comes with the address.
        if (route.dev === undefined || route.protocol === 'kernel' || route.protocol === 'ra') return []
        return [
          {
            family,
            destination: route.dst,
            device: route.dev,
            onlink: route.flags.includes('onlink'),
            ...(route.gateway === undefined ? {} : { via: route.gateway }),
            ...(route.prefsrc === undefined ? {} : { source: route.prefsrc }),
            ...(route.metric === undefined ? {} : { metric: route.metric }),
            ...(route.scope === undefined ? {} : { scope: route.scope })
          }
        ]
      })
    })
  )
  return lists.flat()
}

/** Arguments for `ip` that make a route again. */
export function routeArguments(route: Route): string[] {
  return [
    `-${String(route.family)}`,
    'route',
    'replace',
    route.destination,
    ...(route.via === undefined ? [] : ['via', route.via]),
    'dev',
    route.device,
    ...(route.source === undefined ? [] : ['src', route.source]),
    ...(route.metric === undefined ? [] : ['metric', String(route.metric)]),
    ...(route.scope === undefined ? [] : ['scope', route.scope]),
    ...(route.onlink ? ['onlink'] : [])
  ]
}
