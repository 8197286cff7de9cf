// Which lines of an LXC configuration a host takes from a peer. liblxc reads it as root on the host: hooks run programs, includes and
// logs name files, sysctls may be the host's own. So the list says what may pass, and whatever it doesn't name is refused.
import type { Finding } from '../host/problem.ts'
import { interfaceSchema } from './container-name.ts'
import { blocker, warning } from './findings.ts'
import { examineBind, present } from './host-paths.ts'
import type { ConfigLine } from './lxc-config.ts'

type Verdict = 'take' | 'drop' | Finding

/** Keys whose values mean nothing outside the container, or only numbers and flags to liblxc. */
const PLAIN = [
  /^lxc\.(uts\.name|arch|personality|no_new_privs|environment|sched\.core|keyring\.session|group)$/,
  /^lxc\.(init|execute)\.cmd$/,
  /^lxc\.init\.(cwd|uid|gid|groups)$/,
  /^lxc\.signal\.(halt|reboot|stop)$/,
  /^lxc\.(pty|tty)\.max$/,
  /^lxc\.console\.(buffer\.size|size|rotate)$/,
  /^lxc\.autodev(\.tmpfs\.size)?$/,
  /^lxc\.cap\.(drop|keep)$/,
  /^lxc\.prlimit\.[a-z]+$/,
  /^lxc\.proc\.[a-z_]+$/,
  /^lxc\.start\.(auto|delay|order)$/,
  /^lxc\.apparmor\.(profile|allow_nesting|allow_incomplete)$/,
  /^lxc\.seccomp\.allow_nesting$/,
  /^lxc\.hook\.version$/,
  /^lxc\.net\.\d+\.(link|flags|name|hwaddr|mtu)$/,
  /^lxc\.net\.\d+\.ipv[46]\.(address|gateway)$/,
  // Of the container's own cgroup. cgroup.* would be the kernel's core files, dir* liblxc's choice of path.
  /^lxc\.cgroup2\.(cpu|cpuset|memory|io|pids|devices|hugetlb|rdma|misc)\.[a-z0-9_.]+$/,
  // Kept per namespace by the kernel; any other would be the host's.
  /^lxc\.sysctl\.(net\.|fs\.mqueue\.|kernel\.(shm|msg|sem$|domainname$|hostname$))/
]

/** Written anew for this host, or of use on the old one only. v1 cgroup settings mean nothing on hosts that have v2 alone. */
const DROPPED = [
  /^lxc\.rootfs\.(path|managed)$/,
  /^lxc\.log\./,
  /^lxc\.monitor\./,
  /^lxc\.cgroup\.[a-z]+\./,
  // Which of its names the outer end gets is this host's choice.
  /^lxc\.net\.\d+\.veth\.pair$/
]

/** Hooks that Debian's own packages bring; their files are this host's. */
const STOCK_HOOKS: Readonly<Record<string, readonly string[]>> = {
  'lxc.hook.clone': ['/usr/share/lxc/hooks/clonehostname'],
  'lxc.hook.mount': ['/usr/share/lxcfs/lxc.mount.hook'],
  'lxc.hook.post-stop': ['/usr/share/lxcfs/lxc.reboot.hook']
}

const STOCK_SECCOMP = '/usr/share/lxc/config/'

export interface Examined {
  /** What the configuration on this host is made of. */
  readonly lines: ConfigLine[]
  readonly findings: Finding[]
}

export async function examineLxcLines(
  lines: readonly ConfigLine[],
  allowedPaths: readonly string[]
): Promise<Examined> {
  const taken: ConfigLine[] = []
  const findings: Finding[] = []
  for (const line of lines) {
    if (line.key === 'lxc.mount.entry' && line.value !== '') {
      const against = await examineEntry(line.value, allowedPaths)
      findings.push(...against)
      if (against.length === 0) taken.push(line)
      continue
    }
    const verdict = await judge(line)
    if (verdict === 'take') taken.push(line)
    else if (verdict !== 'drop') findings.push(verdict)
  }
  return { lines: taken, findings }
}

async function judge(line: ConfigLine): Promise<Verdict> {
  const { key, value } = line
  // Taking back what was said before can do no harm.
  if (value === '' && /^lxc\.(hook\.[a-z-]+|mount\.(entry|auto)|idmap|tty\.dir|cap\.(drop|keep))$/.test(key))
    return 'take'
  if (DROPPED.some((pattern) => pattern.test(key))) return 'drop'
  if (PLAIN.some((pattern) => pattern.test(key))) return 'take'
  switch (key) {
    case 'lxc.tty.dir':
      return /^[a-z0-9_-]{1,32}$/.test(value) ? 'take' : refused(line, 'a folder name below /dev is meant')
    case 'lxc.console.path':
      return value === 'none'
        ? 'take'
        : refused(
            line,
            'the other end of a console does not move',
            'Set lxc.console.path = none and restart the container'
          )
    case 'lxc.mount.auto':
      return value.split(/\s+/).every((part) => /^(cgroup|cgroup-full|proc|sys)(:[a-z]+)*$/.test(part))
        ? 'take'
        : refused(line, 'only cgroup, proc and sys are mounted for a container from a peer')
    case 'lxc.rootfs.options':
      return /^[a-z,]+$/.test(value) ? 'take' : refused(line, 'only flags without a value are taken from a peer')
    case 'lxc.seccomp.profile':
      return examineSeccomp(line)
    case 'lxc.idmap':
      return refused(line, 'moving unprivileged LXC containers is not supported yet', 'Run the container privileged')
    default:
  }
  if (key.startsWith('lxc.hook.')) return examineHook(line)
  if (/^lxc\.net\.\d+\.type$/.test(key)) {
    return value === 'veth' || value === 'empty'
      ? 'take'
      : refused(line, 'only veth ports on a bridge move', 'Give the container a veth on a bridge')
  }
  if (/^lxc\.net\.\d+\.veth\.mode$/.test(key) && value === 'bridge') return 'take'
  return refused(line, 'it is not on the list of what a host takes from a peer')
}

async function examineHook(line: ConfigLine): Promise<Verdict> {
  if (STOCK_HOOKS[line.key]?.includes(line.value) === true) {
    // Without the package there is nothing it would do; liblxc would refuse to start the container over it.
    return (await present(line.value)) ? 'take' : 'drop'
  }
  return blocker(
    'HOOKS_REFUSED',
    `The container's configuration has ${line.key} = ${line.value}, a program run on the host as root`,
    `Take ${line.key} out of the configuration`,
    'a peer must not be able to run programs on this host'
  )
}

async function examineSeccomp(line: ConfigLine): Promise<Verdict> {
  const name = line.value.startsWith(STOCK_SECCOMP) ? line.value.slice(STOCK_SECCOMP.length) : '/'
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    return refused(line, "the file is the other host's", `Use one of ${STOCK_SECCOMP}`)
  return (await present(line.value))
    ? 'take'
    : refused(line, `this host has no ${line.value}`, 'Install the same version of lxc on both hosts')
}

/** Format: fstab(5), the target relative to the rootfs. */
async function examineEntry(entry: string, allowedPaths: readonly string[]): Promise<Finding[]> {
  const [source = '', destination = '', type = '', options = ''] = entry.split(/\s+/)
  const flags = options.split(',')
  if (flags.includes('bind') || flags.includes('rbind')) {
    return examineBind({ source, destination, optional: flags.includes('optional') }, allowedPaths)
  }
  if (['proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue', 'cgroup', 'cgroup2'].includes(type)) return []
  return [
    blocker(
      'MOUNT_REFUSED',
      `The container mounts ${source} (${type === '' ? 'no type' : type}) at ${destination}`,
      'Take this lxc.mount.entry out of the configuration, or put its content into the rootfs'
    )
  ]
}

function refused({ key, value }: ConfigLine, why: string, remedy = `Take ${key} out of the configuration`): Finding {
  return blocker('CONFIG_KEY_REFUSED', `The container's configuration has ${key} = ${value}`, remedy, why)
}

/** AppArmor lines where the kernel has none: liblxc would refuse to start the container. */
export function withoutApparmor(examined: Examined): Examined {
  const rest = examined.lines.filter(({ key }) => !key.startsWith('lxc.apparmor.'))
  if (rest.length === examined.lines.length) return examined
  const finding = warning(
    'APPARMOR_DROPPED',
    'This host has no AppArmor: the container gets no lxc.apparmor lines',
    'Choose a host with AppArmor if the container is to be confined by it'
  )
  return { lines: rest, findings: [...examined.findings, finding] }
}

export function isInterface(name: string): boolean {
  return interfaceSchema.safeParse(name).success
}
