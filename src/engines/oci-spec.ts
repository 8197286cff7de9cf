// What travels of an OCI container, and what a target has against it. All of it was written by another host.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { isPopulated } from '../host/cgroup.ts'
import type { Finding } from '../host/problem.ts'
import { HostProblem } from '../host/problem.ts'
import { isCgroupOf, nameSchema } from './container-name.ts'
import { blocker } from './findings.ts'
import { examineBind, present } from './host-paths.ts'
import { networkSchema } from './network.ts'
import { hasHooks, isBind, isHostFilesystem, namespacePath, ociConfigSchema } from './oci-config.ts'

const specSchema = z
  .object({
    version: z.literal(1),
    name: nameSchema,
    cgroup: z.string(),
    config: ociConfigSchema,
    /** Where the bundle names a network namespace by path. */
    netns: z.object({ name: nameSchema, network: networkSchema }).optional()
  })
  .refine((spec) => isCgroupOf(spec.cgroup, spec.name), {
    message: "the cgroup is not named after the container: run it with a cgroupsPath that ends in the container's name"
  })
export type OciSpec = z.infer<typeof specSchema>

/** @throws HostProblem BAD_SPEC */
export function parseOciSpec(text: string): OciSpec {
  try {
    return specSchema.parse(JSON.parse(text))
  } catch (error) {
    throw badSpec(error)
  }
}

export function badSpec(error: unknown): HostProblem {
  const why =
    error instanceof z.ZodError
      ? error.issues.map((issue) => `${issue.path.join('.') || 'spec'}: ${issue.message}`).join('; ')
      : error instanceof Error
        ? error.message
        : String(error)
  return new HostProblem(
    {
      code: 'BAD_SPEC',
      what: "The source's description of the container is not acceptable",
      why,
      remedy: 'Put right what is named; if the source did not warn of it, run the same version of ferry on both hosts'
    },
    { cause: error }
  )
}

/** What in the bundle's config this host can't honour or won't do for a peer. */
export async function examineOciConfig(spec: OciSpec, allowedPaths: readonly string[]): Promise<Finding[]> {
  const { config, name } = spec
  const findings: Finding[] = []
  if (hasHooks(config)) {
    findings.push(
      blocker(
        'HOOKS_REFUSED',
        `The bundle of ${name} has hooks, which are programs run on the host as root`,
        'Take the hooks out of config.json; ferry makes the network namespace itself',
        'a peer must not be able to run programs on this host'
      )
    )
  }
  for (const mount of config.mounts ?? []) {
    if (isBind(mount)) {
      const source = mount.source ?? ''
      // A relative source is inside the bundle, of which only the rootfs travels.
      const path = isAbsolute(source) ? source : `the bundle's ${source}`
      findings.push(
        ...(await examineBind({ source: path, destination: mount.destination, optional: false }, allowedPaths))
      )
    } else if (isHostFilesystem(mount)) {
      findings.push(
        blocker(
          'MOUNT_REFUSED',
          `The container mounts a ${mount.type ?? 'file system'} (${mount.source ?? ''}) at ${mount.destination}`,
          'Take the mount out of config.json, or put its content into the rootfs'
        )
      )
    }
  }
  for (const { type, path } of config.linux?.namespaces ?? []) {
    if (path === undefined || path === '' || type === 'network') continue
    findings.push(
      blocker(
        'NAMESPACE_REFUSED',
        `The container joins a ${type} namespace of its host (${path})`,
        `Let the runtime make the ${type} namespace: take its path out of config.json`
      )
    )
  }
  if (namespacePath(config, 'network') === undefined) {
    findings.push(
      blocker(
        'HOST_NETWORK',
        'The container uses the network of its host',
        'Give it a network namespace: an address of a host can not move'
      )
    )
  }
  for (const type of ['pid', 'mount']) {
    if (namespacePath(config, type) !== undefined) continue
    findings.push(
      blocker(
        'NAMESPACE_MISSING',
        `The container has no ${type} namespace of its own`,
        `Add {"type": "${type}"} to linux.namespaces in config.json`
      )
    )
  }
  for (const device of config.linux?.devices ?? []) {
    if (device.type === 'c' && device.major === 1) continue
    findings.push(
      blocker(
        'DEVICE_REFUSED',
        `The container is given device ${device.path} of its host`,
        `Take ${device.path} out of linux.devices in config.json`,
        'a device does not move with a container, and a peer must not get at the devices of this host'
      )
    )
  }
  const profile = config.process.apparmorProfile
  if (
    profile !== undefined &&
    profile !== '' &&
    profile !== 'unconfined' &&
    !(await present('/sys/kernel/security/apparmor'))
  ) {
    findings.push(
      blocker(
        'APPARMOR_MISSING',
        `The container is confined by AppArmor profile ${profile}, and this host has no AppArmor`,
        'Choose a host with AppArmor, or run the container without a profile'
      )
    )
  }
  if (await isPopulated(spec.cgroup)) {
    findings.push(
      blocker(
        'CGROUP_TAKEN',
        `Processes run in cgroup ${spec.cgroup} of this host, which the container is to have`,
        `End what is in /sys/fs/cgroup${spec.cgroup}/cgroup.procs, or give the container another cgroupsPath`
      )
    )
  }
  return findings
}
