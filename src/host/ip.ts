// iproute2 as this host's network drivers use it: what it prints, checked, and lines of `ip -batch`.
import { z } from 'zod'
import { HostProblem } from './problem.ts'
import { run } from './run.ts'

/** A network namespace: of a process, or a path such as /run/netns/web. */
export type NetworkNamespace = number | string

const linkSchema = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  link_index: z.number().optional(),
  link_netnsid: z.number().optional(),
  link_netns: z.string().optional(),
  flags: z.array(z.string()).default([]),
  mtu: z.number().default(1500),
  master: z.string().optional(),
  address: z.string().optional(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
  addr_info: z
    .array(
      z.object({
        family: z.string(),
        local: z.string().optional(),
        prefixlen: z.number(),
        scope: z.string().optional()
      })
    )
    .default([])
})
/** What `ip -j -d addr` and `ip -j -d link` say of one interface. */
export type Link = z.infer<typeof linkSchema>

/** Argv prefix that runs a program in a network namespace, with this host's files. */
export function enter(where: NetworkNamespace): string[] {
  return ['nsenter', `--net=${typeof where === 'number' ? `/proc/${String(where)}/ns/net` : where}`]
}

/**
 * Runs lines of `ip -batch` in one process.
 * @throws HostProblem COMMAND_FAILED
 */
export async function batch(lines: readonly string[], signal: AbortSignal, where?: NetworkNamespace): Promise<void> {
  if (lines.length === 0) return
  const prefix = where === undefined ? [] : enter(where)
  await run([...prefix, 'ip', '-batch', '-'], { signal, input: lines.join('\n') + '\n' })
}

/**
 * A name that means itself in a line of `ip -batch`.
 * @throws HostProblem UNSUPPORTED_INTERFACE_NAME
 */
export function checked(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$/.test(name)) return name
  throw new HostProblem({
    code: 'UNSUPPORTED_INTERFACE_NAME',
    what: `Network interface ${JSON.stringify(name)} has a name that ferry does not handle`,
    remedy: 'Rename it to letters, digits, dots, dashes and underscores, 15 at most'
  })
}

/** @throws HostProblem COMMAND_FAILED, IP_OUTPUT */
export async function links(argv: readonly string[], signal: AbortSignal): Promise<Link[]> {
  return parse(z.array(linkSchema), (await run(argv, { signal })).stdout, argv)
}

/** Parses what `ip -j` wrote. @throws HostProblem IP_OUTPUT */
export function parse<T>(schema: z.ZodType<T>, text: string, argv: readonly string[]): T {
  try {
    // iproute2 prints {} for what it was told to leave out, and nothing at all for an empty list.
    const value: unknown = text.trim() === '' ? [] : JSON.parse(text)
    const list = Array.isArray(value) ? value.filter((entry: unknown) => !isEmpty(entry)) : value
    return schema.parse(list)
  } catch (error) {
    throw new HostProblem(
      {
        code: 'IP_OUTPUT',
        what: `What \`${argv.join(' ')}\` wrote could not be understood`,
        why: error instanceof Error ? error.message : String(error),
        remedy: 'Install iproute2 6.1 or later on this host'
      },
      { cause: error }
    )
  }
}

function isEmpty(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0
}
