// config.json of an OCI bundle, as far as a migration has to understand it. Format: opencontainers/runtime-spec, config.md.
import { z } from 'zod'

const mountSchema = z.looseObject({
  destination: z.string(),
  type: z.string().optional(),
  source: z.string().optional(),
  options: z.array(z.string()).nullish()
})
export type OciMount = z.infer<typeof mountSchema>

const namespaceSchema = z.looseObject({ type: z.string(), path: z.string().optional() })

const configSchema = z.looseObject({
  process: z.looseObject({
    terminal: z.boolean().optional(),
    apparmorProfile: z.string().optional(),
    selinuxLabel: z.string().optional()
  }),
  root: z.looseObject({ path: z.string(), readonly: z.boolean().optional() }),
  mounts: z.array(mountSchema).nullish(),
  hooks: z.record(z.string(), z.unknown()).nullish(),
  linux: z
    .looseObject({
      namespaces: z.array(namespaceSchema).nullish(),
      cgroupsPath: z.string().optional(),
      devices: z
        .array(
          z.looseObject({
            path: z.string(),
            type: z.string(),
            major: z.number().optional(),
            minor: z.number().optional()
          })
        )
        .nullish(),
      sysctl: z.record(z.string(), z.string()).nullish(),
      uidMappings: z.array(z.unknown()).nullish(),
      intelRdt: z.unknown().optional(),
      netDevices: z.unknown().optional(),
      mountLabel: z.string().optional()
    })
    .optional()
})
export type OciConfig = z.infer<typeof configSchema>

/** @throws z.ZodError, SyntaxError */
export function parseOciConfig(value: unknown): OciConfig {
  return configSchema.parse(value)
}

export { configSchema as ociConfigSchema }

/** Undefined: the container has the host's own. Otherwise its path where it is somebody else's, empty where the runtime makes it. */
export function namespacePath(config: OciConfig, type: string): string | undefined {
  const found = (config.linux?.namespaces ?? []).find((namespace) => namespace.type === type)
  return found === undefined ? undefined : (found.path ?? '')
}

export function isBind(mount: OciMount): boolean {
  return mount.type === 'bind' || (mount.options ?? []).some((option) => option === 'bind' || option === 'rbind')
}

/** File systems the kernel makes anew for the container, that show nothing of the host but what every container is shown. */
const KERNEL_FILESYSTEMS = new Set(['proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue', 'cgroup', 'cgroup2'])

/** Mounts of something that belongs to the host: neither a bind mount nor made by the kernel. */
export function isHostFilesystem(mount: OciMount): boolean {
  return !isBind(mount) && !KERNEL_FILESYSTEMS.has(mount.type ?? '')
}

export function hasHooks(config: OciConfig): boolean {
  return Object.values(config.hooks ?? {}).some((list) => Array.isArray(list) && list.length > 0)
}

/** The config as it has to be on the target: paths that this host decides, everything else as it was. */
export function relocate(config: OciConfig, cgroup: string, netns: string | undefined): OciConfig {
  const namespaces = (config.linux?.namespaces ?? []).map((namespace) =>
    namespace.type === 'network' && netns !== undefined ? { ...namespace, path: netns } : namespace
  )
  return {
    ...config,
    root: { ...config.root, path: 'rootfs' },
    linux: { ...config.linux, namespaces, cgroupsPath: cgroup }
  }
}
