// What travels of an LXC container, and what a target makes of it. All of it was written by another host.
import { z } from 'zod'
import { isPopulated } from '../host/cgroup.ts'
import type { Finding } from '../host/problem.ts'
import { hasApparmor } from './apparmor.ts'
import { nameSchema } from './container-name.ts'
import { blocker } from './findings.ts'
import { formatLxcConfig } from './lxc-config.ts'
import type { ConfigLine } from './lxc-config.ts'
import { examineLxcLines, isInterface, withoutApparmor } from './lxc-policy.ts'
import type { Examined } from './lxc-policy.ts'
import { definedContainers, monitorListens, payloadCgroup } from './lxc-state.ts'
import { portSchema } from './network.ts'
import { badSpec } from './oci-spec.ts'

const printable = /^[^\n\r\0]*$/

const specSchema = z.object({
  version: z.literal(1),
  name: nameSchema,
  /** Includes are flattened into it; what belongs to the source's host is still in it, the target takes it out. */
  lines: z
    .array(
      z.object({
        key: z
          .string()
          .max(128)
          .regex(/^[a-z0-9][A-Za-z0-9_.-]*$/),
        value: z.string().max(4096).regex(printable, 'one line')
      })
    )
    .max(4096),
  ports: z.array(portSchema).max(16),
  /** AppArmor profile that the container's init is confined by. */
  confinedBy: z.string().max(256).regex(printable).optional(),
  /** Names of terminals that liblxc bound into the container's /dev, e.g. `tty1`. */
  ttys: z.array(z.string().regex(/^tty\d{1,3}$/)).max(64)
})
export type LxcSpec = z.infer<typeof specSchema>

/** @throws HostProblem BAD_SPEC */
export function parseLxcSpec(text: string): LxcSpec {
  try {
    return specSchema.parse(JSON.parse(text))
  } catch (error) {
    throw badSpec(error)
  }
}

export async function examineLxcSpec(spec: LxcSpec, allowedPaths: readonly string[]): Promise<Examined> {
  const { name } = spec
  const apparmor = await hasApparmor()
  const all = await examineLxcLines(spec.lines, allowedPaths)
  const { lines, findings } = apparmor ? all : withoutApparmor(all)
  const more: Finding[] = []
  if (!apparmor && spec.confinedBy !== undefined) {
    more.push(
      blocker(
        'APPARMOR_MISSING',
        `${name} is confined by AppArmor profile ${spec.confinedBy}, and this host has no AppArmor`,
        'Choose a host with AppArmor, or restart the container with lxc.apparmor.profile = unconfined'
      )
    )
  }
  if ((await definedContainers()).includes(name) || (await monitorListens(name))) {
    more.push(
      blocker(
        'NAME_TAKEN',
        `This host has an LXC container ${name}`,
        `Remove it (lxc-destroy ${name}), or give one of the two another name (lxc-copy -R)`
      )
    )
  }
  if (await isPopulated(payloadCgroup(name))) {
    more.push(
      blocker(
        'CGROUP_TAKEN',
        `Processes run in cgroup ${payloadCgroup(name)} of this host, which the container is to have`,
        `End what is in /sys/fs/cgroup${payloadCgroup(name)}/cgroup.procs`
      )
    )
  }
  return { lines, findings: [...findings, ...more] }
}

export interface Place {
  readonly rootfs: string
  /** This host's bridge for each port, in the order of `spec.ports`. */
  readonly bridges: readonly string[]
}

/**
 * The configuration as this host has it. While the container is `restored` and not adopted, liblxc must not look for terminals: its monitor of a
 * restored container has none and crashes when it is asked.
 */
export function lxcConfigText(
  spec: LxcSpec,
  lines: readonly ConfigLine[],
  place: Place,
  phase: 'restored' | 'adopted'
): string {
  const out: ConfigLine[] = [{ key: 'lxc.rootfs.path', value: `dir:${place.rootfs}` }]
  for (const line of lines) {
    const link = /^lxc\.net\.(\d+)\.link$/.exec(line.key)
    // Said once, below.
    if (/^lxc\.net\.\d+\.hwaddr$/.test(line.key)) continue
    out.push(
      link === null
        ? line
        : { key: line.key, value: bridgeFor(spec, lines, Number(link[1]), place.bridges) ?? line.value }
    )
  }
  for (const index of netIndexes(lines)) {
    const port = portOf(spec, lines, index)
    // The address it has now, which liblxc may have made up: it must come back with the same after a restart.
    if (port !== undefined) out.push({ key: `lxc.net.${String(index)}.hwaddr`, value: port.mac })
  }
  if (phase === 'restored') out.push({ key: 'lxc.tty.max', value: '0' })
  return formatLxcConfig(out)
}

function bridgeFor(
  spec: LxcSpec,
  lines: readonly ConfigLine[],
  index: number,
  bridges: readonly string[]
): string | undefined {
  const port = portOf(spec, lines, index)
  const bridge = port === undefined ? undefined : bridges[spec.ports.indexOf(port)]
  return bridge !== undefined && isInterface(bridge) ? bridge : undefined
}

/** By the name the interface is to have inside; liblxc calls those without one eth0, eth1, … in their order. */
function portOf(spec: LxcSpec, lines: readonly ConfigLine[], index: number) {
  const name =
    lines.findLast((line) => line.key === `lxc.net.${String(index)}.name`)?.value ??
    `eth${String(netIndexes(lines).indexOf(index))}`
  return spec.ports.find((port) => port.inner === name)
}

function netIndexes(lines: readonly ConfigLine[]): number[] {
  const found = lines.flatMap((line) =>
    line.value === 'veth' ? (/^lxc\.net\.(\d+)\.type$/.exec(line.key)?.slice(1, 2).map(Number) ?? []) : []
  )
  return [...new Set(found)].sort((a, b) => a - b)
}
