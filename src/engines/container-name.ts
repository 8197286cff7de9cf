// Names that end up in paths, cgroups and command lines. They come from peers too, so there is one rule for all of them.
import { z } from 'zod'

/** Of a container or a network namespace: nothing that a path or an option could be made of. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dots, dashes, underscores; 64 at most')

/** Of an interface or bridge; empty where a port is on none. */
export const interfaceSchema = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/, 'an interface name of 15 characters at most')

export function isName(name: string): boolean {
  return nameSchema.safeParse(name).success
}

/**
 * A cgroup path that a peer may name. Everything in that cgroup is killed when the migration is undone, so its last part must
 * say that it is the container's own: `/c1`, `/machine/c1`, `/lxc.payload.c1`, never `/system.slice/ssh.service`.
 */
export function isCgroupOf(cgroup: string, name: string): boolean {
  const parts = cgroup.split('/')
  if (parts.shift() !== '' || parts.length === 0 || parts.length > 8) return false
  if (!parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9:._@-]{0,127}$/.test(part))) return false
  const last = parts.at(-1) ?? ''
  return last === name || last === `lxc.payload.${name}` || last === `runc-${name}` || last === `crun-${name}`
}
